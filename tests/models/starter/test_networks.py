# SPDX-License-Identifier: Apache-2.0
"""The starter's own networks on small synthetic data: warp, decoder, code, eyes, generator. No assets needed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.geometry.mesh_queries import closest_points
from portrait_core.models.portrait_gan.config import CanonicalOptions, GeneratorConfig
from portrait_core.models.starter.decoder import CanonicalDecoder
from portrait_core.models.starter.eye_colour import IRIS_ANGLE, eye_colour
from portrait_core.models.starter.generator import EMPTY_DENSITY, CanonicalGenerator, Identity
from portrait_core.models.starter.identity_code import CodeLayout, IdentityCode
from portrait_core.models.starter.identity_warp import FADE_TO, IdentityWarp, solve_kernel
from portrait_core.models.starter.plane_basis import PlaneBasis
from portrait_core.networks.initialise import initialise
from portrait_core.rendering.renderer import RenderSettings


def sphere(radius: float = 0.1, count: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """A grid of latitudes and longitudes on a ball: vertices (V, 3) and triangles (F, 3)."""
    lat, lon = np.meshgrid(np.linspace(0.2, np.pi - 0.2, count), np.linspace(0, 2 * np.pi, count), indexing="ij")
    unit = np.stack([np.sin(lat) * np.cos(lon), np.cos(lat), np.sin(lat) * np.sin(lon)], -1)
    at = np.arange(count * count).reshape(count, count)
    quad = np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], -1).reshape(-1, 4)
    return unit.reshape(-1, 3) * radius, np.vstack([quad[:, :3], quad[:, [0, 2, 3]]])


def fill(warp: IdentityWarp, seed: int = 0) -> None:
    vertices, triangles = sphere()
    centres = np.arange(3, len(vertices) - 16, 7)[: len(warp.centres)]
    rng = np.random.default_rng(seed)
    smooth = np.stack([np.sin(vertices @ rng.normal(size=3) * 12 + k) for k in range(3)], -1)
    warp.vertices.copy_(torch.as_tensor(vertices))
    warp.triangles.copy_(torch.as_tensor(triangles))
    warp.centres.copy_(torch.as_tensor(centres))
    warp.solver.copy_(torch.as_tensor(solve_kernel(vertices[centres])))
    warp.mean.copy_(torch.as_tensor(smooth * 0.002))
    warp.basis.copy_(torch.as_tensor(smooth[:, [1, 2, 0], None] * np.array([0.002, -0.001])))


@pytest.fixture(scope="module")
def warp() -> IdentityWarp:
    one = IdentityWarp(256, 450, 30, 2, 4, search=closest_points)
    fill(one)
    return one


def test_the_warp_is_exact_on_its_template(warp: IdentityWarp):
    k = torch.tensor([0.7, -1.2])
    expected = warp.vertices + warp.mean + warp.basis @ k
    torch.testing.assert_close(warp(warp.vertices, k), expected, atol=2e-6, rtol=0)
    middle = warp.vertices[warp.triangles.long()].mean(1)
    at_middle = expected[warp.triangles.long()].mean(1)
    torch.testing.assert_close(warp(middle, k), at_middle, atol=5e-4, rtol=0)


def test_the_warp_can_be_undone(warp: IdentityWarp):
    k = torch.tensor([0.7, -1.2])
    points = torch.randn(300, 3, generator=torch.Generator().manual_seed(1)) * 0.08
    assert float((warp(points, k) - points).norm(dim=1).mean()) > 5e-4
    back = warp.inverse(warp(points, k), k)
    assert float((back - points).norm(dim=1).max()) < 5e-5


def test_far_away_only_the_smooth_part_remains(warp: IdentityWarp):
    k = torch.zeros(2)
    far = torch.tensor([[0.1 + FADE_TO + 0.02, 0.0, 0.0]])
    assert float(warp.sites(far).fade) == 0
    assert 0 < float(warp.sites(torch.tensor([[0.12, 0.0, 0.0]])).fade) < 1
    assert float((warp(far, k) - far).norm()) < 0.02
    assert warp(torch.zeros(0, 3), k).shape == (0, 3)


def test_a_rigid_shift_shifts_all_of_space(warp: IdentityWarp):
    moved = torch.tensor([0.01, -0.02, 0.005]).expand(256, 3)
    points = torch.randn(50, 3, generator=torch.Generator().manual_seed(2)) * 0.2
    torch.testing.assert_close(warp.move(warp.sites(points), moved), points + moved[:1], atol=1e-5, rtol=0)


def decoder() -> tuple[CanonicalDecoder, Tensor, Tensor, Tensor, Tensor]:
    one = CanonicalDecoder(4, static_channels=3, static_resolution=16, style_dim=8, hidden=12, octaves=2)
    generator = torch.Generator().manual_seed(3)
    initialise(one, generator)
    planes, points = torch.randn(2, 3, 4, 8, 8, generator=generator), torch.rand(2, 40, 3, generator=generator) * 2 - 1
    return one, planes, points, torch.randn(2, 8, generator=generator), torch.rand(2, 6, 3, generator=generator)


def test_the_quick_distance_is_the_whole_sample_s():
    one, planes, points, style, palette = decoder()
    torch.nn.init.normal_(one.out.bias, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        sample, quick = one(planes, points, style, palette), one.distance(planes, points, style)
    torch.testing.assert_close(quick, sample.distance(), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(quick, torch.minimum(sample.body, sample.hair), atol=1e-6, rtol=1e-5)
    assert float(quick.std()) > 1e-4


def test_identities_do_not_mix_in_a_batch():
    one, planes, points, style, palette = decoder()
    with torch.no_grad():
        both = one(planes, points, style, palette)
        for b in range(2):
            single = one(planes[b : b + 1], points[b : b + 1], style[b : b + 1], palette[b : b + 1])
            for name, value in vars(single).items():
                torch.testing.assert_close(value[0], getattr(both, name)[b], atol=1e-5, rtol=1e-4)


def test_borders_between_parts_are_sharp():
    one, planes, points, style, palette = decoder()
    with torch.no_grad():
        sample = one(planes, points, style, palette)
    hairy = (sample.body - sample.hair) > 0.005
    torch.testing.assert_close(sample.colour()[hairy], sample.hair_colour[hairy], atol=1e-3, rtol=0)


def test_style_weights_sum_to_one_without_a_tail():
    layout = CodeLayout(colours=2, scalars=3, styles=4, sharpness=6.0, floor=0.06)
    code = IdentityCode(8, 5, layout)
    assert layout.size == 13
    logits = torch.tensor([[0.0, 0, 0, 0], [2.0, 0, 0, 0], [1.0, 0.9, 0, -5]])
    numbers = torch.cat([torch.rand(3, 9), logits], 1)
    weights = code.weights(numbers)
    torch.testing.assert_close(weights.sum(1), torch.ones(3))
    torch.testing.assert_close(weights[0], torch.full((4,), 0.25))
    assert weights[1].tolist() == [1, 0, 0, 0] and float(weights[2, 2]) == 0 and 0.2 < float(weights[2, 1]) < 0.5
    assert code.palette(numbers).shape == (3, 2, 3)
    torch.testing.assert_close(code.palette(numbers)[:, 1], numbers[:, 3:6])
    assert code.palette(numbers * 9 - 4).min() >= 0 and code.style(numbers).shape == (3, 8)
    known, warp = code.read(torch.randn(3, 8))
    assert known.shape == (3, 13) and warp.shape == (3, 5)


def test_an_eye_has_a_pupil_an_iris_and_white():
    def at(angle: float, turn: float = 0.3) -> Tensor:
        s = float(np.sin(angle))
        return torch.tensor([[s * np.cos(turn), s * np.sin(turn), np.cos(angle)]], dtype=torch.float32)

    iris = torch.tensor([0.2, 0.4, 0.6])
    assert float(eye_colour(at(0.05), iris).max()) < 0.05
    assert float(eye_colour(at(0.6), iris).min()) > 0.7
    around = torch.cat([eye_colour(at(0.25, t), iris) for t in np.linspace(0, 6.2, 60)])
    ratio = around.mean(0) / around.mean(0).sum() - iris / iris.sum()
    assert float(ratio.abs().max()) < 0.02 and 0.2 < float(around.mean()) < 0.8
    assert float(eye_colour(at(IRIS_ANGLE - 0.05), iris).mean()) < float(around.mean())  # the dark rim
    brown = torch.tensor([0.2, 0.1, 0.05])
    assert not torch.allclose(eye_colour(at(0.25), iris), eye_colour(at(0.25), brown))
    torch.testing.assert_close(eye_colour(at(0.6), iris), eye_colour(at(0.6), brown))


def test_the_plane_basis_is_mean_and_mix():
    basis = PlaneBasis(5, 6, 8, count=3, coarse=4)
    style = torch.randn(2, 5, generator=torch.Generator().manual_seed(5))
    planes = basis(style)
    assert planes.shape == (2, 6, 8, 8)
    with torch.no_grad():
        basis.basis.zero_()
    torch.testing.assert_close(basis(style), basis.mean.expand(2, -1, -1, -1))


OPTIONS = CanonicalOptions(
    colours=6, scalars=2, styles=3, static_channels=2, static_resolution=16, basis_planes=2, basis_resolution=4,
    octaves=1, coefficients=2, warp_vertices=256, warp_triangles=450, warp_centres=30, landmarks=4,
    eye_landmarks=(2, 3),
    box_centre=(0.0, 0.0, 0.0), box_half=0.2, cut_y=-0.08, cut_x=0.09,
)  # fmt: skip
CONFIG = GeneratorConfig(
    z_dim=6, w_dim=16, c_dim=0, normalize_z=False, plane_resolution=16, plane_features=4, triplane_depth=1,
    channel_base=256, channel_max=8, decoder_hidden=8, features=3, img_resolution=12, neural_resolution=12,
    superresolution=None, background=False, raw_to_rgb=False, pose_branch=False, canonical=OPTIONS,
    rendering=RenderSettings(ray_start=2.25, ray_end=3.3, white_back=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def generator() -> CanonicalGenerator:
    model = CanonicalGenerator(CONFIG, seed=1).eval().requires_grad_(False)
    fill(model.identity_warp)
    # Small displacements and everything inside: what is left of the solid is the cut.
    model.decoder.out.bias[0] = -1.0
    return model


@pytest.fixture(scope="module")
def identity(generator: CanonicalGenerator) -> Identity:
    z = torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    return generator.identity(generator.mapping(z))


def test_the_configuration_survives_json():
    again = GeneratorConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict())))
    assert again == CONFIG and again.canonical == OPTIONS
    with pytest.raises(ModelFileError, match="nonsense"):
        GeneratorConfig.from_dict(CONFIG.to_dict() | {"canonical": {"nonsense": 1}})
    with pytest.raises(ModelFileError, match="box_centre"):
        GeneratorConfig.from_dict(CONFIG.to_dict() | {"canonical": {"box_centre": [0, 0]}})
    with pytest.raises(ValueError, match="canonical"):
        CanonicalGenerator(GeneratorConfig.from_dict(CONFIG.to_dict() | {"canonical": None}))


def test_points_outside_the_cut_are_empty(generator: CanonicalGenerator, identity: Identity):
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(0))
    ws = generator.mapping(z)
    planes = torch.cat([generator.identity(ws[b : b + 1]).planes for b in range(2)])
    points = torch.rand(2, 200, 3, generator=torch.Generator().manual_seed(1)) * 0.5 - 0.25
    sigma, colour = generator.evaluate_points(planes, points, ws)
    assert sigma.shape == (2, 200, 1) and colour.shape == (2, 200, 3)
    assert torch.isfinite(sigma).all() and torch.isfinite(colour).all() and colour.abs().max() <= 1
    gone = (points[..., 1] < -0.08) | (points[..., 0].abs() > 0.09) | (points.abs() > 0.22).any(-1)
    assert (sigma[gone] == EMPTY_DENSITY).all() and 0.1 < float(gone.float().mean()) < 0.9
    assert (sigma[~gone] > EMPTY_DENSITY / 2).any()


def test_the_cut_s_planes_are_flat_in_the_identity_s_space(generator: CanonicalGenerator, identity: Identity):
    k = identity.coefficients
    xz = torch.rand(200, 2, generator=torch.Generator().manual_seed(2)) * 0.1 - 0.05
    placed = torch.stack([xz[:, 0], torch.full((200,), -0.08), xz[:, 1]], 1)
    assert float((generator.identity_warp.inverse(placed, k)[:, 1] + 0.08).abs().max()) > 1e-4  # bent in the lattice
    for shift in (-0.001, 0.0, 0.001):
        there = placed + torch.tensor([0, shift, 0])
        canonical = generator.identity_warp.inverse(there, k)
        found = generator.value(identity, canonical)
        torch.testing.assert_close(found, torch.full((200,), -shift), atol=3e-5, rtol=0)


def test_value_is_the_decoder_s_distance_away_from_the_cut(generator: CanonicalGenerator, identity: Identity):
    points = torch.rand(100, 3, generator=torch.Generator().manual_seed(3)) * 0.04 + torch.tensor([0, 0.05, 0])
    expected = generator.canonical_sample(identity, points).distance()[0]
    shifted = torch.maximum(expected, generator.cut(identity, points, expected))
    torch.testing.assert_close(generator.value(identity, points), shifted, atol=1e-6, rtol=1e-5)
    assert generator.colour(identity, points).shape == (100, 3)
