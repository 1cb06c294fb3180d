# SPDX-License-Identifier: Apache-2.0
"""Where the lids of the canonical head end: the border of the eyes' colour on whole busts, the same for everybody.

Lids are at one place of the canonical head whoever wears them, so the border is read off the template, and not off the
decoder's field, which wavers along it by tenths of a millimetre. The line of the lashes follows it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from scipy import ndimage, spatial
from torch import Tensor

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.mesh_queries import MeshQueries

TURNS = 720
"""Half planes through the line of sight, evenly around it, on which the border is looked for."""

WITHIN = 0.020
"""Metres: an eyeball lies wholly within this of its middle, and rays start this far out: beyond the lids."""

WIDEST = 1.2
ROUGH = 0.01
HALVINGS = 12
"""Radians from the line of sight up to which the border is looked for, the steps, and halvings of the step found."""

EVEN = 1.2
"""Degrees around the line of sight over which the border is evened: the template's edges are no corners of lids."""

RADIUS = 0.0145
"""Metres: of the eyeball that angles are turned to lengths on."""

NODES = 161
"""Along each side of the lattice of distances to the border, ``WIDEST`` to all sides of the line of sight."""

RIM = 0.0004
"""Metres that the eyes' colour ends before the lids' outermost edge: there is the lids' own rim, dark with lashes."""

SOFT = 0.00015
"""Metres: the softness of the border, as the argument of a logistic."""

LOGIT = 2.0
"""By which :class:`portrait_core.models.starter.decoder.CanonicalSample` multiplies its ``eye``."""


LASH_WIDTHS, LASH_SHARES = (0.0006, 0.0011), (0.35, 0.75)
LASH_ROWS = (-0.15, 0.25)
"""Metres that the painted lashes reach beyond the border and how much of the skin they cover: of the lower lid, of the
upper one; the sine of the angle above the line of sight between which the one turns to the other."""


def eye_opening(
    vertices: NDArray[np.floating], triangles: NDArray[np.integer], eye: NDArray[np.floating]
) -> NDArray[np.float32] | None:
    """(NODES, NODES) metres on the eyeball from its border with the lids, negative on the eye, as seen from its middle
    ``eye`` (3,). Rows go up, columns to the left eye's +x, in equal angles from the line of sight, +z.

    None where the template, with ``vertices`` (V, 3) and ``triangles`` (F, 3) in metres, has no such eyeball.
    """
    border = _border(vertices, triangles, eye)
    if border is None:
        return None
    closed = np.r_[border, border[0]]
    turn = np.linspace(-np.pi, np.pi, TURNS + 1)
    fine = np.linspace(-np.pi, np.pi, 8 * TURNS, endpoint=False)
    around = np.asarray(np.interp(fine, turn, closed), np.float64)
    curve = spatial.cKDTree(np.stack([around * np.cos(fine), around * np.sin(fine)], 1))
    axis = np.linspace(-WIDEST, WIDEST, NODES)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    away = np.asarray(curve.query(np.stack([x.ravel(), y.ravel()], 1))[0]).reshape(NODES, NODES)
    inside = np.asarray(np.hypot(x, y) < np.interp(np.arctan2(y, x), turn, closed), np.bool_)
    return np.asarray(np.where(inside, -away, away) * RADIUS, np.float32)


def _border(
    vertices: NDArray[np.floating], triangles: NDArray[np.integer], eye: NDArray[np.floating]
) -> NDArray[np.float64] | None:
    """(TURNS,) radians from the line of sight at which the lids begin, of turns from -pi on."""
    label = component_labels(len(vertices), triangles.ravel(), np.roll(triangles, -1, axis=1).ravel())
    farthest = np.zeros(len(vertices))
    np.maximum.at(farthest, label, np.linalg.norm(vertices - eye, axis=1))
    ball = np.asarray((farthest[label] < WITHIN)[triangles].all(axis=1), np.bool_)
    if not ball.any():
        return None
    mesh = MeshQueries(vertices, triangles)
    turn = (np.arange(TURNS) / TURNS * 2 - 1) * np.pi

    def on_ball(angle: NDArray[np.float64]) -> NDArray[np.bool_]:
        way = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], 1)
        face = mesh.first_hits(eye + way * WITHIN, -way, WITHIN).face
        return (face >= 0) & ball[face]

    seen = np.stack([on_ball(np.full(TURNS, a)) for a in np.arange(0, WIDEST, ROUGH)])
    first = np.where(seen.all(axis=0), len(seen) - 1, (~seen).argmax(axis=0))
    low, high = np.maximum(first - 1, 0) * ROUGH, first * ROUGH
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        inner = on_ball(middle)
        low, high = np.where(inner, middle, low), np.where(inner, high, middle)
    return np.asarray(ndimage.gaussian_filter1d(low, EVEN * TURNS / 360, mode="wrap"), np.float64)


def beyond_opening(opening: Tensor, outward: Tensor) -> Tensor:
    """(N,) metres by which unit directions ``outward`` (N, 3) from a left eye's middle, those of a right one mirrored,
    are beyond the border of the eyes' colour, by the ``opening`` of :func:`eye_opening`; negative on the eye."""
    angle = torch.arccos(outward[:, 2].clamp(-1, 1))
    flat = outward[:, :2] * (angle / outward[:, :2].square().sum(1).sqrt().clamp_min(1e-6))[:, None]
    found = nnf.grid_sample(opening[None, None], flat[None, None] / WIDEST, align_corners=True, padding_mode="border")
    return found[0, 0, 0] + RIM


def opening_logit(beyond: Tensor) -> Tensor:
    """(N,) what :attr:`CanonicalSample.eye` is at ``beyond`` (N,) metres of :func:`beyond_opening`."""
    return -beyond / (SOFT * LOGIT)


def lashes(beyond: Tensor, outward: Tensor) -> Tensor:
    """(N,) the share of the skin that the painted lashes cover; arguments as above."""
    t = ((outward[:, 1] - LASH_ROWS[0]) / (LASH_ROWS[1] - LASH_ROWS[0])).clamp(0, 1)
    upper = t * t * (3 - 2 * t)
    width, share = (low + (high - low) * upper for low, high in (LASH_WIDTHS, LASH_SHARES))
    return share * torch.exp(-((beyond.clamp_min(0) / width) ** 2))
