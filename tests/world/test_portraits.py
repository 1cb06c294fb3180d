# SPDX-License-Identifier: Apache-2.0
"""Busts, their pictures and the training points: everything that needs the hair volumes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.cameras import Camera
from portrait_core.world.appearance import (
    Look,
    clothing_colour,
    clothing_thickness,
    hair_colour,
    hair_distance,
    hair_sites,
    neckline,
    skin_colour,
)
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.canonical_body import CUT_X, CUT_Y, EYE_MIDDLE
from portrait_core.world.latent import NAMES, STYLE, STYLE_ANCHORS, STYLES, Z_DIM, attributes
from portrait_core.world.portraits import Portrait, camera_rays, pose_transforms, render_portrait, skinned
from portrait_core.world.training_points import TrainingPoints, describe, load_training_points

SIZE = 48


@pytest.fixture(scope="module")
def bust(world: PortraitWorld) -> Bust:
    z = np.zeros(Z_DIM)
    z[NAMES.index("gender")] = -1.0
    z[STYLE] = 3 * STYLE_ANCHORS[STYLES.index("bob01")]
    return world.build(z)


@pytest.fixture(scope="module")
def points(world: PortraitWorld) -> TrainingPoints:
    return load_training_points(scale=0.01)


def test_what_is_kept_of_the_hair_s_lattice_is_what_it_would_be_today(world: PortraitWorld) -> None:
    """Who changes the descriptions must change `LATTICE_VERSION`."""
    nodes, sites = world._nodes, world._node_sites  # pyright: ignore[reportPrivateUsage]
    some = np.linspace(0, len(nodes) - 1, 500).astype(int)
    places = sites.p[some] + EYE_MIDDLE
    again = hair_sites(world.hair, places.astype(np.float32))
    for name in ("styles", "straight", "curly", "curl", "grain"):
        np.testing.assert_allclose(getattr(again, name), getattr(sites, name)[some], atol=2e-3, err_msg=name)
    assert (sites.styles.min(axis=1) < 0.022).all() and np.all(np.diff(nodes) > 0)


def cameras(yaw: float, pitch: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    camera = Camera.orbit(yaw=yaw, pitch=pitch)
    return np.asarray(camera.cam2world, np.float64), np.asarray(camera.intrinsics, np.float64)


def picture(world: PortraitWorld, bust: Bust, yaw: float, pitch: float = 0.0) -> Portrait:
    return render_portrait(world, bust, *cameras(yaw, pitch), SIZE, samples=1, mask_only=True)


def all_hits(
    bust: Bust, origin: NDArray[np.float64], direction: NDArray[np.float64]
) -> list[tuple[float, NDArray[np.float64]]]:
    """Slow truth: distances and places where one ray meets any triangle (Cramer's rule), nearest first."""
    found: list[tuple[float, NDArray[np.float64]]] = []
    for part in bust.parts.values():
        a, b, c = (part.vertices[part.triangles[:, k]].astype(np.float64) for k in range(3))
        matrix = np.stack([b - a, c - a, np.broadcast_to(-direction, a.shape)], -1)
        good = np.abs(np.linalg.det(matrix)) > 1e-15
        u, v, t = np.linalg.solve(matrix[good], (origin - a[good])[..., None])[..., 0].T
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
        found += [(float(x), origin + x * direction) for x in t[hit]]
    return sorted(found, key=lambda pair: pair[0])


def test_a_bust_s_arrays(bust: Bust):
    assert set(bust.parts) == {"body", "hair"}
    for part in bust.parts.values():
        assert part.vertices.shape == part.canonical.shape and part.vertices.dtype == np.float32
        assert part.triangles.min() >= 0 and part.triangles.max() < len(part.vertices)
        np.testing.assert_allclose(part.weights.sum(axis=1), 1, atol=1e-5)
        assert all(len(v) == len(part.vertices) for v in part.values.values())
    assert (bust.parts["hair"].weights[:, SMPL_JOINT_NAMES.index("head")] == 1).all()
    np.testing.assert_allclose(bust.landmarks["neck"], 0, atol=1e-9)


def test_the_same_latent_is_the_same_bust(world: PortraitWorld, bust: Bust):
    again = world.build(bust.z)
    for name, part in bust.parts.items():
        assert np.array_equal(part.vertices, again.parts[name].vertices)
        assert np.array_equal(part.triangles, again.parts[name].triangles)


def test_depth_is_the_nearest_triangle_that_is_kept(world: PortraitWorld, bust: Bust):
    seen = picture(world, bust, 0.4)
    cam2world, intrinsics = cameras(0.4)
    origin, direction = (a.reshape(SIZE, SIZE, 3).astype(np.float64) for a in camera_rays(cam2world, intrinsics, SIZE))
    assert np.array_equal(seen.mask, seen.depth > 0)
    checked = 0
    for row, column in np.random.default_rng(0).integers(4, SIZE - 4, (14, 2)):
        hits = all_hits(bust, origin[row, column], direction[row, column])
        kept = [t for t, p in hits if p[1] > CUT_Y + 0.004 and abs(p[0]) < CUT_X - 0.004]
        if not hits:
            assert not seen.mask[row, column]
        elif kept and hits[0][0] == kept[0]:  # rays that pass the cut are another test's
            np.testing.assert_allclose(seen.depth[row, column], kept[0], atol=1e-4)
            checked += 1
    assert checked >= 4


@pytest.mark.parametrize(("yaw", "pitch"), [(np.pi / 2, 0.0), (0.0, -1.2), (np.pi, -0.7)])
def test_the_cut_is_closed(world: PortraitWorld, bust: Bust, yaw: float, pitch: float):
    """No ray that comes through a plane of the cut inside the body may look into the hollow of the mesh."""
    seen = picture(world, bust, yaw, pitch)
    origin, direction = camera_rays(*cameras(yaw, pitch), SIZE)
    distance = np.full(len(origin), np.inf)
    for normal, offset in (((0, -1, 0), -CUT_Y), ((1, 0, 0), CUT_X), ((-1, 0, 0), CUT_X)):
        towards = direction @ np.array(normal)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (offset - origin @ np.array(normal)) / towards
        p = origin + direction * t[:, None]
        on_face = (towards < 0) & (p[:, 1] > CUT_Y - 1e-4) & (np.abs(p[:, 0]) < CUT_X + 1e-4)
        body = bust.parts["body"].vertices
        # Well inside the body: the chest's column, an ellipse that every build covers.
        core = (p[:, 0] / 0.09) ** 2 + ((p[:, 2] - body[:, 2].mean() + 0.02) / 0.045) ** 2 < 1
        distance = np.where(on_face & core & (np.abs(p[:, 1] - CUT_Y) < 1e-4), t, distance)
    core = np.isfinite(distance).reshape(SIZE, SIZE)
    if pitch < 0:
        assert core.sum() > 8, "the test must see the cut"
        np.testing.assert_allclose(seen.depth[core], distance.reshape(SIZE, SIZE)[core], atol=2e-3)
    place = origin + direction * seen.depth.reshape(-1, 1)
    shown = place[seen.mask.ravel()]
    assert shown[:, 1].min() > CUT_Y - 1e-3 and np.abs(shown[:, 0]).max() < CUT_X + 1e-3


def test_posing_moves_the_head_and_not_the_shoulders(bust: Bust):
    pose = {"head": np.array([0.0, 0.5, 0.0])}
    part = bust.parts["body"]
    moved = skinned(part.vertices, part.weights, pose_transforms(bust, pose))
    away = np.linalg.norm(moved - part.vertices, axis=1)
    top = part.vertices[:, 1] > bust.landmarks["left_eye"][1]
    shoulders = part.vertices[:, 1] < -0.08
    assert away[shoulders].max() < 1e-4 and np.median(away[top]) > 0.02
    joint = bust.landmarks["head"]
    nose = int(np.where(part.vertices[:, 1] > 0.05, part.vertices[:, 2], -1).argmax())
    cosine, sine = np.cos(0.5), np.sin(0.5)
    turned = joint + np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]) @ (part.vertices[nose] - joint)
    np.testing.assert_allclose(moved[nose], turned, atol=2e-4)
    resting = skinned(part.vertices, part.weights, pose_transforms(bust, {}))
    np.testing.assert_allclose(resting, part.vertices, atol=1e-6)


