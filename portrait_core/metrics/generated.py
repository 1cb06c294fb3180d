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
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.metrics.pictures import Batch, IntArray, data_digest
from portrait_core.models.portrait_gan.importer import load_discriminator, load_generator
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.networks.precision import exact_convolutions
from portrait_core.rendering.composition import to_bytes
from portrait_core.training.adversarial.config import WarpKind
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.warp import make_warp
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.header import PosePrediction

PoseMode = Literal["generator", "discriminator", "labels"]
Conditioning = Literal["identical", "separate", "random"]
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
        self.warp = make_warp(warp, body, nodes=LATTICE_NODES, thickness=thickness).to(device)
        self.judge = _Judge(load_discriminator(loaded), header.pose_prediction, self)

    @property
    def size(self) -> int:
        """Side of the pictures, pixels."""
        return self.generator.config.img_resolution

    def styles(self, z: Tensor, label: Tensor, pose: Tensor) -> Tensor:
        """Style rows of latents ``z[B, z_dim]``, conditioned on cameras ``[B, 25]`` and poses ``[B, 6]``."""
        with torch.inference_mode(), exact_convolutions():
            return self.generator.mapping(*(each.to(self.device) for each in (z, label, pose)))

    def show(self, ws: Tensor, label: Tensor, pose: Tensor) -> dict[str, Tensor]:
        """Pictures of style rows, as `PortraitGenerator.synthesis` gives them, on the CPU."""
        label, pose = label.to(self.device), pose.to(self.device)
        with torch.inference_mode(), exact_convolutions():
            seen = self.generator.synthesis(ws.to(self.device), label, deform=self.warp(pose))
        return {name: each.cpu() for name, each in seen.items()}

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
        network, how = self.network, self.how
        assert network is not None  # asked before
        device = self._subject.device
        shown = network.shown(image.to(device), mask.to(device), self.size, sigma=how.blur_sigma, mode=how.filter_mode)
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
            draw's: the honest one for generators that are seen from all sides); ``random`` is separate, with the
            pose of yet another label.
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

    @property
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

    def _made(self, numbers: IntArray) -> Batch:
        subject = self.subject
        c, pose, ws = self.condition(numbers)
        seen = subject.show(ws, c, pose)
        return Batch(to_bytes(seen["image"]), seen["image_mask"].clamp(0, 1), c, pose, seen["image_depth"])

    @torch.inference_mode()
    def condition(self, numbers: IntArray, *, latent: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Cameras ``[B, 25]``, poses ``[B, 6]`` and style rows of pictures; ``latent`` 3 for another person's rows."""
        c, pose = self._shown(numbers)
        if self.conditioning == "identical":
            label, posed = c, pose
        else:
            label, posed = self._seen(self._labels(numbers, 1), self._latents(numbers, 2))
        z = torch.as_tensor(self._latents(numbers, latent))
        return c, pose, self.subject.styles(z, label, posed)

    def _shown(self, numbers: IntArray) -> tuple[Tensor, Tensor]:
        own, fresh = self._labels(numbers, 0), self._latents(numbers, 1)
        if self.conditioning != "random":
            return self._seen(own, fresh)
        # Nothing belongs together: camera of one label, pose of another.
        return self.data.labels_of(own)[0], self._seen(self._labels(numbers, 2), fresh)[1]

    def _seen(self, chosen: IntArray, latents: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
        """Cameras and poses of draws from the data set."""
        labels, coarse = self.data.labels_of(chosen)
        if self.poses == "labels":
            return labels, coarse
        if self.poses == "generator":
            device = self.subject.device
            z = torch.as_tensor(latents).to(device)
            return labels, self.subject.generator.predict_pose(z, labels.to(device)).cpu()
        return labels, self.subject.judge.poses(*self.data.pictures_of(chosen), labels)

    def _labels(self, numbers: IntArray, which: int) -> IntArray:
        return np.array([self.drawn(int(number)).labels[which] for number in numbers], np.int64)

    def _latents(self, numbers: IntArray, which: int) -> NDArray[np.float32]:
        return np.stack([self.drawn(int(number)).latents[which] for number in numbers])

    def drawn(self, number: int) -> Drawn:
        """What picture ``number`` is made of."""
        rng = np.random.default_rng([self.seed, number])
        every = len(self.data) * (2 if self.mirror else 1)
        labels = rng.integers(every, size=3)
        latents = rng.standard_normal((4, self.subject.generator.config.z_dim)).astype(np.float32)
        return Drawn(labels, latents)


@dataclass(frozen=True)
class Drawn:
    """Numbers of three labels, and four latents.

    Labels: of what is shown, of the condition, of the pose where nothing belongs together. Latents: of the person, of
    the shown pose, of the condition's pose, and of the person at the other end of a path.
    """

    labels: IntArray
    latents: NDArray[np.float32]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
