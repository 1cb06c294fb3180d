# SPDX-License-Identifier: Apache-2.0
"""Binary .ply of one level of detail: places, normals, texture places, and colours for programs that want no images."""

from __future__ import annotations

from typing import Any

import numpy as np

from portrait_core.avatar import Avatar
from portrait_core.formats.facts import GENERATOR, comment
from portrait_core.formats.loose_mesh import loose_mesh, pose_note
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS


def ply_files(avatar: Avatar, stem: str) -> dict[str, bytes]:
    """``stem.ply`` of the finest level, in the avatar's pose, and its texture ``stem_base_colour.png``.

    A vertex has x y z, nx ny nz, s t (origin at the bottom left) and the colour of its texel, red green blue. Vertices
    are cut apart where the atlas is. The recipe is in a comment. Raises ``ValueError`` when it is not plain JSON data.
    """
    mesh = loose_mesh(avatar, 0, avatar.name)
    image = avatar.main.maps.base_colour
    texture = MAPS["base_colour"].file_name(stem)
    rows, columns = image.shape[:2]
    column = np.clip((mesh.uvs[:, 0] * columns).astype(np.int64), 0, columns - 1)
    row = np.clip(((1.0 - mesh.uvs[:, 1]) * rows).astype(np.int64), 0, rows - 1)
    numbers = [(key, "<f4") for key in ("x", "y", "z", "nx", "ny", "nz", "s", "t")]
    colours = [(key, "u1") for key in ("red", "green", "blue")]
    vertices: Any = np.empty(len(mesh.vertices), np.dtype([*numbers, *colours]))
    values = np.concatenate([mesh.vertices, mesh.normals, mesh.uvs], axis=1)
    for index, (key, _) in enumerate(numbers):
        vertices[key] = values[:, index]
    for index, (key, _) in enumerate(colours):
        vertices[key] = image[row, column, index]
    faces: Any = np.empty(len(mesh.faces), np.dtype([("count", "u1"), ("corners", "<i4", 3)]))
    faces["count"], faces["corners"] = 3, mesh.faces
    head = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {GENERATOR}",
        f"comment {pose_note(avatar)}",
        f"comment {comment(avatar)}",
        f"comment TextureFile {texture}",
        f"element vertex {len(vertices)}",
        *(f"property float {key}" for key, _ in numbers),
        *(f"property uchar {key}" for key, _ in colours),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    content = ("\n".join(head) + "\n").encode() + vertices.tobytes() + faces.tobytes()
    return {f"{stem}.ply": content, texture: encode_map(image)}
