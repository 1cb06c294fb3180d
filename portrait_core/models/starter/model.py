# SPDX-License-Identifier: Apache-2.0
"""A weights file as an avatar model: latents, fields, body templates and volume renders of its identities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.body.skin_warp import SkinWarp
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import ModelFileError, UsageError
from portrait_core.geometry.normals import vertex_normals
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.lattice import HAIR_DEPTH, Axes, CanonicalLattice
from portrait_core.networks.precision import exact_convolutions
from portrait_core.recipe import Recipe
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.sphere_tracing import DistanceScene, distance_scene, march
from portrait_core.rig.skeleton import bust_joints
from portrait_core.rig.skinning import joint_motions, skinned
from portrait_core.rig.weight_transfer import skin_from_template
from portrait_core.runtime.devices import chunk_size
from portrait_core.shape.isosurface import extract_surface
from portrait_core.weights.checkpoint import LoadedModel, check_shapes
from portrait_core.weights.header import ModelHeader

CHUNK = 120_000
SKIN_LATTICE = 96
"""Cells along the lattice box for the coarse surface that carries poses into volume renders."""
SKIN_GAP = 0.006
"""A posed render shows nothing farther than this outside that surface, metres: one of its cells."""
RENDER_RAYS = 384
"""Smaller pictures get several rays a pixel, up to 4 x 4, until they have this many along an edge."""
RENDER_MARGIN = 0.03
"""How far the solid may reach beyond the template's box, metres."""
HAIR_LATTICE = 72
"""Cells along the lattice box for the coarse hair surface that tells the rig where hair is."""


