# SPDX-License-Identifier: Apache-2.0
"""A person of the starter: identity, field, body template and volume renders, each made once when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from threading import Lock
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
from portrait_core.geometry.settled import settled
from portrait_core.models.starter.coarse_planes import coarse_planes
from portrait_core.models.starter.field import BustField, CanonicalField, HairField
from portrait_core.models.starter.generator import CanonicalGenerator, Identity, in_precision
from portrait_core.models.starter.parts_template import look_of
from portrait_core.models.starter.settled import PreciseNetworks
from portrait_core.models.starter.skin_colour import skin_materials
from portrait_core.parts.kept_rows import KeptRows
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.template import PartsTemplate
from portrait_core.person import Capability, Origin, Pose
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.sphere_tracing import DistanceScene, Seen, distance_scene, march
from portrait_core.rig.skeleton import bust_joints
from portrait_core.rig.skinning import joint_motions, skinned
from portrait_core.rig.weight_transfer import skin_from_template
from portrait_core.runtime.torch_threads import one_torch_thread, over_rows
from portrait_core.shape.isosurface import extract_surface
from portrait_core.weights.header import ModelHeader

SKIN_LATTICE = 96
"""Cells along the lattice box for the coarse surface that carries poses into volume renders."""
SKIN_GAP = 0.006
"""A posed render shows nothing farther than this outside that surface, metres: one of its cells."""
RENDER_RAYS = 384
"""Smaller pictures get several rays a pixel, up to 4 x 4, until they have this many along an edge."""
RAYS = 1 << 15
"""Rays that one of several threads follows at once."""
RENDER_MARGIN = 0.03
"""How far the solid may reach beyond the template's box, metres."""
HAIR_LATTICE = 72
"""Cells along the lattice box for the coarse hair surface that tells the rig where hair is."""


