# SPDX-License-Identifier: Apache-2.0
"""The page's 3D view of an avatar of parts: one mesh, one image with every material, glass left out."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from PIL import Image

from portrait_core.batch.view import TILE, view_script
from tests.formats.characters import character


def test_the_materials_lie_side_by_side_and_glass_is_left_out() -> None:
    avatar = character()
    text = view_script(avatar, "someone").decode()
    facts = json.loads(text.removeprefix('portraitView("someone",').removesuffix(");\n"))
    data = facts["colours"].removeprefix("data:image/webp;base64,")
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        page = np.asarray(image.convert("RGBA")).astype(int)
    assert page.shape == (2 * TILE, 2 * TILE, 4)
    faces = np.frombuffer(base64.b64decode(facts["faces"]), "<u2").reshape(-1, 3)
    glass = avatar.main.sections[2]
    assert glass.name == "eye" and len(faces) == len(avatar.main.faces) - glass.count
    uvs = np.frombuffer(base64.b64decode(facts["uvs"]), "<u2").reshape(-1, 2) / 65535

    def seen(face: int) -> np.ndarray:
        x, y = uvs[faces[face]].mean(axis=0) * 2 * TILE
        return page[int(y), int(x)]

    skin, hair = seen(0), [seen(avatar.main.sections[0].count + number) for number in (0, -1 + 8)]
    assert skin[0] > 180 and skin[3] == 255
    assert {bool(each[3] > 127) for each in hair} == {False, True}  # half of it is cut out
    assert hair[1][1] > 150
