# SPDX-License-Identifier: Apache-2.0
"""Levels of detail: always closed, finer at the focus, and on the finer level's atlas when they share it."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from portrait_core.errors import UsageError
from portrait_core.geometry.half_edges import is_closed_manifold
from portrait_core.shape import Surface, clean, decimate, decimate_seams, extract_surface, inspect_surface
from tests.analytic import AnalyticField, Array, bust_field
from textures import unwrap

FLOOR = np.array([(0.0, -1.0, 0.0, 0.2)])
FOCUS = (np.array([0.0, 0.14, 0.1]), 0.08)


@pytest.fixture(scope="module")
def bust() -> Surface:
    return clean(extract_surface(bust_field(), 128), FLOOR, 0.52 / 128)[0]


def gyroid(points: Array) -> Array:
    """A ball full of tunnels: every coarse level of it pinches somewhere."""
    q = points * 70
    lace = np.sin(q[:, 0]) * np.cos(q[:, 1]) + np.sin(q[:, 1]) * np.cos(q[:, 2]) + np.sin(q[:, 2]) * np.cos(q[:, 0])
    return np.minimum(0.2 - np.linalg.norm(points, axis=1), (0.5 - np.abs(lace)) / 70)


@pytest.mark.parametrize("faces", [12000, 3000, 700, 120])
def test_closed_stays_closed_even_for_lace(faces: int) -> None:
    lace = extract_surface(AnalyticField(gyroid, ((-0.25,) * 3, (0.25,) * 3)), 72)
    assert is_closed_manifold(lace)
    result = decimate(lace, faces)
    assert len(result.faces) <= faces and is_closed_manifold(result)
    mesh = trimesh.Trimesh(result.vertices, result.faces, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent and result.volume() > 0


def test_the_focus_has_the_small_triangles(bust: Surface) -> None:
    def share(surface: Surface) -> float:
        middle = surface.vertices[surface.faces].mean(axis=1)
        return float((np.linalg.norm(middle - FOCUS[0], axis=1) < 0.06).mean())

    even, bent = decimate(bust, 4000, planes=FLOOR), decimate(bust, 4000, focus=FOCUS, planes=FLOOR)
    assert share(bent) > 1.2 * share(even)
    for result in (even, bent):
        assert inspect_surface(result).clean and abs(result.volume() / bust.volume() - 1) < 0.01
        bottom = result.vertices[:, 1].min()
        assert bottom == np.float32(-0.2)
        assert (result.vertices[:, 1] == bottom).sum() > 10
        assert not ((result.vertices[:, 1] > bottom) & (result.vertices[:, 1] < bottom + 1e-4)).any()


@pytest.mark.parametrize("faces", [3000, 1200])
def test_a_shared_level_keeps_vertices_charts_and_seams(bust: Surface, faces: int) -> None:
    main = decimate(bust, 6000, focus=FOCUS, planes=FLOOR)
    atlas = unwrap(main.vertices, main.faces, resolution=512, padding=4)
    slack = 2.0 / 512
    cut = main.vertices[atlas.vertex_map]
    level = decimate_seams(cut, atlas.faces, atlas.uvs, atlas.vertex_map, faces, uv_slack=slack)
    assert faces * 0.99 <= len(level.faces) <= faces or faces == 1200
    welded = atlas.vertex_map[level.kept]
    used, corner = np.unique(welded, return_inverse=True)
    coarse = Surface(main.vertices[used], np.asarray(corner)[level.faces].astype(np.int32))
    assert is_closed_manifold(coarse) and abs(coarse.volume() / main.volume() - 1) < 0.03
    # Every face stays in one chart and on the side it had.
    chart = charts(atlas.faces, len(atlas.vertex_map))
    of = chart[level.kept][level.faces]
    assert (of == of[:, :1]).all()
    side = {int(c): np.sign(areas(atlas.uvs[atlas.faces[chart[atlas.faces[:, 0]] == c]]).sum()) for c in np.unique(of)}
    signed = areas(atlas.uvs[level.kept][level.faces]) * np.array([side[int(c)] for c in of[:, 0]])
    assert (signed > 0).all()
    # The charts' borders may move by the slack, so the area they cover hardly changes.
    assert signed.sum() == pytest.approx(np.abs(areas(atlas.uvs[atlas.faces])).sum(), rel=0.04)


def test_shared_levels_need_a_closed_surface(bust: Surface) -> None:
    main = decimate(bust, 2000)
    atlas = unwrap(main.vertices, main.faces, resolution=512, padding=2)
    with pytest.raises(UsageError, match="closed"):
        decimate_seams(main.vertices[atlas.vertex_map], atlas.faces[5:], atlas.uvs, atlas.vertex_map, 500)


def test_borders_of_charts_move_by_the_slack_at_most_however_often(bust: Surface) -> None:
    """A border drifts with every collapse along it; what counts is how far it comes in all.

    What drifted is added up as a length, and two borders may both have some: hence not quite the slack itself.
    """
    main = decimate(bust, 6000, focus=FOCUS, planes=FLOOR)
    atlas = unwrap(main.vertices, main.faces, resolution=512, padding=4)
    slack = 2.0 / 512
    cut = main.vertices[atlas.vertex_map]
    level = decimate_seams(cut, atlas.faces, atlas.uvs, atlas.vertex_map, 800, uv_slack=slack)
    before = borders(atlas.faces)
    after = borders(level.kept[level.faces])
    assert len(after) < 0.7 * len(before)
    chart = charts(atlas.faces, len(atlas.vertex_map))
    uvs = atlas.uvs.astype(float)
    for one in np.unique(chart[before[:, 0]]):
        sides = uvs[after[chart[after[:, 0]] == one]]
        for place in uvs[np.unique(before[chart[before[:, 0]] == one])]:
            along = sides[:, 1] - sides[:, 0]
            share = np.clip(((place - sides[:, 0]) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
            assert np.linalg.norm(sides[:, 0] + share[:, None] * along - place, axis=1).min() <= 1.3 * slack


def borders(faces: np.ndarray) -> np.ndarray:
    """(B, 2): the sides of faces that have none on the other side, as the cut mesh has it."""
    sides = np.stack([faces.ravel(), np.roll(faces, -1, axis=1).ravel()], axis=1)
    own = {tuple(side) for side in sides.tolist()}
    return np.array([side for side in sides.tolist() if (side[1], side[0]) not in own])


def areas(corners: np.ndarray) -> np.ndarray:
    one, two = (corners[:, k].astype(float) - corners[:, 0] for k in (1, 2))
    return (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2


def charts(faces: np.ndarray, count: int) -> np.ndarray:
    label = np.arange(count)
    while True:
        new = label.copy()
        low = label[faces].min(axis=1)
        for corner in range(3):
            np.minimum.at(new, faces[:, corner], low)
        if np.array_equal(new, label):
            return label
        label = new
