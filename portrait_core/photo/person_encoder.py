# SPDX-License-Identifier: Apache-2.0
"""Who of the model's persons somebody is, at a glance: signs of the head in a photograph -> the latent z, how sure each
of its numbers is, and the hair style.

A linear reader of principal components (:mod:`portrait_core.photo.person_signs`), learnt from persons of the model. A
fit tells colours and where features sit; gender, age and weight, which move everything a little, it leaves where they
were. A number that no sign tells is answered with the prior, mean 0 and deviation 1; so is, the more the farther, what
lies beyond all that was learnt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from portrait_core.errors import ModelFileError
from portrait_core.files.whole_file import whole_file
from portrait_core.photo.bust_places import FACE_COUNT
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.head import Head
from portrait_core.photo.person_signs import GROUPS, LENGTHS, TURNS, mirrored, signs_of
from portrait_core.portrait_model import PortraitModel

FILE = Path(__file__).with_name("person_encoder.safetensors")
FARTHEST = 3.0
"""Deviations from the mean at most that a component counts."""
BOUND = 2.5
"""The same of a number of z."""
METADATA_KEY = "portraitkit_person_encoder"


class PersonFileFacts(BaseModel):
    """What the file says of itself: ``model`` whose z it tells; ``names`` of the hair styles; ``usual``, how far from
    the mean, as the mean square of all components, all but a hundredth of what was learnt lies."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = 1
    licence: str = "CC0-1.0"
    origin: str = "trained by the project on persons of its own procedural portrait world"
    model: str
    names: tuple[str, ...]
    usual: float
    training: dict[str, Any] = {}


@dataclass(frozen=True)
class PersonGuess:
    """Who somebody is at a glance: ``mean`` and ``spread`` (z_dim,) of z, how likely each hair ``styles`` is, and how
    far it is to be trusted (1, less for what lies beyond all that was learnt)."""

    mean: FloatArray
    spread: FloatArray
    styles: Mapping[str, float]
    trust: float


@dataclass(frozen=True, eq=False)
class PersonEncoder:
    """Per group ``middles`` (L,) and ``components`` (L, K), which make the signs' unit variances; ``turns`` (2, 3),
    mean and deviation of the turns; ``weights`` (1 + K.., z) and ``spreads`` (z,) of z, ``styles`` (1 + K.., S) of the
    styles' logits."""

    middles: tuple[FloatArray, ...]
    components: tuple[FloatArray, ...]
    turns: FloatArray
    weights: FloatArray
    spreads: FloatArray
    styles: FloatArray
    facts: PersonFileFacts

    def read(self, head: Head) -> PersonGuess:
        """Somebody by the head in a photograph."""
        pixels = torch.tensor(head.picture).permute(2, 0, 1).float() / 255
        cover = torch.tensor(np.asarray(head.mask, np.float32))[None]
        own = np.concatenate([head.points[:FACE_COUNT], head.depths[:FACE_COUNT, None]], axis=1)[None]
        signs = signs_of(
            torch.stack([pixels, torch.flip(pixels, [2])]),
            torch.stack([cover, torch.flip(cover, [2])]),
            np.concatenate([own, mirrored(own)]),
        )
        return self.guess(known_of(signs, self.middles, self.components, self.turns).mean(axis=0))

    def guess(self, known: FloatArray) -> PersonGuess:
        """Who somebody is by the components (1 + K..,) of :func:`known_of`."""
        trust = min(1.0, self.facts.usual / max(float((known[1:] ** 2).mean()), 1e-9))
        known = np.clip(known, -FARTHEST, FARTHEST)
        logits = known @ self.styles * trust
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        return PersonGuess(
            np.clip(trust * (known @ self.weights), -BOUND, BOUND),
            np.sqrt(1 - trust * (1 - self.spreads**2)),
            {name: float(chance) for name, chance in zip(self.facts.names, chances, strict=True)},
            trust,
        )


def known_of(
    signs: tuple[FloatArray, ...],
    middles: tuple[FloatArray, ...],
    components: tuple[FloatArray, ...],
    turns: FloatArray,
) -> FloatArray:
    """(N, 1 + K..): one, the groups' components and the turns of signs (:func:`signs_of`)."""
    parts = [(group - middle) @ ways for group, middle, ways in zip(signs, middles, components, strict=False)]
    return np.concatenate([np.ones((len(signs[0]), 1)), *parts, (signs[-1] - turns[0]) / turns[1]], axis=1)


def save_person_encoder(path: Path, encoder: PersonEncoder) -> None:
    """Write the encoder with its facts, whole or not at all: components in 16 bits, what is small in 32."""
    tensors: dict[str, NDArray[Any]] = {}
    for name, middle, ways in zip(GROUPS, encoder.middles, encoder.components, strict=True):
        tensors |= {f"{name}.middle": middle.astype(np.float32), f"{name}.components": ways.astype(np.float16)}
    for name in ("turns", "weights", "spreads", "styles"):
        tensors[name] = np.asarray(getattr(encoder, name), np.float32)
    # The file's writer takes memory as it lies: an array whose columns lie together would come back in another order.
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    metadata = {METADATA_KEY: json.dumps(encoder.facts.model_dump(mode="json"), sort_keys=True)}
    with whole_file(path, overwrite=True) as temporary:
        try:
            save_file(tensors, temporary, metadata=metadata)
        except SafetensorError as error:
            raise OSError(None, str(error)) from error


def encoder_of(model: PortraitModel, path: Path = FILE) -> PersonEncoder | None:
    """The encoder of a model's persons; None for models of other persons, which mean other things by z."""
    if not path.is_file():
        return None
    found = load_person_encoder(path)
    header = model.header
    return found if header.name == found.facts.model and header.latent.z_dim == len(found.spreads) else None


@lru_cache(maxsize=2)
def load_person_encoder(path: Path = FILE) -> PersonEncoder:
    """The encoder in a file. Raises :class:`ModelFileError` where there is none, or it is damaged."""
    opened: Any = safetensors.safe_open  # it comes without types
    try:
        with opened(str(path), "np") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {str(name): np.asarray(file.get_tensor(name), np.float64) for name in file.keys()}  # noqa: SIM118
        facts = PersonFileFacts.model_validate_json(metadata.get(METADATA_KEY, ""))
        middles = tuple(tensors[f"{name}.middle"] for name in GROUPS)
        components = tuple(tensors[f"{name}.components"] for name in GROUPS)
        found = PersonEncoder(
            middles, components, tensors["turns"], tensors["weights"], tensors["spreads"], tensors["styles"], facts
        )
    except (SafetensorError, OSError, ValidationError, KeyError, ValueError) as error:
        why = " ".join(str(error).split())[:160]
        raise ModelFileError(f"{path}: is not the encoder of persons, or damaged ({why}). Get it again.") from error
    known = 1 + sum(ways.shape[-1] for ways in components) + TURNS
    fits = (
        tuple(len(middle) for middle in middles) == LENGTHS
        and tuple(len(ways) for ways in components) == LENGTHS
        and found.turns.shape == (2, TURNS)
        and found.weights.shape == (known, len(found.spreads))
        and found.styles.shape == (known, len(facts.names))
    )
    if not fits or not all(bool(np.isfinite(each).all()) for each in tensors.values()):
        raise ModelFileError(f"{path}: the encoder of persons holds values that are none. Get it again.")
    return found
