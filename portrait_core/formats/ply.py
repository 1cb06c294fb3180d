# SPDX-License-Identifier: Apache-2.0
"""Binary .ply of one level of detail: places, normals, texture places, and colours for programs that want no images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.formats.facts import GENERATOR, comment
from portrait_core.formats.loose_mesh import loose_mesh, pose_note
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS


def ply_files(avatar: Avatar, stem: str) -> dict[str, bytes]:
    """``stem.ply`` of the finest level, in the avatar's pose, and its texture ``stem_base_colour.png``.

    A vertex has x y z, nx ny nz, s t (origin at the bottom left) and the colour of its texel, red green blue. Vertices
    are cut apart where the atlas is. The format names one image: a mesh of several materials has the colours alone. The
    recipe is in a comment. Raises ``ValueError`` when it is not plain JSON data.
    """
    mesh = loose_mesh(avatar, avatar.main, avatar.name)
    sections = avatar.main.section_faces()
    image = sections[0][0].maps.base_colour if len(sections) == 1 else None
    texture = MAPS["base_colour"].file_name(stem)
    numbers = [(key, "<f4") for key in ("x", "y", "z", "nx", "ny", "nz", "s", "t")]
    colours = [(key, "u1") for key in ("red", "green", "blue")]
    vertices: Any = np.empty(len(mesh.vertices), np.dtype([*numbers, *colours]))
    values = np.concatenate([mesh.vertices, mesh.normals, mesh.uvs], axis=1)
    for index, (key, _) in enumerate(numbers):
        vertices[key] = values[:, index]
    for section, corners in sections:
        own = np.unique(corners) if len(sections) > 1 else np.arange(len(mesh.vertices))
        texels = _texels(section.maps.base_colour, mesh.uvs[own])
        for index, (key, _) in enumerate(colours):
            vertices[key][own] = texels[:, index]
    faces: Any = np.empty(len(mesh.faces), np.dtype([("count", "u1"), ("corners", "<i4", 3)]))
    faces["count"], faces["corners"] = 3, mesh.faces
    head = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {GENERATOR}",
        f"comment {pose_note(avatar)}",
        f"comment {comment(avatar)}",
        *([f"comment TextureFile {texture}"] if image is not None else []),
        f"element vertex {len(vertices)}",
        *(f"property float {key}" for key, _ in numbers),
        *(f"property uchar {key}" for key, _ in colours),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    content = ("\n".join(head) + "\n").encode() + vertices.tobytes() + faces.tobytes()
    return {f"{stem}.ply": content, **({} if image is None else {texture: encode_map(image)})}


def _texels(image: NDArray[np.uint8], uvs: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The texels (N, 3) in which ``uvs`` (N, 2) lie."""
    rows, columns = image.shape[:2]
    column = np.clip((uvs[:, 0] * columns).astype(np.int64), 0, columns - 1)
    row = np.clip(((1.0 - uvs[:, 1]) * rows).astype(np.int64), 0, rows - 1)
    return image[row, column]