@dataclass(frozen=True)
class CanonicalField:
    """The bust of one identity as a :class:`portrait_core.field.Field`; lattice space is the canonical head."""

    model: CanonicalGenerator
    identity: Identity

    @property
    def bounds(self) -> NDArray[np.float32]:
        """(2, 3) lattice box, metres."""
        centre = np.asarray(self.model.options.box_centre, np.float32)
        half = np.float32(self.model.options.box_half)
        return np.stack([centre - half, centre + half])

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the surface (N,), metres, positive inside."""
        return -self._chunked(points, self.model.value)

    def colour(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear RGB albedo (N, 3)."""
        return self.materials(points)[0]

    def materials(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Linear RGB albedo (N, 3) and roughness (N,) of one evaluation."""

        def both(identity: Identity, p: Tensor) -> Tensor:
            colour, roughness = self.model.materials(identity, p)
            return torch.cat([colour, roughness[:, None]], 1)

        found = self._chunked(points, both)
        return srgb_to_linear(found[:, :3]), found[:, 3]

    def roughness(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """glTF roughness (N,)."""
        return self.materials(points)[1]

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Canonical points to the identity's un-posed world, metres."""
        return self._chunked(points, lambda one, p: self.model.identity_warp(p, one.coefficients))

    def unplace(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The identity's un-posed world to canonical points."""
        return self._chunked(points, lambda one, p: self.model.identity_warp.inverse(p, one.coefficients))

    def cut_planes(self) -> NDArray[np.float32]:
        """(3, 4): the cut below the chest and through both arms."""
        low, side = self.identity.shoulders.y, self.identity.shoulders.x
        return np.array([[0, -1, 0, -low], [1, 0, 0, side], [-1, 0, 0, side]], np.float32)

    def _chunked(
        self, points: NDArray[np.float32], function: Callable[[Identity, Tensor], Tensor]
    ) -> NDArray[np.float32]:
        device = self.identity.style.device
        with torch.no_grad():
            parts = [
                function(self.identity, torch.as_tensor(np.ascontiguousarray(p, np.float32)).to(device)).cpu().numpy()
                for p in np.array_split(points, max(1, -(-len(points) // chunk_size(CHUNK))))
            ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class BustField(CanonicalField):
    """The whole bust, with its quick form for lattices."""

    def on_lattice(self, axes: Axes) -> CanonicalLattice:
        """Values at the points of a lattice; see :class:`portrait_core.field.StructuredField`."""
        return CanonicalLattice(self.model, self.identity, axes)


@dataclass(frozen=True)
class _HairField(CanonicalField):
    """Only the hair of an identity, for its coarse surface."""

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the hair's surface (N,), metres; hair inside the body does not count."""

        def depth(identity: Identity, p: Tensor) -> Tensor:
            sample = self.model.canonical_sample(identity, p)
            return torch.maximum(sample.hair, -sample.body - HAIR_DEPTH)[0]

        return -self._chunked(points, depth)

    def on_lattice(self, axes: Axes) -> CanonicalLattice:
        """The same at the points of a lattice."""
        return CanonicalLattice(self.model, self.identity, axes, part="hair")


class CanonicalAvatarModel:
    """A model with canonical options (the starter) behind the pipeline's ``AvatarModel`` protocol."""

    def __init__(self, loaded: LoadedModel, device: torch.device) -> None:
        """Raises :class:`ModelFileError` when tensors and architecture do not fit or the template is missing."""
        self.header: ModelHeader = loaded.header
        config = GeneratorConfig.from_dict(loaded.header.config)
        with torch.device("meta"):
            network = CanonicalGenerator(config)
        check_shapes(loaded, {name: tuple(t.shape) for name, t in network.state_dict().items()})
        wanted = {name: t.dtype for name, t in network.state_dict().items()}
        state = {name: tensor.to(wanted[name]) for name, tensor in loaded.network().items()}
        network = CanonicalGenerator(config)
        network.load_state_dict(state)
        self.network = network.to(device).eval().requires_grad_(False)
        self.device = device
        template = loaded.template()
        if not template:
            raise ModelFileError(f"{loaded.path}: no body template in it; the rig needs one.")
        self._template = {name: tensor.to(torch.float32).numpy() for name, tensor in template.items()}
        self._last: tuple[bytes, Identity] | None = None
        self._last_scene: tuple[bytes, DistanceScene] | None = None

    @property
    def sharper_pictures(self) -> bool:
        """The pictures show the field as it is."""
        return False

    def latent(self, recipe: Recipe) -> NDArray[np.float32]:
        """z (1, z_dim) of a recipe."""
        return recipe.latent_vector(self.header)

    def identity(self, z: NDArray[np.float32], psi: float) -> Identity:
        """Everything that depends on z (1, z_dim) and truncation alone; the last one is remembered."""
        key = np.asarray(z, np.float32).tobytes() + repr(psi).encode()
        if self._last is None or self._last[0] != key:
            with torch.no_grad(), exact_convolutions():
                ws = self.network.mapping(torch.as_tensor(np.asarray(z, np.float32)).to(self.device), psi=psi)
                self._last = (key, self.network.identity(ws))
        return self._last[1]

    def field(self, z: NDArray[np.float32], psi: float) -> BustField:
        """The bust of z (1, z_dim)."""
        return BustField(self.network, self.identity(z, psi))

    def template(self, z: NDArray[np.float32], psi: float) -> BodyTemplate:
        """The body template carried to the identity, with a coarse surface of its hair that follows the head."""
        identity = self.identity(z, psi)
        stored = self._template
        weights = stored["weights"]
        vertices, faces = stored["vertices"], stored["faces"].astype(np.int32)
        hair = extract_surface_or_none(_HairField(self.network, identity))
        if hair is not None:
            head = np.zeros((len(hair[0]), weights.shape[1]), np.float32)
            head[:, SMPL_JOINT_NAMES.index("head")] = 1
            faces = np.concatenate([faces, hair[1] + np.int32(len(vertices))])
            vertices, weights = np.concatenate([vertices, hair[0]]), np.concatenate([weights, head])
        placed = self.field(z, psi).place(vertices)
        joints = identity.landmarks[: len(SMPL_JOINT_NAMES)].cpu().numpy().astype(np.float32)
        return BodyTemplate(SMPL_JOINT_NAMES, np.asarray(SMPL_PARENTS, np.int32), joints, placed, faces, weights)

    def render(
        self,
        z: NDArray[np.float32],
        psi: float,
        camera: Camera,
        pose: dict[str, tuple[float, float, float]],
        size: int,
    ) -> dict[str, NDArray[Any]]:
        """Volume render over white: ``image`` (size, size, 3) uint8 sRGB, ``depth`` (size, size) metres along the ray
        (infinite where nothing is), ``mask`` (size, size) coverage, 0 to 1.

        Raises:
            UsageError: the pose names a joint that this bust does not have.
        """
        fine = size * max(1, min(4, -(-RENDER_RAYS // size)))
        label = torch.as_tensor(np.asarray(camera.label, np.float32))[None].to(self.device)
        with torch.no_grad():
            scene = self._scene(z, psi, pose)
            origins, directions = rays_of_labels(label, fine)
            seen = march(scene, origins[0], directions[0], 1 / (float(camera.intrinsics[0, 0]) * fine))
            image = _shrink((seen.colour + 1 - seen.opacity[:, None]).t(), fine, size)
            mask = _shrink(seen.opacity[None], fine, size)[0]
            # The nearest of a pixel's rays, as for meshes.
            depth = -nnf.max_pool2d(-seen.depth.reshape(1, 1, fine, fine), fine // size)[0, 0]
        return {
            "image": (image.permute(1, 2, 0) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy(),
            "depth": depth.cpu().numpy(),
            "mask": mask.clamp(0, 1).cpu().numpy(),
        }

    def _scene(self, z: NDArray[np.float32], psi: float, pose: dict[str, tuple[float, float, float]]) -> DistanceScene:
        """The posed bust of z; the last one is remembered, for it serves all cameras."""
        key = np.asarray(z, np.float32).tobytes() + repr((psi, sorted(pose.items()))).encode()
        if self._last_scene is None or self._last_scene[0] != key:
            identity = self.identity(z, psi)
            template, field = bust_joints(self.template(z, psi)), self.field(z, psi)
            vertices, warp = template.vertices, None
            if pose:
                vertices, warp = _pose_warp(template, field, pose, self.device)

            def distance(points: Tensor) -> Tensor:
                if warp is None:
                    return self.network.placed_distance(identity, points)
                rest, outside = warp(points)
                return torch.maximum(self.network.placed_distance(identity, rest), outside - SKIN_GAP)

            def colour(points: Tensor) -> Tensor:
                return self.network.placed_colour(identity, warp(points)[0] if warp else points)

            box = np.stack([vertices.min(axis=0) - RENDER_MARGIN, vertices.max(axis=0) + RENDER_MARGIN])
            scene = distance_scene(distance, colour, torch.as_tensor(box.astype(np.float32)).to(self.device))
            self._last_scene = (key, scene)
        return self._last_scene[1]


def _pose_warp(
    template: BodyTemplate, field: CanonicalField, pose: dict[str, tuple[float, float, float]], device: torch.device
) -> tuple[NDArray[np.float32], SkinWarp]:
    """Posed vertices (V, 3) of the field's coarse surface and the way back from their posed space.

    The surface is rigged as finished meshes are: the template's own layers, body and hair, lie in each other where hair
    hugs the neck, and move apart there.
    """
    unknown = sorted(set(pose) - set(template.joint_names))
    if unknown:
        raise UsageError(f"joint {unknown[0]} has no part of this bust; it has {', '.join(template.joint_names)}.")
    motions = joint_motions(template.joint_names, template.parents, template.joints, pose)
    coarse = extract_surface(field, SKIN_LATTICE)
    vertices = field.place(coarse.vertices)
    normals = vertex_normals(vertices, coarse.faces)
    skin = skin_from_template(template, vertices, normals, coarse.faces)
    posed, turned = skinned(vertices, normals, skin, motions)
    own = np.einsum("vk,vkij->vij", skin.weights.astype(np.float64), motions[skin.joints.astype(np.int64)])
    return posed, SkinWarp.of(posed, turned, coarse.faces, own, device)


def _shrink(rays: Tensor, fine: int, size: int) -> Tensor:
    """Values (C, fine * fine) of rays to the means (C, size, size) of square pixels."""
    return nnf.avg_pool2d(rays.reshape(1, -1, fine, fine), fine // size)[0]


def extract_surface_or_none(field: CanonicalField) -> tuple[NDArray[np.float32], NDArray[np.int32]] | None:
    """A coarse surface of a part, or None where the identity has none of it."""
    try:
        surface = extract_surface(field, HAIR_LATTICE)
    except (ModelFileError, ValueError):
        return None
    return (surface.vertices, surface.faces) if len(surface.faces) else None
