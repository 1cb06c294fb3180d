# SPDX-License-Identifier: Apache-2.0
"""People made of z, of w and of ws: the same person, truncated the same way, checked against the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.models.load import load_model
from portrait_core.models.portrait_gan.model import PublishedAvatarModel
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.recipe import Recipe
from tests.published_model import install


@pytest.fixture(scope="module")
def starter() -> CanonicalAvatarModel:
    model = load_model("starter", "cpu")
    assert isinstance(model, CanonicalAvatarModel)
    return model


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> PublishedAvatarModel:
    path: Path = install(tmp_path_factory.mktemp("models"))
    model = load_model(path, "cpu")
    assert isinstance(model, PublishedAvatarModel)
    model.options = PictureOptions(samples=1)
    return model


def rows(styles: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in styles)


def test_the_starter_by_z_w_and_ws(starter: CanonicalAvatarModel) -> None:
    by_seed = starter.person(Recipe(seed=3))
    z = starter.person(Recipe(latent=tuple(np.random.RandomState(3).randn(starter.header.latent.z_dim))))
    assert np.array_equal(z.styles, by_seed.styles)
    for recipe in (Recipe(w=rows(by_seed.styles)[0]), Recipe(ws=rows(by_seed.styles))):
        person = starter.person(recipe)
        assert np.array_equal(person.styles, by_seed.styles)
        points = np.random.default_rng(0).uniform(-0.1, 0.1, (50, 3)).astype(np.float32)
        assert np.array_equal(person.field.value(points), by_seed.field.value(points))


def test_psi_truncates_w_as_the_mapping_does(starter: CanonicalAvatarModel, published: PublishedAvatarModel) -> None:
    for model in (starter, published):
        whole = model.person(Recipe(seed=3)).styles
        for psi in (0.0, 0.6, 1.3):
            expected = model.person(Recipe(seed=3, psi=psi)).styles
            assert np.array_equal(model.person(Recipe(ws=rows(whole), psi=psi)).styles, expected)
        average = model.network.backbone.mapping.w_avg.numpy()
        assert np.allclose(model.person(Recipe(w=rows(whole)[0], psi=0)).styles, average, atol=1e-6)


def test_the_published_model_by_ws(published: PublishedAvatarModel) -> None:
    by_seed = published.person(Recipe(seed=1, psi=0.7))
    person = published.person(Recipe(ws=rows(by_seed.styles)))
    camera = Camera.orbit(0.4)
    a, b = (each.render(camera, {"head": (0.0, 0.2, 0.0)}, 64) for each in (by_seed, person))
    assert np.array_equal(a["image"], b["image"]) and np.array_equal(a["depth"], b["depth"])
    changed = by_seed.styles.copy()
    changed[-1] += 1.0
    other = published.person(Recipe(ws=rows(changed))).render(camera, {}, 64)["image"]
    assert np.abs(other.astype(int) - person.render(camera, {}, 64)["image"]).max() > 3


def test_a_person_makes_what_belongs_to_it_once(published: PublishedAvatarModel, starter: CanonicalAvatarModel) -> None:
    person = published.person(Recipe(seed=1))
    assert person.field.planes is person.renderer.planes and person.whole_field.planes is person.field.planes
    other = starter.person(Recipe(seed=1))
    assert other.field.identity is other.shape and other.template is other.template


def test_conditioning_sees_the_camera_only_of_latents(published: PublishedAvatarModel) -> None:
    options = published.options
    try:
        published.options = PictureOptions(samples=1, conditioning="identical")
        seen = published.person(Recipe(seed=1))
        given = published.person(Recipe(ws=rows(seen.styles)))
        side = Camera.orbit(1.2)
        a, b = (each.render(side, {}, 64)["image"].astype(int) for each in (seen, given))
        assert np.abs(a - b).max() > 3
    finally:
        published.options = options


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"w": (0.0,) * 3}, r"w: 3 numbers; model starter takes \d+"),
        ({"ws": ((0.0,) * 3,)}, r"ws: 3 numbers; model starter takes \d+"),
        ({"ws": 2}, r"ws: 2 rows; model starter takes \d+ of \d+ numbers"),
        ({"w": 0, "attributes": {"age": 1.0}}, r"attribute age is set in z, and this recipe gives w"),
    ],
)
def test_what_does_not_fit_is_refused(starter: CanonicalAvatarModel, facts: dict[str, object], says: str) -> None:
    width = starter.network.config.w_dim
    if facts.get("ws") == 2:
        facts = facts | {"ws": ((0.0,) * width,) * 2}
    if facts.get("w") == 0:
        facts = facts | {"w": (0.0,) * width}
    with pytest.raises(UsageError, match=says):
        starter.person(Recipe(**facts))


def test_rows_that_differ_are_refused_where_one_style_serves_all(starter: CanonicalAvatarModel) -> None:
    styles = starter.person(Recipe(seed=1)).styles.copy()
    styles[-1] += 1
    with pytest.raises(UsageError, match="one style vector for all layers"):
        starter.person(Recipe(ws=rows(styles)))


def test_the_pose_branch_reads_latents(published: PublishedAvatarModel) -> None:
    person = published.person(Recipe(seed=1))
    assert person.drawn_pose(Camera.orbit()).shape == (6,)
    with pytest.raises(UsageError, match="made of w"):
        published.person(Recipe(ws=rows(person.styles))).drawn_pose(Camera.orbit())
