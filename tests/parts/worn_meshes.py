# SPDX-License-Identifier: Apache-2.0
"""A made-up sheet of hair that hangs in the plane z = 0, and the same as cloth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.parts.body import Body
from portrait_core.parts.fitting import Fitting
from portrait_core.parts.garment import Garment
from portrait_core.parts.hair import HairStyle
from portrait_core.parts.person_look import PersonLook
from portrait_core.training.parts_template.hair_texture import png_bytes

ROWS, COLUMNS = 9, 5
WIDE, LONG = 0.04, 0.16


def sheet() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32]]:
    """Places (K, 3), quads (Q, 4) and uvs (K, 2); row 0 is the lowest."""
    t, s = np.meshgrid(np.linspace(0, 1, ROWS), np.linspace(0, 1, COLUMNS), indexing="ij")
    places = np.stack([WIDE * (s - 0.5), LONG * t - 0.2, 0 * s], -1).reshape(-1, 3)
    number = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1).reshape(-1, 4)
    return places, quads, np.stack([s, t], -1).reshape(-1, 2).astype(np.float32)


def fitting() -> Fitting:
    """Each vertex on a control of its own."""
    count = ROWS * COLUMNS
    head = sparse.csr_matrix(
        (np.ones(count), (np.arange(count), np.full(count, SMPL_JOINT_NAMES.index("head")))), (count, 24)
    )
    pairs = np.array([[0, 1], [0, count - 1], [0, 0]])
    lengths = np.array([WIDE / (COLUMNS - 1), LONG, 1.0])
    return Fitting(sparse.identity(count, format="csr"), np.zeros((count, 3), np.float32), pairs, lengths, head)


def hair_style() -> HairStyle:
    """Hair whose shortest cut ends 5 cm higher, with a texture that has a mark beside its only chart."""
    places, quads, uvs = sheet()
    share = (places[:, 1:2] - places[:, 1].min()) / LONG
    up = (1 - share) * np.array([0.0, 0.05, 0.0])
    ahead = np.tile([0.0, 0.0, 1.0], (len(places), 1))
    grey = np.random.default_rng(1).integers(90, 160, (64, 64)).astype(np.uint8)
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[-6:] = 0
    strands = np.stack([places[:, 0], -0.04 - places[:, 1]], 1).astype(np.float32)
    return HairStyle(
        fitting=fitting(),
        quads=quads,
        corners=quads,
        uvs=uvs,
        strands=strands,
        shorter=up,
        outward=ahead,
        wave=0.004 * ahead,
        roots=np.linspace(0, 1, len(places)),
        detail=png_bytes(np.stack([grey, alpha], -1)),
        coarse=(np.array([[0, 4, 44], [0, 44, 40]], np.int32),),
    )


def garment(white: bool = False) -> Garment:
    """Cloth whose lower half hides the skin; all of it white, or all in the person's colour."""
    places, quads, uvs = sheet()
    both = np.full((32, 32, 2), 255, np.uint8)
    both[..., 1] = 0 if white else 255
    return Garment(
        fitting=fitting(),
        quads=quads,
        corners=quads,
        uvs=uvs,
        heights=places[:, 1].astype(np.float32),
        hidden=places[:, 1] < -0.12,
        shade=png_bytes(both),
        normals=b"",
        coarse=(),
    )


def look(**scalars: float) -> PersonLook:
    palette = {
        "hair": np.array([0.4, 0.25, 0.15]),
        "clothing": np.array([0.2, 0.3, 0.6]),
        "stripes": np.array([0.9, 0.9, 0.2]),
    }
    landmarks = {name: np.zeros(3) for name in SMPL_JOINT_NAMES}
    return PersonLook(np.zeros(2), landmarks, palette, scalars, {"bald": 0.2, "bob": 0.5, "long": 0.3})


def body(**scalars: float) -> Body:
    places = sheet()[0]
    return Body(
        look(**scalars), places, places, np.zeros((24, 3)), sparse.csr_matrix(np.eye(24)[np.zeros(len(places), int)])
    )
