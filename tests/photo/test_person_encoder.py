# SPDX-License-Identifier: Apache-2.0
"""What a head shows of who somebody is, and what is made of it: signs that light, place and size do not change, answers
that fall back on the prior for what was never seen, and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from portrait_core.errors import ModelFileError
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.hair_choice import CROPPED, HairChoice, by_glance
from portrait_core.photo.person_encoder import (
    FARTHEST,
    FILE,
    PersonEncoder,
    PersonFileFacts,
    encoder_of,
    known_of,
    load_person_encoder,
    save_person_encoder,
)
from portrait_core.photo.person_signs import (
    LENGTHS,
    colours_at,
    cut_out,
    flattened,
    mirrored,
    signs_of,
    squares_of,
    within,
)

STYLES = ("bob01", "short01")


def face_points(turn: tuple[float, float, float] = (0, 0, 0), side: float = 0.3) -> np.ndarray:
    """(468, 3): the mean face in a picture of 0 to 1, turned and as wide as ``side``."""
    face = bust_places().face * (1, -1, -1)
    face = (face - face.mean(axis=0)) @ Rotation.from_euler("yxz", turn).as_matrix().T
    return face / np.ptp(face[:, 0]) * side + (0.5, 0.55, 0.0)


def small_encoder(seed: int = 0) -> PersonEncoder:
    rng = np.random.default_rng(seed)
    kept = 4
    known = 1 + 3 * kept + 3
    return PersonEncoder(
        tuple(rng.normal(size=long) * 0.01 for long in LENGTHS),
        tuple(rng.normal(size=(long, kept)) * 0.1 for long in LENGTHS),
        np.array([[0.0] * 3, [0.3] * 3]),
        rng.normal(size=(known, 6)) * 0.2,
        np.array([0.4, 0.5, 0.6, 0.7, 0.9, 1.0]),
        rng.normal(size=(known, 2)),
        PersonFileFacts(model="toy", names=STYLES, usual=2.0),
    )


def test_landmarks_without_their_turn() -> None:
    still, turned = face_points(), face_points((0.4, -0.2, 0.1), side=0.17)
    one, turns = flattened(np.stack([still, turned]))
    assert np.abs(one).max() < 1e-6
    assert np.abs(turns[0]).max() < 1e-6
    assert np.abs(turns[1, :2]).min() > 0.1
    longer = still.copy()
    longer[152, 1] += 0.05  # the chin
    assert np.abs(flattened(longer[None])[0]).reshape(-1, 3).max(axis=1).argmax() == 152


def test_mirrored_twice_is_the_same_face() -> None:
    points = face_points((0.3, 0.1, 0.0))[None]
    assert np.abs(mirrored(mirrored(points)) - points).max() < 0.01  # partners are nearest ones, not all of them twins
    assert flattened(mirrored(points))[1][0, 0] == pytest.approx(-flattened(points)[1][0, 0], abs=0.02)


def test_squares_hold_the_face_and_upright_it() -> None:
    points = np.stack([face_points(), face_points((0, 0, 0.4))])
    head, face = squares_of(points)
    for squares in (head, face):
        inside = within(squares, points)
        assert np.abs(inside).max() < 1
        assert (inside[:, 10, 1] < inside[:, 152, 1]).all()  # the forehead above the chin
        assert np.abs(inside[:, 10, 0] - inside[:, 152, 0]).max() < 1e-6
    # A place of the picture is where the square says.
    ramp = torch.linspace(-1, 1, 200).expand(2, 1, 200, 200)
    shown = cut_out(ramp, face)[:, 0, 32, 32].numpy()
    assert shown == pytest.approx(face[:, 0, 2], abs=0.03)


def test_light_and_background_change_no_sign() -> None:
    rng = torch.Generator().manual_seed(4)
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 12, 12, generator=rng), (128, 128), mode="bilinear")
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., 20:120, 30:100] = 1
    points = face_points()[None]
    one = signs_of(picture, mask, points)
    assert tuple(each.shape[1] for each in one) == (*LENGTHS, 3)
    other = signs_of(torch.where(mask > 0, picture, 1 - picture), mask, points)
    # Only where the person ends pixels hold some of both.
    assert np.median(np.abs(one[2] - other[2])) < 0.02 * one[2].std()
    at = within(squares_of(points)[1], points)
    face = cut_out(picture, squares_of(points)[1]) * 0.5 + 0.3
    lit = face * torch.tensor([0.8, 0.7, 0.6])[None, :, None, None]
    assert np.abs(colours_at(face, at) - colours_at(lit, at)).max() < 0.05


def test_what_is_far_from_all_that_was_learnt_is_answered_with_the_prior() -> None:
    encoder = small_encoder()
    near = np.r_[1.0, np.full(15, 0.5)]
    told, lost = encoder.guess(near), encoder.guess(np.r_[1.0, near[1:] * 40])
    assert told.trust == 1.0 and lost.trust < 0.01
    assert np.allclose(told.mean, near @ encoder.weights)
    assert np.allclose(told.spread, encoder.spreads)
    assert np.abs(lost.mean).max() < FARTHEST * 0.1
    assert lost.spread.min() > 0.99
    assert lost.styles["bob01"] == pytest.approx(0.5, abs=0.15)
    assert sum(told.styles.values()) == pytest.approx(1)


def test_components_are_the_signs_about_their_middles() -> None:
    encoder = small_encoder()
    pairs = zip(encoder.middles, encoder.components, strict=True)
    signs = tuple(middle[None] + ways[None, :, 0] for middle, ways in pairs)
    known = known_of((*signs, np.zeros((1, 3))), encoder.middles, encoder.components, encoder.turns)
    wanted = [ways[:, 0] @ ways for ways in encoder.components]
    assert np.allclose(known[0], np.r_[1.0, np.concatenate(wanted), 0, 0, 0])


def test_a_file_comes_back_and_what_is_damaged_says_so(tmp_path: Path) -> None:
    encoder, path = small_encoder(), tmp_path / "own.safetensors"
    save_person_encoder(path, encoder)
    again = load_person_encoder(path)
    assert again.facts == encoder.facts
    assert np.allclose(again.weights, encoder.weights, atol=1e-6)
    assert np.allclose(again.components[2], encoder.components[2], atol=1e-3)
    path.with_name("cut.safetensors").write_bytes(path.read_bytes()[:-40])
    wrong = replace(encoder, styles=encoder.styles[:-1])
    save_person_encoder(path.with_name("wrong.safetensors"), wrong)
    save_person_encoder(path.with_name("nan.safetensors"), replace(encoder, spreads=encoder.spreads * np.nan))
    for name in ("cut", "wrong", "nan", "none"):
        with pytest.raises(ModelFileError, match=r"encoder of persons.* Get it again"):
            load_person_encoder(tmp_path / f"{name}.safetensors")


def test_arrays_come_back_however_they_lie_in_memory(tmp_path: Path) -> None:
    """What solvers give lies column by column, or is a view of something larger."""
    encoder = small_encoder()
    for number, lying in enumerate((np.asfortranarray, lambda array: np.repeat(array, 2, axis=0)[::2])):
        laid = replace(
            encoder,
            middles=tuple(lying(each) for each in encoder.middles),
            components=tuple(lying(each) for each in encoder.components),
            **{name: lying(getattr(encoder, name)) for name in ("turns", "weights", "spreads", "styles")},
        )
        path = tmp_path / f"{number}.safetensors"
        save_person_encoder(path, laid)
        again = load_person_encoder(path)
        for read, own in zip(again.components, encoder.components, strict=True):
            assert np.allclose(read, own, atol=1e-3)
        for name in ("turns", "weights", "spreads", "styles"):
            assert np.allclose(getattr(again, name), getattr(encoder, name), atol=1e-6), name


def model(name: str, count: int) -> Any:
    return SimpleNamespace(header=SimpleNamespace(name=name, latent=SimpleNamespace(z_dim=count)))


def test_other_models_persons_have_no_encoder(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    assert encoder_of(model("toy", 6), path) is None
    save_person_encoder(path, small_encoder())
    assert encoder_of(model("toy", 6), path) is not None
    assert encoder_of(model("toy", 7), path) is None
    assert encoder_of(model("other", 6), path) is None


def test_the_encoder_that_comes_along_is_small_and_says_what_it_is() -> None:
    encoder = load_person_encoder()
    assert FILE.stat().st_size < 4_000_000
    assert (encoder.facts.licence, encoder.facts.model) == ("CC0-1.0", "starter")
    assert len(encoder.spreads) == 66 and encoder.spreads.max() <= 1
    measured = encoder.facts.training["measured"]
    assert measured["gender"] >= 0.9 and measured["age_correlation"] > 0.7 and measured["style"] > 0.9
    # Who looks like nobody in particular is the mean person.
    middle = encoder.guess(np.r_[1.0, np.zeros(len(encoder.weights) - 1)])
    assert middle.trust == 1.0 and np.abs(middle.mean).max() < 0.5


def test_a_glance_and_the_outline_choose_the_hair_together() -> None:
    def choices(**overlaps: float) -> list[HairChoice]:
        return [HairChoice(style, 0.5, overlap) for style, overlap in overlaps.items()]

    near = choices(short01=0.62, bob01=0.60, short02=0.58)
    assert by_glance(near, {"short01": 0.1, "bob01": 0.9})[0].style == "bob01"
    assert by_glance(near, {"short01": 0.9, "bob01": 0.1})[0].style == "short01"
    assert {each.style for each in by_glance(near, {"bob01": 1.0})} == {each.style for each in near}
    # No glance makes hair of what is not there.
    far = choices(short01=0.62, bob01=0.35)
    assert by_glance(far, {"short01": 0.1, "bob01": 0.9})[0].style == "short01"
    # A ponytail's outline is as good as it is, however rare ponytails are.
    tied = choices(short01=0.62, ponytail01=0.44)
    assert by_glance(tied, {"short01": 0.1, "ponytail01": 0.9})[0].style == "ponytail01"
    # No person of the model has close hair, so a glance has to be sure of something else.
    cut = choices(cropped=0.7, short01=0.69)
    assert by_glance(cut, {"short01": 0.5, "bob01": 0.5})[0].style == CROPPED
    assert by_glance(cut, {"short01": 0.9, "bob01": 0.1})[0].style == "short01"
    assert by_glance(choices(cropped=0.7, short01=0.3, bob01=0.6), {"short01": 0.9})[0].style == CROPPED
