# SPDX-License-Identifier: Apache-2.0
"""The generator's options, its configuration file form, and the hooks that other models build on."""

from __future__ import annotations

import json

import pytest
import torch

from portrait_core.cameras import Camera
from portrait_core.errors import ModelFileError
from portrait_core.models.portrait_gan.body import BodySizes
from portrait_core.models.portrait_gan.generator import GeneratorConfig, PortraitGenerator
from portrait_core.rendering.jitter import Drawn
from portrait_core.rendering.renderer import RenderSettings

PLAIN = GeneratorConfig(
    z_dim=8,
    w_dim=16,
    c_dim=0,
    normalize_z=False,
    plane_resolution=16,
    plane_features=4,
    triplane_depth=1,
    channel_base=256,
    channel_max=8,
    features=3,
    img_resolution=12,
    neural_resolution=12,
    superresolution=None,
    background=False,
    raw_to_rgb=False,
    pose_branch=False,
    rendering=RenderSettings(depth_resolution=6, depth_resolution_importance=5),
)
LABEL = torch.tensor(Camera.orbit().label)[None]
Z = torch.randn(1, 8, generator=torch.Generator().manual_seed(0))


def test_a_plain_model_renders_without_the_optional_parts():
    network = PortraitGenerator(PLAIN, seed=1)
    ws = network.mapping(Z)
    assert ws.shape == (1, network.num_ws, 16)
    pictures = network.synthesis(ws, LABEL)
    assert set(pictures) == {"image", "image_raw", "image_depth", "image_mask"}
    assert pictures["image"].shape == (1, 3, 12, 12)
    assert pictures["image"] is pictures["image_raw"]
    assert not [k for k in network.state_dict() if k.split(".")[0] not in ("backbone", "decoder")]


def test_seeds_make_the_weights_and_numbers_make_the_picture():
    first, again, other = (PortraitGenerator(PLAIN, seed=s) for s in (1, 1, 2))
    pictures = [n.synthesis(n.mapping(Z), LABEL)["image"] for n in (first, again, other)]
    assert torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[0], pictures[2])
    drawn = [
        first.synthesis(first.mapping(Z), LABEL, numbers=Drawn(torch.Generator().manual_seed(s)))["image"]
        for s in (3, 3, 4)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_pictures_with_and_without_gradients_agree():
    network = PortraitGenerator(PLAIN, seed=1)
    ws = network.mapping(Z)
    with torch.no_grad():
        chunked = network.synthesis(ws, LABEL)["image"]
    assert torch.allclose(network.synthesis(ws, LABEL)["image"], chunked, atol=1e-6)


def test_renderer_and_point_queries_share_one_method():
    class Ball(PortraitGenerator):
        def evaluate_points(self, planes, points, ws):
            inside = points.norm(dim=-1, keepdim=True) < 0.1
            return torch.where(inside, 2000.0, -2000.0), torch.ones_like(points)

    network = Ball(PLAIN, seed=1)
    ws = network.mapping(Z)
    points = torch.tensor([[[0.0, 0, 0], [0.3, 0, 0]]])
    sampled = network.sample(points, ws, chunk_points=1)
    assert sampled.sigma[0, :, 0].tolist() == [2000.0, -2000.0]
    mask = network.synthesis(ws, LABEL)["image_mask"][0, 0]
    assert mask[6, 6] > 0.99
    assert mask[0, 0] < 0.01


def test_a_passed_warp_is_used():
    network = PortraitGenerator(PLAIN, seed=1)
    ws = network.mapping(Z)
    away = network.synthesis(ws, LABEL, deform=lambda x: x + 10)["image_mask"]
    assert away.max() < 0.01
    with pytest.raises(ValueError, match="no body"):
        network.pose_warp(torch.zeros(1, 6))


def test_conditioning_is_asked_for():
    network = PortraitGenerator(
        GeneratorConfig(
            z_dim=8, w_dim=16, plane_resolution=8, channel_base=64, channel_max=8, superresolution=None,
            img_resolution=8, background_resolution=8,
        ),
        seed=0,
    )  # fmt: skip
    with pytest.raises(ValueError, match="camera label"):
        network.mapping(Z)
    with_pose = network.mapping(Z, LABEL, torch.ones(1, 6))
    assert not torch.equal(network.mapping(Z, LABEL), with_pose)
    assert torch.equal(network.mapping(Z, LABEL), network.mapping(Z, LABEL, torch.zeros(1, 6)))
    assert network.predict_pose(Z, LABEL).shape == (1, 6)


@pytest.mark.parametrize("config", [PLAIN, GeneratorConfig(), GeneratorConfig(body=BodySizes())])
def test_configuration_survives_json(config):
    assert GeneratorConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("wings", 2, "unknown setting 'wings'"),
        ("z_dim", "many", "z_dim cannot be"),
        ("z_dim", True, "z_dim cannot be"),
        ("superresolution", "16X", "superresolution cannot be"),
        ("c_dim", 7, "0 or 25"),
        ("img_resolution", 256, "makes 512"),
        ("rendering", {"ray_start": "near"}, "ray_start cannot be"),
    ],
)
def test_wrong_configurations_are_told(name, value, says):
    table = {**GeneratorConfig().to_dict(), name: value}
    with pytest.raises(ModelFileError, match=says):
        GeneratorConfig.from_dict(table)
