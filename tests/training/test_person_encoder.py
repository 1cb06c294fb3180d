# SPDX-License-Identifier: Apache-2.0
"""The encoder of persons is learnt from heads whose z is known: what shows is told, what does not is the prior; the
same data give the same file; heads to learn from are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.person_encoder import known_of, load_person_encoder
from portrait_core.training.person_data import KEPT, PersonData
from portrait_core.training.person_encoder import PersonTraining, learnt_of, train_person_encoder

CONFIG = PersonTraining(components=(4, 4, 4), looks=1, folds=3)
HIDDEN, CHIN, LIPS, NOTHING = range(4)


def drawn_heads(count: int = 60) -> PersonData:
    """Discs with a face's landmarks: one number of z makes the chin longer, one the lower half redder, one nothing;
    hair is above, or not, by the sign of another."""
    rng = np.random.default_rng(8)
    latents = rng.normal(size=(count, 4)).astype(np.float32)
    face = bust_places().face * (1, -1, -1)
    face = (face - face.mean(axis=0)) / np.ptp(face[:, 0]) * 0.3
    low = np.clip(face[:, 1] / face[:, 1].max(), 0, 1)[:, None] * (0, 1, 0)
    points = np.stack([face * 1.0 + 0.03 * z[CHIN] * low + (0.5, 0.55, 0) for z in latents])
    points = points + rng.normal(size=points.shape) * 1e-4
    y, x = np.mgrid[:KEPT, :KEPT] / KEPT
    pictures = np.zeros((count, KEPT, KEPT, 4), np.uint8)
    for picture, z in zip(pictures, latents, strict=True):
        hair = np.hypot(x - 0.5, y - 0.4) < (0.27 if z[HIDDEN] > 0 else 0.15)
        head = np.hypot(x - 0.5, y - 0.55) < 0.2
        picture[hair] = (60, 40, 30, 255)
        picture[head] = (180, 130, 110, 255)
        picture[head & (y > 0.6)] = (int(np.clip(150 + 25 * z[LIPS], 20, 255)), 110, 100, 255)
    styles = np.array(["bob01" if z[HIDDEN] > 0 else "short01" for z in latents])
    extra = np.zeros((count, 10, 3))  # the irises
    return PersonData(
        pictures, np.concatenate([points, extra], axis=1).astype(np.float32), latents, styles, np.arange(count)
    )


def test_what_shows_is_told_and_what_does_not_is_the_prior(tmp_path: Path) -> None:
    heads, path = drawn_heads(), tmp_path / "own.safetensors"
    report = train_person_encoder(CONFIG, heads, "toy", path)
    encoder = load_person_encoder(path)
    assert encoder.facts.training["persons"] == 60
    assert encoder.spreads[CHIN] < 0.5 and encoder.spreads[LIPS] < 0.7 and encoder.spreads[NOTHING] > 0.9
    assert report["style"] > 0.9
    others = learnt_of(drawn_heads(70), encoder.facts.names, PersonTraining(looks=0))
    rows = others.plain & (others.persons >= 60)
    known = known_of(tuple(each[rows] for each in others.signs), encoder.middles, encoder.components, encoder.turns)
    told = np.stack([encoder.guess(row).mean for row in known])
    assert np.corrcoef(told[:, CHIN], others.latents[rows, CHIN])[0, 1] > 0.8
    assert np.abs(told[:, NOTHING]).max() < 1.0


def test_the_same_data_give_the_same_file(tmp_path: Path) -> None:
    heads = drawn_heads(24)
    one, other, third = (tmp_path / f"{name}.safetensors" for name in ("one", "other", "third"))
    train_person_encoder(CONFIG, heads, "toy", one)
    train_person_encoder(CONFIG, heads, "toy", other)
    train_person_encoder(PersonTraining((4, 4, 4), 1, 3, seed=1), heads, "toy", third)
    assert one.read_bytes() == other.read_bytes()
    assert one.read_bytes() != third.read_bytes()


def test_heads_are_kept_and_damaged_files_say_so(tmp_path: Path) -> None:
    heads, path = drawn_heads(6), tmp_path / "persons.npz"
    heads.to_file(path)
    again = PersonData.from_files([path, path])
    assert np.array_equal(again.pictures, np.concatenate([heads.pictures] * 2))
    assert list(again.of(again.persons == 3).styles) == [heads.styles[3]] * 2
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UsageError, match="Delete it"):
        PersonData.from_files([path])
