# SPDX-License-Identifier: Apache-2.0
"""Polygons, normals and materials of .obj, .ply and .off as modelling programs write them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh
from portrait_core.formats.read_mesh import read_mesh
from portrait_core.geometry.polygons import MAX_CORNERS, triangulate
from tests.field.gltf_variants import differences
from tests.field.mesh_files import obj_text, ply_bytes, quads_of, signed_volume, uv_area, uv_sphere

EGG = uv_sphere()

SHAPES = {
    "an L": [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)],
    "a dart": [(0, 0), (2, 1), (0, 2), (0.7, 1)],
    "corners on edges": [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 0.5), (0, 2), (0, 1)],
    "a comb": [(x, y) for k in range(6) for x, y in ((2 * k, 0), (2 * k + 0.5, 3), (2 * k + 1, 0))]
    + [(11, -1), (0, -1)],
    "a keyhole": [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (1, 3), (3, 3), (3, 1), (1, 1)],
}


def areas(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Areas of triangles in the plane, below 0 where they are turned over: in sum the polygon's own."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    return ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2


def shoelace(points: np.ndarray) -> float:
    x, y = points.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("start", [0, 2, 5])
@pytest.mark.parametrize("turned", [False, True])
def test_no_triangle_of_a_polygon_is_turned_over(shape: str, start: int, turned: bool) -> None:
    flat = np.roll(np.array(SHAPES[shape], float), start, axis=0)
    flat = flat[::-1] if turned else flat
    tilt = np.array([[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]])
    space = np.column_stack([flat, np.zeros(len(flat))]) @ tilt.T
    faces, owner = triangulate(space, np.array([len(flat)]))
    assert len(faces) == len(flat) - 2 and not owner.any()
    found = areas(flat, faces) * np.sign(shoelace(flat))
    assert found.min() > -1e-12 and found.sum() == pytest.approx(abs(shoelace(flat)))


def test_random_stars_of_any_size_and_a_spiral() -> None:
    dice = np.random.default_rng(4)
    for count in (5, 9, 40, 400):
        angle = np.sort(dice.uniform(0, 2 * np.pi, count))
        flat = np.stack([np.cos(angle), np.sin(angle)], axis=1) * dice.uniform(0.2, 1, count)[:, None]
        faces, _ = triangulate(np.column_stack([flat, 0 * angle]), np.array([count]))
        assert areas(flat, faces).min() > -1e-12 and areas(flat, faces).sum() == pytest.approx(shoelace(flat))
    turn = np.linspace(0, 6 * np.pi, 150)
    out, back = ((each + turn)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1) for each in (1.0, 0.5))
    flat = np.concatenate([out, back[::-1]])
    faces, _ = triangulate(np.column_stack([flat, 0 * flat[:, 0]]), np.array([len(flat)]))
    assert (areas(flat, faces) * np.sign(shoelace(flat))).min() > -1e-9


def test_many_polygons_at_once_are_those_one_by_one() -> None:
    dice = np.random.default_rng(5)
    sizes = dice.integers(3, 9, 60)
    points = dice.normal(size=(int(sizes.sum()), 3))
    faces, owner = triangulate(points, sizes)
    begin = np.cumsum(sizes) - sizes
    for number, (first, size) in enumerate(zip(begin.tolist(), sizes.tolist(), strict=True)):
        alone, _ = triangulate(points[first : first + size], np.array([size]))
        np.testing.assert_array_equal(faces[owner == number] - first, alone)


def test_what_crosses_itself_or_is_flat_still_ends() -> None:
    dice = np.random.default_rng(6)
    for points in (dice.normal(size=(300, 3)), np.zeros((50, 3)), np.full((5, 3), np.nan), np.eye(3)[[0, 1, 0, 1]]):
        faces, _ = triangulate(points, np.array([len(points)]))
        assert faces.shape == (len(points) - 2, 3) and set(faces.ravel()) <= set(range(len(points)))
    with pytest.raises(ValueError, match="a concave polygon of"):
        triangulate(dice.normal(size=(MAX_CORNERS + 1, 3)), np.array([MAX_CORNERS + 1]))
    with pytest.raises(ValueError, match="3 or more"):
        triangulate(np.zeros((2, 3)), np.array([2]))


def l_shape(path: Path) -> Path:
    """An L of one polygon over z = 0, its texture places its own places halved, in the format of the ending."""
    corners = SHAPES["an L"]
    if path.suffix == ".obj":
        lines = ["v {} {} 0".format(*each) for each in corners] + [f"vt {x / 2} {y / 2}" for x, y in corners]
        path.write_text("\n".join([*lines, "f 2/2 3/3 4/4 5/5 6/6 1/1"]))
    elif path.suffix == ".off":
        lines = [f"{x} {y} 0 {x / 2} {y / 2}" for x, y in corners]
        path.write_text("\n".join(["STOFF", "# a comment", "6 1 0", *lines, "6 1 2 3 4 5 0"]))
    else:
        places = np.array([(x, y, 0) for x, y in corners], np.float32)
        flat = EditedMesh("l", places, np.zeros((0, 3), np.int32), places[:, :2] / 2)
        path.write_bytes(ply_bytes(flat, "binary_little_endian", polygons=[[1, 2, 3, 4, 5, 0]]))
    return path


@pytest.mark.parametrize("ending", ["obj", "ply", "off"])
def test_a_concave_polygon_of_each_format(tmp_path: Path, ending: str) -> None:
    mesh = read_mesh(l_shape(tmp_path / f"a.{ending}"))
    assert areas(mesh.vertices[:, :2].astype(float), mesh.faces).min() > 0
    assert uv_area(mesh) == pytest.approx(3 / 4)


# .obj -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quads", [False, True])
def test_the_artist_s_normals_of_an_obj(tmp_path: Path, quads: bool) -> None:
    (tmp_path / "a.obj").write_text(obj_text(EGG, quads=quads))
    mesh = read_mesh(tmp_path / "a.obj")
    assert max(differences(mesh, EGG).values()) < 0.1
    (tmp_path / "b.obj").write_text(obj_text(EGG, normals=False))
    assert read_mesh(tmp_path / "b.obj").normals is None


def test_hard_edges_of_an_obj_stay_hard(tmp_path: Path) -> None:
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 2\nvn 0 1 0\n"
    (tmp_path / "a.obj").write_text(text + "f 1/1/1 2/2/1 3/3/1\nf 1/1/2 4/3/2 2/2/2\n")
    mesh = read_mesh(tmp_path / "a.obj")
    assert mesh.normals is not None and len(mesh.vertices) == 6
    np.testing.assert_allclose(mesh.normals[mesh.faces], [[[0, 0, 1]] * 3, [[0, 1, 0]] * 3])
    (tmp_path / "b.obj").write_text(text + "f 1/1/1 2/2/1 3/3/1\nf 1/1 4/3 2/2\n")  # half a mesh of normals is none
    assert read_mesh(tmp_path / "b.obj").normals is None


def test_lines_that_go_on(tmp_path: Path) -> None:
    plain = obj_text(EGG, quads=True)
    (tmp_path / "a.obj").write_text(plain)
    broken = "\n".join(line.replace(" ", " \\\n ", 2) if line[0] == "f" else line for line in plain.splitlines())
    for number, text in enumerate((broken, broken.replace("\n", "\r\n"), broken.replace("\\\n", "\\  \n"))):
        path = tmp_path / f"b{number}.obj"
        path.write_bytes(text.encode())
        mesh, truth = read_mesh(path), read_mesh(tmp_path / "a.obj")
        np.testing.assert_array_equal(mesh.faces, truth.faces)
        np.testing.assert_array_equal(mesh.uvs, truth.uvs)
    (tmp_path / "c.obj").write_text(plain + "f 1 \\\n2 \\\nx\n")
    with pytest.raises(UsageError, match=rf"line {len(plain.splitlines()) + 1}: "):
        read_mesh(tmp_path / "c.obj")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace(" ", "\t").encode(),
        lambda text: text.replace("o egg", "g body\ns 1\no T\xeate").encode("latin-1"),
        lambda text: text.encode("utf-16"),
        lambda text: (
            "\n".join(f"{line} # a note" if line[:2] in ("v ", "f ") else line for line in text.splitlines())
            .replace("o egg", "o egg # 1")
            .encode()
        ),
        lambda text: ("l 1 2\np 1\n" + text).replace("l 1 2\np 1\n", "# l\n").encode(),
        lambda text: "\n".join(
            f"{line} 0.5 0.5 0.5" if line[:2] == "v " else f"{line} 0" if line[:3] == "vt " else line
            for line in text.splitlines()
        ).encode(),
    ],
    ids=[
        "a mark of order",
        "windows",
        "old macs",
        "tabs",
        "latin-1",
        "utf-16",
        "notes",
        "comments",
        "colours and a third place",
    ],
)
def test_the_same_obj_by_other_programs(tmp_path: Path, change: object) -> None:
    (tmp_path / "a.obj").write_bytes(change(obj_text(EGG, quads=True)))  # type: ignore[operator]
    mesh = read_mesh(tmp_path / "a.obj")
    assert max(differences(mesh, EGG).values()) < 0.1 and signed_volume(mesh) > 0


def test_materials_of_an_obj(tmp_path: Path) -> None:
    lines = obj_text(EGG).splitlines()
    middle = len(lines) - len(EGG.faces) // 2
    text = "\n".join(["mtllib two words.mtl", "usemtl skin", *lines[:middle], "usemtl hair", *lines[middle:]])
    (tmp_path / "a.obj").write_text(text)
    mesh = read_mesh(tmp_path / "a.obj")
    assert mesh.materials == ("skin", "hair") and mesh.material is not None
    assert np.bincount(mesh.material).tolist() == [len(EGG.faces) // 2] * 2
    # The library says that both show one image.
    (tmp_path / "two words.mtl").write_text("newmtl skin\nKd 1 1 1\nmap_Kd a b.png\n\nnewmtl hair\nmap_Kd a b.png\n")
    assert read_mesh(tmp_path / "a.obj").materials == ()
    (tmp_path / "a.obj").write_text(text.replace("two words.mtl", "../../etc/passwd"))
    assert read_mesh(tmp_path / "a.obj").materials == ("skin", "hair")


def test_images_that_are_scaled_and_moved_by_the_library(tmp_path: Path) -> None:
    """Options of ``map_Kd``, as Blender writes them for a Mapping node: the .obj's own texture transform."""
    far = replace(EGG, uvs=((EGG.uvs - np.float32([0.25, 0])) * np.float32([2, 4])).astype(np.float32))
    (tmp_path / "a.obj").write_text(obj_text(far, mtllib="a.mtl"))
    (tmp_path / "a.mtl").write_text("newmtl skin\nmap_Kd -clamp on -s 0.5 0.25 1 -o 0.25 0 0 my picture.png\n")
    np.testing.assert_allclose(read_mesh(tmp_path / "a.obj").uvs[:, 0].max(), EGG.uvs[:, 0].max(), atol=1e-6)
    assert max(differences(read_mesh(tmp_path / "a.obj"), EGG).values()) < 0.1
    (tmp_path / "a.mtl").write_text("newmtl skin\nmap_Kd -s nan 2 -o\n")
    with pytest.raises(UsageError, match="one image holds 0 to 1 only"):
        read_mesh(tmp_path / "a.obj")


