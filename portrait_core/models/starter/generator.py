# SPDX-License-Identifier: Apache-2.0
"""The starter's generator: the published architecture with the options that make it learnable on a CPU.

Mapping with truncation, a modulated-convolution backbone that gives planes, a small decoder, volume rendering with
posed sample points: as published. The options: latents keep their units (no normalisation), the planes belong to a
canonical head and every identity is a warp of it, static planes are shared by all identities, the decoder is modulated
by the style and paints with the identity's palette.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock, RLock
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.geometry.mesh_queries import closest_points
from portrait_core.models.portrait_gan.generator import GeneratorConfig, PortraitGenerator
from portrait_core.models.starter.bare_skin import BareSkin
from portrait_core.models.starter.clothing import PLAIN_SHADE, clothing_of, dressed
from portrait_core.models.starter.code_refinement import CodeRefinement
from portrait_core.models.starter.decoder import (
    CLOTH_ROUGHNESS,
    FIXED_TONES,
    HAIR_ROUGHNESS,
    CanonicalDecoder,
    CanonicalSample,
)
from portrait_core.models.starter.eye_colour import eye_colour
from portrait_core.models.starter.eye_opening import beyond_opening, eye_opening, lashes, opening_logit
from portrait_core.models.starter.identity_code import CodeLayout, IdentityCode
from portrait_core.models.starter.identity_warp import FADE_TO, IdentityWarp
from portrait_core.models.starter.plane_basis import PlaneBasis
from portrait_core.models.starter.point_decoder import PointDecoder, StaticTables
from portrait_core.models.starter.shoulder_cut import ShoulderCut, cut_within_walls
from portrait_core.networks.initialise import initialise

EMPTY_DENSITY = -1000.0
DENSITY_WIDTH = 0.001
COARSE_NODES = 28
LID_REACH = 0.020
LID_OUT = 0.0025
LID_FRONT = 0.0004
LID_STEPS = 6
INSIDE = (0.004, 0.010)
"""Depths in metres between which a point's colour turns to that of the plain inside."""
BACK_NODES = 44
BACK_MARGIN = 1.15
BACK_STEPS = 6
BACK_POLISHING = 3
BACK_REACH = 0.04
POLISHING = 1

_TABLES = Lock()
"""For the tables of a network, which is copied and so cannot hold a lock of its own."""


@dataclass(eq=False)
class Prepared:
    """What is made of an identity when it is first asked for: its ``warp``, ``inverse`` (1, 3, S, S, S), the lattice of
    the way back from its space, and its ``decoder`` for scattered points. Threads share a person: whoever asks first
    makes it, under ``lock``, and the others wait instead of making it again."""

    warp: Callable[[Tensor], Tensor] | None = None
    inverse: Tensor | None = None
    decoder: PointDecoder | None = None
    lock: AbstractContextManager[bool] = field(default_factory=RLock, repr=False)
    """Entered again by the one who holds it: the inverse is made of the warp."""


@dataclass(frozen=True)
class Identity:
    """All that one latent determines, batch of one: ``planes`` (1, 3, C, R, R), ``style`` (1, w_dim), ``palette``
    (1, 6, 3), warp ``coefficients`` (K,), ``landmarks`` (L, 3) in the identity's space, ``moved`` (1, 3, S, S, S) a
    coarse lattice of the warp's displacement over the lattice box, ``shoulders`` where it is cut; metres. ``clothing``
    (3,) of :func:`portrait_core.models.starter.clothing.clothing_of`, None where all
    colours are the decoder's alone."""

    planes: Tensor
    style: Tensor
    palette: Tensor
    coefficients: Tensor
    landmarks: Tensor
    moved: Tensor
    shoulders: ShoulderCut
    clothing: Tensor | None = None
    prepared: Prepared = field(default_factory=Prepared, repr=False, compare=False)


