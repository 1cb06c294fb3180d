# SPDX-License-Identifier: Apache-2.0
"""The data of a batch page's 3D view: a small textured mesh as a script, because a page opened from disk may load
scripts beside it but no other files.

``portraitView("NAME", {...})``: places as 16-bit steps in the mesh's box, UVs as 16-bit, normals as four 8-bit numbers,
triangles as 16- or 32-bit numbers, all little-endian in base64; the colours as a JPEG in a data URL.
"""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Avatar, Level

LEAST_FACES = 3000
"""The coarsest level with so many triangles is shown, else the finest."""

TEXTURE = 512
JPEG_QUALITY = 82


def view_script(avatar: Avatar, name: str) -> bytes:
    """The script of ``avatar`` for the page that calls it ``name``."""
    level = _shown(avatar)
    number = next(each for each, other in enumerate(avatar.levels) if other is level)
    vertices, normals = avatar.posed(number)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    size = np.maximum(high - low, 1e-6)
    wide = np.uint16 if len(vertices) <= 0x10000 else np.uint32
    facts = {
        "low": [round(float(each), 6) for each in low],
        "size": [round(float(each), 6) for each in size],
        "places": _base64(_steps((vertices - low) / size)),
        "uvs": _base64(_steps(np.stack([level.uvs[:, 0], 1.0 - level.uvs[:, 1]], axis=1))),
        "normals": _base64(np.pad(np.rint(normals * 127).astype(np.int8), ((0, 0), (0, 1)))),
        "faces": _base64(level.faces.astype(wide)),
        "wide": wide is np.uint32,
        "colours": "data:image/jpeg;base64," + base64.b64encode(_jpeg(level.maps.base_colour)).decode(),
    }
    return f"portraitView({json.dumps(name)},{json.dumps(facts)});\n".encode()


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
