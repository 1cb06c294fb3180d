# SPDX-License-Identifier: Apache-2.0
"""The weights that ship: what is in the file, and that an avatar from it is one closed, rigged bust."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh

from portrait_core.avatar import Avatar
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError
from portrait_core.models.load import load_model
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import shipped_folder

STARTER = shipped_folder() / "starter.safetensors"
RECIPE = Recipe(seed=7, faces=3000, texture_size=256, lattice=96)

pytestmark = pytest.mark.skipif(not STARTER.is_file(), reason="no starter weights in this checkout")


@pytest.fixture(scope="module")
def model() -> CanonicalAvatarModel:
    return load_model("starter", "cpu")


@pytest.fixture(scope="module")
def avatar(model: CanonicalAvatarModel) -> Avatar:
    return make_avatar(RECIPE, model)


def dense(avatar: Avatar) -> np.ndarray:
    return avatar.main.skin.dense(len(avatar.joint_names))


def test_the_file():
    assert STARTER.stat().st_size < 40_000_000
    loaded = load_weights(STARTER)
    assert loaded.header.name == "starter" and loaded.header.licence == "CC0-1.0"
    sizes = {True: 0, False: 0}
    for tensor in loaded.tensors.values():
        sizes[tensor.dtype == torch.float16] += tensor.numel() * tensor.element_size()
    assert sizes[True] > sizes[False]
    latent = loaded.header.latent
    assert latent.z_dim == 66 and {"gender", "age", "hair_curl", "hair_bob_a"} <= {a.name for a in latent.attributes}


def test_one_closed_component(avatar: Avatar):
    mesh = trimesh.Trimesh(avatar.main.vertices, avatar.main.faces, process=True)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0.005
    assert len(mesh.split(only_watertight=False)) == 1
    assert 2000 < len(avatar.main.faces) <= 3000
    low, high = avatar.main.vertices.min(axis=0), avatar.main.vertices.max(axis=0)
    assert -0.17 < low[1] < -0.14 and 0.2 < high[1] < 0.4  # from the shoulder cut to the crown, neck at the origin
    assert high[0] - low[0] > 0.25 and abs(high[0] + low[0]) < 0.03


def test_the_rig(avatar: Avatar):
    assert set(avatar.joint_names) <= set(SMPL_JOINT_NAMES)
    assert {"neck", "head", "spine3", "left_collar", "right_shoulder"} <= set(avatar.joint_names)
    at = dict(zip(avatar.joint_names, avatar.joints, strict=True))
    np.testing.assert_allclose(at["neck"], 0, atol=0.01)
    assert at["head"][1] > at["neck"][1] > at["spine3"][1] and at["left_shoulder"][0] > 0 > at["right_shoulder"][0]
    head = dense(avatar)[:, avatar.joint_names.index("head")]
    assert head[avatar.main.vertices[:, 1] > 0.17].min() > 0.99


def test_the_shoulders_do_not_follow_a_bald_head(model: CanonicalAvatarModel):
    bald = make_avatar(RECIPE.model_copy(update={"attributes": {"hair_bald": 5.0, "gender": 1.0}}), model)
    head = dense(bald)[:, bald.joint_names.index("head")]
    assert head[bald.main.vertices[:, 1] < -0.08].max() < 0.02


def test_long_hair_follows_the_head(model: CanonicalAvatarModel):
    recipe = RECIPE.model_copy(update={"attributes": {"hair_long": 4.0, "gender": -1.5, "hair_length": 1.5}})
    person = model.person(recipe)
    template, field = person.template, person.field
    long = make_avatar(recipe, model)
    canonical = field.unplace(long.main.vertices)
    with torch.no_grad():
        sample = model.network.canonical_sample(person.identity, torch.as_tensor(canonical))
    # Vertices on hair, well off the body, and below the chin: only hair can tell the head's weight there.
    locks = ((sample.body - sample.hair)[0].numpy() > 0.015) & (np.abs(sample.hair[0].numpy()) < 0.002)
    head, height = dense(long)[:, long.joint_names.index("head")], long.main.vertices[:, 1]
    above, below = locks & (height > 0.06), locks & (height < 0.0)
    assert above.sum() > 100 and below.sum() > 10
    assert np.median(head[above]) > 0.99
    # Their ends have grown onto the shoulders; they are eased there, for torn triangles would be the alternative.
    assert np.median(head[below]) > 0.65
    assert len(template.vertices) > 3000  # body and hair


def test_colours(avatar: Avatar):
    assert avatar.main.maps.base_colour.shape == (256, 256, 3) and avatar.main.maps.base_colour.dtype == np.uint8
    assert avatar.main.maps.base_colour.reshape(-1, 3).std(axis=0).min() > 5
    assert avatar.main.uvs.min() >= 0 and avatar.main.uvs.max() <= 1


def test_attributes_change_the_avatar_and_unknown_ones_are_refused(model: CanonicalAvatarModel):
    plain = model.person(RECIPE).field
    points = np.random.default_rng(0).uniform(*plain.bounds, (2000, 3)).astype(np.float32)
    for name in ("age", "hair_curl", "jaw_width", "clothing_hue", "hair_bob_a"):
        changed = RECIPE.model_copy(update={"attributes": {name: 2.0}})
        field = model.person(changed).field
        differences = [np.abs(f(points) - g(points)).max() for f, g in (
            (field.value, plain.value), (field.colour, plain.colour), (field.place, plain.place))]  # fmt: skip
        assert max(differences) > 1e-3, name
    with pytest.raises(UsageError, match="jaw_width"):
        model.person(RECIPE.model_copy(update={"attributes": {"jaw_widht": 1.0}}))


def test_the_same_recipe_gives_the_same_avatar(avatar: Avatar):
    again = make_avatar(RECIPE, load_model("starter", "cpu"))
    for name in ("vertices", "normals", "faces", "uvs"):
        assert np.array_equal(getattr(avatar.main, name), getattr(again.main, name)), name
    assert np.array_equal(avatar.main.maps.base_colour, again.main.maps.base_colour)
    assert np.array_equal(avatar.joints, again.joints)
    assert np.array_equal(avatar.main.skin.weights, again.main.skin.weights)
    assert np.array_equal(avatar.main.skin.joints, again.main.skin.joints)


def test_field_places_and_unplaces(model: CanonicalAvatarModel):
    field = model.person(RECIPE).field
    low, high = (-0.08, 0.02, -0.05), (0.08, 0.18, 0.11)
    points = np.random.default_rng(1).uniform(low, high, (300, 3)).astype(np.float32)
    back = field.unplace(field.place(points))
    error = np.linalg.norm(back - points, axis=1)
    assert np.percentile(error, 95) < 1e-4 and error.max() < 2e-3


def test_many_looks_are_each_person_s_own(model: CanonicalAvatarModel) -> None:
    latents = np.random.default_rng(8).normal(size=(3, model.header.latent.z_dim))
    for z, look in zip(latents, model.looks(latents), strict=True):
        alone = model.person(Recipe(latent=tuple(float(each) for each in z), topology="parts")).look
        assert np.allclose(look.coefficients, alone.coefficients, atol=1e-9)
        assert look.palette.keys() == alone.palette.keys()
        assert all(np.allclose(look.palette[name], rgb, atol=1e-9) for name, rgb in alone.palette.items())
        assert all(np.allclose(look.landmarks[name], place, atol=1e-9) for name, place in alone.landmarks.items())
        # Several at once are added up in another order, in single precision.
        assert look.scalars == pytest.approx(alone.scalars, rel=1e-5, abs=1e-6)
        assert look.styles == pytest.approx(alone.styles, rel=1e-5, abs=1e-6)
