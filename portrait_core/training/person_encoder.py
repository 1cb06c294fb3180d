# SPDX-License-Identifier: Apache-2.0
"""Training of the encoder that tells persons (:mod:`portrait_core.photo.person_encoder`), on heads of persons of the
model whose latents are known (:mod:`portrait_core.training.person_data`).

Ridge regression of principal components: closed, the same for the same data, and good with hundreds of persons where a
convolutional network of the same task learnt them by heart. Each head is learnt as it is, mirrored, and in other light,
colours and company, so that what these change says little. How strongly each number of z is held back, and how sure it
is, follows from persons that were left out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.linalg import eigh

from portrait_core.photo.bust_places import FACE_COUNT
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.person_encoder import (
    FARTHEST,
    PersonEncoder,
    PersonFileFacts,
    known_of,
    save_person_encoder,
)
from portrait_core.photo.person_signs import GROUPS, mirrored, signs_of
from portrait_core.progress import Progress, silent
from portrait_core.training.person_data import PersonData
from portrait_core.training.view_augmentation import other_looks

CHUNK = 60
HELD_BACK = (10.0, 30.0, 100.0, 300.0, 1000.0, 1e4)
"""Strengths of the ridge that are tried for each number of z, of sums over 100 heads."""
STYLE_STEPS = 120
STYLE_HELD_BACK = 0.01


@dataclass(frozen=True)
class PersonTraining:
    """``components`` that are kept of each group of signs; ``looks`` so many copies of a head in other light, colours
    and company; persons in so many ``folds`` for what is learnt from those left out; ``seed`` of looks."""

    components: tuple[int, int, int] = (200, 300, 300)
    looks: int = 2
    folds: int = 5
    seed: int = 0


@dataclass(frozen=True)
class Learnt:
    """Rows of what is learnt: ``signs`` of heads, ``latents`` (N, z), ``styles`` (N,) numbers, ``persons`` (N,), and
    which rows are ``plain`` (N,), as they were drawn."""

    signs: tuple[FloatArray, ...]
    latents: FloatArray
    styles: NDArray[np.int64]
    persons: NDArray[np.int64]
    plain: NDArray[np.bool_]


def learnt_of(data: PersonData, names: tuple[str, ...], config: PersonTraining) -> Learnt:
    """The signs of all heads: as they are, mirrored, and in ``looks`` others."""
    rng = torch.Generator().manual_seed(config.seed)
    rows: list[tuple[FloatArray, ...]] = []
    order: list[NDArray[np.int64]] = []
    plain: list[NDArray[np.bool_]] = []
    points = data.points[:, :FACE_COUNT].astype(np.float64)
    for copy in range(2 + config.looks):
        own = mirrored(points) if copy % 2 else points
        for begin in range(0, len(points), CHUNK):
            part = slice(begin, begin + CHUNK)
            pixels = torch.tensor(data.pictures[part]).permute(0, 3, 1, 2).float() / 255
            pixels = torch.flip(pixels, [3]) if copy % 2 else pixels
            pictures, masks = pixels[:, :3], pixels[:, 3:]
            if copy > 1:
                pictures, masks = other_looks(pictures, masks, rng)
            rows.append(signs_of(pictures, masks, own[part]))
        order.append(np.arange(len(points)))
        plain.append(np.full(len(points), copy == 0))
    numbers = np.concatenate(order)
    styles = np.array([names.index(str(style)) for style in data.styles])
    return Learnt(
        tuple(np.concatenate(group) for group in zip(*rows, strict=True)),
        data.latents[numbers].astype(np.float64),
        styles[numbers],
        data.persons[numbers],
        np.concatenate(plain),
    )


def train_person_encoder(
    config: PersonTraining, data: PersonData, model: str, out: Path, progress: Progress = silent
) -> dict[str, float]:
    """Learn from persons of the ``model`` and write the encoder; returns what was measured on persons left out."""
    names = tuple(str(each) for each in np.unique(data.styles))
    progress("signs", 0.0)
    learnt = learnt_of(data, names, config)
    progress("training", 0.0)
    # Components know nothing of who somebody is, so that those left out may be among what they are of.
    middles, components, turns = _components(learnt.signs, config)
    known = known_of(learnt.signs, middles, components, turns)
    usual = float(np.percentile((known[learnt.plain, 1:] ** 2).mean(axis=1), 99))
    known = np.clip(known, -FARTHEST, FARTHEST)
    fold = learnt.persons % config.folds
    told = np.zeros((len(HELD_BACK), *learnt.latents.shape))
    worn = np.zeros((len(learnt.persons), len(names)))
    for number in range(config.folds):
        progress("training", number / (config.folds + 1))
        rows = fold != number
        for strength, weights in enumerate(_ridges(known[rows], learnt.latents[rows])):
            told[strength][~rows] = known[~rows] @ weights
        worn[~rows] = known[~rows] @ _style_weights(known[rows], learnt.styles[rows], len(names))
    errors = ((told - learnt.latents) ** 2).mean(axis=1)
    best = errors.argmin(axis=0)
    numbers = np.arange(len(best))
    spreads = np.sqrt(np.minimum(errors[best, numbers], 1.0))
    every = np.stack(_ridges(known, learnt.latents))
    report = _report(told[best, :, numbers].T, worn, learnt)
    facts = PersonFileFacts(
        model=model,
        names=names,
        usual=usual,
        training={"persons": len(np.unique(data.persons)), **asdict(config), "measured": report},
    )
    weights = every[best, :, numbers].T
    styles = _style_weights(known, learnt.styles, len(names))
    save_person_encoder(out, PersonEncoder(middles, components, turns, weights, spreads, styles, facts))
    return report


def _components(
    signs: tuple[FloatArray, ...], config: PersonTraining
) -> tuple[tuple[FloatArray, ...], tuple[FloatArray, ...], FloatArray]:
    """Middles and principal components of the groups, and mean and deviation of the turns."""
    middles: list[FloatArray] = []
    ways: list[FloatArray] = []
    for group, count in zip(signs[: len(GROUPS)], config.components, strict=True):
        middle = group.mean(axis=0)
        off = group - middle
        # Of few rows the small matrix of their products has the same components.
        few = len(off) < off.shape[1]
        square = off @ off.T if few else off.T @ off
        kept = min(count, len(off) - 1)
        solve: Any = eigh  # its types are unknown
        found: tuple[FloatArray, FloatArray] = solve(square, subset_by_index=[len(square) - kept, len(square) - 1])
        values, vectors = found[0][::-1], found[1][:, ::-1]
        size = np.sqrt(np.maximum(values, 1e-12))
        across: FloatArray = np.asarray(off.T @ vectors / size if few else vectors, np.float64)
        # One sign for each, so that other libraries' choices change nothing.
        across = across * np.sign(across[np.abs(across).argmax(axis=0), np.arange(kept)])
        middles.append(middle)
        ways.append(across / size * np.sqrt(len(off)))
    return tuple(middles), tuple(ways), np.stack([signs[-1].mean(axis=0), signs[-1].std(axis=0)])


def _ridges(known: FloatArray, wanted: FloatArray) -> list[FloatArray]:
    """Weights (1 + K.., z) for each strength of :data:`HELD_BACK`."""
    square = known.T @ known
    weak = np.eye(len(square))
    weak[0, 0] = 0.0  # the mean is not held back
    scale = len(known) / 100
    solve: Any = np.linalg.solve  # its types are partly unknown
    return [solve(square + strength * scale * weak, known.T @ wanted) for strength in HELD_BACK]


def _style_weights(known: FloatArray, styles: NDArray[np.int64], count: int) -> FloatArray:
    """(1 + K.., S): logistic regression of several classes, held back."""
    rows, wanted = torch.tensor(known), torch.tensor(styles)
    weights = torch.zeros(rows.shape[1], count, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=STYLE_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        off = F.cross_entropy(rows @ weights, wanted) + STYLE_HELD_BACK * weights[1:].square().sum()
        off.backward()  # pyright: ignore[reportUnknownMemberType]
        return off

    optimiser.step(loss)  # pyright: ignore[reportUnknownMemberType]
    return weights.detach().numpy()


def _report(told: FloatArray, worn: FloatArray, learnt: Learnt) -> dict[str, float]:
    """How right those who were left out are, as they are and in other looks."""
    found: dict[str, float] = {}
    for name, rows in (("", learnt.plain), ("looks_", ~learnt.plain)):
        one, other = told[rows], learnt.latents[rows]
        found[f"{name}gender"] = float(((one[:, 0] > 0) == (other[:, 0] > 0)).mean())
        for number, what in enumerate(("gender", "age", "weight")):
            found[f"{name}{what}_correlation"] = float(np.corrcoef(one[:, number], other[:, number])[0, 1])
        found[f"{name}style"] = float((worn[rows].argmax(axis=1) == learnt.styles[rows]).mean())
        found[f"{name}error"] = float(np.sqrt(((one - other) ** 2).mean()))
    return {name: round(value, 3) for name, value in found.items()}
