# SPDX-License-Identifier: Apache-2.0
"""The eyes: a ball with a recessed iris, a cornea over it and a line of tears along the lower lid.

Ball and cornea are surfaces of revolution about the line of sight (+z), made of rings whose angles lie where something
begins: pupil, iris, white. They hold no shape of their own in a model file; a person gives middle and radius of each
eyeball. The ball is a little smaller than the eyeball that the lids were modelled on, and the cornea bulges less than a
real one: so that half-closed lids stay in front of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays
from portrait_core.parts.body import Body
from portrait_core.parts.normals import SmoothNormals
from portrait_core.parts.part_mesh import PartMesh, Topology, topology_of
from portrait_core.parts.skin_weights import on_one_joint

SIDES = ("left", "right")
SEGMENTS = 32

PUPIL = 0.16
IRIS = 0.41
"""Angles from the line of sight where pupil and iris end, radians: an iris of 11.8 mm on a ball of 15 mm radius."""

BALL_RINGS = (0.06, 0.11, PUPIL, 0.21, 0.28, 0.35, IRIS, 0.445, 0.50, 0.60, 0.75, 0.95, 1.2, 1.5, 1.9, 2.4)
CORNEA_RINGS = (0.07, 0.14, 0.21, 0.28, 0.34, 0.40, 0.46, 0.52)

COARSE: dict[int, tuple[tuple[float, ...], tuple[float, ...], int]] = {
    -1: ((PUPIL, IRIS, 0.60, 0.75, 0.95, 1.2, 1.9), (0.14, 0.28, 0.40, 0.52), 1),
    -2: ((PUPIL, IRIS, 0.60, 0.75, 0.95, 1.2, 1.9), (0.14, 0.28, 0.40, 0.52), 2),
}
"""What coarser levels keep of the rings of ball and cornea, and which of the segments: every one or every second. Where
lids touch a ball it is less than :data:`TUCKED` inside its sphere, and its iris is drawn by the texture, round."""

SMALLER = 0.0006
"""Metres that the ball's radius is below the distance of the eyeball's foremost point from its middle."""
BULGE = 0.0002
"""Metres that the cornea stands above the ball's sphere, at its middle."""
DISH = 0.015
"""How much deeper than its rim the middle of the iris lies, as a share of the rim's depth."""
SUNK = 0.00015
"""Metres that the cornea's border lies under the white, so that it has no visible end."""

TUCKED = 0.0003
"""Metres that a lid's inner border is at least under the ball."""

TEAR_HEIGHT = 0.0006
"""Metres that the line of tears climbs the ball above the lid."""
TEAR_OUT = 0.00004
"""Metres that it stands above the ball."""


@dataclass(frozen=True, eq=False)
class Eyeball:
    """``middle`` (3,) and ``radius`` of the ball, metres."""

    middle: NDArray[np.float64]
    radius: float