def in_precision(identity: Identity, like: Tensor) -> Identity:
    """The same identity with the dtype and on the device of ``like``."""
    tensors = {name: value.to(like) for name, value in vars(identity).items() if isinstance(value, Tensor)}
    return replace(identity, **tensors, prepared=Prepared())


class CanonicalGenerator(PortraitGenerator):
    """:class:`PortraitGenerator` with ``config.canonical`` set.

    Args:
        config: sizes; ``canonical`` must not be None, background, super-resolution and label must be off.
        seed: of the initial weights.
    """

    decoder: CanonicalDecoder  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, config: GeneratorConfig, *, seed: int | None = None) -> None:
        super().__init__(config)
        options = config.canonical
        if options is None:
            raise ValueError("got a configuration without canonical options; use PortraitGenerator for it")
        self.options = options
        layout = CodeLayout(options.colours, options.scalars, options.styles, options.sharpness, options.floor)
        self.identity_code = IdentityCode(config.w_dim, options.coefficients, layout)
        self.plane_basis = PlaneBasis(
            config.w_dim,
            config.plane_channels,
            config.plane_resolution,
            count=options.basis_planes,
            coarse=options.basis_resolution,
        )
        self.decoder = CanonicalDecoder(  # pyright: ignore[reportIncompatibleVariableOverride]
            config.plane_features * config.triplane_depth,
            static_channels=options.static_channels,
            static_resolution=options.static_resolution,
            style_dim=config.w_dim,
            hidden=config.decoder_hidden,
            octaves=options.octaves,
        )
        self.bare_skin = (
            BareSkin(config.decoder_hidden, config.w_dim, options.bare_width) if options.bare_width else None
        )
        self.code_refinement = CodeRefinement(config.w_dim, layout.size) if options.bare_width else None
        self.identity_warp = IdentityWarp(
            options.warp_vertices,
            options.warp_triangles,
            options.warp_centres,
            options.coefficients,
            options.landmarks,
            search=partial(closest_points, reach=FADE_TO),
        )
        self.clothing_columns: tuple[int, ...] | None = None
        """Where the clothing's numbers stand in the code, if a model's header says so."""
        self._static: StaticTables | None = None
        self._opening: tuple[Tensor | None] | None = None
        if seed is not None:
            initialise(self, torch.Generator().manual_seed(seed))

    def planes_of_style(self, style: Tensor) -> Tensor:
        """Planes (B, 3, C, R, R) of style vectors (B, w_dim)."""
        rows = style.unsqueeze(1).expand(-1, self.num_ws, -1)
        picture = self.backbone.synthesis(rows, noise_mode="const") + self.plane_basis(style)
        return picture.reshape(picture.shape[0], 3, -1, *picture.shape[2:])

    def identity(self, ws: Tensor) -> Identity:
        """The identity of style rows (1, num_ws, w_dim)."""
        code, coefficients = self.identity_code.read(ws[:, 0])
        style = self.identity_code.style(code)
        warp = self._carrier(coefficients[0])
        whole = Identity(
            planes=self.planes_of_style(style),
            style=style,
            palette=self.identity_code.palette(code),
            coefficients=coefficients[0],
            landmarks=self.identity_warp.landmarks(coefficients[0]),
            moved=self._moved_lattice(warp),
            shoulders=self._wanted_cut(),
            clothing=self._clothing(ws[:, 0], code),
            prepared=Prepared(warp=warp),
        )
        return replace(whole, shoulders=self._cut_of(whole))

    def _clothing(self, w: Tensor, code: Tensor) -> Tensor | None:
        columns = self.clothing_columns
        return None if columns is None else clothing_of(code, self.refined_code(w), columns)

    def refined_code(self, w: Tensor) -> Tensor:
        """The codes of style rows ``w[B, w_dim]`` as parts read them: see
        :mod:`portrait_core.models.starter.code_refinement`."""
        head = self.identity_code
        code, _ = head.read(w)
        return code if self.code_refinement is None else code + self.code_refinement(w) * head.code_deviation

    def parts_identity(self, ws: Tensor) -> Identity:
        """The identity of style rows (1, num_ws, w_dim) for parts, which need no field of the whole bust: with the
        refined code, and without what carries and cuts that field. It has no planes, for shapes need none; see
        :meth:`with_planes`."""
        _, coefficients = self.identity_code.read(ws[:, 0])
        code = self.refined_code(ws[:, 0])
        style = self.identity_code.style(code)
        return Identity(
            planes=ws.new_zeros(0),
            style=style,
            palette=self.identity_code.palette(code),
            coefficients=coefficients[0],
            landmarks=self.identity_warp.landmarks(coefficients[0]),
            moved=ws.new_zeros(0),
            shoulders=self._wanted_cut(),
        )

    def with_planes(self, identity: Identity) -> Identity:
        """An identity in this network's precision with its planes, for colours."""
        return replace(identity, planes=self.planes_of_style(identity.style), prepared=Prepared())

    def _wanted_cut(self) -> ShoulderCut:
        return ShoulderCut(self.options.cut_y, self.options.cut_x)

    def _cut_of(self, identity: Identity) -> ShoulderCut:
        """The cut of the options, farther in where the identity leaves the lattice box before it."""

        def distance(points: Tensor) -> Tensor:
            return self.decoder.distance(identity.planes, self.normalised(points)[None], identity.style)[0]

        with torch.no_grad():
            return cut_within_walls(
                identity.shoulders,
                identity.planes.new_tensor(self.options.box_centre),
                self.options.box_half,
                roughly=partial(self.coarsely_moved, identity),
                warp=self.warp_of(identity),
                distance=distance,
            )

    def warp_of(self, identity: Identity) -> Callable[[Tensor], Tensor]:
        """The identity's warp without gradients, made once: canonical points (N, 3) -> points of the identity."""
        made = identity.prepared
        with made.lock:
            if made.warp is None:
                made.warp = self._carrier(identity.coefficients)
            return made.warp

    def _carrier(self, coefficients: Tensor) -> Callable[[Tensor], Tensor]:
        with torch.no_grad():
            carry = self.identity_warp.carrier(coefficients)
        return torch.no_grad()(carry)

    def _moved_lattice(self, warp: Callable[[Tensor], Tensor]) -> Tensor:
        nodes = self._nodes(COARSE_NODES, 1.0).to(self.identity_warp.vertices)
        moved = warp(nodes) - nodes
        return moved.t().reshape(1, 3, COARSE_NODES, COARSE_NODES, COARSE_NODES)

    def _nodes(self, count: int, margin: float) -> Tensor:
        """Canonical points (count^3, 3) of a lattice over the lattice box widened by ``margin``, x fastest."""
        axis = torch.linspace(-1, 1, count, dtype=torch.float32) * margin
        z, y, x = torch.meshgrid(axis, axis, axis, indexing="ij")
        return torch.stack([x, y, z], -1).reshape(-1, 3) * self.options.box_half + torch.tensor(
            self.options.box_centre, dtype=torch.float32
        )

    def evaluate_points(self, planes: Tensor, points: Tensor, ws: Tensor) -> tuple[Tensor, Tensor]:
        """Raw density (B, N, 1) and colours in [-1, 1] (B, N, 3) at un-posed ``points[B, N, 3]`` of the identities.

        The points are first carried back to the canonical head by a lattice of the inverse warp. Density is a logistic
        of the signed distance, a millimetre wide.
        """
        parts = [self._evaluate_one(planes[b : b + 1], points[b], ws[b : b + 1]) for b in range(len(points))]
        return torch.stack([p[0] for p in parts]), torch.stack([p[1] for p in parts])

    def _evaluate_one(self, planes: Tensor, points: Tensor, ws: Tensor) -> tuple[Tensor, Tensor]:
        code, coefficients = self.identity_code.read(ws[:, 0])
        style = self.identity_code.style(code)
        landmarks = self.identity_warp.landmarks(coefficients[0])
        palette = self.identity_code.palette(code)
        unused = planes.new_zeros(0)
        identity = Identity(planes, style, palette, coefficients[0], landmarks, unused, self._wanted_cut())
        options = self.options
        centre = points.new_tensor(options.box_centre)
        boxed = ((points - centre).abs() < options.box_half * 1.1).all(1)
        kept = boxed & (points[:, 1] > options.cut_y) & (points[:, 0].abs() < options.cut_x)
        index = torch.nonzero(kept).squeeze(1)
        sigma = points.new_full((len(points), 1), EMPTY_DENSITY)
        colour = points.new_full((len(points), 3), 1.0)
        if len(index) == 0:
            return sigma, colour
        near = points[index]
        canonical = near + self._back(identity, near)
        sample = self.canonical_sample(identity, canonical)
        distance = sample.distance()[0]
        density = torch.sigmoid(-distance / DENSITY_WIDTH) / DENSITY_WIDTH
        raw = 1 + density + torch.log(-torch.expm1(-density.clamp_min(1e-6)))
        left, right = (landmarks[i] for i in options.eye_landmarks)
        direction = nnf.normalize(near - torch.where(near[:, :1] > 0, left, right), dim=1)
        painted = eye_colour(direction, identity.palette[0, 5])
        seen = sample.colour(painted[None])[0].clamp(0, 1)
        return sigma.index_copy(0, index, raw[:, None]), colour.index_copy(0, index, seen * 2 - 1)

    def placed_distance(self, identity: Identity, points: Tensor) -> Tensor:
        """Signed distance (N,) at un-posed points (N, 3) of the identity's space, negative inside; cut at the shoulders
        and at the walls of the lattice box, metres."""
        q = self.normalised(points + self._back(identity, points))
        inside = self.decoder.distance(identity.planes, q.clamp(-1, 1)[None], identity.style)[0]
        walls = (q.abs().amax(1) - 1) * self.options.box_half
        return torch.maximum(torch.maximum(inside, walls), identity.shoulders.beyond(points))

    def placed_colour(self, identity: Identity, points: Tensor) -> Tensor:
        """sRGB albedo (N, 3) at un-posed points (N, 3) of the identity's space."""
        canonical = points + self._back(identity, points)
        for _ in range(POLISHING):
            canonical = canonical + points - self.warp_of(identity)(canonical)
        return self.colour(identity, canonical)

    def _back(self, identity: Identity, points: Tensor) -> Tensor:
        """Displacement (N, 3) from the identity's space to the canonical head, from a lattice made once an identity."""
        made = identity.prepared
        with made.lock:
            if made.inverse is None:
                made.inverse = self._inverse_lattice(identity)
            inverse = made.inverse
        return _look_up(inverse, self.normalised(points) / BACK_MARGIN)

    def _inverse_lattice(self, identity: Identity) -> Tensor:
        """(1, 3, S, S, S): canonical minus own place at the nodes of the lattice box, widened by ``BACK_MARGIN``.

        The coarse lattice of the warp is undone first; beside the skin, where it matters, the warp itself corrects it.
        """
        warp, carry = self.identity_warp, self.warp_of(identity)
        moved = identity.moved if identity.moved.numel() else self._moved_lattice(carry)
        nodes = self._nodes(BACK_NODES, BACK_MARGIN).to(identity.coefficients)
        with torch.no_grad():
            x = nodes
            for _ in range(BACK_STEPS):
                x = nodes - _look_up(moved, self.normalised(x))
            skin = warp.vertices + warp.displacement(identity.coefficients)
            _, _, away = closest_points(skin.cpu().numpy(), warp.triangles.cpu().numpy())(nodes.cpu().numpy())
            index = torch.nonzero(torch.as_tensor(away).to(nodes) < BACK_REACH).squeeze(1)
            near = x[index]
            for _ in range(BACK_POLISHING):
                near = near + nodes[index] - carry(near)
            back = x.index_copy(0, index, near) - nodes
        return back.t().reshape(1, 3, BACK_NODES, BACK_NODES, BACK_NODES)

    def normalised(self, points: Tensor) -> Tensor:
        """Canonical metres to the lattice box scaled to [-1, 1]."""
        centre = points.new_tensor(self.options.box_centre)
        return (points - centre) / self.options.box_half

    def canonical_sample(self, identity: Identity, points: Tensor) -> CanonicalSample:
        """Fields at canonical points (N, 3), metres; leading dimensions (1, N)."""
        q = self.normalised(points)[None]
        return self.decoder(identity.planes, q, identity.style, identity.palette)

    def value(self, identity: Identity, points: Tensor) -> Tensor:
        """Signed distance (N,) at canonical points (N, 3), negative inside; the shoulder cut is part of the solid."""
        q = self.normalised(points)[None]
        inside = self.decoder.distance(identity.planes, q, identity.style)[0]
        return torch.maximum(inside, self.cut(identity, points, inside))

    def cut(
        self,
        identity: Identity,
        points: Tensor,
        inside: Tensor,
        *,
        exact: float = 0.006,
        margin: float = 0.012,
    ) -> Tensor:
        """Signed distance (N,) to the kept side of the shoulder cut, whose planes are flat in the identity's space.

        A coarse lattice of the warp tells where the planes are; closer than ``exact`` to them, and where ``inside``,
        the distance (N,) to the uncut solid, is less than ``margin``, the warp itself is asked.
        """
        warp = self.warp_of(identity)
        cut = identity.shoulders.beyond(self.coarsely_moved(identity, points))
        index = torch.nonzero((cut.abs() < exact) & (inside < margin)).squeeze(1)
        if len(index):
            cut = cut.index_copy(0, index, identity.shoulders.beyond(warp(points[index])))
        return cut

    def coarsely_moved(self, identity: Identity, points: Tensor) -> Tensor:
        """Canonical points (N, 3) carried to the identity by a coarse lattice of its warp: quick, true to a millimetre
        or so."""
        return points + _look_up(identity.moved, self.normalised(points).clamp(-1, 1))

    def colour(self, identity: Identity, points: Tensor) -> Tensor:
        """sRGB albedo (N, 3) at canonical points (N, 3)."""
        return self.materials(identity, points)[0]

    def materials(self, identity: Identity, points: Tensor) -> tuple[Tensor, Tensor]:
        """sRGB albedo (N, 3) and glTF roughness (N,), 0 to 1, at canonical points (N, 3)."""
        decoder = self.point_decoder(identity)
        eye = points.new_tensor(self.options.eye_place)
        mirrored = torch.cat([points[:, :1].abs(), points[:, 1:]], 1)
        away = cast(Any, mirrored - eye).norm(dim=1)
        index = torch.nonzero(away < LID_REACH).squeeze(1)
        sample = decoder(self.normalised(points))
        if identity.clothing is not None:
            sample = dressed(sample, points, identity.clothing, identity.palette, self.identity_warp, eye)
        colour, roughness = sample.colour()[0], sample.roughness()[0]
        # Only the shoulder cut shows the inside, of which the decoder learnt nothing: it is plain cloth or hair.
        depth = ((-sample.distance()[0] - INSIDE[0]) / (INSIDE[1] - INSIDE[0])).clamp(0, 1)
        hairy = (sample.hair < sample.body)[0]
        cloth = identity.palette[:, 3] * (1.0 if identity.clothing is None else PLAIN_SHADE)
        plain = torch.where(hairy[:, None], identity.palette[:, 2], cloth)
        colour = torch.lerp(colour, plain, depth[:, None])
        roughness = torch.lerp(roughness, torch.where(hairy, HAIR_ROUGHNESS, CLOTH_ROUGHNESS).to(roughness), depth)
        if len(index):
            painted, gloss = self._materials_of_eyes(identity, decoder, points[index])
            colour, roughness = colour.index_copy(0, index, painted), roughness.index_copy(0, index, gloss)
        return colour.clamp(0, 1), roughness

    def point_decoder(self, identity: Identity) -> PointDecoder:
        """The identity's decoder for scattered points, kept with it unless the weights still change."""
        made = identity.prepared
        with made.lock:
            if made.decoder is not None:
                return made.decoder
            learning = self.decoder.static_planes.requires_grad
            static = StaticTables(self.decoder) if learning else self._static_tables()
            decoder = PointDecoder(self.decoder, static, identity.planes, identity.style, identity.palette)
            if not learning:
                made.decoder = decoder
            return decoder

    def _static_tables(self) -> StaticTables:
        """The tables that all identities share, made once."""
        with _TABLES:
            if self._static is None:
                self._static = StaticTables(self.decoder)
            return self._static

    def lid_border(self) -> Tensor | None:
        """The lattice of :func:`portrait_core.models.starter.eye_opening.eye_opening`, made once; None where the
        template has no eyes."""
        with _TABLES:
            if self._opening is None:
                warp = self.identity_warp
                vertices, triangles = warp.vertices.cpu().numpy(), warp.triangles.cpu().numpy()
                found = eye_opening(vertices, triangles, np.asarray(self.options.eye_place, np.float32))
                self._opening = (None if found is None else torch.as_tensor(found).to(warp.vertices),)
            return self._opening[0]

    def _materials_of_eyes(self, identity: Identity, decoder: PointDecoder, points: Tensor) -> tuple[Tensor, Tensor]:
        """sRGB albedo (N, 3) and roughness (N,) of lids and eyeballs.

        Lids are thin and lie on the eyeballs, and a mesh's chords run a few tenths of a millimetre under them, where
        the nearest surface may be the hidden part of the eyeball. So each point is first moved out, along the line from
        the eyeball's centre, and back to the outermost surface (sphere tracing).
        """
        eye = points.new_tensor(self.options.eye_place)
        side = torch.where(points[:, :1] > 0, 1.0, -1.0).to(points)
        centre = torch.cat([eye[:1] * side, eye[1:].expand(len(points), 2)], 1)
        outward = nnf.normalize(points - centre, dim=1)
        x = points + LID_OUT * outward
        for _ in range(LID_STEPS):
            distance = decoder.distance(self.normalised(x))
            x = x - outward * distance.clamp(-LID_FRONT, LID_OUT)[:, None]
        sample = decoder(self.normalised(x))
        opening = None if identity.clothing is None else self.lid_border()
        if opening is None:
            sample = replace(sample, eye=decoder(self.normalised(x + LID_FRONT * outward)).eye)
        else:
            sideways = torch.cat([outward[:, :1] * side, outward[:, 1:]], 1)
            beyond = beyond_opening(opening.to(outward), sideways)
            dark = torch.lerp(sample.skin, sample.skin.new_tensor(FIXED_TONES[0]), lashes(beyond, outward)[:, None])
            sample = replace(sample, eye=opening_logit(beyond)[None], skin=dark)
        place = self.warp_of(identity)(x)
        left, right = (identity.landmarks[i] for i in self.options.eye_landmarks)
        direction = nnf.normalize(place - torch.where(x[:, :1] > 0, left, right), dim=1)
        painted = eye_colour(direction, identity.palette[0, 5])
        return sample.colour(painted[None])[0], sample.roughness(eyes=True)[0]


def _look_up(lattice: Tensor, q: Tensor) -> Tensor:
    """Trilinear values (N, 3) of a lattice (1, 3, S, S, S) at q (N, 3) in [-1, 1]."""
    found = nnf.grid_sample(lattice, q[None, :, None, None], align_corners=True, padding_mode="border")
    return found[0, :, :, 0, 0].t()
