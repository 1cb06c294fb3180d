# SPDX-License-Identifier: Apache-2.0
"""How the Blender add-on is laid out, zipped and checked; `build_addon.py` is the command."""
