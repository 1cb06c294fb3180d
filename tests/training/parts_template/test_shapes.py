# SPDX-License-Identifier: Apache-2.0
"""Shapes of the face read, fitted to a jaw, and mended, on a few vertices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.errors import UsageError
from portrait_core.face.names import ARKIT, VISEMES
from portrait_core.parts.skin import REGIONS
from portrait_core.training.parts_template.jaw import rigid
from portrait_core.training.parts_template.mended_shapes import (
    ASIDE,
    BROW_TO,
    LIDS_UP,
    along_skin,
    mended,
    mouth_frame,
)
from portrait_core.training.parts_template.shapes import FOLDERS, read_shapes
from portrait_core.world.assets import AssetFolders


def written(root: Path, *, without: str = "") -> AssetFolders:
    for names, folder in FOLDERS.items():
        (root / "makehuman-extra-targets" / folder).mkdir(parents=True)
        for row, name in enumerate(names):
            if name != without:
                path = root / "makehuman-extra-targets" / folder / f"{name}.target"
                path.write_text("# a comment\n" + (f"{row % 7} .1 -.2 0\n\n" if name != "viseme_sil" else ""))
    return AssetFolders(root / "mpfb" / "data", root / "makehuman" / "base")


def test_targets_are_read_in_metres(tmp_path: Path) -> None:
    shapes = read_shapes(written(tmp_path), 9)
    assert list(shapes) == [*ARKIT, *VISEMES]
    assert shapes[ARKIT[3]][3] == pytest.approx((0.01, -0.02, 0))
    assert not shapes["viseme_sil"].any()
    assert np.count_nonzero(shapes[ARKIT[8]].any(axis=1)) == 1


def test_a_missing_target_is_named_with_the_place_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"shape jawLeft: expected .*faceunits.jawLeft.target, of the repository"):
        read_shapes(written(tmp_path, without="jawLeft"), 9)


def test_a_rigid_motion_is_found_again() -> None:
    before = np.random.default_rng(0).normal(size=(9, 3))
    turn, shift = np.array([0.4, -0.1, 0.2]), np.array([0.1, 0.0, -0.2])
    found = rigid(before, Rotation.from_rotvec(turn).apply(before) + shift)
    assert found[0] == pytest.approx(turn)
    assert found[1] == pytest.approx(shift)


def face() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A flat face of millimetre quads with a slit for a mouth behind which a bag lies; places, quads, regions, and how
    an opening jaw moves them."""
    x, y = np.meshgrid(np.arange(-40, 41, 2), np.arange(-30, 31, 2))
    places = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1) / 1000
    across, up = x.shape[1], x.shape[0]
    k = (np.arange(up - 1)[:, None] * across + np.arange(across - 1)).ravel()
    quads = np.stack([k, k + 1, k + across + 1, k + across], 1)
    middle = places[quads].mean(axis=1)
    slit = (np.abs(middle[:, 0]) < 0.02) & (np.abs(middle[:, 1]) < 0.002)
    regions = np.full(len(quads), REGIONS.index("face"), np.uint8)
    regions[slit] = REGIONS.index("mouth")
    opening = np.zeros_like(places)
    opening[places[:, 1] < 0, 1] = -0.02
    return places, quads, regions, opening


def test_a_mouth_knows_its_lips_and_corners() -> None:
    places, quads, regions, opening = face()
    frame = mouth_frame(np.arange(len(places)), places, quads, regions, opening)
    assert frame.corner == pytest.approx(0.02)
    above, below = (np.flatnonzero((places == (0, height, 0)).all(axis=1))[0] for height in (0.006, -0.006))
    assert frame.side[above] == 1
    assert frame.side[below] == -1
    assert frame.away[above] == pytest.approx(0.004)
    far = np.flatnonzero((places == (0.04, 0.03, 0)).all(axis=1))[0]
    assert frame.lips[above] == 1
    assert frame.lips[far] == frame.around[far] == 0


def test_clumsy_shapes_are_mended() -> None:
    places, quads, regions, opening = face()
    frame = mouth_frame(np.arange(len(places)), places, quads, regions, opening)
    shapes = {name: np.full((len(places), 3), 0.001) for name in (*ARKIT, *VISEMES)}
    brows = np.flatnonzero(places[:, 1] > 0.025)
    better = mended(shapes, frame, along_skin(places, quads, brows))
    assert shapes["jawLeft"] == pytest.approx(np.full_like(places, 0.001))  # what was given stays
    assert better["jawLeft"] == pytest.approx(ASIDE * shapes["jawLeft"])
    assert not better["eyeBlinkLeft"][brows].any()
    low = places[:, 1] < 0.025 - BROW_TO - 0.002
    assert better["eyeLookUpLeft"][low] == pytest.approx((1 + LIDS_UP) * shapes["eyeLookUpLeft"][low])
    added = better["mouthFunnel"] - shapes["mouthFunnel"]
    corner = np.flatnonzero((places == (0.02, 0.002, 0)).all(axis=1))[0]
    assert added[corner, 0] < -0.003  # in
    assert added[corner, 2] > 0.002  # and forth
    upper, lower = (np.flatnonzero((places == (0.01, y, 0)).all(axis=1))[0] for y in (0.006, -0.006))
    assert added[upper, 1] > 0.002 > -0.002 > added[lower, 1]
    assert better["browInnerUp"] == pytest.approx(shapes["browInnerUp"])
