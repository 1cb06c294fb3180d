# SPDX-License-Identifier: Apache-2.0
"""Proxy meshes in two makers' habits: with offsets and scales, and hung on single vertices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import sparse

from portrait_core.parts.body import Body
from portrait_core.parts.controls import Controls
from portrait_core.parts.fitted import Fitted
from portrait_core.parts.person_look import PersonLook
from portrait_core.training.parts_template.cards import coverage
from portrait_core.training.parts_template.proxy_mesh import read_proxy
from portrait_core.training.parts_template.worn import quads_of
from portrait_core.world.assets import DECIMETRE, fit_mhclo

OBJ = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 2 0 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 1/1 2/2 3/3 4/4\nf 2/1 5/2 3/3\n"
WITH_OFFSETS = """# a comment
name thing
obj_file thing.obj
x_scale 3 5 1.5
z_scale 1 2 0.7
y_scale 0 4 2.0

verts 0
 3 4 5 0.2 0.3 0.5 0.01 0.02 -0.03
 4 5 6 0.5 0.5 0.0 -0.01 0.0 0.02
 7
 1 2 3 0.1 0.1 0.8 0.0 0.1 0.0
 6 7 8 1.2 -0.1 -0.1 0.0 0.0 0.05
"""
ON_VERTICES = "obj_file thing.obj\nverts 0\nmaterial thing.mhmat\n3\n4\n5\n6\n7\n"
COUNT = 10


@pytest.fixture(params=[WITH_OFFSETS, ON_VERTICES], ids=["offsets", "vertices"])
def proxy_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "thing.obj").write_text(OBJ)
    (tmp_path / "thing.mhclo").write_text(request.param)
    return tmp_path / "thing.mhclo"


def person(index: np.ndarray, base: np.ndarray) -> tuple[Controls, Body]:
    weights = sparse.csr_matrix(np.eye(24)[np.full(len(index), 15)])
    controls = Controls(index, base[index].astype(np.float32), np.zeros((len(index), 3, 1), np.float16), weights)
    places = controls.places(np.zeros(1))
    return controls, Body(PersonLook(np.zeros(1), {}, {}, {}, {}), places, places, np.zeros((24, 3)), weights)


def test_a_proxy_lies_where_the_format_says(proxy_file: Path) -> None:
    base = default_rng(0).normal(size=(COUNT, 3))
    proxy = read_proxy(proxy_file, COUNT)
    wanted = fit_mhclo(proxy_file, base / DECIMETRE) * DECIMETRE
    assert proxy.places(base) == pytest.approx(wanted, abs=1e-9)
    controls, body = person(proxy.used, base)
    fitted = proxy.fitted(controls)
    assert fitted.places(body) == pytest.approx(wanted, abs=1e-6)
    assert Fitted.from_arrays(fitted.to_arrays()).places(body) == pytest.approx(wanted, abs=1e-6)


def test_a_part_of_a_proxy_keeps_its_places(proxy_file: Path) -> None:
    base = default_rng(0).normal(size=(COUNT, 3))
    proxy = read_proxy(proxy_file, COUNT)
    triangle = proxy.part(proxy.polygons[1:], proxy.corners[1:])
    assert len(triangle.offsets) == 3
    assert triangle.polygons[0, 3] == -1
    corners = triangle.places(base)[triangle.polygons[0, :3]]
    assert corners == pytest.approx(proxy.places(base)[[1, 4, 2]])
    assert triangle.uvs[triangle.corners[0, :3]].tolist() == [[0, 0], [1, 0], [1, 1]]


def test_moves_leave_the_offsets_alone(proxy_file: Path) -> None:
    base = default_rng(0).normal(size=(COUNT, 3))
    proxy = read_proxy(proxy_file, COUNT)
    controls, _ = person(proxy.used, base)
    fitted = proxy.fitted(controls)
    assert fitted.moves(np.tile((0.0, 0.5, 0.0), (controls.count, 1))) == pytest.approx(np.tile((0, 0.5, 0), (5, 1)))


def test_topology_of_a_fitted_mesh_has_a_quad_and_a_triangle(proxy_file: Path) -> None:
    proxy = read_proxy(proxy_file, COUNT)
    controls, body = person(proxy.used, default_rng(0).normal(size=(COUNT, 3)))
    fitted = proxy.fitted(controls)
    mesh = fitted.mesh("thing", body, fitted.topology(controls, "teeth"))
    assert mesh.quads.tolist() == [0, 0, 1]
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-5)


def test_controls_that_lack_a_vertex_are_named(proxy_file: Path) -> None:
    proxy = read_proxy(proxy_file, COUNT)
    controls, _ = person(proxy.used[1:], np.zeros((COUNT, 3)))
    with pytest.raises(KeyError, match=str(proxy.used[0])):
        proxy.fitted(controls)


def test_a_file_of_another_mesh_is_refused(proxy_file: Path) -> None:
    proxy_file.with_suffix(".obj").write_text("v 0 0 0\n" + OBJ.replace("f 1/1", "f 2/1"))
    with pytest.raises(ValueError, match=r"5 vertices; thing\.obj has 6"):
        read_proxy(proxy_file, COUNT)


def test_marks_in_a_pictures_margin_are_left_out(tmp_path: Path) -> None:
    import io

    from PIL import Image

    picture = np.full((64, 64, 4), 255, np.uint8)
    Image.fromarray(picture).save(tmp_path / "hairs.png")
    corners = np.array([[(0.25, 0.5), (0.5, 0.5), (0.5, 0.75), (0.25, 0.75)]])
    kept = np.asarray(Image.open(io.BytesIO(coverage(tmp_path / "hairs.png", corners).tobytes())))
    assert kept.shape == (64, 64)
    assert (kept[17:32, 17:32] == 255).all()
    assert (kept[40:] == 0).all()
    assert (kept[:, 40:] == 0).all()
    Image.fromarray(picture[..., :3]).save(tmp_path / "plain.png")
    with pytest.raises(ValueError, match="no alpha"):
        coverage(tmp_path / "plain.png", corners)


def test_of_quads_that_lie_on_each_other_one_is_left(proxy_file: Path) -> None:
    proxy = read_proxy(proxy_file, COUNT)
    quads = replace(proxy, polygons=proxy.polygons[:1], corners=proxy.corners[:1])
    assert quads.polygons.min() >= 0
    count = len(quads.offsets)
    twice = replace(
        quads,
        rows=sparse.vstack([quads.rows, quads.rows]).tocsr(),
        offsets=np.concatenate([quads.offsets, quads.offsets]),
        pairs=np.concatenate([quads.pairs] * 2) if len(quads.pairs) == count else quads.pairs,
        polygons=np.concatenate([quads.polygons, quads.polygons[:, ::-1] + count]),
        corners=np.concatenate([quads.corners, quads.corners[:, ::-1]]),
    )
    assert (quads_of(twice)[0] == quads.polygons).all()
    apart = replace(twice, offsets=np.concatenate([quads.offsets, quads.offsets + 0.001]))
    assert len(quads_of(apart)[0]) == 2