def test_painted_colours(world: PortraitWorld, bust: Bust):
    seen = render_portrait(world, bust, *cameras(0.0), SIZE, samples=1)
    assert seen.albedo.min() >= 0 and seen.albedo.max() <= 1 and (seen.albedo[~seen.mask] == 0).all()
    lit = seen.shaded[seen.mask] / np.maximum(seen.albedo[seen.mask], 1e-6)
    assert np.percentile(lit, 1) > 0.1 and lit.max() < 2


def test_training_points_are_where_their_group_says(points: TrainingPoints):
    known, groups = points.known, points.groups
    assert sorted(r for g in groups.values() for r in g)[0] == 0
    assert sum(b - a for a, b in groups.values()) == len(known)
    low, high = groups["body"]
    assert np.percentile(np.abs(known.body[low:high]), 90) < 0.02
    for number, style in list(enumerate(STYLES))[1:]:
        low, high = groups[style]
        assert np.percentile(np.abs(known.hair.styles[low:high, number]), 95) < 0.012, style
    style = np.zeros((2, len(STYLES)), np.float32)
    style[0, STYLES.index("afro01")] = style[1, 0] = 1
    index = points.draw(style, 1000, np.random.default_rng(0))
    assert index.shape == (2, 1000) and np.array_equal(index, points.draw(style, 1000, np.random.default_rng(0)))
    low, high = groups["afro01"]
    assert ((index[0] >= low) & (index[0] < high)).mean() > 0.25 > ((index[1] >= low) & (index[1] < high)).mean()


def test_the_truth_equals_a_direct_evaluation(world: PortraitWorld, points: TrainingPoints):
    """Batched look-ups of stored descriptions against describing the points afresh, one identity at a time."""
    a = attributes(np.random.default_rng(3).normal(size=(3, Z_DIM)))
    index = np.random.default_rng(4).integers(0, len(points.known), (3, 150))
    truth = points.known.truth(index, a)
    for b in range(3):
        look = Look(attributes(a.z[b]))
        fresh = describe(points.known.points[index[b]], world.distance, world.hair)
        height = neckline(fresh.skin.p, look)
        locks = hair_distance(fresh.hair, look)
        body = fresh.body - clothing_thickness(fresh.skin, look, height)
        np.testing.assert_allclose(truth.neckline[b], height[0], atol=2e-5)
        # Half precision of the stored noise: hundredths of a millimetre, thousandths of a colour.
        np.testing.assert_allclose(truth.hair[b], locks[0], atol=2e-5)
        np.testing.assert_allclose(truth.body[b], body[0], atol=2e-5)
        assert np.array_equal(truth.eye[b], fresh.eye)
        for name, slow in (
            ("skin", skin_colour(fresh.skin, look, locks)),
            ("cloth", clothing_colour(fresh.skin, look, height)),
            ("hair_colour", hair_colour(fresh.hair, look, fresh.body)),
        ):
            np.testing.assert_allclose(getattr(truth, name)[b], slow[0], atol=5e-3, err_msg=name)
