# SPDX-License-Identifier: Apache-2.0
"""Base colour from pictures of many views, for models whose pictures hold more detail than their field.

Each texel takes its colour from the view that sees it best, by angle and resolution; other views fade in only where
they see it nearly as well, so that small errors of registration make no ghosts. Broad differences of brightness are
blended over a wider zone, fine detail over a narrow one (the two-band form of Burt and Adelson's spline, 1983).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from textures.bake import CHUNK, EMPTY, TILE, Report
from textures.colour_space import encode_srgb
from textures.fill import fill_empty
from textures.raster import Placement, blend

SHARP, SOFT = 24.0, 4.0
"""Powers of a view's score relative to the best one, for detail and for the broad band."""

BAND = 1 / 64
"""Blur, as a share of the picture's side, that parts the two bands."""

STEEPEST = 0.2
"""Cosine between normal and line of sight at which a view stops counting."""

DEPTH_SLACK = 0.004
"""Share of the distance by which a texel may lie behind the picture's depth and still be what is seen."""

MARGIN = 1 / 96
"""Share of the picture's side within which a view loses trust towards edges of depth."""

WEAK = 0.15
"""Scores below this mix in the fill: a texel that all views see badly."""


@dataclass(frozen=True)
class View:
    """A picture and its OpenCV camera.

    ``image`` (H, W, 3) linear RGB; ``depth`` (H, W) from the camera along the ray, in units of the positions, infinite
    where nothing is; ``world2cam`` (4, 4); ``intrinsics`` (3, 3) in picture sides.
    """

    image: NDArray[np.float32]
    depth: NDArray[np.float32]
    world2cam: NDArray[np.float32]
    intrinsics: NDArray[np.float32]


