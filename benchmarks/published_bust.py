# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for an official checkpoint: a body of SMPL's sizes without SMPL's data, and random weights with a bust.

The official weights are their users' own, and nothing of them is here. A generator with random weights renders fog, in
which there is no surface and nothing to skip. `fit_bust` moves the low-resolution toRGB layers and the decoder of such
a generator for a minute, so that the density of one latent is that of a bust and rays meet a surface as they do in a
trained model; everything else stays random.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.body.template import SMPL_PARENTS
from portrait_core.models.portrait_gan.body import BodySizes, PublishedBody, back_of_head_mask, box_face_mask
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.importer import DISCRIMINATOR_PREFIX, halved
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.networks.resampling import upsample2
from portrait_core.networks.synthesis import SynthesisBlock
from portrait_core.networks.trigrid import sample_trigrid
from portrait_core.weights.checkpoint import save_model
from portrait_core.weights.header import Latent, ModelHeader, PosePrediction

SMPL_RINGS, SMPL_SEGMENTS = 82, 84
"""82 * 84 + 2 = 6,890 vertices and 13,776 faces: SMPL's numbers."""

OFFSET = (0.01, 0.22, -0.03)
"""Where the body lies in its own frame: the alignment must take it away."""

# Height above the neck joint, half width (x), half depth (z), middle in z; metres.
_PROFILE = np.array(
    [
        (-1.10, 0.02, 0.02, 0.00), (-1.05, 0.15, 0.12, 0.00), (-0.60, 0.18, 0.13, 0.00), (-0.30, 0.19, 0.13, 0.00),
        (-0.16, 0.21, 0.11, 0.00), (-0.10, 0.17, 0.09, 0.00), (-0.05, 0.07, 0.065, 0.00), (0.00, 0.058, 0.058, 0.01),
        (0.04, 0.060, 0.065, 0.02), (0.08, 0.070, 0.090, 0.03), (0.14, 0.078, 0.100, 0.03), (0.20, 0.076, 0.098, 0.03),
        (0.25, 0.055, 0.075, 0.03), (0.285, 0.02, 0.03, 0.03),
    ]
)  # fmt: skip

_JOINTS = np.array(
    [
        (0, -0.55, 0), (0.07, -0.62, 0), (-0.07, -0.62, 0), (0, -0.44, 0), (0.08, -0.9, 0), (-0.08, -0.9, 0),
        (0, -0.32, 0), (0.08, -1.05, 0), (-0.08, -1.05, 0), (0, -0.22, 0), (0.08, -1.08, 0.05), (-0.08, -1.08, 0.05),
        (0, 0, 0), (0.06, -0.07, 0), (-0.06, -0.07, 0), (0, 0.08, 0.02), (0.16, -0.09, 0), (-0.16, -0.09, 0),
        (0.2, -0.3, 0), (-0.2, -0.3, 0), (0.2, -0.5, 0), (-0.2, -0.5, 0), (0.2, -0.58, 0), (-0.2, -0.58, 0),
    ],
    dtype=np.float64,
)  # fmt: skip