def test_an_obj_has_one_uv_map(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(obj_text(EGG))
    assert len(read_mesh(tmp_path / "a.obj", uv_map="0").uvs) > 0
    with pytest.raises(UsageError, match=r"a \.obj holds one UV map only, number 0; got '1'"):
        read_mesh(tmp_path / "a.obj", uv_map="1")


# .ply and .off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("wedges", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_every_kind_of_ply(tmp_path: Path, form: str, wedges: bool, mixed: bool) -> None:
    """Quads and triangles in one file, texture places of vertices or of corners, and the artist's normals."""
    quads = quads_of(EGG).tolist()
    polygons = [*quads[:50], *EGG.faces[100:].tolist()] if mixed else EGG.faces.tolist()
    (tmp_path / "a.ply").write_bytes(ply_bytes(EGG, form, polygons=polygons, wedges=wedges))
    mesh = read_mesh(tmp_path / "a.ply")
    assert max(differences(mesh, EGG).values()) < 0.1
    assert signed_volume(mesh) == pytest.approx(signed_volume(EGG), rel=1e-5)


def test_images_of_a_ply_by_number(tmp_path: Path) -> None:
    """``texnumber`` of faces, as MeshLab writes it: each image has the square to itself."""
    content = ply_bytes(EGG, "ascii").decode().splitlines()
    at, head = content.index("end_header"), len(EGG.vertices)
    faces = [f"{line} {number % 2}" for number, line in enumerate(content[at + 1 + head :])]
    text = [*content[:at], "property int texnumber", *content[at : at + 1 + head], *faces]
    (tmp_path / "a.ply").write_text("\n".join(text) + "\n")
    mesh = read_mesh(tmp_path / "a.ply")
    assert mesh.materials == ("texture 0", "texture 1") and mesh.material is not None
    assert (mesh.material == np.arange(len(EGG.faces)) % 2).all()


def test_what_trimesh_writes_as_ply_is_read_alike(tmp_path: Path) -> None:
    body = trimesh.Trimesh(EGG.vertices, EGG.faces, vertex_normals=EGG.normals, process=False)
    for encoding in ("binary", "ascii"):
        content = body.export(file_type="ply", encoding=encoding, vertex_normal=True)
        (tmp_path / "a.ply").write_bytes(content if isinstance(content, bytes) else content.encode())
        mesh = read_mesh(tmp_path / "a.ply", bare=True)
        np.testing.assert_allclose(mesh.vertices[mesh.faces], EGG.vertices[EGG.faces], atol=1e-6)
        assert mesh.normals is not None and len(mesh.uvs) == 0


def test_normals_and_texture_places_of_off(tmp_path: Path) -> None:
    assert EGG.normals is not None
    rows = np.concatenate([EGG.vertices, EGG.normals, EGG.uvs], axis=1).tolist()
    quads = [f"4 {' '.join(map(str, each))} 255 0 0" for each in quads_of(EGG).tolist()]
    lines = [" ".join(f"{x:.8g}" for x in row) for row in rows]
    (tmp_path / "a.off").write_text("\n".join(["STNOFF", f"{len(rows)} {len(quads)} 0", *lines, *quads]))
    assert max(differences(read_mesh(tmp_path / "a.off"), EGG).values()) < 0.1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\n", "its header does not end"),
        (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float q\nend_header\n1\n", "no vertices with x, y and z"),
        (b"ply\nformat ascii 1.0\nelement vertex 99999999\nproperty float x\nend_header\n1\n", "more rows than"),
        (b"ply\nformat morse 1.0\nend_header\n", "its format 'morse' is not known"),
        (ply_bytes(EGG, "ascii")[:9000], "table is cut short"),
        (ply_bytes(EGG, "binary_big_endian")[:9000], "cut short"),
        (ply_bytes(EGG, "ascii", polygons=[[0, 1, 999]]), "names a vertex outside 0 to"),
        (ply_bytes(EGG, "ascii", polygons=[]), "has no faces"),
    ],
)
def test_broken_plys(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_mesh(tmp_path / "a.ply", bare=True)
