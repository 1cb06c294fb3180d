# SPDX-License-Identifier: GPL-3.0-or-later
"""Portraitkit in Blender: from an empty scene to a posed avatar without a terminal."""

from __future__ import annotations

from . import registration
from .scene.gltf_hook import glTF2ExportUserExtension

__all__ = ["glTF2ExportUserExtension", "register", "unregister"]


def register() -> None:
    registration.register()


def unregister() -> None:
    registration.unregister()
