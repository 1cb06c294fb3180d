# SPDX-License-Identifier: Apache-2.0
"""Geometry that many rooms ask for: queries of meshes, half edges, components, normals."""
