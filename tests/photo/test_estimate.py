# SPDX-License-Identifier: Apache-2.0
"""From a photograph to cameras, with a reader that sees what was painted: persons, refusals, warnings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from portrait_core.photo import estimate as module
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Square
from portrait_core.photo.estimate import aligned_picture, estimate_portraits
from portrait_core.photo.persons import SeenPerson
from portrait_core.photo.reading import PhotographError
from portrait_core.photo.view_network import ViewFileFacts, ViewNetwork, load_view_network, save_view_network
from tests.photo.busts import PaintedReader, person_of, photograph_of

VIEW = View(0.35, 0.08, 0.04, (0.05, -0.1, 0.02))
SQUARE = Square((190.0, 150.0), 230.0)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Landmarks alone: the network of cameras is tried elsewhere."""
    monkeypatch.setattr(module, "FILE", Path("nowhere"))


def test_camera_head_and_crop_of_one_person() -> None:
    reader = PaintedReader([person_of(VIEW, SQUARE)])
    (found,) = estimate_portraits(photograph_of([(VIEW, SQUARE)]), reader)
    # The camera is known through the shoulders' places alone: loosely.
    assert abs(found.view.yaw - VIEW.yaw) < 0.15
    assert abs(found.view.roll - VIEW.roll) < 0.05
    assert np.allclose(found.square.middle, SQUARE.middle, atol=6)
    assert abs(found.square.side / SQUARE.side - 1) < 0.05
    # How the head stands in the picture is known better than either turn: minus the camera's, plus the head's.
    assert abs((found.view.head[1] - found.view.yaw) - (VIEW.head[1] - VIEW.yaw)) < 0.05
    assert found.number == 1
    assert found.masked == found.square
    assert 0 < found.confidence.whole < 0.5  # without the network a camera is never sure
    assert any("not sure" in warning for warning in found.warnings)


def test_of_several_persons_the_largest_comes_first() -> None:
    small, large = Square((90.0, 150.0), 110.0), Square((270.0, 150.0), 220.0)
    people = [(VIEW, small), (View(), large)]
    reader = PaintedReader([person_of(*each) for each in people])
    found = estimate_portraits(photograph_of(people), reader)
    assert [each.number for each in found] == [1, 2]
    assert found[0].square.side > 1.5 * found[1].square.side
    (second,) = estimate_portraits(photograph_of(people), reader, only=2)
    assert second.number == 2
    assert np.allclose(second.square.middle, found[1].square.middle)
    with pytest.raises(PhotographError, match=r"painted\.png: 2 persons are found in it; there is no number 3"):
        estimate_portraits(photograph_of(people), reader, only=3)


def test_refusals_have_reasons() -> None:
    photograph = photograph_of([(VIEW, SQUARE)])
    with pytest.raises(PhotographError, match="no face and no body") as nobody:
        estimate_portraits(photograph, PaintedReader([]))
    assert nobody.value.reason == "nobody"
    tiny = Square((100.0, 100.0), 40.0)
    with pytest.raises(PhotographError, match="too small: 40 pixels") as small:
        estimate_portraits(photograph_of([(VIEW, tiny)]), PaintedReader([person_of(VIEW, tiny)]))
    assert small.value.reason == "too small"
    # A wall with a face on it, as a pattern that looks like one: no person stands out.
    with pytest.raises(PhotographError, match="nobody stands out"):
        estimate_portraits(photograph_of([]), PaintedReader([person_of(VIEW, SQUARE)]))
    # One bad person does not cost the other.
    people = [(VIEW, SQUARE), (VIEW, tiny)]
    found = estimate_portraits(photograph_of(people), PaintedReader([person_of(*each) for each in people]))
    assert [each.number for each in found] == [1]


def test_a_small_file_of_a_large_picture_counts_its_own_pixels() -> None:
    """A picture that was brought down: sizes are told in the file's pixels."""
    photograph = replace(photograph_of([(VIEW, SQUARE)]), scale=0.1, notes=("brought from 4000 to 400 pixels",))
    (found,) = estimate_portraits(photograph, PaintedReader([person_of(VIEW, SQUARE)]))
    assert not any("small" in warning for warning in found.warnings)
    assert found.warnings[0] == "brought from 4000 to 400 pixels"


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        ((190.0, 230.0), "ends above the shoulders"),
        ((190.0, 80.0), "ends at the head"),
        ((30.0, 150.0), "at the picture's side"),
    ],
)
def test_what_is_cut_off_is_told(middle: tuple[float, float], words: str) -> None:
    square = Square(middle, 230.0)
    (found,) = estimate_portraits(photograph_of([(View(), square)]), PaintedReader([person_of(View(), square)]))
    assert any(words in warning for warning in found.warnings)
    assert not any(
        other in warning
        for other in ("ends above", "ends at", "picture's side")
        for warning in found.warnings
        if other not in words
    )


def test_without_a_face_a_body_says_where_to_look() -> None:
    reader = PaintedReader([person_of(View(), SQUARE, faced=False)])
    (found,) = estimate_portraits(photograph_of([(View(), SQUARE)]), reader)
    assert abs(found.square.side / SQUARE.side - 1) < 0.2
    assert np.allclose(found.square.middle, SQUARE.middle, atol=30)
    assert "no face is seen: in profile or from behind" in found.warnings


def test_the_aligned_picture_goes_on_beyond_the_photograph() -> None:
    photograph = photograph_of([(VIEW, SQUARE)])
    square = Square((10.0, 10.0), 60.0)
    picture = aligned_picture(photograph.pixels, square, 60)
    assert np.array_equal(picture[20:, 20:], photograph.pixels[:40, :40])
    assert (picture[:20, :20] == photograph.pixels[0, 0]).all()


def test_size_of_a_person_is_that_of_the_face() -> None:
    person = person_of(VIEW, SQUARE)
    body = SeenPerson(body=person.body)
    assert person.face_size == pytest.approx(body.face_size, rel=0.35)
    assert np.allclose(person.middle, body.middle, atol=20)


def test_the_users_own_network_of_cameras_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTRAITKIT_PHOTO", str(tmp_path))
    monkeypatch.setattr(module, "FILE", tmp_path / "shipped" / "view.safetensors")
    assert module.network_of_cameras() is None
    sure, unsure = (0.02,) * 9, (0.5,) * 9
    save_view_network(tmp_path / "view.safetensors", ViewNetwork(), ViewFileFacts(sure=sure, unsure=unsure))
    load_view_network.cache_clear()
    reader = module.network_of_cameras()
    assert reader is not None
    assert reader.facts.sure == sure
    # It knows nothing yet, and says so: landmarks of the face still lead.
    (found,) = estimate_portraits(photograph_of([(VIEW, SQUARE)]), PaintedReader([person_of(VIEW, SQUARE)]))
    assert abs((found.view.head[1] - found.view.yaw) - (VIEW.head[1] - VIEW.yaw)) < 0.3
    assert abs(found.square.side / SQUARE.side - 1) < 0.25
