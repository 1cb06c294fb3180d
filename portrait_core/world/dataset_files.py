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
"""The labels' name inside :data:`IMAGES`. Beside the list ``labels`` it holds, in the same form, ``persons`` (the seed
of each portrait's person, where persons have several) and ``true_poses`` (six numbers, where the labels' are coarse).
"""

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
        count: persons; each has ``views`` portraits. size: the portraits' edge in pixels.
        seed: of cameras, poses and backgrounds.
        seed_start: person ``i`` is the one of seed ``seed_start + i``, as everywhere in Portraitkit.
        background: plain colour behind the person: ``random`` (one a picture), ``grey`` or ``white``.
        views: portraits a person, each with a camera, a pose and a background of its own.
        pose_camera_correlation: 0 to 1; how far turn and nod follow the camera, as those of people do who are asked to
            look at the photographer (the correlation of the turn with the sine of the camera's yaw, and of the nod with
            its elevation).
        coarse_noise: deviation in radians of the error of each of a label's six pose numbers; 0 for the true pose.
        coarse_bias: radians; the error that all labels share, in a fixed direction
            (:data:`portrait_core.world.shots.BIAS_DIRECTION`).

    Raises :class:`UsageError` on construction for numbers out of range and an unknown background.
    """

    count: int
    size: int = 512
    seed: int = 0
    seed_start: int = 0
    background: Background = "random"
    views: int = 1
    pose_camera_correlation: float = 0.0
    coarse_noise: float = 0.0
    coarse_bias: float = 0.0

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
        if not 1 <= self.views <= MAX_COUNT // self.count:
            most = MAX_COUNT // self.count
            raise UsageError(f"data set: views is {self.views}; it goes from 1 to {most} for {self.count} persons.")
        # written so that NaN fails as well
        for name, number, limits in (
            ("pose_camera_correlation", self.pose_camera_correlation, (0, 1)),
            ("coarse_noise", self.coarse_noise, (0, 2)),
            ("coarse_bias", self.coarse_bias, (-2, 2)),
        ):
            if not limits[0] <= number <= limits[1]:
                raise UsageError(f"data set: {name} is {number:g}; it goes from {limits[0]} to {limits[1]}.")

    @property
    def portraits(self) -> int:
        """How many portraits the data set has."""
        return self.count * self.views

    @property
    def coarse(self) -> bool:
        """Whether the labels' poses differ from the true ones."""
        return self.coarse_noise != 0 or self.coarse_bias != 0

    def card(self) -> dict[str, Any]:
        """What :data:`CARD` holds. Settings that came later are left out where they change nothing."""
        facts = asdict(self)
        for name in ("views", "pose_camera_correlation", "coarse_noise", "coarse_bias"):
            if facts[name] == getattr(DatasetConfig, name):
                del facts[name]
        return {"format_version": FORMAT_VERSION, "licence": "CC0-1.0", "config": facts}


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
