# SPDX-License-Identifier: Apache-2.0
"""An imported official model as an avatar model: latents, fields, SMPL rig and pictures of its identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.body.poses import body_pose
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import ModelFileError, UsageError
from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.models.portrait_gan.field import LEVEL, PortraitField, TrigridField
from portrait_core.models.portrait_gan.importer import load_discriminator, load_generator
from portrait_core.models.portrait_gan.renderer import DEFAULT_MEMORY, Precision, QuickRenderer
from portrait_core.networks.discriminator import PortraitDiscriminator, Portraits
from portrait_core.networks.precision import exact_convolutions
from portrait_core.networks.resampling import blur, resize
from portrait_core.recipe import Recipe
from portrait_core.rendering.composition import to_bytes
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.weights.checkpoint import LoadedModel
from portrait_core.weights.header import ModelHeader

NEAR = 2.35
"""Where rays begin in the published sampling scripts, metres; the training began at 2.25."""

SIDE = 0.4
"""The crop of the published renderer: nothing is shown beyond this in x and z, metres."""

BOTTOM = -0.15
"""Where avatars are cut off: the lower edge of the published pictures lies 0.14 m below the neck joint."""

BELOW = 0.02
"""How far the surface is extracted beyond the cut, metres."""

Conditioning = Literal["separate", "identical"]


@dataclass(frozen=True)
class PictureOptions:
    """How pictures are made of a published model.

    Attributes:
        samples: factor on the published 48 + 48 samples a ray: the scripts take 4 for stills, 2 for videos and poses.
        near: where rays begin, metres; None as in training.
        neural_resolution: side of the rendered picture before super-resolution; None for the model's own.
        cutoff: style rows that truncation touches; None for all.
        conditioning: ``separate``: the mapping sees the frontal camera and no pose, as the published scripts do;
            ``identical``: it sees what is rendered.
        memory: bytes that rays being worked on may take.
        quick: False for the plain path, straight from the specification.
        precision: of convolutions, as `QuickRenderer` takes it; 16 bits on the quick path only.
        compiled: whether that path's super-resolution is compiled by ``torch.compile``.
    """

    samples: int = 2
    near: float | None = NEAR
    neural_resolution: int | None = None
    cutoff: int | None = None
    conditioning: Conditioning = "separate"
    memory: int = DEFAULT_MEMORY
    quick: bool = True
    precision: Precision = "fp32"
    compiled: bool = False

    def settings(self, own: RenderSettings) -> RenderSettings:
        """The sampling of rays."""
        start = own.ray_start if self.near is None or isinstance(own.ray_start, str) else self.near
        return replace(
            own,
            ray_start=start,
            depth_resolution=own.depth_resolution * self.samples,
            depth_resolution_importance=own.depth_resolution_importance * self.samples,
        )


class PublishedAvatarModel:
    """A model of the published architecture behind the pipeline's ``RenderingModel`` protocol."""

    def __init__(self, loaded: LoadedModel, device: torch.device, options: PictureOptions | None = None) -> None:
        """Raises :class:`ModelFileError` when tensors and architecture do not fit."""
        self.header: ModelHeader = loaded.header
        self.network = load_generator(loaded).to(device)
        self.device = device
        self.options = options or PictureOptions()
        self._loaded = loaded
        self._discriminator: PortraitDiscriminator | None = None
        self._renderer: tuple[Any, QuickRenderer] | None = None

    @property
    def sharper_pictures(self) -> bool:
        """Whether a super-resolution head makes more of the pictures than the field holds."""
        return self.network.superresolution is not None

    def latent(self, recipe: Recipe) -> NDArray[np.float32]:
        """z (1, z_dim) of a recipe."""
        return recipe.latent_vector(self.header)

    def styles(
        self, z: NDArray[np.float32], psi: float, camera: Camera | None = None, pose: Tensor | None = None
    ) -> Tensor:
        """Style rows (1, num_ws, w_dim), conditioned on the frontal camera at rest unless told otherwise."""
        label = torch.as_tensor((camera or Camera.orbit()).label)[None].to(self.device)
        with torch.inference_mode():
            latent = torch.as_tensor(np.asarray(z, np.float32)).to(self.device)
            return self.network.mapping(latent, label, pose, psi=psi, cutoff=self.options.cutoff)

    def renderer(self, ws: Tensor) -> QuickRenderer:
        """The renderer of style rows (1, num_ws, w_dim); the last one is kept, with all it has made."""
        key = ws.detach().cpu().numpy().tobytes()
        if self._renderer is None or self._renderer[0] != key:
            options = self.options
            made = QuickRenderer(
                self.network, ws, memory=options.memory, precision=options.precision, compiled=options.compiled
            )
            self._renderer = (key, made)
        return self._renderer[1]

    def field(self, z: NDArray[np.float32], psi: float) -> PortraitField:
        """The un-posed bust of z (1, z_dim): what the renderer's crop leaves of the tri-grid's box, cut flat below the
        shoulders where the pictures end."""
        ws = self.styles(z, psi)
        half = self.network.config.rendering.box_warp / 2
        side = min(SIDE, half)
        level = float(self.header.surface.get("level", LEVEL))  # pyright: ignore[reportArgumentType]
        bottom = float(self.header.surface.get("bottom", BOTTOM))  # pyright: ignore[reportArgumentType]
        box = np.array([[-side, max(-half, bottom - BELOW), -side], [side, half, side]], np.float32)
        return PortraitField(self.network, self.renderer(ws).planes, ws, level=level, box=box, bottom=bottom)

    def whole_field(self, z: NDArray[np.float32], psi: float) -> TrigridField:
        """The same down to the bottom of the tri-grid's box, without a cut: what the published shapes show."""
        field = self.field(z, psi)
        assert field.box is not None
        box = field.box.copy()
        box[0, 1] = -box[1, 1]
        return TrigridField(self.network, field.planes, field.ws, level=field.level, box=box)

    def template(self, z: NDArray[np.float32], psi: float) -> BodyTemplate:
        """The body model of the checkpoint: SMPL's neutral body, un-posed; it is the same for all identities.

        Raises:
            ModelFileError: the checkpoint holds no body model.
        """
        body = self._body()
        weights = body.body_model().weights.cpu().numpy().astype(np.float32)
        return BodyTemplate(
            SMPL_JOINT_NAMES,
            np.asarray(SMPL_PARENTS, np.int32),
            body.canonical_joints().cpu().numpy().astype(np.float32),
            body.canonical_vertices().cpu().numpy().astype(np.float32),
            body.searched_faces().cpu().numpy().astype(np.int32),
            weights / weights.sum(axis=1, keepdims=True),
        )

    def pictures(
        self,
        z: NDArray[np.float32],
        psi: float,
        camera: Camera,
        pose: Mapping[str, Any],
    ) -> dict[str, Tensor]:
        """What the networks give: ``image``, ``image_raw``, ``image_depth``, ``image_mask``, each [1, C, S, S].

        Raises:
            UsageError: a pose of other joints than neck and head: the published networks know no other.
        """
        six = self.pose_numbers(pose)
        same = self.options.conditioning == "identical"
        ws = self.styles(z, psi, camera if same else None, six if same else None)
        return self._shown(ws, torch.as_tensor(camera.label)[None].to(self.device), six)

    def pose_numbers(self, pose: Mapping[str, Any]) -> Tensor | None:
        """A pose as six numbers (1, 6); None at rest. Raises :class:`UsageError` for joints but neck and head."""
        if not pose:
            return None
        self._body()
        return torch.as_tensor(body_pose(pose))[None].to(self.device)

    def render(
        self,
        z: NDArray[np.float32],
        psi: float,
        camera: Camera,
        pose: dict[str, tuple[float, float, float]],
        size: int,
    ) -> dict[str, NDArray[Any]]:
        """``image`` (size, size, 3) uint8 sRGB with the model's own background, ``depth`` (size, size) metres along the
        ray (infinite where nothing is), ``mask`` (size, size) coverage, 0 to 1."""
        return _sized(self.pictures(z, psi, camera, pose), size)

    def render_styles(self, ws: Tensor, camera: Camera, pose: Mapping[str, Any], size: int) -> dict[str, NDArray[Any]]:
        """The same of style rows (1, num_ws, w_dim)."""
        label = torch.as_tensor(camera.label)[None].to(self.device)
        return _sized(self._shown(ws, label, self.pose_numbers(pose)), size)

    def _shown(self, ws: Tensor, label: Tensor, six: Tensor | None) -> dict[str, Tensor]:
        settings = self.options.settings(self.network.config.rendering)
        size = self.options.neural_resolution
        if self.options.quick:
            return self.renderer(ws).render(label, pose=six, settings=settings, neural_resolution=size)
        with torch.inference_mode(), exact_convolutions(self.options.precision != "tf32"):
            deform = None if six is None else self.network.pose_warp(six)
            return self.network.synthesis(ws, label, deform=deform, settings=settings, neural_resolution=size)

    def predict_pose(self, image: Tensor, mask: Tensor, camera: Camera) -> NDArray[np.float64]:
        """The body pose (6,) that the discriminator reads from a picture (specification: discriminator 5).

        Args:
            image: ``[1, 3, S, S]`` in [-1, 1].
            mask: ``[1, 1, M, M]`` in [0, 1], 1 where the person is.
            camera: the camera that took it.

        Raises:
            UsageError: the model was imported without its discriminator.
        """
        network, how = self._judge(), self.header.pose_prediction
        assert how is not None  # a header with a discriminator has it
        size = how.neural_resolution or self.network.config.neural_resolution
        mode = how.filter_mode
        with torch.inference_mode(), exact_convolutions():
            picture = resize(image.to(self.device), network.config.img_resolution)
            raw = blur(resize(picture, size, mode), how.blur_sigma)
            portraits = Portraits(blur(picture, how.blur_sigma), raw, resize(mask.to(self.device), size, mode))
            label = torch.as_tensor(camera.label)[None].to(self.device)
            return network.predict_pose(portraits, label)[0].cpu().numpy().astype(np.float64)

    def drawn_pose(self, z: NDArray[np.float32], camera: Camera) -> NDArray[np.float64]:
        """The body pose (6,) that the generator's own branch gives to a latent seen by a camera."""
        if self.network.pose_branch is None:
            raise UsageError(f"model {self.header.name} has no pose branch; read the pose from a picture instead.")
        with torch.inference_mode():
            latent = torch.as_tensor(np.asarray(z, np.float32)).to(self.device)
            label = torch.as_tensor(camera.label)[None].to(self.device)
            return self.network.predict_pose(latent, label)[0].cpu().numpy().astype(np.float64)

    def _judge(self) -> PortraitDiscriminator:
        if self._discriminator is None:
            found = load_discriminator(self._loaded)
            if found is None:
                raise UsageError(
                    f"model {self.header.name} was imported without a discriminator, which poses are read by. "
                    "Import it again from a checkpoint that has one."
                )
            self._discriminator = found.to(self.device)
        return self._discriminator

    def _body(self) -> PublishedBody:
        if self.network.renderer is None:
            raise ModelFileError(f"model {self.header.name} holds no body model; it can be neither posed nor rigged.")
        return self.network.renderer


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
