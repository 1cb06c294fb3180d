# SPDX-License-Identifier: Apache-2.0
"""Identities on the CC0 base mesh: control vertices, the linear basis, the warp and its inverse, landmarks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from portrait_core.world.assets import AssetFolders
from portrait_core.world.base_mesh import BaseMesh, load_base_mesh, neutral_weights
from portrait_core.world.identity import LANDMARKS, IdentitySpace, carry, fit_basis, load_identity_space
from portrait_core.world.latent import NAMES, Z_DIM, attributes
from portrait_core.world.morphs import control_vertices, detail_axes, detail_mixing, target_weights

Z = np.random.default_rng(77).normal(size=(6, Z_DIM))


@pytest.fixture(scope="module")
def base(assets: AssetFolders) -> BaseMesh:
    return load_base_mesh(assets)


@pytest.fixture(scope="module")
def space(assets: AssetFolders) -> IdentitySpace:
    return load_identity_space(assets)


@pytest.fixture(scope="module")
def control(base: BaseMesh) -> NDArray[np.float64]:
    return control_vertices(base, target_weights(base, attributes(Z)))


def test_the_neck_is_the_origin_of_everybody(base: BaseMesh, control: NDArray[np.float64]):
    for one in (base.neutral, *control):
        np.testing.assert_allclose(base.joint("neck", one), 0, atol=1e-9)
        assert base.joint("head", one)[1] > 0.02 > -0.02 > base.joint("spine3", one)[1]
        assert base.joint("left_shoulder", one)[0] > 0.1 and base.joint("left_eye", one)[2] > 0.05


def test_weights_of_morphs_are_shares(base: BaseMesh):
    weights = target_weights(base, attributes(Z))
    macro = [i for i, name in enumerate(base.target_names) if "/" not in name]
    universal = [i for i in macro if base.target_names[i].startswith("universal-")]
    people = sorted(set(macro) - set(universal))
    np.testing.assert_allclose(weights[:, people].sum(axis=1), 1)
    np.testing.assert_allclose(weights[:, universal].sum(axis=1), 1)
    np.testing.assert_allclose(neutral_weights(base.target_names)[people].sum(), 1)
    np.testing.assert_allclose(weights, [target_weights(base, attributes(z))[0] for z in Z])
    assert len(detail_axes(base)) > 50 and detail_mixing(base).shape[1] == Z_DIM


def test_named_attributes_move_what_they_name(base: BaseMesh, space: IdentitySpace):
    def landmarks(name: str, value: float) -> dict[str, NDArray[np.float64]]:
        z = np.zeros((1, Z_DIM))
        z[0, NAMES.index(name)] = value
        one = control_vertices(base, target_weights(base, attributes(z)))[0]
        return dict(zip(LANDMARKS, space.landmarks(one), strict=True))

    wide, close = landmarks("eye_spacing", 2), landmarks("eye_spacing", -2)
    assert wide["left_eye"][0] - close["left_eye"][0] > 0.0005
    assert 0.010 < wide["left_eye_front"][2] - wide["left_eye"][2] < 0.020

    def moved(name: str) -> NDArray[np.float64]:
        z = np.zeros((2, Z_DIM))
        z[:, NAMES.index(name)] = (-1, 1)
        low, high = control_vertices(base, target_weights(base, attributes(z)))
        return np.linalg.norm(space.displacement(high, base) - space.displacement(low, base), axis=1)

    face = (space.vertices[:, 2] > 0.10) & (space.vertices[:, 1] > 0.0)
    for name in ("nose_width", "jaw_width", "lip_fullness", "eye_size", "cheek_fullness"):
        distance = moved(name)
        assert distance[face].max() > 5e-4, name
        assert distance[space.vertices[:, 1] < -0.12].max() < 1e-4, name


def test_skin_weights_are_those_of_a_bust(base: BaseMesh, space: IdentitySpace):
    weights = np.asarray(space.matrix @ base.weights)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.asarray(space.matrix.sum(axis=1)).ravel(), 1, atol=1e-9)
    top = space.vertices[:, 1] > 0.2
    assert top.sum() > 100 and weights[top, 15].min() > 0.99  # head
    low = space.vertices[:, 1] < -0.12
    assert weights[low, 15].max() < 0.01


def test_eye_landmarks_are_the_eyeballs_centres(base: BaseMesh, space: IdentitySpace, control: NDArray[np.float64]):
    for one in control:
        at = dict(zip(LANDMARKS, space.landmarks(one), strict=True))
        eyes = np.asarray(base.eyes.matrix @ one)
        for name, side in (("left_eye", eyes[eyes[:, 0] > 0]), ("right_eye", eyes[eyes[:, 0] < 0])):
            box = (side.min(axis=0) + side.max(axis=0)) / 2
            np.testing.assert_allclose(at[name][:2], box[:2], atol=2e-4)
            away = np.linalg.norm(side - at[name], axis=1)
            front = side[:, 2] > at[name][2]
            assert away[front].min() > 0.012 and away[front].max() < 0.017 and away[front].std() < 8e-4
            # One vertex for everybody: the canonical front, which need not stay the very frontmost.
            tip = np.linalg.norm(side - at[name + "_front"], axis=1)
            assert tip.min() < 1e-6 and side[:, 2].max() - at[name + "_front"][2] < 3e-4
        np.testing.assert_allclose(at["neck"], 0, atol=1e-9)


def test_the_basis_holds_identities_it_never_saw(base: BaseMesh, space: IdentitySpace, control: NDArray[np.float64]):
    basis = fit_basis(space, base, 64, np.random.default_rng(3), identities=600)
    weights = target_weights(base, attributes(Z))
    coefficients = weights @ basis["encode"].T + basis["encode_bias"]
    for one, k in zip(control, coefficients, strict=True):
        error = np.linalg.norm(basis["mean"] + basis["basis"] @ k - space.displacement(one, base), axis=1)
        assert error.mean() < 1e-4, f"{error.mean() * 1e3:.3f} mm"
        marks = np.linalg.norm(basis["landmark_mean"] + basis["landmark_basis"] @ k - space.landmarks(one), axis=1)
        assert marks.max() < 1e-3 and marks[-4:].max() < 2e-4  # the pelvis is far away, the eyes must be exact
    many = target_weights(base, attributes(np.random.default_rng(8).normal(size=(800, Z_DIM))))
    spread = (many @ basis["encode"].T + basis["encode_bias"]).std(axis=0)
    assert spread[:8].min() > 0.8 and spread[:8].max() < 1.2


def test_the_warp_is_exact_on_its_template_and_can_be_undone(
    base: BaseMesh, space: IdentitySpace, control: NDArray[np.float64]
):
    warp = space.warp()
    index = np.random.default_rng(2).choice(len(space.vertices), 600, replace=False)
    on = torch.as_tensor(space.vertices[index].astype(np.float32))
    displacement = space.displacement(control[0], base)
    moved = carry(warp, warp.sites(on), displacement)
    np.testing.assert_allclose(moved, space.vertices[index] + displacement[index], atol=2e-5)

    # Undone by the fixed-point iteration, near the surface: give the warp this identity as its mean.
    warp.mean.copy_(torch.as_tensor(displacement))
    near = on + torch.as_tensor(np.random.default_rng(4).normal(size=(600, 3)).astype(np.float32) * 0.004)
    none = torch.zeros(0)
    found = warp.inverse(warp(near, none), none)
    again = warp(found, none)
    residual = (again - warp(near, none)).norm(dim=1)
    # Where the lips or lids fold the iteration is slower for a point or two.
    assert float(residual.quantile(0.99)) < 1e-4 and float(residual.max()) < 1e-3
