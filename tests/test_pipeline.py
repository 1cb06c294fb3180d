# SPDX-License-Identifier: Apache-2.0
"""The whole chain on a bust that is known in closed form: what comes out lies on it, is coloured and rigged like it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portrait_core.avatar import Avatar
from portrait_core.body.template import BodyTemplate
from portrait_core.errors import Cancelled, UsageError
from portrait_core.pipeline import levels, make_avatar
from portrait_core.recipe import Recipe
from portrait_core.shape import Surface, inspect_surface
from tests.analytic_model import HEADER, AnalyticModel, AnalyticPerson
from textures import linear_to_srgb

RECIPE = Recipe(
    model="balls", seed=5, faces=3000, texture_size=256, lattice=96, pose={"head": (0.0, 0.3, 0.0)}, psi=0.8
)


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return make_avatar(RECIPE, AnalyticModel())


def welded(avatar: Avatar) -> Surface:
    """The surface without the cuts of the atlas."""
    places, first, inverse = np.unique(avatar.main.vertices, axis=0, return_index=True, return_inverse=True)
    assert len(first) < len(avatar.main.vertices)
    return Surface(places, inverse.reshape(-1)[avatar.main.faces].astype(np.int32))


def test_the_surface_lies_on_the_field(avatar: Avatar) -> None:
    model = AnalyticModel()
    field = model.person(RECIPE).field
    inner = avatar.main.vertices[avatar.main.vertices[:, 1] > -0.18]  # above the flat cap of the shoulder cut
    assert np.abs(field.value(field.unplace(inner))).mean() < 0.001
    assert 2500 < len(avatar.main.faces) <= 3000
    report = inspect_surface(welded(avatar))
    assert report.clean


def test_lattice_space_is_left_before_the_file(avatar: Avatar) -> None:
    model = AnalyticModel()
    scale = model.person(RECIPE).scale
    assert abs(scale - 1) > 0.01
    assert avatar.main.vertices[:, 1].min() == pytest.approx(-0.2 * scale, abs=1e-3)
    assert avatar.main.vertices[:, 1].max() == pytest.approx(0.288 * scale, abs=3e-3)


def test_the_texture_shows_the_field_at_the_same_place(avatar: Avatar) -> None:
    model = AnalyticModel()
    field = model.person(RECIPE).field
    middles = avatar.main.vertices[avatar.main.faces].mean(axis=1)
    uv = avatar.main.uvs[avatar.main.faces].mean(axis=1)
    size = avatar.main.maps.base_colour.shape[0]
    column = np.clip((uv[:, 0] * size).astype(int), 0, size - 1)
    row = np.clip(((1 - uv[:, 1]) * size).astype(int), 0, size - 1)
    expected = np.asarray(linear_to_srgb(field.colour(field.unplace(middles)))) * 255
    error = np.abs(avatar.main.maps.base_colour[row, column].astype(float) - expected)
    assert np.median(error) < 2
    assert np.quantile(error, 0.99) < 8


def test_normals_point_outwards(avatar: Avatar) -> None:
    model = AnalyticModel()
    field = model.person(RECIPE).field
    inner = avatar.main.vertices[:, 1] > -0.18  # beyond the cap the field goes on
    outside = field.value(field.unplace(avatar.main.vertices + 0.004 * avatar.main.normals)[inner])
    assert (outside < 0).mean() > 0.99


def test_the_head_follows_the_head_joint_and_the_shoulders_do_not(avatar: Avatar) -> None:
    weights = avatar.main.skin.dense(len(avatar.joint_names))
    head = avatar.joint_names.index("head")
    assert weights[avatar.main.vertices[:, 1] > 0.13, head].min() > 0.95
    assert weights[avatar.main.vertices[:, 1] < -0.05, head].max() < 0.05
    assert avatar.pose == {"head": (0.0, 0.3, 0.0)}


def test_the_file_can_tell_where_it_comes_from(avatar: Avatar) -> None:
    assert avatar.name == "balls-5"
    assert Recipe(**avatar.recipe) == RECIPE
    assert avatar.provenance["model"] == {"name": "balls", "digest": HEADER.digest, "licence": "CC0-1.0"}
    assert avatar.provenance["training"]["data_licence"] == "CC0-1.0"
    assert avatar.provenance["version"]


def test_the_thumbnail_shows_something(avatar: Avatar) -> None:
    assert avatar.thumbnail is not None
    assert avatar.thumbnail.shape == (512, 512, 3)
    assert avatar.thumbnail.std() > 10


def test_the_same_recipe_makes_the_same_avatar(avatar: Avatar) -> None:
    again = make_avatar(RECIPE, AnalyticModel())
    for name in ("vertices", "faces", "uvs"):
        assert np.array_equal(getattr(again.main, name), getattr(avatar.main, name)), name
    assert np.array_equal(again.main.maps.base_colour, avatar.main.maps.base_colour)
    assert again.thumbnail is not None and avatar.thumbnail is not None
    assert np.array_equal(again.thumbnail, avatar.thumbnail)


def test_attributes_and_psi_reach_the_shape() -> None:
    small = {"faces": 500, "texture_size": 64, "lattice": 64, "model": "balls"}
    tall = make_avatar(Recipe(seed=1, attributes={"size": 3}, **small), AnalyticModel())
    mean = make_avatar(Recipe(seed=1, attributes={"size": 3}, psi=0, **small), AnalyticModel())
    assert np.ptp(tall.main.vertices[:, 1]) == pytest.approx(1.05 * np.ptp(mean.main.vertices[:, 1]), rel=0.01)


def test_stages_are_told_in_order_and_can_be_cancelled() -> None:
    stages: list[str] = []

    def watch(stage: str, fraction: float) -> None:
        assert 0 <= fraction <= 1
        if not stages or stages[-1] != stage:
            stages.append(stage)

    small = Recipe(seed=1, faces=500, texture_size=64, lattice=64)
    make_avatar(small, AnalyticModel(), watch)
    makes = ["latent", "lattice", "surface", "place", "clean", "simplify", "rig", "unwrap", "tangents"]
    assert stages == [*makes, "texture", "normals", "thumbnail"]

    for wanted in ("lattice", "texture", "rig"):

        def stop(stage: str, fraction: float, wanted: str = wanted) -> None:
            if stage == wanted:
                raise Cancelled("enough")

        with pytest.raises(Cancelled):
            make_avatar(small, AnalyticModel(), stop)


def test_mistakes_are_found_before_any_work() -> None:
    model = AnalyticModel()
    with pytest.raises(UsageError, match=r"unknown attribute 'sise' .* Did you mean size"):
        make_avatar(Recipe(attributes={"sise": 1}), model)
    assert model.calls == 0


class WithoutHands(AnalyticModel):
    """The same bust with a rig that ends above the elbows, as a bust's may."""

    def template_of(self, person: AnalyticPerson) -> BodyTemplate:
        whole = super().template_of(person)
        return replace(
            whole,
            joint_names=whole.joint_names[:18],
            parents=whole.parents[:18],
            joints=whole.joints[:18],
            weights=whole.weights[:, :18],
        )


def test_a_pose_of_a_joint_that_the_rig_lacks() -> None:
    pose = {"left_elbow": (0.0, 0.0, 0.1)}
    with pytest.raises(UsageError, match=r"turns left_elbow, which model balls does not have\. "):
        make_avatar(Recipe(seed=1, pose=pose, lattice=64), WithoutHands())
    small = Recipe(seed=1, pose={"head": (0.0, 0.0, 0.1)}, faces=500, texture_size=64, lattice=64)
    assert len(make_avatar(small, WithoutHands()).joint_names) == 10
    everything = small.model_copy(update={"skeleton": "smpl24"})
    assert len(make_avatar(everything, WithoutHands()).joint_names) == 18


def test_a_surface_that_cannot_be_unwrapped_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = levels.unwrap
    # what the unwrapper says of a padding that leaves no room
    monkeypatch.setattr(levels, "unwrap", lambda *mesh, **options: real(*mesh, **options | {"padding": 999}))
    with pytest.raises(UsageError, match=r"cannot be unwrapped into 64 x 64 texels \(.*padding"):
        make_avatar(Recipe(seed=1, faces=500, texture_size=64, lattice=64), AnalyticModel())
