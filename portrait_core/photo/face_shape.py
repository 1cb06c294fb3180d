# SPDX-License-Identifier: Apache-2.0
"""Where the features of a person of the model would have to sit to look like those of a photograph.

The person is drawn as the photograph sees it, in its expression, and the same network reads both pictures: what it
always gets a little wrong it gets wrong twice, and a landmark names the same place of both faces. What is left between
them once the camera fits is the shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from portrait_core.avatar import Maps
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.parts.likeness import Likeness, bounded
from portrait_core.person import PersonOfParts
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_landmarks import look_again
from portrait_core.photo.face_regions import INNER_LIPS
from portrait_core.photo.face_texture import HeadSurface
from portrait_core.photo.head_camera import HeadCamera, fit_camera
from portrait_core.photo.shifts import Shifts
from portrait_core.pipeline.characters import bare_character
from portrait_core.pipeline.live import live_parts
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import LayeredScene

COUNT = 468
LOOKED_AT = 512
"""Pixels of the person's picture."""
SKIN_MAP = 256
"""Texels along the person's skin: the network looks at 192 pixels of it."""
OF_FACE = ("skin", "eyes", "teeth", "tongue", "lashes", "brows")
SURE = 0.5
MIDDLE = 0.0005
"""Metres aside of the face's plane of symmetry: vertices that lie on it."""
EVERY = 3
"""Of the landmarks so many are kept as places that move: more say nothing new."""
CORRECTION = 2e-4
"""Smoothing of the way from where the camera sees a place to where the photograph has it."""
DEPTH = 0.05
"""How much moves along the line of sight are held back, where several photographs could tell them."""
PAIRED = 0.012
"""Metres from a landmark's mirror image within which its partner lies."""
TOO_FAR = 0.05
"""Share of the picture: landmarks that are farther off than this are taken for wrong."""


@dataclass(frozen=True, eq=False)
class Matched:
    """A person beside a photograph: the ``camera``, the landmarks' ``places`` at rest and in the photograph's
    ``expressed`` (N, 3), where the camera sees them and the photograph has them (N, 2), how well each is to be seen,
    ``facing`` (N,), the ``surface`` that was looked at and its ``picture``; ``skin`` are the person's small maps."""

    camera: HeadCamera
    places: FloatArray
    expressed: FloatArray
    seen: FloatArray
    wanted: FloatArray
    facing: FloatArray
    surface: HeadSurface
    picture: NDArray[np.uint8]
    skin: Maps

    @cached_property
    def shifts(self) -> Shifts:
        """From where the camera sees something, 0 to 1, to where the photograph has it."""
        kept = self.facing > 0.05
        return Shifts.of(
            RBFInterpolator(
                self.seen[kept],
                self.wanted[kept] - self.seen[kept],
                neighbors=60,
                kernel="linear",
                smoothing=CORRECTION,
            )
        )

    @cached_property
    def lifted(self) -> tuple[FloatArray, FloatArray]:
        """(N, 3) metres that landmarks would have to move in the picture's plane, and how well (N,) each is told."""
        ahead = self.camera.project(self.expressed)[:, 2]
        far = np.linalg.norm(self.wanted - self.seen, axis=1)
        return self.camera.lifted(self.wanted - self.seen, ahead), np.clip(self.facing, 0.02, 1) * (far < TOO_FAR)

    @property
    def off(self) -> float:
        """Median distance of the landmarks, metres."""
        return float(np.median(np.linalg.norm(self.wanted - self.seen, axis=1))) * self._metres

    @property
    def _metres(self) -> float:
        ahead = float(np.linalg.norm(self.camera.centre - self.places.mean(axis=0)))
        return ahead / self.camera.focal


