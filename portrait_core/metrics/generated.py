# SPDX-License-Identifier: Apache-2.0
"""Pictures that a generator makes at the cameras of a data set, in the published ways of choosing poses and conditions.

Every number of a picture follows from the seed and the picture's own number: it does not matter how many are made at a
time, by how many processes, or in which order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.metrics.pictures import Batch, IntArray, data_digest
from portrait_core.models.portrait_gan.importer import load_discriminator, load_generator
from portrait_core.networks.discriminator import PortraitDiscriminator, Portraits
from portrait_core.networks.precision import exact_convolutions
from portrait_core.networks.resampling import blur, resize
from portrait_core.rendering.composition import to_bytes
from portrait_core.training.adversarial.config import WarpKind
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.warp import ExactWarp, LatticeWarp
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.header import PosePrediction

PoseMode = Literal["generator", "discriminator", "labels"]
Conditioning = Literal["identical", "separate"]
FAMILY = "portrait_gan"
LATTICE_NODES = 20


class Subject:
    """A model that is measured: generator, discriminator where it has one, and how that one is shown pictures."""

    def __init__(self, path: Path, device: torch.device, *, name: str = "", warp: WarpKind = "exact") -> None:
        """``warp``: as in trainings.

        Raises ModelFileError for files that cannot be read, UsageError for models of another family.
        """
        loaded = load_weights(path)
        header = loaded.header
        if header.family != FAMILY:
            raise UsageError(
                f"{path}: a model of the family {header.family}; only generators of the family {FAMILY}, such as those "
                "that trainings make, are measured."
            )
        self.path, self.device, self.warp_kind = path, device, warp
        self.name = name or header.name
        self.digest = header.digest
        self.kimg: float | None = _number(header.training.metrics.get("kimg"))
        self.generator = load_generator(loaded).to(device)
        body = self.generator.renderer
        if body is None:
            raise ModelFileError(f"{path}: the model carries no body; its pictures cannot be posed as the data's are.")
        thickness = self.generator.config.thickness
        if warp == "lattice":
            self.warp = LatticeWarp(body, LATTICE_NODES, thickness=thickness).to(device)
        else:
            self.warp = ExactWarp(body, thickness=thickness)
        self.judge = _Judge(load_discriminator(loaded), header.pose_prediction, self)

    @property
    def size(self) -> int:
        """Side of the pictures, pixels."""
        return self.generator.config.img_resolution

    def together(self) -> int:
        """How many pictures are made at a time where nobody says so."""
        return 16 if self.size <= 128 else 4


class _Judge:
    """A discriminator as a reader of poses (docs/published/discriminator.md 5)."""

    def __init__(self, network: PortraitDiscriminator | None, how: PosePrediction | None, subject: Subject) -> None:
        self.network = None if network is None else network.to(subject.device)
        self.how = how or PosePrediction()
        self.size = self.how.neural_resolution or subject.generator.config.neural_resolution
        self._subject = subject

    @torch.inference_mode()
    def poses(self, images: Tensor, masks: Tensor, labels: Tensor) -> Tensor:
        """Poses ``[B, 6]``, each picture read alone: what is read depends a little on a picture's companions.

        Raises UsageError where the model has no discriminator.
        """
        if self.network is None:
            raise UsageError(
                f"{self._subject.path}: the model has no discriminator, which poses are read by. Measure without "
                "poses, take those of the generator, or use a snapshot of the training."
            )
        return torch.cat(
            [self._read(*(each[row : row + 1] for each in (images, masks, labels))) for row in range(len(images))]
        )

    def _read(self, image: Tensor, mask: Tensor, label: Tensor) -> Tensor:
        network, how, mode = self.network, self.how, self.how.filter_mode
        assert network is not None  # asked before
        device = self._subject.device
        picture = resize(image.to(device), network.config.img_resolution)
        raw = blur(resize(picture, self.size, mode), how.blur_sigma)
        shown = Portraits(blur(picture, how.blur_sigma), raw, resize(mask.to(device), self.size, mode))
        return network.predict_pose(shown, label.to(device)).cpu()


@dataclass(frozen=True)
class GeneratedPictures:
    """``count`` pictures of a model.

    Attributes:
        subject: the model.
        data: whose cameras, and for two of the ``poses`` whose poses or pictures, are drawn from.
        poses: ``generator`` (its pose branch, of a fresh latent and the camera), ``discriminator`` (what it reads from
            the data's picture of that camera) or ``labels`` (the data's own).
        conditioning: ``identical`` (the mapping sees the camera and pose that are shown) or ``separate`` (another
            draw's: the honest one for generators that are seen from all sides).
        mirror: whether cameras of the data's mirrored pictures are drawn too.
        seed: of everything that is drawn.
    """

    subject: Subject
    data: PortraitData
    count: int
    poses: PoseMode = "generator"
    conditioning: Conditioning = "separate"
    mirror: bool = False
    seed: int = 0

    @property
    def name(self) -> str:
        """The model and the way of conditioning."""
        return f"{self.subject.name}, {self.conditioning}"

    @cached_property
    def digest(self) -> str:
        """See `portrait_core.metrics.pictures.PictureSet`."""
        facts = [self.subject.digest, data_digest(self.data), self.data.size]
        ways = [self.count, self.poses, self.conditioning, self.mirror, self.seed, self.subject.warp_kind]
        return hashlib.sha256(json.dumps([*facts, *ways]).encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def batches(self, numbers: IntArray, together: int) -> Iterator[Batch]:
        """See `portrait_core.metrics.pictures.PictureSet`."""
        for start in range(0, len(numbers), together):
            yield self._made(numbers[start : start + together])

    @torch.inference_mode()
    def _made(self, numbers: IntArray) -> Batch:
        subject, generator = self.subject, self.subject.generator
        drawn = [self._drawn(int(number)) for number in numbers]
        own, other = (np.array([getattr(each, name) for each in drawn], np.int64) for name in ("own", "other"))
        z, fresh, third = (
            torch.as_tensor(np.stack([each.latents[row] for each in drawn])).to(subject.device) for row in range(3)
        )
        c, pose = self._seen(own, fresh)
        label, posed = (c, pose) if self.conditioning == "identical" else self._seen(other, third)
        with exact_convolutions():
            ws = generator.mapping(z, label, posed)
            seen = generator.synthesis(ws, c, deform=subject.warp(pose))
        return Batch(
            to_bytes(seen["image"]).cpu(),
            seen["image_mask"].clamp(0, 1).cpu(),
            c.cpu(),
            pose.cpu(),
            seen["image_depth"].cpu(),
        )

    def _seen(self, chosen: IntArray, z: Tensor) -> tuple[Tensor, Tensor]:
        """Cameras and poses of draws from the data set."""
        labels, coarse = self.data.labels_of(chosen)
        device = self.subject.device
        if self.poses == "labels":
            return labels.to(device), coarse.to(device)
        if self.poses == "generator":
            return labels.to(device), self.subject.generator.predict_pose(z, labels.to(device))
        return labels.to(device), self.subject.judge.poses(*self.data.pictures_of(chosen), labels).to(device)

    def _drawn(self, number: int) -> _Drawn:
        rng = np.random.default_rng([self.seed, number])
        every = len(self.data) * (2 if self.mirror else 1)
        own, other = rng.integers(every, size=2).tolist()
        latents = rng.standard_normal((3, self.subject.generator.config.z_dim)).astype(np.float32)
        return _Drawn(own, other, latents)


@dataclass(frozen=True)
class _Drawn:
    """Numbers of two labels, and three latents: of the person, of its pose and of the condition's pose."""

    own: int
    other: int
    latents: NDArray[np.float32]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
