# SPDX-License-Identifier: Apache-2.0
"""The steered unwrap: charts within parts, one for a whole part, nothing flipped or covered twice, the same twice."""

from __future__ import annotations

import ast
import itertools
import time
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy import ndimage

from portrait_core.shape import Surface, decimate, extract_surface
from portrait_core.shape.regions import Region, face_regions
from tests.analytic import SMPL_PLACES, bust_field
from tests.textures.measures import stretches
from textures import Atlas, cover_texels, unwrap

DENSITY = {Region.FACE: 2.2, Region.HEAD: 1.3, Region.NECK: 1.3, Region.CAP: 0.5}
SIZE, PADDING = 512, 4


@pytest.fixture(scope="module")
def bust() -> Surface:
    return decimate(extract_surface(bust_field(), 96), 5000)


@pytest.fixture(scope="module")
def regions(bust: Surface) -> np.ndarray:
    return face_regions(bust.vertices, bust.faces, head=SMPL_PLACES["head"], neck=SMPL_PLACES["neck"])


def steered(bust: Surface, regions: np.ndarray, **more: object) -> Atlas:
    options = {"resolution": SIZE, "padding": PADDING, "density": DENSITY, "whole": [Region.FACE], **more}
    return unwrap(bust.vertices, bust.faces, parts=regions, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def atlas(bust: Surface, regions: np.ndarray) -> Atlas:
    return steered(bust, regions)


def signed_areas(atlas: Atlas) -> np.ndarray:
    corners = atlas.uvs[atlas.faces].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2


def check_valid(vertices: np.ndarray, faces: np.ndarray, atlas: Atlas, padding: int = PADDING) -> None:
    """The same mesh, inside the image, nothing flipped, nothing twice, charts apart."""
    np.testing.assert_array_equal(atlas.vertex_map[atlas.faces], faces)
    assert len(atlas.vertex_map) == len(atlas.uvs) == atlas.faces.max() + 1
    assert atlas.uvs.min() >= 0.0 and atlas.uvs.max() <= 1.0
    assert (signed_areas(atlas) > 0).all()
    texels = cover_texels(atlas.faces, atlas.uvs, SIZE)
    # A texel counts once, however many faces cover it: overlaps would cover less than the faces' area.
    assert abs(len(texels.row) / SIZE**2 - atlas.utilisation) < 0.003
    chart = np.full((SIZE, SIZE), -1)
    chart[texels.row, texels.column] = atlas.charts[texels.face]
    for k in range(atlas.chart_count):
        near = ndimage.binary_dilation(chart == k, np.ones((3, 3)), iterations=max(padding - 1, 1))
        assert not (near & (chart >= 0) & (chart != k)).any()


def test_the_bust_is_cut_into_few_valid_charts(bust: Surface, atlas: Atlas) -> None:
    check_valid(bust.vertices, bust.faces, atlas)
    assert 6 <= atlas.chart_count <= 40
    assert atlas.utilisation >= 0.6


def test_no_chart_is_a_sliver(atlas: Atlas) -> None:
    texels = cover_texels(atlas.faces, atlas.uvs, SIZE)
    chart = np.full((SIZE, SIZE), -1)
    chart[texels.row, texels.column] = atlas.charts[texels.face]
    for k in range(atlas.chart_count):
        assert 2 * ndimage.distance_transform_edt(np.pad(chart == k, 1)).max() >= 4


def test_the_face_is_one_upright_chart_with_little_stretch(bust: Surface, regions: np.ndarray, atlas: Atlas) -> None:
    face = regions == Region.FACE
    assert len(np.unique(atlas.charts[face])) == 1
    assert not np.isin(atlas.charts[~face], atlas.charts[face]).any()
    height = bust.vertices[atlas.vertex_map][atlas.faces[face]][:, :, 1].mean(axis=1)
    v = atlas.uvs[atlas.faces[face]][:, :, 1].mean(axis=1)
    assert np.corrcoef(height, v)[0, 1] > 0.8
    left = bust.vertices[atlas.vertex_map][atlas.faces[face]][:, :, 0].mean(axis=1)
    assert np.corrcoef(left, atlas.uvs[atlas.faces[face]][:, :, 0].mean(axis=1))[0, 1] > 0.9
    stretch = stretches(bust.vertices[bust.faces].astype(np.float64), atlas.uvs[atlas.faces].astype(np.float64))
    ratio = (stretch[:, 0] / stretch[:, 1])[face]
    assert np.median(ratio) < 1.2 and np.percentile(ratio, 99) < 2.5
    density = np.sqrt(stretch.prod(axis=1))
    assert np.median(density[face]) > 2.0 * np.median(density[regions == Region.TORSO])


def test_charts_stay_within_their_parts_except_for_scraps(regions: np.ndarray, atlas: Atlas) -> None:
    own = np.asarray([np.bincount(regions[atlas.charts == k]).argmax() for k in range(atlas.chart_count)])
    assert (own[atlas.charts] == regions).mean() > 0.995


def test_it_is_the_same_every_time(bust: Surface, regions: np.ndarray, atlas: Atlas) -> None:
    again = steered(bust, regions)
    np.testing.assert_array_equal(again.uvs, atlas.uvs)
    np.testing.assert_array_equal(again.faces, atlas.faces)
    np.testing.assert_array_equal(again.charts, atlas.charts)


@pytest.mark.parametrize("budget", [0, 1])
def test_little_work_is_simple_but_valid_and_told(
    bust: Surface, regions: np.ndarray, atlas: Atlas, budget: int, caplog: pytest.LogCaptureFixture
) -> None:
    simple = steered(bust, regions, budget=budget)
    check_valid(bust.vertices, bust.faces, simple)
    assert len(np.unique(simple.charts[regions == Region.FACE])) == 1
    told = [each for each in caplog.records if "used up the work allowed" in each.message]
    # One unit lets the first round be a good one: what comes after it is the rest.
    assert simple.used_up == bool(told) and len(told) <= 1
    assert simple.used_up or budget
    assert not atlas.used_up


def test_a_slow_machine_makes_the_same_charts(
    bust: Surface, regions: np.ndarray, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count(0.0, 1000.0)
    for clock in ("monotonic", "perf_counter", "time", "process_time"):
        monkeypatch.setattr(time, clock, lambda: next(ticks))
    np.testing.assert_array_equal(steered(bust, regions).uvs, atlas.uvs)


@pytest.mark.parametrize("room", ["textures", "portrait_core/shape", "portrait_core/rig", "portrait_core/pipeline"])
def test_no_clock_decides_what_is_made(room: str) -> None:
    for path in sorted((Path(__file__).parents[2] / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not {"time", "datetime", "timeit"} & {*names, source}, f"{path.name} reads a clock"


def test_the_library_keeps_the_densities_of_the_parts(bust: Surface, regions: np.ndarray) -> None:
    found = steered(bust, regions, method="xatlas")
    np.testing.assert_array_equal(found.vertex_map[found.faces], bust.faces)
    assert (signed_areas(found) != 0).all()
    even = unwrap(bust.vertices, bust.faces, resolution=SIZE, padding=PADDING, method="xatlas")
    np.testing.assert_array_equal(even.charts, found.charts)
    size, before = (np.bincount(each.charts, np.abs(signed_areas(each))) for each in (found, even))
    scale = np.sqrt(size / before)
    most = [np.bincount(regions[found.charts == k]).argmax() for k in range(found.chart_count)]
    wanted = np.asarray([DENSITY.get(Region(part), 1.0) for part in most])
    assert len(np.unique(wanted)) > 2
    ratio = (scale / wanted)[size > 1e-3]  # the library rounds the extents of charts to whole texels
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=0.03)
    texels = cover_texels(found.faces, found.uvs, SIZE)
    assert abs(len(texels.row) / SIZE**2 - found.utilisation) < 0.003


@pytest.mark.parametrize("padding", [0, 1, 16])
def test_padding(bust: Surface, regions: np.ndarray, padding: int) -> None:
    check_valid(bust.vertices, bust.faces, steered(bust, regions, padding=padding), padding)


@pytest.mark.parametrize(
    "mesh",
    [
        trimesh.creation.icosphere(3),
        trimesh.creation.box().subdivide().subdivide(),
        trimesh.creation.torus(1.0, 0.35),
        trimesh.creation.annulus(0.5, 1.0, 0.3),
        trimesh.creation.cone(0.01, 5.0),
    ],
    ids=["sphere", "cube", "torus", "ring", "needle"],
)
@pytest.mark.parametrize("whole", [(), (0,)], ids=["free", "whole"])
def test_plain_bodies_of_one_part(mesh: trimesh.Trimesh, whole: tuple[int, ...]) -> None:
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    atlas = unwrap(vertices, faces, resolution=SIZE, padding=2, parts=np.zeros(len(faces), np.int32), whole=whole)
    check_valid(vertices, faces, atlas, 2)
    # A torus opens into one chart by two cuts; a sphere has no cut that it needs and is halved.
    if whole and mesh.euler_number == 0:
        assert atlas.chart_count == 1


def test_pieces_and_crowded_edges_are_no_obstacle() -> None:
    one, two = trimesh.creation.icosphere(2), trimesh.creation.box().subdivide()
    two.apply_translation((3, 0, 0))
    both = trimesh.util.concatenate([one, two])
    vertices, faces = np.asarray(both.vertices, np.float32), np.asarray(both.faces, np.int32)
    faces = np.concatenate([faces, [[faces[0, 0], faces[0, 1], len(vertices)]]]).astype(np.int32)  # a fin
    vertices = np.concatenate([vertices, vertices[faces[0, :1]] * 2.0])
    atlas = unwrap(vertices, faces, resolution=SIZE, padding=2, parts=np.zeros(len(faces), np.int32))
    check_valid(vertices, faces, atlas, 2)


def test_faces_without_area_do_not_break_it(bust: Surface, regions: np.ndarray) -> None:
    vertices = bust.vertices.copy()
    vertices[bust.faces[100]] = vertices[bust.faces[100, 0]]
    atlas = unwrap(
        vertices,
        bust.faces,
        resolution=SIZE,
        padding=PADDING,
        parts=regions,
        whole=[Region.FACE],
        density=DENSITY,
    )
    check_valid(vertices, bust.faces, atlas)


def test_bad_input_is_named(bust: Surface, regions: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no parts"):
        unwrap(bust.vertices, bust.faces, whole=[0])
    with pytest.raises(ValueError, match="one part for each"):
        unwrap(bust.vertices, bust.faces, parts=regions[:-1])
    with pytest.raises(ValueError, match="positive"):
        unwrap(bust.vertices, bust.faces, parts=regions, density={0: 0.0})
    with pytest.raises(ValueError, match="finite"):
        unwrap(bust.vertices * np.float32(np.nan), bust.faces, parts=regions)
