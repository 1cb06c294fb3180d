# SPDX-License-Identifier: Apache-2.0
"""The published data-set format: its files, its labels of 31 numbers, and its left-right mirror.

A label is the camera (25 numbers, see :mod:`portrait_core.cameras`) followed by the pose (6 numbers: axis-angle of
SMPL's neck, then of its head, radians). Source: docs/published/training.md 7 and docs/published/generator.md 1.1-1.2.
The depths, ``truth.jsonl`` and the card ``data.json`` are additions of ours.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import mirror_label
from portrait_core.errors import PortraitError, UsageError

IMAGES = "images.zip"
MASKS = "masks.zip"
DEPTHS = "depths.zip"
TRUTH = "truth.jsonl"
CARD = "data.json"
"""Says how the data set was made. Written last: where it is, the other files are whole."""
FILES = (IMAGES, MASKS, DEPTHS, TRUTH, CARD)
LABELS = "dataset.json"
"""The labels' name inside :data:`IMAGES`."""

FORMAT_VERSION = 1
LABEL_SIZE = 31
DEPTH_UNIT = 1e-4
"""Metres per step of a depth picture: a tenth of a millimetre, up to 6.5 m; 0 where there is nobody."""

Background = Literal["random", "grey", "white"]
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
SIZE_RANGE = (16, 4096)
MAX_COUNT = 1_000_000
_SEEDS = 2**32
_MIRRORED_POSE = np.array([1, 2, 4, 5])


class DatasetError(PortraitError):
    """A data set that cannot be read: not a zip, no labels in it, or labels of another form."""


@dataclass(frozen=True)
class DatasetConfig:
    """All that determines a data set, besides the world.

    Attributes:
        count: portraits. size: their edge in pixels.
        seed: of cameras, poses and backgrounds.
        seed_start: person ``i`` is the one of seed ``seed_start + i``, as everywhere in Portraitkit.
        background: plain colour behind the person: ``random`` (one a picture), ``grey`` or ``white``.

    Raises :class:`UsageError` on construction for numbers out of range and an unknown background.
    """

    count: int
    size: int = 512
    seed: int = 0
    seed_start: int = 0
    background: Background = "random"

    def __post_init__(self) -> None:
        low, high = SIZE_RANGE
        if not 1 <= self.count <= MAX_COUNT:
            raise UsageError(f"data set: count is {self.count}; it goes from 1 to {MAX_COUNT}.")
        if not low <= self.size <= high:
            raise UsageError(f"data set: size is {self.size}; it goes from {low} to {high} pixels.")
        if not 0 <= self.seed < _SEEDS:
            raise UsageError(f"data set: seed {self.seed} is out of range; seeds go from 0 to {_SEEDS - 1}.")
        if not 0 <= self.seed_start <= _SEEDS - self.count:
            raise UsageError(
                f"data set: the persons' seeds {self.seed_start} to {self.seed_start + self.count - 1} are out of "
                f"range; seeds go from 0 to {_SEEDS - 1}."
            )
        if self.background not in BACKGROUNDS:
            raise UsageError(f"data set: background {self.background!r} is not known; it is {', '.join(BACKGROUNDS)}.")

    def card(self) -> dict[str, Any]:
        """What :data:`CARD` holds."""
        return {"format_version": FORMAT_VERSION, "licence": "CC0-1.0", "config": asdict(self)}


def is_complete(out: Path, config: DatasetConfig) -> bool:
    """Whether ``out`` holds the whole data set of exactly this ``config``."""
    if not all((out / name).is_file() for name in FILES):
        return False
    try:
        return json.loads((out / CARD).read_text(encoding="utf-8")) == config.card()
    except (OSError, ValueError):
        return False


def read_dataset_labels(path: Path) -> dict[str, NDArray[np.float32]]:
    """The labels (31,) by file name, in the order of the file, of a published or own image zip.

    Raises:
        DatasetError: no such zip, no ``dataset.json`` in it, labels of another form or of files that are not there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            content: object = json.loads(archive.read(LABELS))
    except FileNotFoundError:
        raise DatasetError(f"data set: {path} does not exist.") from None
    except KeyError:
        raise DatasetError(f"data set: {path} holds no {LABELS}; give the zip of the images.") from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(f"data set: {path} cannot be read as a zip with {LABELS} ({error}).") from error
    table = cast(dict[str, Any], content).get("labels") if isinstance(content, dict) else None
    if not isinstance(table, list):
        raise DatasetError(f"data set: {LABELS} in {path} has no list of labels.")
    labels: dict[str, NDArray[np.float32]] = {}
    for row in cast(list[Any], table):
        try:
            name, numbers = row
            label = np.asarray(numbers, dtype=np.float32)
        except (TypeError, ValueError):
            raise DatasetError(f"data set: {path}: expected [file name, 31 numbers], got {str(row)[:80]}") from None
        if label.shape != (LABEL_SIZE,) or not np.isfinite(label).all():
            raise DatasetError(f"data set: {path}: the label of {name} must be 31 finite numbers, got {label.shape}.")
        if name not in names:
            raise DatasetError(f"data set: {path}: {name} has a label but is not in the zip.")
        labels[str(name)] = label
    return labels


def mirror_dataset_label(label: NDArray[np.float32]) -> NDArray[np.float32]:
    """The label(s) (..., 31) of the picture mirrored left to right: camera and pose."""
    mirrored = label.copy()
    mirrored[..., :25] = mirror_label(label[..., :25])
    mirrored[..., 25 + _MIRRORED_POSE] *= -1
    return mirrored


def mirror_picture(picture: NDArray[Any]) -> NDArray[Any]:
    """An image, mask or depth (H, W) or (H, W, C) mirrored left to right; goes with :func:`mirror_dataset_label`."""
    return picture[:, ::-1]