def bust_body(rings: int = SMPL_RINGS, segments: int = SMPL_SEGMENTS) -> PublishedBody:
    """A body of rings about the spine under the published names, with smooth skin weights; no data of SMPL."""
    heights = np.linspace(_PROFILE[0, 0], _PROFILE[-1, 0], rings + 2)[1:-1]
    turn = np.arange(segments) * 2 * math.pi / segments
    width, depth, middle = (np.interp(heights, _PROFILE[:, 0], _PROFILE[:, k]) for k in (1, 2, 3))
    x = width[:, None] * np.sin(turn)
    z = middle[:, None] + depth[:, None] * np.cos(turn)
    y = np.broadcast_to(heights[:, None], x.shape)
    ends = [(0, _PROFILE[0, 0], 0), (0, _PROFILE[-1, 0], _PROFILE[-1, 3])]
    vertices = np.concatenate([np.stack([x, y, z], -1).reshape(-1, 3), ends])
    faces = _tube_faces(rings, segments)
    count = len(vertices)
    body = PublishedBody(BodySizes(count, len(faces)))
    model = body.aligned_SMPL.model
    # Each joint as the shortest combination of vertices that sums to one and gives its place.
    system = np.concatenate([vertices.T, np.ones((1, count))])
    regressor = np.linalg.pinv(system) @ np.concatenate([_JOINTS.T, np.ones((1, 24))])
    steps = np.arange(207)[:, None] + 7 * np.repeat(vertices[:, 1], 3)[None]
    state = {
        "v_template": vertices + np.array(OFFSET),
        "shapedirs": np.zeros((count, 3, 10)),
        "posedirs": 1e-4 * np.sin(steps),
        "J_regressor": regressor.T,
        "parents": np.array(SMPL_PARENTS),
        "lbs_weights": _weights(vertices),
        "faces_tensor": faces,
    }
    with torch.no_grad():
        for name, value in state.items():
            own = cast(Tensor, getattr(model, name))
            own.copy_(torch.as_tensor(value).to(own.dtype))
        body.aligned_SMPL.faces.copy_(torch.as_tensor(faces))
        body.aligned_SMPL.smpl_joint_regressor[12] = model.J_regressor[12]
        body.align_points.copy_(body.alignment().expand(4, 1, 3))
        body.shaped_smpl.copy_((model.v_template - body.alignment()[0]).expand(4, -1, -1))
        body.face_mask.copy_(box_face_mask(body.canonical_vertices(), body.aligned_SMPL.faces))
        body.head_face_mask.copy_(back_of_head_mask(body.canonical_vertices(), body.aligned_SMPL.faces))
    return body


def bust_generator(
    config: GeneratorConfig | None = None, *, rings: int = SMPL_RINGS, segments: int = SMPL_SEGMENTS, seed: int = 0
) -> PortraitGenerator:
    """A generator of ``config`` (the published one) with random weights and the body of `bust_body`."""
    body = bust_body(rings, segments)
    config = GeneratorConfig() if config is None else config
    values = {**config.to_dict(), "body": {"vertices": body.sizes.vertices, "faces": body.sizes.faces, "batch": 4}}
    model = PortraitGenerator(GeneratorConfig.from_dict(values), seed=seed)
    model.renderer = body
    return model.eval().requires_grad_(False)


def save_bust(
    path: Path, model: PortraitGenerator, judge: PortraitDiscriminator | None = None, *, half: bool = False
) -> ModelHeader:
    """Write a generator, and perhaps a discriminator, as an imported official model is written."""
    tensors = dict(model.state_dict())
    if judge is not None:
        tensors |= {DISCRIMINATOR_PREFIX + key: tensor for key, tensor in judge.state_dict().items()}
    if half:
        tensors = halved(tensors)
    header = ModelHeader(
        name=path.stem,
        description="Random weights with the density of a bust, for measurements",
        licence="CC0-1.0",
        config=model.config.to_dict(),
        discriminator={} if judge is None else judge.config.to_dict(),
        pose_prediction=None if judge is None else PosePrediction(),
        latent=Latent(z_dim=model.config.z_dim),
    )
    return save_model(path, tensors, header)


def inside_bust(points: Tensor) -> Tensor:
    """Rough depth (N,) below the skin of the bust at ``points`` (N, 3), metres; negative outside."""
    profile = torch.as_tensor(_PROFILE).to(points)
    y = points[:, 1].contiguous()
    right = torch.searchsorted(profile[:, 0].contiguous(), y).clamp(1, len(profile) - 1)
    a, b = profile[right - 1], profile[right]
    share = ((y - a[:, 0]) / (b[:, 0] - a[:, 0])).clamp(0, 1)[:, None]
    width, depth, middle = (a + (b - a) * share)[:, 1:].unbind(1)
    radius = ((points[:, 0] / width) ** 2 + ((points[:, 2] - middle) / depth) ** 2).sqrt()
    flat = (1 - radius) * torch.minimum(width, depth)
    return torch.minimum(flat, profile[-1, 0] - y)


