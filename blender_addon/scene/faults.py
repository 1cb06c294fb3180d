# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in the scene and can be told in a sentence."""

from __future__ import annotations


class SceneError(Exception):
    """Says what was got, what was expected and what to do next; shown to the user as it is."""