@dataclass(frozen=True, eq=False)
class EyesTemplate:
    """Over the vertices of the skin's level 1, for each side: ``lids`` (T,) along the lower lid's inner border, from
    the nose outwards; ``rims`` (R,) the whole inner border, which no eye sees."""

    lids: dict[str, NDArray[np.int64]]
    rims: dict[str, NDArray[np.int64]]

    def eyeball(self, body: Body, side: str) -> Eyeball:
        """Where a person's eyeball is."""
        middle, front = (body.look.landmarks[name] for name in (f"{side}_eye", f"{side}_eye_front"))
        reach = np.asarray(front, np.float64) - np.asarray(middle, np.float64)
        return Eyeball(np.asarray(middle, np.float64), float(np.sqrt(reach @ reach)) - SMALLER)

    def tucked(self, body: Body, skin: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V1, 3) the skin with the lids' inner borders under the ball everywhere, so that no lid stands off."""
        result = skin.copy()
        for side in SIDES:
            eye = self.eyeball(body, side)
            way = skin[self.rims[side]] - eye.middle
            length = np.sqrt(np.einsum("ri,ri->r", way, way))
            depth = np.minimum(length, eye.radius - TUCKED)
            result[self.rims[side]] = eye.middle + way * (depth / length)[:, None]
        return result

    def meshes(self, body: Body, skin: NDArray[np.float64], topologies: dict[str, Topology]) -> list[PartMesh]:
        """Ball, cornea and line of tears of both sides; ``skin`` (V1, 3) is level 1 of the person's skin."""
        result: list[PartMesh] = []
        for side in SIDES:
            eye = self.eyeball(body, side)
            ball = eye.middle + self._ball[0] * eye.radius
            heights = eye.radius + BULGE * np.exp(-((self._cornea[1] / 0.33) ** 4)) - self._cornea[2]
            cornea = eye.middle + self._cornea[0] * heights[:, None]
            tear = tear_line(eye, skin[self.lids[side]])
            result += [
                topologies["ball"].placed(f"eye_{side}", ball, self._ball_normals),
                topologies["cornea"].placed(f"cornea_{side}", cornea, self._cornea_normals(cornea)),
                topologies[f"tear_{side}"].placed(f"tear_{side}", tear, self._tear_normals[side](tear)),
            ]
        return result

    def topologies(self, detail: int = 0) -> dict[str, Topology]:
        """What ball, cornea and the lines of tears have in common for everybody, at a level of detail: coarser ones
        have fewer of the same vertices."""
        ball, cornea, step = COARSE.get(detail, (BALL_RINGS, CORNEA_RINGS, 1))
        result = {
            "ball": _revolved(BALL_RINGS, ball, step, closed=True, material="eye"),
            "cornea": _revolved(CORNEA_RINGS, cornea, step, closed=False, material="cornea"),
        }
        for side in SIDES:
            count = len(self.lids[side])
            strip = _strip(count, 1 if detail >= 0 else 2, turned=side == "right")
            along = np.tile(np.linspace(0, 1, count), TEAR_COLUMNS)
            uvs = np.stack([along, np.repeat(np.linspace(0, 1, TEAR_COLUMNS), count)], 1)
            skin = on_one_joint("head", TEAR_COLUMNS * count)
            result[f"tear_{side}"] = topology_of(strip, uvs[strip], skin, "tear")
        return result

    @cached_property
    def _ball(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Places (V, 3) on a ball of radius 1 with its iris, and the angle of each."""
        directions, angle = _directions(BALL_RINGS, closed=True)
        inside = angle < IRIS
        dish = np.cos(IRIS) / np.cos(np.minimum(angle, IRIS)) * (1 - DISH * (1 - (angle / IRIS) ** 2))
        return directions * np.where(inside, dish, 1.0)[:, None], angle

    @cached_property
    def _cornea(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        directions, angle = _directions(CORNEA_RINGS, closed=False)
        share = np.clip((angle - IRIS) / (CORNEA_RINGS[-1] - IRIS), 0, 1)
        return directions, angle, SUNK * share - 0.00002 * (1 - share)

    @cached_property
    def _ball_normals(self) -> NDArray[np.float64]:
        """(V, 3) the same for balls of any size."""
        count = len(BALL_RINGS)
        normals = SmoothNormals.of(_doubled(_rings(count, range(count), 1, closed=True)), len(self._ball[0]))
        return normals(self._ball[0])

    @cached_property
    def _cornea_normals(self) -> SmoothNormals:
        count = len(CORNEA_RINGS)
        return SmoothNormals.of(_doubled(_rings(count, range(count), 1, closed=False)), len(self._cornea[0]))

    @cached_property
    def _tear_normals(self) -> dict[str, SmoothNormals]:
        counts = {side: len(self.lids[side]) for side in SIDES}
        return {
            side: SmoothNormals.of(_strip(counts[side], 1, turned=side == "right"), TEAR_COLUMNS * counts[side])
            for side in SIDES
        }

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {f"lid_{side}": rows.astype(np.int16) for side, rows in self.lids.items()}
        return plain | {f"rim_{side}": rows.astype(np.int16) for side, rows in self.rims.items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> EyesTemplate:
        lids, rims = ({side: arrays[f"{what}_{side}"].astype(np.int64) for side in SIDES} for what in ("lid", "rim"))
        return cls(lids, rims)


TEAR_COLUMNS = 4


def tear_line(eye: Eyeball, lid: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4 T, 3): a strip from under the lid's margin ``lid`` (T, 3) up the ball, where it ends in its surface."""
    out = lid - eye.middle
    out /= np.sqrt(np.einsum("ti,ti->t", out, out))[:, None]
    # Up the ball: what is left of the vertical beside the way out.
    up = np.array([0.0, 1.0, 0.0]) - out[:, 1:2] * out
    up /= np.sqrt(np.einsum("ti,ti->t", up, up))[:, None]
    count = len(lid)
    ends = np.minimum(np.arange(count), np.arange(count)[::-1]) / max(count - 1, 1)
    height = TEAR_HEIGHT * np.sqrt(np.clip(4 * ends, 0.02, 1))[:, None]
    columns: list[NDArray[np.float64]] = []
    for share, above in ((-0.8, 0.0), (0.15, 0.00016), (0.5, TEAR_OUT), (1.0, -TEAR_OUT)):
        way = out * eye.radius + up * height * share
        way /= np.sqrt(np.einsum("ti,ti->t", way, way))[:, None]
        columns.append(eye.middle + way * (eye.radius + above))
    return np.concatenate(columns)


def eye_uv(angle: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (N, 2) in an eye's texture of points at ``angle`` from the line of sight and ``turn`` about it, radians.

    The line of sight is the middle of the picture; the iris takes two fifths of the way to its border.
    """
    reach = 0.5 * (1 - np.exp(-1.3 * angle)) / (1 - np.exp(-1.3 * np.pi))
    return np.stack([0.5 + reach * np.cos(turn), 0.5 + reach * np.sin(turn)], -1)


def eye_directions(uvs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions (N, 3) of length one that lie at ``uvs`` (N, 2) of an eye's texture; beyond the picture's circle, the
    far end."""
    at = np.asarray(uvs, np.float64) - 0.5
    reach = np.minimum(np.hypot(at[:, 0], at[:, 1]), 0.5)
    angle = -np.log1p(-reach / 0.5 * (1 - np.exp(-1.3 * np.pi))) / 1.3
    turn = np.arctan2(at[:, 1], at[:, 0])
    sine = np.sin(angle)
    return np.stack([sine * np.cos(turn), sine * np.sin(turn), np.cos(angle)], 1)


def _directions(rings: tuple[float, ...], *, closed: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit directions and their angles: the line of sight, the rings, and its far end where the surface is closed."""
    angle = np.concatenate([[0.0], np.repeat(rings, SEGMENTS), [np.pi] if closed else []])
    turn = np.concatenate([[0.0], np.tile(_turns(), len(rings)), [0.0] if closed else []])
    sine = np.sin(angle)
    return np.stack([sine * np.cos(turn), sine * np.sin(turn), np.cos(angle)], 1), angle


def _turns() -> NDArray[np.float64]:
    return 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS


def _rings(count: int, kept: Sequence[int], step: int, *, closed: bool) -> NDArray[np.int64]:
    """Polygons (F, 4) of those ``kept`` of ``count`` rings around a pole, at every ``step``-th of their vertices,
    counter-clockwise from outside, -1 for a triangle's last."""
    k = np.arange(0, SEGMENTS, step)
    following = (k + step) % SEGMENTS
    missing = np.full(len(k), -1)
    begin = [1 + ring * SEGMENTS for ring in kept]
    polygons = [np.stack([np.zeros_like(k), begin[0] + k, begin[0] + following, missing], 1)]
    for near, far in pairwise(begin):
        polygons.append(np.stack([near + k, far + k, far + following, near + following], 1))
    if closed:
        pole = np.full(len(k), 1 + count * SEGMENTS)
        polygons.append(np.stack([begin[-1] + k, pole, begin[-1] + following, missing], 1))
    return np.concatenate(polygons)


def _doubled(polygons: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same with a triangle's last corner in place of the missing one."""
    return np.where(polygons < 0, np.roll(polygons, 1, axis=1), polygons)


def _revolved(rings: tuple[float, ...], kept: tuple[float, ...], step: int, *, closed: bool, material: str) -> Topology:
    directions, angle = _directions(rings, closed=closed)
    uvs = eye_uv(angle, np.arctan2(directions[:, 1], directions[:, 0]))
    polygons = _rings(len(rings), [rings.index(ring) for ring in kept], step, closed=closed)
    corner_uvs = uvs[polygons]
    if closed:  # the far end is a whole circle in the picture: each triangle has a piece of it
        far = polygons[:, 1] == len(directions) - 1
        middle = _turns()[::step] + step * np.pi / SEGMENTS
        corner_uvs[far, 1] = eye_uv(np.full(len(middle), np.pi), middle)
    return topology_of(polygons, corner_uvs, on_one_joint("head", len(directions)), material)


def _strip(count: int, step: int, *, turned: bool) -> NDArray[np.int64]:
    """Quads of the line of tears at every ``step``-th of the lid's ``count`` vertices and the last, facing out:
    (F, 4)."""
    at = np.unique(np.append(np.arange(0, count, step), count - 1))
    k, following = at[:-1], at[1:]
    quads = [
        np.stack([c * count + k, c * count + following, (c + 1) * count + following, (c + 1) * count + k], 1)
        for c in range(TEAR_COLUMNS - 1)
    ]
    whole = np.concatenate(quads)
    # From the nose outwards is along +x on the left, along -x on the right.
    return whole[:, ::-1].copy() if turned else whole
