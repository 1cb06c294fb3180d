# SPDX-License-Identifier: Apache-2.0
"""A person of a published model: style rows, fields and pictures, each made once when it is asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.body.poses import body_pose
from portrait_core.body.template import BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.models.portrait_gan.field import LEVEL, PortraitField, TrigridField
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.models.portrait_gan.renderer import QuickRenderer
from portrait_core.networks.precision import exact_convolutions
from portrait_core.networks.resampling import resize
from portrait_core.person import Capability, Origin, Pose
from portrait_core.rendering.composition import to_bytes
from portrait_core.runtime.torch_threads import one_torch_thread
from portrait_core.weights.header import ModelHeader

SIDE = 0.4
"""The crop of the published renderer: nothing is shown beyond this in x and z, metres."""

BOTTOM = -0.15
"""Where avatars are cut off: the lower edge of the published pictures lies 0.14 m below the neck joint."""

BELOW = 0.02
"""How far the surface is extracted beyond the cut, metres."""


class PublishedPerson:
    """One person of a published model; offers what the protocols of :mod:`portrait_core.person` say.

    The options of pictures are those that the model had when the person was asked for.
    """

    def __init__(
        self,
        header: ModelHeader,
        capabilities: frozenset[Capability],
        network: PortraitGenerator,
        template: Callable[[], BodyTemplate],
        options: PictureOptions,
        origin: Origin,
    ) -> None:
        """``template`` gives the body model of the checkpoint or raises :class:`ModelFileError` where it holds none."""
        self.header = header
        self.capabilities = capabilities
        self.network = network
        self.options = options
        self.origin = origin
        self._template = template
        self._device = next(network.parameters()).device

    def optioned(self, facts: Mapping[str, Any]) -> PublishedPerson:
        """The same person, with what was made of it, whose pictures are made by other fields of `PictureOptions`; what
        is not named has its default."""
        options = PictureOptions(**facts)
        other = copy.copy(self)
        other.options = options
        made_by = ("memory", "precision", "compiled", "cutoff", "seen_from", "noise")
        if all(getattr(options, name) == getattr(self.options, name) for name in made_by):
            other.__dict__["renderer"] = self.renderer  # made once for all of them
        else:
            for name in ("rows", "renderer", "field", "whole_field"):
                other.__dict__.pop(name, None)
        return other

    @cached_property
    def rows(self) -> Tensor:
        """Style rows (1, num_ws, w_dim), truncated; those of a latent as the options' camera, the frontal one, sees it
        at rest."""
        return self._rows_seen(Camera.orbit(*self.options.seen_from), None)

    @property
    def styles(self) -> NDArray[np.float32]:
        """Style rows (num_ws, w_dim), truncated."""
        return self.rows[0].cpu().numpy()

    @cached_property
    def renderer(self) -> QuickRenderer:
        """The renderer of :attr:`rows`, with all it has made."""
        return self._renderer_of(self.rows)

    @cached_property
    def field(self) -> PortraitField:
        """The un-posed bust: what the renderer's crop leaves of the tri-grid's box, cut flat below the shoulders where
        the pictures end."""
        half = self.network.config.rendering.box_warp / 2
        side = min(SIDE, half)
        level = float(self.header.surface.get("level", LEVEL))  # pyright: ignore[reportArgumentType]
        bottom = float(self.header.surface.get("bottom", BOTTOM))  # pyright: ignore[reportArgumentType]
        box = np.array([[-side, max(-half, bottom - BELOW), -side], [side, half, side]], np.float32)
        return PortraitField(self.network, self.renderer.planes, self.rows, level=level, box=box, bottom=bottom)

    @cached_property
    def whole_field(self) -> TrigridField:
        """The same down to the bottom of the tri-grid's box, without a cut: what the published shapes show."""
        field = self.field
        assert field.box is not None
        box = field.box.copy()
        box[0, 1] = -box[1, 1]
        return TrigridField(self.network, field.planes, field.ws, level=field.level, box=box)

    @property
    def template(self) -> BodyTemplate:
        """SMPL's neutral body, un-posed; it is the same for all people.

        Raises:
            ModelFileError: the checkpoint holds no body model.
        """
        return self._template()

    @property
    def joints(self) -> NDArray[np.float32]:
        """(J, 3) of the template."""
        return self.template.joints

    def pictures(self, camera: Camera, pose: Pose) -> dict[str, Tensor]:
        """What the networks give: ``image``, ``image_raw``, ``image_depth``, ``image_mask``, each [1, C, S, S].

        Raises:
            UsageError: a pose of other joints than neck and head: the published networks know no other.
        """
        options, network = self.options, self.network
        six = self._six(pose)
        label = torch.as_tensor(camera.label)[None].to(self._device)
        seen = options.conditioning == "identical" and self.origin.z is not None
        rows = self._rows_seen(camera, six) if seen else self.rows
        settings, size = options.settings(network.config.rendering), options.neural_resolution
        if options.quick:
            renderer = self._renderer_of(rows) if seen else self.renderer
            return renderer.render(label, pose=six, settings=settings, neural_resolution=size)
        with torch.inference_mode(), exact_convolutions(options.precision != "tf32"):
            deform = None if six is None else network.pose_warp(six)
            return network.synthesis(
                rows, label, deform=deform, settings=settings, neural_resolution=size, noise_mode=options.noise
            )

    def render(self, camera: Camera, pose: Pose, size: int) -> dict[str, NDArray[Any]]:
        """``image`` (size, size, 3) uint8 sRGB with the model's own background, ``depth`` (size, size) metres along the
        ray (infinite where nothing is), ``mask`` (size, size) coverage, 0 to 1. Raises as :meth:`pictures`."""
        return _sized(self.pictures(camera, pose), size)

    def drawn_pose(self, camera: Camera) -> NDArray[np.float64]:
        """The body pose (6,) that the generator's own branch gives to this person seen by a camera."""
        if self.network.pose_branch is None:
            raise UsageError(f"model {self.header.name} has no pose branch; read the pose from a picture instead.")
        if self.origin.z is None:
            raise UsageError("the pose branch reads latents z; this person is made of w. Read the pose from a picture.")
        with torch.inference_mode():
            latent = torch.as_tensor(self.origin.z).to(self._device)
            label = torch.as_tensor(camera.label)[None].to(self._device)
            return self.network.predict_pose(latent, label)[0].cpu().numpy().astype(np.float64)

    def _rows_seen(self, camera: Camera, six: Tensor | None) -> Tensor:
        """Style rows (1, num_ws, w_dim), of a latent conditioned on a camera and a pose (1, 6) or None."""
        origin, network, cutoff = self.origin, self.network, self.options.cutoff
        with torch.inference_mode(), one_torch_thread():
            if origin.styles is not None:
                given = torch.as_tensor(origin.styles).to(self._device)
                return network.backbone.mapping.truncate(given, origin.psi, cutoff)
            label = torch.as_tensor(camera.label)[None].to(self._device)
            latent = torch.as_tensor(origin.z).to(self._device)
            return network.mapping(latent, label, six, psi=origin.psi, cutoff=cutoff)

    def _renderer_of(self, rows: Tensor) -> QuickRenderer:
        options = self.options
        return QuickRenderer(
            self.network,
            rows,
            noise_mode=options.noise,
            memory=options.memory,
            precision=options.precision,
            compiled=options.compiled,
        )

    def _six(self, pose: Pose) -> Tensor | None:
        """A pose as six numbers (1, 6); None at rest. Raises :class:`UsageError` for joints but neck and head."""
        if not pose:
            return None
        if self.network.renderer is None:
            self._template()  # raises: there is nothing that a pose could bend
        return torch.as_tensor(body_pose(pose))[None].to(self._device)


def _sized(seen: dict[str, Tensor], size: int) -> dict[str, NDArray[Any]]:
    """Pictures of the networks as ``image``, ``depth`` and ``mask`` of ``size`` pixels."""
    image = seen["image"]
    if image.shape[-1] != size:
        image = resize(image, size)
    mask = resize(seen["image_mask"], size)[0, 0].clamp(0, 1)
    # No mean of what lies behind each other.
    depth = nnf.interpolate(seen["image_depth"], size=(size, size), mode="nearest-exact")[0, 0]
    depth = torch.where(mask > 0.5, depth, torch.full_like(depth, float("inf")))
    return {
        "image": to_bytes(image)[0].permute(1, 2, 0).cpu().numpy(),
        "depth": depth.cpu().numpy(),
        "mask": mask.cpu().numpy(),
    }
