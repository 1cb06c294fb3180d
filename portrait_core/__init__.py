# SPDX-License-Identifier: Apache-2.0
"""Portraitkit's engine: from a recipe to a rigged, textured head-and-shoulders avatar."""

__version__ = "0.1.0"
