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
from portrait_core.training.parts_template.jaw import FORTH, MEET, WIDER, WholeJaw, bites, meeting, rigid
from portrait_core.training.parts_template.mended_shapes import (
    BLINK_DOWN,
    BROW_TO,
    LIDS_UP,
    along_skin,
    brow_as_one,
    corner_closing,
    mended,
    mouth_frame,
)
from portrait_core.training.parts_template.mirrored_shapes import counterparts, evened
from portrait_core.training.parts_template.shape_strengths import JAW_ASIDE, STRENGTHS, pressed, strengthened
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


def test_teeth_of_a_jaw_that_is_pushed_forth_keep_back_behind_the_lips() -> None:
    mean = np.random.default_rng(5).normal(size=(12, 3))

    class Mesh:
        neutral = mean

        def vertices_of(self, group: str) -> np.ndarray:
            assert group == "helper-lower-teeth"
            return np.arange(2, 9)

    jaw = WholeJaw({"jawOpen": np.ones(12)}, np.array([0, 1]), np.array([0.0, 0.1, 0.2]), 0.4)
    moved = np.broadcast_to([0.009, -0.001, 0.006], (12, 3))
    found = bites({"jawLeft": moved, "viseme_E": moved, "jawOpen": moved, "cheekPuff": 0 * moved}, jaw, Mesh())  # type: ignore[arg-type]
    assert set(found) == {"jawLeft", "viseme_E"}
    np.testing.assert_allclose(found["jawLeft"].shift, [0.009, -0.001, FORTH * 0.006], atol=1e-9)
    np.testing.assert_allclose(found["viseme_E"].shift, [0.009, -0.001, 0.006], atol=1e-9)
    np.testing.assert_allclose(found["jawLeft"].turn, 0, atol=1e-9)


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


def test_lids_meet_in_their_inner_corner() -> None:
    places, quads, _, _ = face()
    row = np.abs(places[:, 0]) < 0.011
    upper, lower = (np.flatnonzero(row & (places[:, 1] == height)) for height in (0.002, -0.002))
    moves = corner_closing(places, quads, upper, lower)
    assert not moves[:, [0, 2]].any()
    assert moves[lower[0], 1] > 0.0008  # the first of the lower lid is the corner
    assert moves[upper[0], 1] < -0.0005
    assert np.abs(moves[lower[-1]]).max() < 1e-4
    assert not moves[np.abs(places[:, 1]) > 0.012].any()


def test_clumsy_shapes_are_mended() -> None:
    places, quads, regions, opening = face()
    frame = mouth_frame(np.arange(len(places)), places, quads, regions, opening)
    shapes = {name: np.full((len(places), 3), 0.001) for name in (*ARKIT, *VISEMES)}
    brows = np.flatnonzero(places[:, 1] > 0.025)
    still = np.zeros_like(places)
    better = mended(shapes, frame, along_skin(places, quads, brows), {"left": still, "right": still + 0.002})
    assert shapes["jawLeft"] == pytest.approx(np.full_like(places, 0.001))  # what was given stays
    assert better["jawLeft"] == pytest.approx(JAW_ASIDE * shapes["jawLeft"])
    assert not better["eyeBlinkLeft"][brows].any()
    lower = 1 - BLINK_DOWN  # of both, as the narrowed eye is the same here
    assert better["eyeBlinkLeft"].max() == pytest.approx(lower * 0.001)
    assert lower * better["eyeBlinkRight"] == pytest.approx((lower + 2) * better["eyeBlinkLeft"])
    low = places[:, 1] < 0.025 - BROW_TO - 0.002
    raised = 1 + LIDS_UP * STRENGTHS["eyeWide"][0]
    assert better["eyeLookUpLeft"][low] == pytest.approx(raised * shapes["eyeLookUpLeft"][low])
    added = better["mouthFunnel"] - strengthened(shapes)["mouthFunnel"]
    corner = np.flatnonzero((places == (0.02, 0.002, 0)).all(axis=1))[0]
    assert added[corner, 0] < -0.003  # in
    assert added[corner, 2] > 0.002  # and forth
    upper, lower = (np.flatnonzero((places == (0.01, y, 0)).all(axis=1))[0] for y in (0.006, -0.006))
    assert added[upper, 1] > 0.002 > -0.002 > added[lower, 1]
    assert better["browInnerUp"] == pytest.approx(STRENGTHS["browInnerUp"][0] * shapes["browInnerUp"])


