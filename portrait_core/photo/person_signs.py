# SPDX-License-Identifier: Apache-2.0
"""What the head in a photograph shows of who somebody is, as numbers that light, place, size and turn change little.

Three groups: where the face's landmarks lie once its turn is taken out, the colours at these landmarks against the
face's own mean (brows, stubble, lips, lines), and a coarse picture of the whole head with its hair. A photograph and
its mirror image are looked at alike.

Sources: the landmarks and the colours carried along with them are the shape and the texture of Cootes et al., "Active
Appearance Models" (2001).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from portrait_core.photo.bust_places import FACE_COUNT, bust_places
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_regions import CHIN, FOREHEAD
from portrait_core.photo.view_network import prepared

SIZE = 64
"""Pixels of a side of the two squares that are looked at."""
HEAD_AROUND, FACE_AROUND = 2.5, 1.25
"""Sides of the two squares, in heights of the face."""
HEAD_RAISED = 0.1
"""Heights of the face that the head's square lies above the landmarks' middle."""
COARSE = 24
"""Pixels of a side that are kept of the head."""
BLUR = 3
"""Pixels of the face's square about a landmark whose mean is its colour."""
BLACK = 0.05
"""What is added to sRGB before its logarithm, so that what is black says little."""
GROUPS = ("landmarks", "colours", "head")
LENGTHS = (FACE_COUNT * 3, FACE_COUNT * 3, 4 * COARSE * COARSE)
TURNS = 3
"""Sines of yaw, pitch and roll, which come with the groups."""


def signs_of(pictures: Tensor, masks: Tensor, points: FloatArray) -> tuple[FloatArray, ...]:
    """The groups (N, L) in the order of :data:`GROUPS`, and last the turns (N, 3), of pictures ``[N, 3, S, S]`` and
    masks ``[N, 1, S, S]`` of 0 to 1, with landmarks (N, 468 or more, 3) of 0 to 1 across each."""
    points = points[:, :FACE_COUNT]
    landmarks, turns = flattened(points)
    head, face = squares_of(points)
    shown = prepared(cut_out(pictures, head), cut_out(masks, head))
    coarse = F.adaptive_avg_pool2d(shown, COARSE).flatten(1).double().numpy()
    return landmarks, colours_at(cut_out(pictures, face), within(face, points)), coarse, turns


def mirrored(points: FloatArray) -> FloatArray:
    """Landmarks (N, 468, 3) of the mirrored picture, 0 to 1 across it: each place goes by its partner's number."""
    face = bust_places().face
    between = np.linalg.norm(face[:, None] * (-1.0, 1.0, 1.0) - face[None], axis=2)
    return points[:, between.argmin(axis=1)] * (-1.0, 1.0, 1.0) + (1.0, 0.0, 0.0)


def flattened(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Landmarks (N, 468, 3) without place, size and turn, (N, 1404), against the mean face's, in sizes of the face; and
    sines of how it is turned (N, 3): laid on the mean face (Kabsch 1976; the network that reads landmarks takes views
    as parallel)."""
    mean = bust_places().face * (1, -1, -1)  # as in pictures: right, down and away
    mean = mean - mean.mean(axis=0)
    mean = mean / np.sqrt((mean**2).sum(axis=1).mean())
    own = points - points.mean(axis=1, keepdims=True)
    own = own / np.sqrt((own**2).sum(axis=2).mean(axis=1))[:, None, None]
    left, _, right = np.linalg.svd(np.einsum("npi,pj->nij", own, mean))
    sign = np.ones((len(own), 3))
    sign[:, 2] = np.sign(np.linalg.det(left @ right))
    turn = (left * sign[:, None]) @ right
    turns = np.stack([turn[:, 2, 0], turn[:, 2, 1], turn[:, 1, 0]], axis=1)
    return (own @ turn - mean).reshape(len(points), -1), turns


def squares_of(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two squares (N, 2, 3) about the head and the face of landmarks (N, 468, 3): what takes places of the square to
    places of the picture, both from -1 to 1."""
    at = points[:, :, :2]
    up = at[:, FOREHEAD] - at[:, CHIN]
    height = np.linalg.norm(up, axis=1)
    up = up / height[:, None]
    middle = at.mean(axis=1)

    def square(around: float, raised: float) -> FloatArray:
        place = (middle + (raised * height)[:, None] * up) * 2 - 1
        side = around * height
        across = np.stack([-up[:, 1], up[:, 0]], axis=1) * side[:, None]
        down = -up * side[:, None]
        return np.stack([across, down, place], axis=2)

    return square(HEAD_AROUND, HEAD_RAISED), square(FACE_AROUND, 0.0)


def cut_out(pictures: Tensor, squares: FloatArray) -> Tensor:
    """Squares (N, 2, 3) of pictures ``[N, C, S, S]``, ``[N, C, 64, 64]``; beyond a picture its border goes on.

    Pictures are halved before until a pixel is no less than half of the square's, or fine patterns came out coarse.
    """
    where = torch.as_tensor(squares, dtype=torch.float32)
    sides = where[:, :, 0].square().sum(dim=1).sqrt()
    side = float(torch.quantile(sides, 0.5, interpolation="lower")) * pictures.shape[-1]
    while side > 2 * SIZE:
        pictures, side = F.avg_pool2d(pictures, 2), side / 2
    grid = F.affine_grid(where, [len(where), pictures.shape[1], SIZE, SIZE], align_corners=False)
    return F.grid_sample(pictures, grid, "bilinear", "border", align_corners=False)


def within(squares: FloatArray, points: FloatArray) -> FloatArray:
    """Landmarks (N, 468, 3) of 0 to 1 across pictures as places (N, 468, 2) of -1 to 1 across squares (N, 2, 3)."""
    off = points[:, :, :2] * 2 - 1 - squares[:, None, :, 2]
    return np.asarray(np.linalg.solve(squares[:, None, :, :2], off[..., None])[..., 0], np.float64)


def colours_at(faces: Tensor, places: FloatArray) -> FloatArray:
    """(N, 1404): logarithms of the colours of faces ``[N, 3, 64, 64]`` at places (N, 468, 2), each channel about its
    mean: what light and skin multiply falls out."""
    soft = F.avg_pool2d(faces, BLUR, 1, BLUR // 2, count_include_pad=False)
    grid = torch.as_tensor(places, dtype=torch.float32)[:, :, None]
    found = F.grid_sample(soft, grid, "bilinear", "border", align_corners=False)[..., 0].double().numpy()
    values = np.log(np.clip(found, 0, 1) + BLACK)
    return (values - values.mean(axis=2, keepdims=True)).transpose(0, 2, 1).reshape(len(faces), -1)
