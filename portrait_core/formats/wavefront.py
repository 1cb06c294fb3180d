# SPDX-License-Identifier: Apache-2.0
"""Wavefront .obj with .mtl and images: one object for every part and level of detail, in the avatar's pose, in quads
where it has them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.formats.encoded_maps import EncodedMaps, encode_maps
from portrait_core.formats.facts import GENERATOR, comment
from portrait_core.formats.loose_mesh import LooseMesh, loose_mesh, pose_note, weld
from portrait_core.formats.pieces import Look, Piece, pieces_of
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS


def obj_files(avatar: Avatar, stem: str) -> dict[str, bytes]:
    """The files by name, the .obj first: ``stem.obj``, ``stem.mtl`` and the maps ``stem_base_colour.png`` ...

    Vertices that the atlas cuts apart are one vertex here, since .obj numbers places and texture places separately.
    The recipe is in a comment. Raises ``ValueError`` when it is not plain JSON data.
    """
    pieces, looks = pieces_of(avatar)
    encoded = encode_maps([look.maps for look in looks], "png", [look.suffix for look in looks])
    files: dict[str, bytes] = {}
    lines = [f"# {GENERATOR}", f"# {pose_note(avatar)}", f"# {comment(avatar)}", f"mtllib {stem}.mtl"]
    names = [_material_name(avatar, look) for look in looks]
    offset = (0, 0, 0)
    for piece in pieces:
        offset = _object(lines, loose_mesh(avatar, piece.level, piece.name), piece, names, offset)
    files[f"{stem}.obj"] = ("\n".join(lines) + "\n").encode()
    library: list[str] = [f"# {GENERATOR}"]
    images: dict[str, bytes] = {}
    for each, look, name in zip(encoded, looks, names, strict=True):
        library += _material(each, look, name, stem, images)
    files[f"{stem}.mtl"] = ("\n".join(library) + "\n").encode()
    return files | images


def _object(
    lines: list[str], mesh: LooseMesh, piece: Piece, names: list[str], offset: tuple[int, int, int]
) -> tuple[int, int, int]:
    places, place = weld(mesh.vertices)
    normals, normal = weld(mesh.normals)
    lines.append(f"o {mesh.name.replace(' ', '_')}")
    lines += _rows("v", places)
    lines += _rows("vt", mesh.uvs)
    lines += _rows("vn", normals)
    numbers = np.stack([place + 1 + offset[0], np.arange(len(place)) + 1 + offset[1], normal + 1 + offset[2]], axis=1)
    corner = [f"{v}/{vt}/{vn}" for v, vt, vn in numbers.tolist()]
    for (section, faces), material in zip(piece.level.section_faces(), piece.materials, strict=True):
        lines += [f"usemtl {names[material]}", "s 1"]
        quads = faces[: 2 * section.quads].reshape(-1, 6)[:, [0, 1, 2, 5]]
        lines += [f"f {corner[a]} {corner[b]} {corner[c]} {corner[d]}" for a, b, c, d in quads.tolist()]
        lines += [f"f {corner[a]} {corner[b]} {corner[c]}" for a, b, c in faces[2 * section.quads :].tolist()]
    return offset[0] + len(places), offset[1] + len(mesh.uvs), offset[2] + len(normals)


def _rows(key: str, values: NDArray[Any]) -> list[str]:
    # Seven decimals: a tenth of a micrometre, and finer than a texel of any map.
    form = key + " %.7f" * values.shape[1]
    return [form % tuple(row) for row in values.tolist()]


def _material_name(avatar: Avatar, look: Look) -> str:
    return (look.name or f"{avatar.name}_skin{look.suffix}").replace(" ", "_")


BASE_COLOUR = "pbrMetallicRoughness.baseColorFactor"


def _material(encoded: EncodedMaps, look: Look, name: str, stem: str, images: dict[str, bytes]) -> list[str]:
    """The lines of one material; its images go into ``images``, one for each channel that is read alone."""
    maps = encoded.maps
    red, green, blue, alpha = look.kind.factors.get(BASE_COLOUR, (1.0, 1.0, 1.0, 1.0))
    lines = [f"newmtl {name}", "Ka 0 0 0", f"Kd {red:.6g} {green:.6g} {blue:.6g}", "Ks 0 0 0", "illum 1"]
    if alpha < 1.0:
        lines.append(f"d {alpha:g}")
    for spec in MAPS.values():
        for use in spec.uses:
            if use.mtl_factor is not None:
                own = look.kind.factors.get(use.gltf_factor or "")
                factor = maps.factor(spec, use) if own is None else [own]
                lines.append(" ".join([use.mtl_factor, *(f"{share:g}" for share in factor)]))
            if use.mtl is None or spec.name not in maps or (use.optional and not maps.says(spec, use)):
                continue
            image = spec.file_name(stem, use, encoded.suffix)
            if use.channel is None:
                images[image] = encoded.images[spec.name][0]
            else:
                images[image] = encode_map(np.ascontiguousarray(maps[spec.name][:, :, use.channel]))
            lines.append(f"{use.mtl} {image}")
    return lines