def match(
    recipe: Recipe,
    person: PersonOfParts,
    expression: Mapping[str, float],
    camera: HeadCamera,
    wanted: FloatArray,
    skin: Maps | None = None,
) -> Matched | None:
    """The person of ``recipe`` beside a photograph whose landmarks are ``wanted`` (468, 2); None where nobody's face is
    seen in the person's picture. ``skin`` are maps that a former look has made of the same person."""
    # No shapes: the expression is in the vertices. Small maps do: the network looks at 192 pixels.
    small: dict[str, Any] = {
        "texture_size": SKIN_MAP,
        "normal_map": False,
        "faces": 20_000,
        "lods": (),
        "hair": "none",
        "pose": {},
    }
    drawn = recipe.model_copy(update={**small, "parts": OF_FACE, "face": "none", "expression": dict(expression)})
    avatar = bare_character(drawn, person, silent, "likeness", skin)
    places, normals = avatar.posed()
    shown = camera.camera
    picture = LayeredScene(avatar.main, places, normals).render(
        shown.cam2world, shown.intrinsics, LOOKED_AT, supersampling=1
    )
    found = look_again(picture.image, wanted * LOOKED_AT)
    if found.score < SURE:
        return None
    own = found.points[:COUNT, :2] / LOOKED_AT
    bare = live_parts(drawn.model_copy(update={"expression": {}, "parts": ("skin",)}), person)[0]
    count = len(bare.vertices)
    sections = avatar.main.section_faces()
    faces = sections[0][1]
    # What hides what is behind it: skin, eyes and teeth, no lashes.
    solid = MeshQueries(places, np.concatenate([own for each, own in sections if each.material.alpha == "opaque"]))
    middle = (np.abs(bare.vertices[:, 0]) < MIDDLE) & (bare.vertices[:, 2] > bare.vertices[:, 2].mean())
    axis = float(np.median(bare.uvs[middle, 0]))
    surface = HeadSurface(places[:count], normals[:count], faces, bare.uvs, axis, solid)
    # Where the rays through what was read meet the skin.
    way = camera.ways(own)
    queries = MeshQueries(surface.places, faces)
    hits = queries.first_hits(camera.centre.astype(np.float32), way.astype(np.float32))
    missed = np.flatnonzero(hits.face < 0)
    if len(missed):  # beside the face's outline: the nearest place
        ahead = float(np.median(hits.distance[hits.face >= 0]))
        near = queries.closest((camera.centre + way[missed] * ahead).astype(np.float32))
        hits.face[missed], hits.weights[missed] = near.face, near.weights
    expressed = hits.interpolated(surface.places, faces).astype(np.float64)
    rest = hits.interpolated(bare.vertices, faces).astype(np.float64)
    towards = hits.interpolated(surface.normals, faces)
    facing = np.clip(-(towards * way).sum(axis=1), 0, 1)
    facing[missed] = 0.05
    better = fit_camera(camera, expressed, wanted, 0.2 + facing)
    return Matched(
        better,
        rest,
        expressed,
        better.project(expressed)[:, :2],
        wanted,
        facing,
        surface,
        picture.image,
        avatar.main.maps,
    )


def shape_move(
    seen: Sequence[Matched], before: Likeness, worth: Sequence[float] = (1.0,)
) -> tuple[FloatArray, FloatArray]:
    """Places (N, 3) of the face at rest before any move, and how far each moves (N, 3), so that the features sit where
    photographs of one person have them, each by what it is ``worth``; ``before`` is the move that the person has."""
    places, lifted, weight = _alone(seen[0]) if len(seen) == 1 else _by_all(seen, worth)
    kept = np.setdiff1d(np.arange(0, COUNT, EVERY), INNER_LIPS)
    kept = kept[weight[kept] > 0.1]
    places = places[kept]
    moves = lifted[kept]
    if len(before.places):
        # The new places lie on a face that has moved: both moves add up, told at the places before the first one.
        nearest = RBFInterpolator(before.places + before.moves, before.moves, kernel="linear", smoothing=CORRECTION)
        first = nearest(places)
        places, moves = places - first, moves + first
    return places, bounded(moves)


def _alone(matched: Matched) -> tuple[FloatArray, FloatArray, FloatArray]:
    lifted, weight = matched.lifted
    return matched.places, *_symmetric(matched.places, lifted, weight)


def _by_all(seen: Sequence[Matched], worth: Sequence[float]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places, moves and weights of landmarks by several photographs: each tells nothing about what is along its own
    line of sight, so that two from other sides tell depths; a mirrored face is one more."""
    weights = np.stack([each.lifted[1] * np.sqrt(own) for each, own in zip(seen, worth, strict=True)])
    shares = weights / np.maximum(weights.sum(axis=0), 1e-9)
    places = np.einsum("kn,knc->nc", shares, np.stack([each.places for each in seen]))
    left, right = np.zeros((len(places), 3, 3)), np.zeros((len(places), 3))
    sight = np.zeros(3)
    for each, weight in zip(seen, weights, strict=True):
        plane = each.camera.axes[:, :2] @ each.camera.axes[:, :2].T
        left += (weight**2)[:, None, None] * plane
        right += (weight**2)[:, None] * each.lifted[0]
        sight += weight.mean() * each.camera.axes[:, 2]
    partner, near = _partners(places)
    mirror = np.array([-1.0, 1.0, 1.0])
    whole = (weights**2).sum(axis=0)
    left = left + near[:, None, None] * left[partner] * np.outer(mirror, mirror)
    right = right + near[:, None] * right[partner] * mirror
    whole = whole + near * whole[partner]
    sight *= (0.0, 1.0, 1.0)
    sight /= np.linalg.norm(sight)
    left += (whole * DEPTH)[:, None, None] * np.outer(sight, sight) + 1e-9 * np.eye(3)
    solve: Any = np.linalg.solve  # its types are partly unknown
    moves: FloatArray = solve(left, right[:, :, None])[:, :, 0]
    return places, moves, np.minimum(np.sqrt(whole), 1.0)


def _partners(places: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """(N,) the landmark at the other side, and whether (0 or 1) there is one."""
    between = np.linalg.norm(places[:, None] - (places * (-1.0, 1.0, 1.0))[None], axis=2)
    return between.argmin(axis=1), (between.min(axis=1) < PAIRED).astype(np.float64)


def _symmetric(places: FloatArray, moves: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Moves of both sides as one, by how well each side is seen: what is not seen well follows what is."""
    partner, near = _partners(places)
    other = moves[partner] * (-1.0, 1.0, 1.0)
    own, theirs = weight**2, weight[partner] ** 2 * near
    whole = own + theirs
    return (moves * own[:, None] + other * theirs[:, None]) / np.maximum(whole, 1e-9)[:, None], np.sqrt(whole)
