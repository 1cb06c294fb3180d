# SPDX-License-Identifier: Apache-2.0
"""glTF 2.0: writer and reader side by side."""

from portrait_core.formats.gltf.reader import GltfFile, read_gltf
from portrait_core.formats.gltf.writer import glb_bytes, gltf_files, write_glb

__all__ = ["GltfFile", "glb_bytes", "gltf_files", "read_gltf", "write_glb"]
