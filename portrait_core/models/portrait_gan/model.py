# SPDX-License-Identifier: Apache-2.0
"""A weights file of the published family as a model: its people, its body and the poses it reads from pictures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import ModelFileError, UsageError
from portrait_core.models.portrait_gan.capabilities import capabilities
from portrait_core.models.portrait_gan.importer import load_discriminator, load_generator
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.models.portrait_gan.person import PublishedPerson
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.networks.precision import exact_convolutions
from portrait_core.person import Origin, origin_of
from portrait_core.recipe import Recipe
from portrait_core.weights.checkpoint import LoadedWeights
from portrait_core.weights.header import ModelHeader


class PublishedAvatarModel:
    """A model of the published architecture; offers what the protocols of :mod:`portrait_core.portrait_model` say."""

    def __init__(self, loaded: LoadedWeights, device: torch.device, options: PictureOptions | None = None) -> None:
        """Raises :class:`ModelFileError` when tensors and architecture do not fit."""
        self.header: ModelHeader = loaded.header
        self.capabilities = capabilities(loaded.header)
        self.network = load_generator(loaded).to(device)
        self.device = device
        self.options = options or PictureOptions()
        self._loaded = loaded

    def set_picture_options(self, facts: Mapping[str, Any]) -> None:
        """The fields of :class:`PictureOptions` for people asked for from now on."""
        self.options = PictureOptions(**facts)

    def person(self, recipe: Recipe) -> PublishedPerson:
        """The person that ``recipe`` says; raises :class:`UsageError` for what the model does not know."""
        config = self.network.config
        return self._person(origin_of(recipe, self.header, w_dim=config.w_dim, num_ws=self.network.num_ws))

    def person_of_styles(self, styles: NDArray[np.float32]) -> PublishedPerson:
        """The person of style rows (num_ws, w_dim), as they are."""
        return self._person(Origin(None, np.asarray(styles, np.float32)[None]))

    def _person(self, origin: Origin) -> PublishedPerson:
        return PublishedPerson(
            self.header, self.capabilities, self.network, lambda: self.template, self.options, origin
        )

    @cached_property
    def template(self) -> BodyTemplate:
        """The body model of the checkpoint: SMPL's neutral body, un-posed; it is the same for all people.

        Raises:
            ModelFileError: the checkpoint holds no body model.
        """
        body = self.network.renderer
        if body is None:
            raise ModelFileError(f"model {self.header.name} holds no body model; it can be neither posed nor rigged.")
        weights = body.body_model().weights.cpu().numpy().astype(np.float32)
        return BodyTemplate(
            SMPL_JOINT_NAMES,
            np.asarray(SMPL_PARENTS, np.int32),
            body.canonical_joints().cpu().numpy().astype(np.float32),
            body.canonical_vertices().cpu().numpy().astype(np.float32),
            body.searched_faces().cpu().numpy().astype(np.int32),
            weights / weights.sum(axis=1, keepdims=True),
        )

    @property
    def picture_size(self) -> int:
        """Side of the finished pictures, pixels."""
        return self.network.config.img_resolution

    def predict_pose(self, image: Tensor, mask: Tensor, camera: Camera) -> NDArray[np.float64]:
        """The body pose (6,) that the discriminator reads from a picture (docs/published/discriminator.md 5).

        Args:
            image: ``[1, 3, S, S]`` in [-1, 1].
            mask: ``[1, 1, M, M]`` in [0, 1], 1 where the person is.
            camera: the camera that took it.

        Raises:
            UsageError: the model was imported without its discriminator.
        """
        network, how = self.judge, self.header.pose_prediction
        assert how is not None  # a header with a discriminator has it
        size = how.neural_resolution or self.network.config.neural_resolution
        with torch.inference_mode(), exact_convolutions():
            image, mask = image.to(self.device), mask.to(self.device)
            portraits = network.shown(image, mask, size, sigma=how.blur_sigma, mode=how.filter_mode)
            label = torch.as_tensor(camera.label)[None].to(self.device)
            return network.predict_pose(portraits, label)[0].cpu().numpy().astype(np.float64)

    @cached_property
    def judge(self) -> PortraitDiscriminator:
        """The discriminator, which does not learn. Raises :class:`UsageError` where the model was imported without."""
        found = load_discriminator(self._loaded)
        if found is None:
            raise UsageError(
                f"model {self.header.name} was imported without a discriminator, which poses and features are read by. "
                "Import it again from a checkpoint that has one."
            )
        return found.to(self.device)