def test_shapes_are_stronger_on_both_sides_alike() -> None:
    shapes = {name: np.full((2, 3), 0.001) for name in ("mouthDimpleLeft", "mouthDimpleRight", "mouthPucker")}
    better = strengthened(shapes)
    assert better["mouthDimpleLeft"] == pytest.approx(np.tile(0.001 * np.array(STRENGTHS["mouthDimple"]), (2, 1)))
    assert better["mouthDimpleRight"] == pytest.approx(better["mouthDimpleLeft"])
    assert better["mouthPucker"] == pytest.approx(shapes["mouthPucker"])


def test_lips_are_pressed_on_one_side() -> None:
    places, _, _, _ = face()
    shapes = {name: np.full_like(places, 0.001) for name in ("mouthRollLower", "mouthRollUpper")}
    left, right = (pressed(shapes, side, places, 0.02) for side in ("Left", "Right"))
    assert not left[places[:, 0] < -0.009].any()
    assert not right[places[:, 0] > 0.009].any()
    assert left + right == pytest.approx(np.tile(left[places[:, 0] > 0.009][0], (len(places), 1)))


def test_two_sides_become_mirror_images() -> None:
    places = np.array([(-0.03, 0.0, 0), (0.03, 0.0, 0), (0.0, 0.01, 0), (0.05, 0.02, 0)])
    other = counterparts(places)
    assert other.tolist() == [1, 0, 2, -1]
    moves = np.random.default_rng(3).normal(size=(3, 4, 3))
    shapes = dict(zip(("mouthSmileLeft", "mouthSmileRight", "mouthPucker"), moves, strict=True))
    better = evened(shapes, other)
    assert better["mouthSmileLeft"][[1, 0, 2]] * (-1, 1, 1) == pytest.approx(better["mouthSmileRight"][:3])
    assert better["mouthPucker"][[1, 0, 2]] * (-1, 1, 1) == pytest.approx(better["mouthPucker"][:3])
    assert better["mouthPucker"][2, 0] == 0
    assert better["mouthSmileLeft"][3] == pytest.approx(moves[0, 3])
    assert evened(better, other)["mouthSmileLeft"] == pytest.approx(better["mouthSmileLeft"])


def test_brows_rise_as_one() -> None:
    places, quads, _, _ = face()
    brow = np.flatnonzero((places[:, 1] > 0.009) & (places[:, 1] < 0.015))  # rows at 10, 12 and 14 mm
    moves = np.zeros_like(places)
    moves[:, 1] = np.clip((places[:, 1] - 0.008) / 0.004, 0, 1) * 0.004 * (1 + places[:, 0] / 0.04)
    held = brow_as_one(moves, places[:, 0], along_skin(places, quads, brow))
    columns = [held[np.flatnonzero((places[:, 0] == x) & np.isin(np.arange(len(places)), brow)), 1] for x in (0, 0.02)]
    for column in columns:
        assert np.ptp(column) < 1e-9 < 0.002 < column[0]
    assert columns[0][0] < columns[1][0] < 0.0062  # as along the brow before
    far = places[:, 1] < 0.0
    assert held[far] == pytest.approx(moves[far])


def test_lips_close_half_way_over_an_open_jaw() -> None:
    places, quads, regions, opening = face()
    frame = mouth_frame(np.arange(len(places)), places, quads, regions, opening)
    turned = np.stack([0 * places[:, 0], -0.03 + 0.2 * places[:, 1], -0.01 + 0.3 * places[:, 1]], 1)
    share = (places[:, 1] < 0).astype(float)
    closes, moves = meeting(share, np.zeros_like(share), turned, frame)
    lips = (np.abs(places[:, 0]) < 0.01) & (np.abs(places[:, 1]) < 0.006)
    upper, lower = lips & (places[:, 1] > 0), lips & (places[:, 1] < 0)
    assert closes[upper] == pytest.approx(MEET, abs=0.01)
    assert (share + closes)[lower] == pytest.approx(MEET, abs=0.01)
    over = WIDER * closes[:, None] * turned + WIDER * share[:, None] * turned + moves
    assert np.ptp(over[lips], axis=0) == pytest.approx((0, 0, 0), abs=3e-4)  # as one, and not back
    assert over[lips].mean(axis=0) == pytest.approx((0, -0.03 * WIDER * MEET, 0), abs=3e-4)
    assert np.abs(closes[places[:, 1] > 0.026]).max() < 0.01
