# SPDX-License-Identifier: Apache-2.0
"""What a photograph adds to a person: told as one text, painted where it says, moving what it says and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.parts import likeness
from portrait_core.parts.close_crop import CloseCrop
from portrait_core.parts.likeness import IN_PICTURE, LARGEST_MOVE, REACH, Likeness
from portrait_core.parts.person_look import PersonLook

SKIN = (0.8, 0.6, 0.5)
EYE = np.array([0.03, 0.11, 0.09])
RADIUS = 0.015


def whole() -> Likeness:
    rng = np.random.RandomState(4)
    picture = np.zeros((24, 40, 4), np.uint8)
    picture[:, :, :3] = (180, 120, 90)
    picture[4:-4, 4:-4, 3] = 255
    places = rng.uniform(-0.05, 0.05, (30, 3)) + np.array([0.0, 0.1, 0.1])
    moves = np.tile((0.002, -0.001, 0.0005), (30, 1))
    brows = np.zeros((16, 16), np.uint8)
    brows[5:9] = 255
    return Likeness(
        {"hair": (0.1, 0.2, 0.3)}, SKIN, picture, (0.1, 0.25, 0.9, 0.75), places, moves, brows, "thin", "ab"
    )


def look() -> PersonLook:
    eyes = {
        f"{side}_eye{front}": EYE * (sign, 1, 1) + (0, 0, RADIUS if front else 0)
        for side, sign in (("left", 1), ("right", -1))
        for front in ("", "_front")
    }
    palette = {"skin": np.array(SKIN), "hair": np.array([0.5, 0.4, 0.3])}
    return PersonLook(np.zeros(2), eyes, palette, {}, {})


def test_a_text_says_all_of_it() -> None:
    given = whole()
    text = given.to_text()
    assert "\n" not in text
    found = Likeness.from_text(text)
    assert found.to_text() == Likeness.from_text(found.to_text()).to_text()
    assert found.colours == given.colours
    assert (found.source, found.brow_style, found.box) == ("ab", "thin", given.box)
    assert np.allclose(found.places, given.places, atol=1e-5)
    assert np.allclose(found.moves, given.moves, atol=1e-5)
    assert found.picture is not None and given.picture is not None
    assert (found.picture[:, :, 3] == given.picture[:, :, 3]).all()
    inside = given.picture[:, :, 3] > 0
    assert np.abs(found.picture.astype(int) - given.picture)[inside].max() <= 6
    assert found.brows is not None and found.brows.shape == (16, 16)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        "nothing",
        '{"version": 1}',
        whole().to_text()[:-40],
        whole().to_text().replace("0.9", "0.01", 1),
    ],
)
def test_a_damaged_text_is_told_in_a_line(text: str) -> None:
    with pytest.raises(UsageError, match="likeness: "):
        Likeness.from_text(text)


def test_close_hair_is_told_too() -> None:
    given = replace(whole(), crop=CloseCrop("short01", 0.006), brow_style=IN_PICTURE, brows=None)
    found = Likeness.from_text(given.to_text())
    assert found.crop == given.crop
    assert (found.brow_style, found.brows) == (IN_PICTURE, None)
    assert Likeness.from_text(whole().to_text()).crop is None


def test_another_version_is_named() -> None:
    facts = json.loads(whole().to_text()) | {"version": 7}
    with pytest.raises(UsageError, match="version 7"):
        Likeness.from_text(json.dumps(facts))


def test_the_face_is_painted_into_its_box_alone() -> None:
    colour = np.full((100, 100, 3), 40, np.uint8)
    painted = whole().painted(colour, np.array(SKIN))
    assert (painted[:25] == 40).all() and (painted[75:] == 40).all()
    assert (painted[:, :10] == 40).all() and (painted[:, 90:] == 40).all()
    assert np.abs(painted[40:60, 30:70].astype(int) - (180, 120, 90)).max() <= 1
    assert (colour == 40).all()


def test_bands_of_rows_are_painted_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    colour = np.random.default_rng(2).integers(0, 255, (100, 100, 3)).astype(np.uint8)
    monkeypatch.setattr(likeness, "BAND", 1000)
    at_once = whole().painted(colour, np.array(SKIN) * 0.9)
    monkeypatch.setattr(likeness, "BAND", 7)
    assert (whole().painted(colour, np.array(SKIN) * 0.9) == at_once).all()


def test_with_another_skin_the_face_is_tinted() -> None:
    colour = np.full((100, 100, 3), 40, np.uint8)
    dark = whole().painted(colour, np.array(SKIN) * 0.8)
    assert (dark[40:60, 30:70] < (180, 120, 90)).all()
    assert (replace(whole(), picture=None).painted(colour, np.array(SKIN)) == colour).all()


def test_the_face_moves_and_what_is_far_does_not() -> None:
    given = whole()
    controls = np.concatenate([given.places, given.places.mean(axis=0) + np.array([[0, 0.3, 0], [0, -0.4, 0]])])
    moved = given.look(look(), controls)
    assert moved.moves is not None
    # All places move alike; the eyes' surroundings keep to the eyeballs.
    away = np.linalg.norm(controls[:30, None] - np.stack([EYE, EYE * (-1, 1, 1)]), axis=2).min(axis=1)
    plain = away > 2.5 * RADIUS
    assert plain.sum() > 10
    assert np.allclose(moved.moves[:30][plain], given.moves[:30][plain], atol=3e-4)
    assert (moved.moves[30:] == 0).all()
    assert np.allclose(moved.palette["hair"], (0.1, 0.2, 0.3))
    assert np.allclose(moved.palette["skin"], SKIN)


def test_no_place_moves_farther_than_it_may() -> None:
    given = replace(whole(), moves=np.tile((0.2, 0.0, 0.0), (30, 1)))
    moved = given.look(look(), given.places)
    assert moved.moves is not None
    assert np.linalg.norm(moved.moves, axis=1).max() <= LARGEST_MOVE + 1e-9
    beyond = given.places.mean(axis=0) + np.array([[0.0, 0.0, 0.1 + 2 * REACH]])
    far = given.look(look(), beyond).moves
    assert far is not None and (far == 0).all()


def test_lids_stay_as_far_from_an_eyeball_that_moves_as_they_were() -> None:
    turn = np.linspace(-1, 1, 9)
    lids = EYE + RADIUS * 1.05 * np.stack([np.sin(turn), 0.3 * np.cos(turn), np.cos(turn)], axis=1)
    given = replace(whole(), places=lids, moves=np.tile((0.003, 0.001, 0.0), (9, 1)))
    moved = given.look(look(), lids)
    assert moved.moves is not None
    before = np.linalg.norm(lids - EYE, axis=1)
    after = np.linalg.norm(lids + moved.moves - moved.landmarks["left_eye"], axis=1)
    assert np.allclose(before, after, atol=1e-6)
    shift = moved.landmarks["left_eye"] - EYE
    assert np.allclose(shift, moved.landmarks["left_eye_front"] - EYE - (0, 0, RADIUS))
    assert shift[0] > 0.001 and shift[2] == 0
