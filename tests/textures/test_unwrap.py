# SPDX-License-Identifier: Apache-2.0
"""The atlas: same mesh, no overlap, little stretch, room between charts, the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.geometry.components import component_labels
from portrait_core.shape import Surface, decimate, extract_surface
from tests.analytic import bust_field
from textures import Atlas, cover_texels, unwrap


@pytest.fixture(scope="module")
def bust() -> Surface:
    return decimate(extract_surface(bust_field(), 96), 4000)


@pytest.fixture(scope="module")
def atlas(bust: Surface) -> Atlas:
    return unwrap(bust.vertices, bust.faces, resolution=512, padding=4)


def chart_of_face(atlas: Atlas) -> np.ndarray:
    start, end = atlas.faces[:, [0, 1]].ravel(), atlas.faces[:, [1, 2]].ravel()
    return component_labels(len(atlas.uvs), start, end)[atlas.faces[:, 0]]


def test_it_is_the_same_mesh(bust: Surface, atlas: Atlas) -> None:
    np.testing.assert_array_equal(atlas.vertex_map[atlas.faces], bust.faces)
    assert atlas.uvs.min() >= 0.0 and atlas.uvs.max() <= 1.0
    assert len(atlas.vertex_map) == len(atlas.uvs) < 1.6 * len(bust.vertices)


def test_charts_do_not_overlap_and_keep_their_distance(atlas: Atlas) -> None:
    size = 512
    corners = atlas.uvs[atlas.faces].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2
    texels = cover_texels(atlas.faces, atlas.uvs, size)
    assert abs(len(texels.row) / size**2 - area) < 0.002  # folds and overlaps would cover less than their area
    assert area > 0.4
    chart = np.full((size, size), -1)
    chart[texels.row, texels.column] = chart_of_face(atlas)[texels.face]
    assert len(np.unique(chart)) > 3
    for shift in range(1, 4):  # padding 4, less the texels cut by the chart's edge
        for pair in ((chart[shift:], chart[:-shift]), (chart[:, shift:], chart[:, :-shift])):
            assert not ((pair[0] >= 0) & (pair[1] >= 0) & (pair[0] != pair[1])).any()


def test_texels_are_square_and_even(bust: Surface, atlas: Atlas) -> None:
    place = bust.vertices[atlas.vertex_map][atlas.faces].astype(np.float64)
    uv = atlas.uvs[atlas.faces].astype(np.float64)
    area = np.linalg.norm(np.cross(place[:, 1] - place[:, 0], place[:, 2] - place[:, 0]), axis=1)
    one, two = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    uv_area = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])
    big = area > np.median(area) / 10
    scale = np.sqrt(uv_area[big] / area[big])
    assert np.percentile(scale, 99) / np.percentile(scale, 1) < 1.8
    # The stretch of each triangle: the ratio of the singular values of its map from the surface to the texture.
    along = place[:, 1] - place[:, 0]
    length = np.linalg.norm(along, axis=1)
    other = place[:, 2] - place[:, 0]
    x = np.einsum("ni,ni->n", other, along) / length
    y = area / length
    flat = np.stack([np.stack([length, x], 1), np.stack([0 * x, y], 1)], axis=1)[big]
    stretch = np.linalg.svd(np.stack([one, two], axis=2)[big] @ np.linalg.inv(flat), compute_uv=False)
    assert np.average(stretch[:, 0] / stretch[:, 1], weights=area[big]) < 1.05


def test_it_is_the_same_every_time(bust: Surface, atlas: Atlas) -> None:
    again = unwrap(bust.vertices, bust.faces, resolution=512, padding=4)
    np.testing.assert_array_equal(again.uvs, atlas.uvs)
    np.testing.assert_array_equal(again.faces, atlas.faces)


def test_the_scale_of_the_mesh_does_not_matter(bust: Surface, atlas: Atlas) -> None:
    tiny = unwrap(bust.vertices * np.float32(1 / 1024), bust.faces, resolution=512, padding=4)
    assert len(tiny.faces) == len(bust.faces)
    np.testing.assert_allclose(tiny.uvs, atlas.uvs, atol=1e-3)


def test_the_method_chooses_who_unwraps(bust: Surface, atlas: Atlas) -> None:
    library = unwrap(bust.vertices, bust.faces, resolution=512, padding=4, method="xatlas")
    np.testing.assert_array_equal(library.uvs, atlas.uvs)  # auto is xatlas where no parts are known
    one_part = np.zeros(len(bust.faces), np.int32)
    own = unwrap(bust.vertices, bust.faces, resolution=512, padding=4, method="charts")
    known = unwrap(bust.vertices, bust.faces, resolution=512, padding=4, parts=one_part)
    np.testing.assert_array_equal(own.uvs, known.uvs)  # and ours where they are
    np.testing.assert_array_equal(own.vertex_map[own.faces], bust.faces)
    assert own.utilisation > library.utilisation


def test_the_library_keeps_faces_without_area_and_crowded_edges(bust: Surface) -> None:
    first = bust.faces[100]
    faces = np.concatenate([bust.faces, [[first[0], first[0], first[1]], first, first[::-1]]]).astype(np.int32)
    atlas = unwrap(bust.vertices, faces, resolution=512, padding=2, method="xatlas")
    np.testing.assert_array_equal(atlas.vertex_map[atlas.faces], faces)


def test_bad_input_is_named(bust: Surface) -> None:
    with pytest.raises(ValueError, match="no faces"):
        unwrap(bust.vertices, bust.faces[:0], resolution=512, padding=2)
    with pytest.raises(ValueError, match="padding"):
        unwrap(bust.vertices, bust.faces, resolution=512, padding=100)
