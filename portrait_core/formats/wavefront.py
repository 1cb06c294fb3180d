# SPDX-License-Identifier: Apache-2.0
"""Wavefront .obj with .mtl and images: one object for every level of detail, in the avatar's pose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.files.names import level_stems
from portrait_core.formats.encoded_maps import EncodedMaps, distinct_maps, encode_maps
from portrait_core.formats.facts import GENERATOR, comment
from portrait_core.formats.loose_mesh import LooseMesh, loose_mesh, pose_note, weld
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS


def obj_files(avatar: Avatar, stem: str) -> dict[str, bytes]:
    """The files by name, the .obj first: ``stem.obj``, ``stem.mtl`` and the maps ``stem_base_colour.png`` ...

    Vertices that the atlas cuts apart are one vertex here, since .obj numbers places and texture places separately.
    The recipe is in a comment. Raises ``ValueError`` when it is not plain JSON data.
    """
    maps, materials = distinct_maps(avatar.levels)
    encoded = encode_maps(maps)
    files: dict[str, bytes] = {}
    lines = [f"# {GENERATOR}", f"# {pose_note(avatar)}", f"# {comment(avatar)}", f"mtllib {stem}.mtl"]
    offset = (0, 0, 0)
    for number, name in enumerate(level_stems(avatar.name, len(avatar.levels))):
        material = _material_name(avatar, encoded[materials[number]])
        offset = _object(lines, loose_mesh(avatar, number, name), material, offset)
    files[f"{stem}.obj"] = ("\n".join(lines) + "\n").encode()
    library: list[str] = [f"# {GENERATOR}"]
    images: dict[str, bytes] = {}
    for each in encoded:
        library += _material(avatar, each, stem, images)
    files[f"{stem}.mtl"] = ("\n".join(library) + "\n").encode()
    return files | images


def _object(lines: list[str], mesh: LooseMesh, material: str, offset: tuple[int, int, int]) -> tuple[int, int, int]:
    places, place = weld(mesh.vertices)
    normals, normal = weld(mesh.normals)
    lines.append(f"o {mesh.name.replace(' ', '_')}")
    lines += _rows("v", places)
    lines += _rows("vt", mesh.uvs)
    lines += _rows("vn", normals)
    lines += [f"usemtl {material}", "s 1"]
    numbers = np.stack([place + 1 + offset[0], np.arange(len(place)) + 1 + offset[1], normal + 1 + offset[2]], axis=1)
    corner = [f"{v}/{vt}/{vn}" for v, vt, vn in numbers.tolist()]
    lines += [f"f {corner[a]} {corner[b]} {corner[c]}" for a, b, c in mesh.faces.tolist()]
    return offset[0] + len(places), offset[1] + len(mesh.uvs), offset[2] + len(normals)


def _rows(key: str, values: NDArray[Any]) -> list[str]:
    # Seven decimals: a tenth of a micrometre, and finer than a texel of any map.
    form = key + " %.7f" * values.shape[1]
    return [form % tuple(row) for row in values.tolist()]


def _material_name(avatar: Avatar, encoded: EncodedMaps) -> str:
    return f"{avatar.name}_skin{encoded.suffix}".replace(" ", "_")


def _material(avatar: Avatar, encoded: EncodedMaps, stem: str, images: dict[str, bytes]) -> list[str]:
    """The lines of one material; its images go into ``images``, one for each channel that is read alone."""
    maps = encoded.maps
    lines = [f"newmtl {_material_name(avatar, encoded)}", "Ka 0 0 0", "Kd 1 1 1", "Ks 0 0 0", "illum 1"]
    for spec in MAPS.values():
        for use in spec.uses:
            if use.mtl_factor is not None:
                lines.append(" ".join([use.mtl_factor, *(f"{share:g}" for share in maps.factor(spec, use))]))
            if use.mtl is None or spec.name not in maps or (use.optional and not maps.says(spec, use)):
                continue
            name = spec.file_name(stem, use, encoded.suffix)
            if use.channel is None:
                images[name] = encoded.images[spec.name][0]
            else:
                images[name] = encode_map(np.ascontiguousarray(maps[spec.name][:, :, use.channel]))
            lines.append(f"{use.mtl} {name}")
    return lines
