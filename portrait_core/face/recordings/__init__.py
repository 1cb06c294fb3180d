# SPDX-License-Identifier: Apache-2.0
"""How faces move, out of files: recordings of shapes, cues of speech, and what an idle face does.

Standard library and NumPy alone, and nothing of ours but each other and ``face/names.py``: the Blender add-on carries a
copy and reads files without the engine. Hence the relative imports, and an error class of its own.
"""