def fit_bust(model: PortraitGenerator, ws: Tensor, *, steps: int = 300, points: int = 6000, seed: int = 0) -> float:
    """Move toRGB layers up to 64 pixels and the decoder so that the density of ``ws`` (1, n, w) is that of a bust.

    Returns the share of points near the surface that end on the right side of it.
    """
    generator = torch.Generator().manual_seed(seed)
    kept = _features(model, ws)
    coarse = [each for each in kept if each[0].resolution <= 64]
    with torch.no_grad():
        # What the finer layers add stays; pictures of different size add up to the same whether before or after.
        whole, below = _image(kept), _image(coarse)
        for _ in range(int(math.log2(whole.shape[-1] // below.shape[-1]))):
            below = upsample2(below)
        rest = _as_planes(whole - below)
    parameters = [p for layer in [*(each[0].torgb for each in coarse), model.decoder] for p in layer.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.Adam(parameters, lr=0.02)
    box, depth_slices = model.config.rendering.box_warp, model.config.triplane_depth
    correct = 0.0
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 0.02 * min(1.0, 2 * (1 - step / steps))
        drawn = ((torch.rand(6 * points, 3, generator=generator) * 2 - 1) * (box / 2)).to(ws.device)
        close = inside_bust(drawn).abs() < 0.04
        places = torch.cat([drawn[close][:points], drawn[~close][:points]])
        depth = inside_bust(places)
        target = 30 * torch.tanh(depth / 0.02)
        found = sample_trigrid(_as_planes(_image(coarse)), places[None], depth=depth_slices, box_warp=box)
        with torch.no_grad():
            fixed = sample_trigrid(rest, places[None], depth=depth_slices, box_warp=box)
        sigma = model.decoder(found + fixed)[0][0, :, 0]
        loss = nnf.smooth_l1_loss(sigma, target, beta=5.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        correct = float(((sigma > 0) == (target > 0)).float().mean())
    for parameter in parameters:
        parameter.requires_grad_(False)
    return correct


def _as_planes(image: Tensor) -> Tensor:
    return image.reshape(1, 3, -1, *image.shape[2:])


def _features(model: PortraitGenerator, ws: Tensor) -> list[tuple[SynthesisBlock, Tensor, Tensor]]:
    """Each block with the features that its toRGB layer sees, and that layer's style row."""
    kept: list[tuple[SynthesisBlock, Tensor, Tensor]] = []
    x: Tensor | None = None
    first = 0
    with torch.no_grad():
        for block in model.backbone.synthesis.blocks():
            rows = ws[:, first : first + block.num_conv + 1]
            x, _ = block(x, None, rows)
            kept.append((block, x, rows[:, block.num_conv]))
            first += block.num_conv
    return kept


def _image(kept: list[tuple[SynthesisBlock, Tensor, Tensor]]) -> Tensor:
    image: Tensor | None = None
    for block, x, row in kept:
        added = block.torgb(x, row)
        image = added if image is None else upsample2(image) + added
    assert image is not None
    return image


def _tube_faces(rings: int, segments: int) -> np.ndarray:
    """Counter-clockwise from outside; the poles are the last two vertices, bottom first."""
    k, s = np.meshgrid(np.arange(rings - 1), np.arange(segments), indexing="ij")
    a, b = k * segments + s, k * segments + (s + 1) % segments
    c, d = a + segments, b + segments
    sides = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    s = np.arange(segments)
    after = (s + 1) % segments
    top = (rings - 1) * segments
    bottom = np.stack([np.full(segments, rings * segments), after, s], -1)
    lid = np.stack([np.full(segments, rings * segments + 1), top + s, top + after], -1)
    return np.concatenate([sides, bottom, lid])


def _weights(vertices: np.ndarray) -> np.ndarray:
    """Head above the chin, neck about its joint, upper spine below, shoulders at the sides; smooth in between."""
    y, x = vertices[:, 1], vertices[:, 0]
    weights = np.zeros((len(vertices), 24))
    head = np.clip((y - 0.03) / 0.06, 0, 1)
    body = np.clip((0.0 - y) / 0.08, 0, 1)
    weights[:, 15], weights[:, 12] = head, (1 - head) * (1 - body)
    for joint, side in ((16, x), (17, -x)):
        weights[:, joint] = body * np.clip((side - 0.1) / 0.1, 0, 1)
    weights[:, 9] = 1 - weights.sum(axis=1)
    return weights