class CanonicalPerson:
    """One person of a canonical model, a :class:`portrait_core.person.StyledPerson`."""

    def __init__(
        self,
        header: ModelHeader,
        capabilities: frozenset[Capability],
        network: CanonicalGenerator,
        precise: PreciseNetworks,
        template: Mapping[str, NDArray[np.float32]],
        origin: Origin,
        parts: PartsTemplate | None = None,
    ) -> None:
        """``precise`` has ``network`` in float64; ``template`` holds canonical ``vertices`` (V, 3), ``faces`` (F, 3)
        and ``weights`` (V, 24); ``parts`` is there with the capability of that name."""
        self.header = header
        self.capabilities = capabilities
        self.network, self._precise = network, precise
        self.origin = origin
        self._canonical_template, self._parts = template, parts
        self._device = network.identity_warp.vertices.device
        self._scene: tuple[Pose, DistanceScene] | None = None
        self._painted: Identity | None = None
        self._colours = Lock()

    @cached_property
    def _rows(self) -> Tensor:
        """Style rows (1, num_ws, w_dim), truncated: float32 numbers in float64, so that rows that were written down
        give the person they came from."""
        origin, codes = self.origin, self._precise.codes
        with torch.no_grad(), one_torch_thread():
            whole = codes.mapping(self._given(origin.z)) if origin.styles is None else self._given(origin.styles)
            return codes.backbone.mapping.truncate(whole.float().double(), origin.psi).float().double()

    def _given(self, values: NDArray[np.floating] | None) -> Tensor:
        return torch.as_tensor(values).to(self._precise.codes.identity_code.code_mean)

    @property
    def styles(self) -> NDArray[np.float32]:
        """Style rows (num_ws, w_dim), truncated; all are the same."""
        return self._rows[0].cpu().numpy().astype(np.float32)

    @cached_property
    def shape(self) -> Identity:
        """Everything in the networks that depends on the person alone, float64."""
        with torch.no_grad(), one_torch_thread():
            return self._precise.whole.identity(self._rows)

    @cached_property
    def identity(self) -> Identity:
        """The same in the network's own precision, for colours and pictures."""
        return in_precision(self.shape, self.network.identity_warp.vertices)

    @cached_property
    def _parts_shape(self) -> Identity:
        """What the shapes of parts need of the networks, float64: much less than whole busts do."""
        with torch.no_grad(), one_torch_thread():
            return self._precise.codes.parts_identity(self._rows)

    @property
    def _parts_identity(self) -> Identity:
        """The same with the planes, which colours alone need, in the network's own precision. Made once, whichever of
        several threads asks first."""
        with self._colours:
            if self._painted is None:
                like = self.network.identity_warp.vertices
                with torch.no_grad(), one_torch_thread():
                    self._painted = self.network.with_planes(in_precision(self._parts_shape, like))
            return self._painted

    @cached_property
    def _glanced_identity(self) -> Identity:
        """The same with planes as small pictures need them."""
        like = self.network.identity_warp.vertices
        with torch.no_grad(), one_torch_thread():
            identity = in_precision(self._parts_shape, like)
            return replace(identity, planes=coarse_planes(self.network, identity.style))

    @property
    def parts_template(self) -> PartsTemplate:
        """What the parts of the model's persons have in common.

        Raises :class:`ModelFileError` for a model without the capability ``parts``.
        """
        if self._parts is None:
            raise ModelFileError(f"model {self.header.name} has no parts template.")
        return self._parts

    @cached_property
    def look(self) -> PersonLook:
        """What makes this person's parts its own."""
        with one_torch_thread():
            return look_of(self._precise.codes, self.header, self._rows, self._parts_shape)

    def skin_materials(
        self,
        points: NDArray[np.float32],
        inside: NDArray[np.float32],
        kept: KeptRows | None = None,
        numbers: NDArray[np.int64] | None = None,
        *,
        glance: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Linear RGB (N, 3) and roughness (N,) of bare skin; see :class:`portrait_core.person.PersonOfParts`."""
        identity = self._glanced_identity if glance else self._parts_identity
        return skin_materials(self.network, identity, points, inside, kept, numbers)

    @property
    def kept_width(self) -> int:
        """See :class:`portrait_core.person.PersonOfParts`."""
        return self.network.decoder.fc0.weight.shape[0]

    @cached_property
    def field(self) -> BustField:
        """The whole bust."""
        return BustField(self._precise.whole, self.shape, (self.network, self.identity))

    @cached_property
    def hair_field(self) -> HairField:
        """The hair alone."""
        return HairField(self._precise.whole, self.shape, (self.network, self.identity))

    @cached_property
    def template(self) -> BodyTemplate:
        """The body template carried to the person, with a coarse surface of its hair that follows the head."""
        stored = self._canonical_template
        weights = stored["weights"]
        vertices, faces = stored["vertices"], stored["faces"].astype(np.int32)
        hair = _surface_or_none(HairField(self._precise.whole, self.shape))
        if hair is not None:
            head = np.zeros((len(hair[0]), weights.shape[1]), np.float32)
            head[:, SMPL_JOINT_NAMES.index("head")] = 1
            faces = np.concatenate([faces, hair[1] + np.int32(len(vertices))])
            vertices, weights = np.concatenate([vertices, hair[0]]), np.concatenate([weights, head])
        placed = self.field.place(vertices)
        return BodyTemplate(SMPL_JOINT_NAMES, np.asarray(SMPL_PARENTS, np.int32), self.joints, placed, faces, weights)

    @property
    def joints(self) -> NDArray[np.float32]:
        """(J, 3) of the template, which the networks tell without its surface."""
        return settled(self.shape.landmarks[: len(SMPL_JOINT_NAMES)].cpu().numpy())

    def render(self, camera: Camera, pose: Pose, size: int) -> dict[str, NDArray[Any]]:
        """Volume render over white: ``image`` (size, size, 3) uint8 sRGB, ``depth`` (size, size) metres along the ray
        (infinite where nothing is), ``mask`` (size, size) coverage, 0 to 1.

        Raises:
            UsageError: the pose names a joint that this bust does not have.
        """
        fine = size * max(1, min(4, -(-RENDER_RAYS // size)))
        label = torch.as_tensor(np.asarray(camera.label, np.float32))[None].to(self._device)
        with torch.no_grad(), one_torch_thread():
            scene = self._posed_scene(pose)
            origins, directions = rays_of_labels(label, fine)
            seen = self._seen(scene, origins[0], directions[0], 1 / (float(camera.intrinsics[0, 0]) * fine))
            image = _shrink((seen.colour + 1 - seen.opacity[:, None]).t(), fine, size)
            mask = _shrink(seen.opacity[None], fine, size)[0]
            # The nearest of a pixel's rays, as for meshes.
            depth = -nnf.max_pool2d(-seen.depth.reshape(1, 1, fine, fine), fine // size)[0, 0]
        return {
            "image": (image.permute(1, 2, 0) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy(),
            "depth": depth.cpu().numpy(),
            "mask": mask.clamp(0, 1).cpu().numpy(),
        }

    def _seen(self, scene: DistanceScene, origins: Tensor, directions: Tensor, pixel: float) -> Seen:
        """`march`, with the rays of a picture shared out to threads."""

        def part(rows: NDArray[np.int64]) -> NDArray[np.float32]:
            index = torch.as_tensor(rows).to(self._device)
            with torch.no_grad():
                seen = march(scene, origins[index], directions[index], pixel)
                return torch.cat([seen.colour, seen.depth[:, None], seen.opacity[:, None]], 1).cpu().numpy()

        found = torch.as_tensor(over_rows(part, np.arange(len(origins)), RAYS, self._device)).to(self._device)
        return Seen(found[:, :3], found[:, 3], found[:, 4])

    def _posed_scene(self, pose: Pose) -> DistanceScene:
        """The posed bust; the one of the last pose is kept, for it serves all cameras."""
        if self._scene is None or self._scene[0] != dict(pose):
            identity, network = self.identity, self.network
            template = bust_joints(self.template)
            vertices, warp = template.vertices, None
            if pose:
                vertices, warp = _pose_warp(template, self.field, pose, self._device)

            def distance(points: Tensor) -> Tensor:
                if warp is None:
                    return network.placed_distance(identity, points)
                rest, outside = warp(points)
                return torch.maximum(network.placed_distance(identity, rest), outside - SKIN_GAP)

            def colour(points: Tensor) -> Tensor:
                return network.placed_colour(identity, warp(points)[0] if warp else points)

            box = np.stack([vertices.min(axis=0) - RENDER_MARGIN, vertices.max(axis=0) + RENDER_MARGIN])
            scene = distance_scene(distance, colour, torch.as_tensor(box.astype(np.float32)).to(self._device))
            self._scene = (dict(pose), scene)
        return self._scene[1]


def _pose_warp(
    template: BodyTemplate, field: CanonicalField, pose: Pose, device: torch.device
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


def _surface_or_none(field: CanonicalField) -> tuple[NDArray[np.float32], NDArray[np.int32]] | None:
    """A coarse surface of a part, or None where the identity has none of it."""
    try:
        surface = extract_surface(field, HAIR_LATTICE)
    except (ModelFileError, ValueError):
        return None
    return (surface.vertices, surface.faces) if len(surface.faces) else None
