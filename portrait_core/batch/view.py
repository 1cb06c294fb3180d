# SPDX-License-Identifier: Apache-2.0
"""The data of a batch page's 3D view: a small textured mesh as a script, because a page opened from disk may load
scripts beside it but no other files.

``portraitView("NAME", {...})``: places as 16-bit steps in the mesh's box, UVs as 16-bit, normals as four 8-bit numbers,
triangles as 16- or 32-bit numbers, all little-endian in base64; the colours as a JPEG in a data URL. The colours of
an avatar of parts lie side by side in one WebP with their opacity, of which the page shows what is opaque by half.
"""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Avatar, Level, Section
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear

LEAST_FACES = 3000
"""The coarsest level with so many triangles is shown, else the finest."""

TEXTURE = 512
TILE = 320
"""Texels along the colours of each material of an avatar of parts."""
JPEG_QUALITY = 82


def view_script(avatar: Avatar, name: str) -> bytes:
    """The script of ``avatar`` for the page that calls it ``name``."""
    level = _shown(avatar)
    if level.sections:
        return _script(name, *_of_parts(avatar, level))
    number = next(each for each, other in enumerate(avatar.levels) if other is level)
    vertices, normals = avatar.posed(number)
    colours = "data:image/jpeg;base64," + base64.b64encode(_jpeg(level.maps.base_colour)).decode()
    return _script(name, vertices, normals, level.uvs, level.faces, colours)


def _script(
    name: str,
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    uvs: NDArray[np.float32],
    faces: NDArray[np.int32],
    colours: str,
) -> bytes:
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    size = np.maximum(high - low, 1e-6)
    wide = np.uint16 if len(vertices) <= 0x10000 else np.uint32
    facts = {
        "low": [round(float(each), 6) for each in low],
        "size": [round(float(each), 6) for each in size],
        "places": _base64(_steps((vertices - low) / size)),
        "uvs": _base64(_steps(np.stack([uvs[:, 0], 1.0 - uvs[:, 1]], axis=1))),
        "normals": _base64(np.pad(np.rint(normals * 127).astype(np.int8), ((0, 0), (0, 1)))),
        "faces": _base64(faces.astype(wide)),
        "wide": wide is np.uint32,
        "colours": colours,
    }
    return f"portraitView({json.dumps(name)},{json.dumps(facts)});\n".encode()


def _of_parts(
    avatar: Avatar, level: Level
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], str]:
    """Posed vertices, normals, UVs and faces of what is not glass, and the colours of all its materials."""
    number = next(each for each, other in enumerate(avatar.levels) if other is level)
    vertices, normals = avatar.posed(number)
    shown = [(section, faces) for section, faces in level.section_faces() if not _glass(section)]
    materials = list({section.name: section for section, _ in shown}.values())
    columns = int(np.ceil(np.sqrt(len(materials))))
    page = Image.new("RGBA", (columns * TILE, columns * TILE))
    uvs = np.array(level.uvs)
    for place, section in enumerate(materials):
        row, column = divmod(place, columns)
        page.paste(_tile(section), (column * TILE, row * TILE))
        used = np.unique(np.concatenate([faces for each, faces in shown if each.name == section.name]))
        # Half a texel inside, so that no tile shows at the border of another.
        own = np.clip(level.uvs[used], 0.5 / TILE, 1 - 0.5 / TILE)
        uvs[used] = (own + np.array([column, columns - 1 - row], np.float32)) / np.float32(columns)
    buffer = io.BytesIO()
    page.save(buffer, "WEBP", quality=JPEG_QUALITY)
    colours = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
    return vertices, normals, uvs, np.concatenate([faces for _, faces in shown]), colours


def _glass(section: Section) -> bool:
    """Whether it is clear all over, such as a cornea, which the page would show as a shell."""
    return section.material.alpha == "blend" and "opacity" not in section.maps


def _tile(section: Section) -> Image.Image:
    """The colours of a material, times its factor, with their opacity."""
    maps = section.maps
    factor = section.material.factors.get("pbrMetallicRoughness.baseColorFactor", (1.0, 1.0, 1.0, 1.0))
    tinted = srgb_to_linear(maps.base_colour.astype(np.float32) / np.float32(255)) * np.asarray(factor[:3], np.float32)
    colour = np.rint(linear_to_srgb(np.clip(tinted, 0, 1)) * 255).astype(np.uint8)
    picture = Image.fromarray(colour).resize((TILE, TILE), Image.Resampling.BOX)
    alpha = Image.new("L", (TILE, TILE), 255)
    if "opacity" in maps:
        alpha = Image.fromarray(maps["opacity"][..., 0]).resize((TILE, TILE), Image.Resampling.BOX)
    picture.putalpha(alpha)
    return picture


def _shown(avatar: Avatar) -> Level:
    enough = [level for level in avatar.levels if len(level.faces) >= LEAST_FACES]
    return min(enough, key=lambda level: len(level.faces)) if enough else avatar.levels[0]


def _steps(shares: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.clip(np.rint(shares * 65535.0), 0, 65535).astype("<u2")


def _base64(array: NDArray[np.generic]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    picture = Image.fromarray(image)
    if picture.width > TEXTURE:
        # Whole steps only: much quicker than any other filter, and as good.
        picture = picture.reduce(max(1, picture.width // TEXTURE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
