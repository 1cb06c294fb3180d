# SPDX-License-Identifier: Apache-2.0
"""Weights on the graph of a surface: smooth continuation, limited steps, and what a turned head may stretch."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.rig import joint_motions, skin_from_template, skinned
from portrait_core.rig.vertex_graph import VertexGraph
from portrait_core.rig.weight_smoothing import STRETCH, TURN, eased, hanging, own, without_needles
from portrait_core.shape import Surface, decimate, extract_surface, vertex_normals
from tests.analytic import bust_field, bust_template

HEAD, SPINE3 = SMPL_JOINT_NAMES.index("head"), SMPL_JOINT_NAMES.index("spine3")
PARENTS = np.array(SMPL_PARENTS, np.int32)
TURNS = [tuple(np.radians(sign * 40.0) * axis) for axis in np.eye(3) for sign in (1, -1)]


@pytest.fixture(scope="module")
def surface():
    return decimate(extract_surface(bust_field(), 96), 6000)


def line(count, step=0.01):
    places = np.stack([np.arange(count) * step, np.zeros(count), np.zeros(count)], axis=1).astype(np.float32)
    ends = np.stack([np.arange(count - 1), np.arange(1, count)], axis=1)
    return places, VertexGraph(count, ends, np.full(count - 1, step))


def hidden(graph, values, steepest):
    """Brute force: all shortest paths, then the lowest function above and the highest below."""
    far = np.full((graph.count, graph.count), np.inf)
    np.fill_diagonal(far, 0.0)
    for (a, b), cost in zip(graph.edges, steepest, strict=True):
        far[a, b] = far[b, a] = min(far[a, b], cost)
    for k in range(graph.count):
        far = np.minimum(far, far[:, k : k + 1] + far[k])
    return 0.5 * ((values[:, None] + far).min(axis=0) + (values[:, None] - far).max(axis=0))


def test_edges_of_faces_come_once():
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    graph = VertexGraph.of_faces(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32), faces)
    assert sorted(map(tuple, graph.edges.tolist())) == [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)]
    np.testing.assert_allclose(sorted(graph.lengths), [1, 1, 1, 1, np.sqrt(2)])


def test_a_step_becomes_a_ramp_of_least_change():
    _, graph = line(21)
    step = (np.arange(21) > 10).astype(float)
    ramp = graph.without_jumps(step, np.full(20, 0.1))
    assert np.abs(np.diff(ramp)).max() <= 0.1 + 1e-9
    # no function of that slope is nearer to the step than 0.45, which is what the two vertices beside it need
    np.testing.assert_allclose(np.abs(ramp - step).max(), 0.45)
    assert ramp[0] == 0 and ramp[20] == 1 and (np.diff(ramp) >= 0).all()
    gentle = np.linspace(0, 1, 21)
    assert graph.without_jumps(gentle, np.full(20, 0.1)) is gentle


def test_limits_equal_brute_force():
    rng = np.random.default_rng(3)
    places = rng.normal(size=(40, 3)).astype(np.float32)
    faces = np.array([rng.choice(40, 3, replace=False) for _ in range(70)], np.int32)
    graph = VertexGraph.of_faces(places, faces)
    values, steepest = rng.random(40), rng.random(len(graph.edges)) * 0.2
    limited = graph.without_jumps(values, steepest)
    np.testing.assert_allclose(limited, hidden(graph, values, steepest), atol=1e-9)
    assert (np.abs(np.diff(limited[graph.edges], axis=1))[:, 0] <= steepest + 1e-9).all()


def test_unknown_values_continue_smoothly():
    _, graph = line(30)
    values = np.stack([np.linspace(0, 1, 30), np.linspace(1, 0, 30)], axis=1)
    known = np.ones(30, bool)
    known[8:22] = False
    broken = values.copy()
    broken[~known] = 7.0
    filled = graph.inpainted(broken, known)
    np.testing.assert_allclose(filled, values, atol=1e-3)
    assert np.array_equal(filled[known], values[known])
    assert graph.inpainted(values, np.ones(30, bool)) is values


def test_a_part_without_anchors_keeps_its_guess():
    _, graph = line(10)
    two = VertexGraph(20, np.concatenate([graph.edges, graph.edges + 10]), np.tile(graph.lengths, 2))
    values = np.concatenate([np.zeros(10), np.full(10, 0.3)])[:, None]
    known = np.arange(20) < 5
    np.testing.assert_allclose(two.inpainted(values, known)[10:], 0.3, atol=1e-6)


def test_shares_and_weights_are_one_thing():
    weights = np.random.default_rng(1).random((50, 24))
    weights /= weights.sum(axis=1, keepdims=True)
    shares = hanging(weights, PARENTS)
    np.testing.assert_allclose(shares[:, 0], 1.0)
    np.testing.assert_allclose(shares[:, 12], weights[:, 12] + weights[:, 15])
    np.testing.assert_allclose(own(shares, PARENTS), weights, atol=1e-12)
    greedy = own(np.random.default_rng(2).random((50, 24)), PARENTS)
    assert greedy.min() >= 0
    np.testing.assert_allclose(greedy.sum(axis=1), 1.0)


def cut_head(surface, template):
    """The hardest template: all above the throat is head, all below spine, no vertex between."""
    weights = np.zeros_like(template.weights)
    above = template.vertices[:, 1] + 0.3 * template.vertices[:, 2] > 0.055
    weights[above, HEAD], weights[~above, SPINE3] = 1, 1
    return BodyTemplate(
        template.joint_names, template.parents, template.joints, template.vertices, template.faces, weights
    )


def test_no_edge_of_a_turned_head_stretches_far(surface: Surface):
    template = cut_head(surface, bust_template(surface))
    normals = vertex_normals(surface.vertices, surface.faces)
    graph = VertexGraph.of_faces(surface.vertices, surface.faces)
    skin = skin_from_template(template, surface.vertices, normals, surface.faces)
    hard = template.weights.argmax(axis=1)
    worst, volumes = [], []
    for turn in TURNS:
        motions = joint_motions(template.joint_names, template.parents, template.joints, {"head": turn})
        posed, _ = skinned(surface.vertices, normals, skin, motions)
        lengths = np.linalg.norm(np.diff(posed[graph.edges].astype(np.float64), axis=1)[:, 0], axis=1)
        worst.append((lengths / graph.lengths).max())
        volumes.append(Surface(posed, surface.faces).volume() / surface.volume())
        rigid = np.einsum("vij,vj->vi", motions[hard][:, :3, :3], surface.vertices) + motions[hard][:, :3, 3]
        torn = np.linalg.norm(np.diff(rigid[graph.edges], axis=1)[:, 0], axis=1) / graph.lengths
        assert torn.max() > 4.0, "the template must be hard enough to need easing"
    assert max(worst) <= 1.1 * STRETCH and np.abs(np.array(volumes) - 1).max() < 0.03
    far_above, far_below = surface.vertices[:, 1] > 0.16, surface.vertices[:, 1] < -0.06
    assert skin.dense(24)[far_above, HEAD].min() > 0.99 and skin.dense(24)[far_below, HEAD].max() < 0.01


def test_gentle_weights_hardly_change(surface: Surface):
    template = bust_template(surface)
    graph = VertexGraph.of_faces(surface.vertices, surface.faces)
    soft = eased(template.weights.astype(np.float64), graph, surface.vertices, template.joints, PARENTS)
    assert np.abs(soft - template.weights).mean() < 0.005


def test_hair_on_the_chest_is_not_taken_for_the_chest(surface: Surface):
    """A sheet of hair 6 mm before the chest, hanging on the head: it turns with the head, the chest behind it stays."""
    template = bust_template(surface)
    grid = np.stack(np.meshgrid(np.linspace(-0.05, 0.05, 11), np.linspace(-0.14, -0.06, 9)), -1).reshape(-1, 2)
    a = np.arange(99).reshape(9, 11)
    quads = np.stack([a[:-1, :-1], a[:-1, 1:], a[1:, 1:], a[1:, :-1]], -1).reshape(-1, 4)
    front = np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    z = float(surface.vertices[np.abs(surface.vertices[:, 0]) < 0.05][:, 2].max())
    sheet = np.column_stack([grid, np.full(99, z)]).astype(np.float32)
    back = sheet - np.array([0, 0, 0.004], np.float32)
    vertices = np.vstack([template.vertices, sheet, back])
    count = len(template.vertices)
    faces = np.vstack([template.faces, front + count, front[:, ::-1] + count + 99]).astype(np.int32)
    weights = np.zeros((198, 24), np.float32)
    weights[:, HEAD] = 1
    haired = BodyTemplate(
        template.joint_names, PARENTS, template.joints, vertices, faces, np.vstack([template.weights, weights])
    )
    skin = skin_from_template(haired, vertices, vertex_normals(vertices, faces), faces).dense(24)
    assert skin[count:, HEAD].min() > 0.95
    chest = (surface.vertices[:, 1] < -0.06) & (surface.vertices[:, 2] > 0)
    assert skin[:count][chest, HEAD].max() < 0.02


def test_needles_do_not_stretch_across():
    """Four corners of a strip and one almost on its long edge, whose share differs from what lies beside it."""
    places = np.array([[0, 0, 0], [0.02, 0, 0], [0.01, 1e-4, 0], [0.01, 0.01, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3], [2, 1, 3]], np.int32)
    shares = np.zeros((4, 2))
    shares[:, 0], shares[2, 1] = 1.0, 0.2
    joints, parents = np.array([[0, -0.2, 0], [0, -0.1, 0]], np.float32), np.array([-1, 0], np.int32)
    flat = without_needles(shares, places, faces, joints, parents, STRETCH)
    way = 2 * np.sin(TURN / 2) * np.linalg.norm(places[2] - joints[1])
    np.testing.assert_allclose(flat[2, 1], (STRETCH - 1) * 1e-4 / way, rtol=1e-3)
    assert np.array_equal(flat[[0, 1, 3]], shares[[0, 1, 3]]) and np.array_equal(flat[:, 0], shares[:, 0])
    wide = places.copy()
    wide[2, 1] = -0.02
    assert np.array_equal(without_needles(shares * 0.1, wide, faces[:1], joints, parents, STRETCH), shares * 0.1)


def test_needles_are_heeded_wherever_a_skin_is_made():
    """The same strip as the surface and as the template: edges alone would let the needle's tip turn by far more."""
    places = np.array([[0, 0, 0], [0.02, 0, 0], [0.01, 1e-4, 0], [0.01, 0.01, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3], [2, 1, 3]], np.int32)
    weights = np.zeros((4, 24), np.float32)
    weights[:, SPINE3], weights[2, HEAD], weights[2, SPINE3] = 1.0, 0.2, 0.8
    joints = np.tile(np.array([0.0, -0.1, 0.0], np.float32), (24, 1))
    template = BodyTemplate(SMPL_JOINT_NAMES, PARENTS, joints, places, faces, weights)
    normals = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    allowed = (STRETCH - 1) * 1e-4 / (2 * np.sin(TURN / 2) * np.linalg.norm(places[2] - joints[HEAD]))

    def across(faces):
        share = skin_from_template(template, places, normals, faces).dense(24)[:, HEAD]
        return abs(share[2] - (share[0] + share[1]) / 2)

    assert across(faces) < 1.1 * allowed < 2 * allowed < across(None)
    graph = VertexGraph.of_faces(places, faces)
    flat = eased(weights.astype(float), graph, places, joints, PARENTS, faces=faces)[:, HEAD]
    assert abs(flat[2] - (flat[0] + flat[1]) / 2) < 1.1 * allowed