def bake_views(
    atlas_faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    views: Sequence[View],
    size: int,
    *,
    fill: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None,
    fill_positions: NDArray[np.float32] | None = None,
    progress: Report | None = None,
) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 sRGB image of what the views show of a surface; row 0 is the top.

    ``atlas_faces`` (F, 3) and ``uvs`` (V, 2) place triangles in the image, ``positions`` (V, 3) and unit ``normals``
    (V, 3) in the views' world. ``fill`` gives linear RGB (N, 3) where no view sees the surface well, at
    ``fill_positions`` (V, 3, another space perhaps; default: ``positions``); without it such texels continue their
    neighbours. ``progress`` is called with "texture" and the finished fraction. Raises ``ValueError`` without views and
    for views whose parts do not fit.
    """
    if not views:
        raise ValueError("bake_views: it needs at least one view")
    prepared = [_Prepared(view) for view in views]
    best = max(each.pixels for each in prepared)
    places = positions if fill_positions is None else fill_positions
    placement = Placement(atlas_faces, uvs, size)
    image = np.full((size, size, 3), EMPTY, np.uint8)
    known = np.zeros((size, size), bool)
    tiles = [(top, left) for top in range(0, size, TILE) for left in range(0, size, TILE)]
    for number, (top, left) in enumerate(tiles):
        painted = placement.paint((top, min(top + TILE, size), left, min(left + TILE, size)))
        rows, columns = np.nonzero(painted >= 0)
        for begin in range(0, len(rows), CHUNK):
            row, column = rows[begin : begin + CHUNK], columns[begin : begin + CHUNK]
            face = painted[row, column].astype(np.int64)
            row, column = row + top, column + left
            weights, corner = placement.weights(face, row, column), atlas_faces[face]
            normal = blend(corner, weights, normals)
            normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
            colour, score = _blended(blend(corner, weights, positions), normal, prepared, best)
            if fill is not None:
                weak = np.flatnonzero(score < WEAK)
                share = (score[weak] / WEAK)[:, None]
                share = share * share * (3 - 2 * share)
                filled = fill(blend(corner[weak], weights[weak], places)) if len(weak) else colour[weak]
                colour[weak] = colour[weak] * share + filled * (1 - share)
            image[row, column] = encode_srgb(colour)
            known[row, column] = True if fill is not None else score > 0
            if progress is not None:
                progress("texture", 0.95 * (number + (begin + len(row)) / len(rows)) / len(tiles))
    image = fill_empty(image, known, rings=max(2, size // 512))
    if progress is not None:
        progress("texture", 1.0)
    return image


class _Prepared:
    """A view with its two bands and how far its pixels may be trusted."""

    def __init__(self, view: View) -> None:
        height, width = view.depth.shape
        if view.image.shape != (height, width, 3) or view.world2cam.shape != (4, 4) or view.intrinsics.shape != (3, 3):
            raise ValueError(
                f"bake_views: a view has an image {view.image.shape}, depth {view.depth.shape}, world2cam "
                f"{view.world2cam.shape}, intrinsics {view.intrinsics.shape}; expected (H, W, 3), (H, W), (4, 4) "
                "and (3, 3)"
            )
        seen = np.isfinite(view.depth)
        depth = np.where(seen, view.depth, 0.0)
        side = max(height, width)
        # Blur over what is seen only, so that no background enters the broad band.
        total = ndimage.gaussian_filter(view.image * seen[:, :, None], (BAND * side, BAND * side, 0))
        count = ndimage.gaussian_filter(seen.astype(np.float32), BAND * side)
        broad = total / np.maximum(count, 1e-6)[:, :, None]
        self.broad = np.asarray(np.where(seen[:, :, None], broad, 0.0), np.float32)
        self.detail = np.asarray(np.where(seen[:, :, None], view.image - self.broad, 0.0), np.float32)
        low = ndimage.minimum_filter(np.where(seen, depth, 0.0), 3)
        high = ndimage.maximum_filter(np.where(seen, depth, np.inf), 3)
        # A surface seen at the steepest angle that counts changes depth by this much between pixels.
        steep = 2 * depth / (side * float(view.intrinsics[0, 0]) * STEEPEST)
        edge = ~seen | (high - low > 2 * steep + DEPTH_SLACK * depth)
        away = ndimage.distance_transform_edt(np.pad(~edge, 1))[1:-1, 1:-1]
        self.trust = np.asarray(np.clip(away / (MARGIN * side), 0.0, 1.0), np.float32)
        self.depth = np.where(seen, view.depth, 0.0).astype(np.float32)
        self.rotation = view.world2cam[:3, :3].astype(np.float64)
        self.shift = view.world2cam[:3, 3].astype(np.float64)
        self.centre = -self.rotation.T @ self.shift
        self.intrinsics = view.intrinsics.astype(np.float64)
        self.pixels = float(self.intrinsics[0, 0]) * width / float(np.median(view.depth[seen])) if seen.any() else 0.0

    def look(self, points: NDArray[np.float32], normals: NDArray[np.float32]) -> tuple[NDArray[np.float32], _Taps]:
        """How well (N,) the view sees surface points, 0 to about 1 times its pixels a unit, and where they appear."""
        local = points @ self.rotation.T + self.shift
        depth = np.maximum(local[:, 2], 1e-9)
        ahead = local[:, 2] > 1e-6
        pixel = (local / depth[:, None]) @ self.intrinsics.T
        taps = _Taps(pixel[:, 0], pixel[:, 1], self.depth.shape)
        to_eye = self.centre - points
        distance = np.linalg.norm(to_eye, axis=1)
        cosine = np.einsum("ni,ni->n", to_eye, normals) / np.maximum(distance, 1e-9)
        in_front = distance <= taps.read(self.depth) * (1 + DEPTH_SLACK)
        facing = np.clip((cosine - STEEPEST) / (1 - STEEPEST), 0.0, 1.0)
        pixels = float(self.intrinsics[0, 0]) * self.depth.shape[1] / depth
        score = np.where(ahead & in_front & taps.inside, facing * taps.read(self.trust) * pixels, 0.0)
        return score.astype(np.float32), taps


class _Taps:
    """Bilinear places in a picture: ``x`` and ``y`` (N,) in picture sides, origin at the top left."""

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64], shape: tuple[int, ...]) -> None:
        height, width = shape[:2]
        self.inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        across = np.clip(x * width - 0.5, 0.0, width - 1.0)
        down = np.clip(y * height - 0.5, 0.0, height - 1.0)
        self._left, self._top = across.astype(np.int64), down.astype(np.int64)
        self._right, self._bottom = np.minimum(self._left + 1, width - 1), np.minimum(self._top + 1, height - 1)
        self._across = (across - self._left).astype(np.float32)
        self._down = (down - self._top).astype(np.float32)

    def read(
        self, picture: NDArray[np.float32], chosen: NDArray[np.int64] | slice = slice(None)
    ) -> NDArray[np.float32]:
        """Values (n,) or (n, C) of a picture (H, W) or (H, W, C) at the ``chosen`` places."""
        left, right, top, bottom = (a[chosen] for a in (self._left, self._right, self._top, self._bottom))
        across, down = self._across[chosen], self._down[chosen]
        if picture.ndim == 3:
            across, down = across[:, None], down[:, None]
        above = picture[top, left] * (1 - across) + picture[top, right] * across
        below = picture[bottom, left] * (1 - across) + picture[bottom, right] * across
        return np.asarray(above * (1 - down) + below * down, np.float32)


def _blended(
    points: NDArray[np.float32], normals: NDArray[np.float32], views: Sequence[_Prepared], best: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear RGB (N, 3) of surface points, and the score (N,) of the best view of each, about 0 to 1."""
    looks = [view.look(points, normals) for view in views]
    top = np.max([score for score, _ in looks], axis=0)
    total = np.zeros((len(points), 3), np.float32)
    bands = [(power, np.zeros_like(total), np.zeros(len(points), np.float32)) for power in (SOFT, SHARP)]
    for view, (score, taps) in zip(views, looks, strict=True):
        chosen = np.flatnonzero(score > 0)
        relative = score[chosen] / top[chosen]
        for (power, colour, count), picture in zip(bands, (view.broad, view.detail), strict=True):
            weight = relative**power
            colour[chosen] += taps.read(picture, chosen) * weight[:, None]
            count[chosen] += weight
    for _, colour, count in bands:
        total += colour / np.maximum(count, 1e-9)[:, None]
    return np.clip(total, 0.0, 1.0), (top / max(best, 1e-9)).astype(np.float32)
