# SPDX-License-Identifier: Apache-2.0
"""Arrays of vertices by name: what one of them gets, all of them get, and a new row needs no other edit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.geometry import vertex_data
from portrait_core.geometry.vertex_data import VertexAttribute, VertexData
from tests.formats.assets import asset
from tests.formats.test_gltf import Glb

COUNT = 7


def some() -> VertexData:
    random = np.random.default_rng(3)
    return VertexData(
        vertices=random.normal(size=(COUNT, 3)).astype(np.float32),
        uvs=random.uniform(size=(COUNT, 2)).astype(np.float32),
        welded=np.arange(COUNT, dtype=np.int32),
    )


def test_taking_vertices_takes_all_that_they_have() -> None:
    data, index = some(), np.array([4, 4, 0])
    taken = data.take(index)
    assert list(taken) == ["vertices", "uvs", "welded"]
    for name, array in taken.items():
        np.testing.assert_array_equal(array, [data[name][each] for each in index])
        assert array.dtype == data[name].dtype


def test_nothing_is_changed_in_place() -> None:
    data = some()
    other = data.with_(vertices=data["vertices"] + 1, uvs=None, normals=data["vertices"])
    assert list(data) == ["vertices", "uvs", "welded"] and list(other) == ["vertices", "normals", "welded"]
    np.testing.assert_array_equal(data["vertices"], some()["vertices"])


def test_a_finished_mesh_keeps_what_its_maps_need() -> None:
    data = some().with_(tangents=np.ones((COUNT, 4), np.float32))
    assert list(data.finished({"normal": 0})) == ["vertices", "uvs", "tangents"]
    assert list(data.finished({"base_colour": 0})) == ["vertices", "uvs"]


@pytest.mark.parametrize(
    ("message", "arrays"),
    [
        ("no hue; there are vertices", {"hue": np.zeros((COUNT, 3))}),
        (r"uvs must have shape \(7, 2\), got \(7, 3\)", {"uvs": np.zeros((COUNT, 3))}),
        (r"uvs must have shape \(7, 2\), got \(6, 2\)", {"uvs": np.zeros((COUNT - 1, 2))}),
        (r"welded must have shape \(7,\), got \(7, 1\)", {"welded": np.zeros((COUNT, 1))}),
    ],
)
def test_arrays_that_do_not_fit_are_named(message: str, arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=message):
        some().with_(**arrays)


def test_a_new_row_travels_through_a_cut_into_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours and a second set of texture places, by rows alone."""
    for row in (
        VertexAttribute("colours", 4, "value", "COLOR_0"),
        VertexAttribute("second_uvs", 2, "texture_place", "TEXCOORD_1"),
        VertexAttribute("age", 1, "value", "_AGE"),
    ):
        monkeypatch.setitem(vertex_data.VERTEX_ATTRIBUTES, row.name, row)
    level = asset().main
    places = level.vertices
    colours = np.column_stack([np.abs(places), np.ones(len(places))]).astype(np.float32)
    level = level.with_(colours=colours, second_uvs=level.uvs / 2, age=places[:, 1].copy())
    kept, faces = np.unique(level.faces[::2], return_inverse=True)
    cut = level.part(kept, faces.reshape(-1, 3).astype(np.int32))
    np.testing.assert_array_equal(cut.data["colours"][:, :3], np.abs(cut.vertices))
    glb = Glb(glb_bytes(replace(asset(), levels=(cut,))))
    np.testing.assert_array_equal(glb.attribute("COLOR_0"), cut.data["colours"])
    second = glb.attribute("TEXCOORD_1")
    np.testing.assert_allclose(second[:, 0], cut.uvs[:, 0] / 2, atol=1e-7)
    np.testing.assert_allclose(second[:, 1], 1 - cut.uvs[:, 1] / 2, atol=1e-7)
    np.testing.assert_array_equal(glb.attribute("_AGE")[:, 0], cut.vertices[:, 1])
