# SPDX-License-Identifier: Apache-2.0
"""Maps on meshes of other programs: the same as on the plain mesh, each material its own, and lines that say so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh, Notice
from portrait_core.formats.read_mesh import read_mesh, read_meshes
from portrait_core.formats.write import write_avatar
from portrait_core.pipeline import bake_avatar, bake_onto, make_avatar
from portrait_core.pipeline.bake import Baked, sets_onto
from portrait_core.pipeline.export import set_stems
from portrait_core.pipeline.levels import Work
from portrait_core.pipeline.make import begin
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.runtime.threads import side_by_side
from portrait_core.worker.estimate import bake_steps
from tests.analytic_model import AnalyticModel
from tests.cli.conftest import Run
from tests.cli.test_generate import names
from tests.field.gltf_builder import Builder
from tests.field.gltf_variants import differences, make_variant
from tests.field.mesh_files import obj_text, signed_volume
from tests.field.test_meshes_gltf import primitive
from textures import linear_to_srgb
from textures.stacked import stacked_share

SIZE = 128
RECIPE = Recipe(model="balls", seed=3, faces=1200, texture_size=SIZE, lattice=64)
MODEL = AnalyticModel()


@dataclass(frozen=True)
class Plain:
    """An avatar's mesh as it was exported, the work that its maps are made by, and these."""

    path: Path
    mesh: EditedMesh
    work: Work
    baked: Baked


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    path, *_ = write_avatar(make_avatar(RECIPE, MODEL), tmp_path_factory.mktemp("plain") / "a.glb", thumbnail=False)
    mesh = read_mesh(path)
    with side_by_side(2) as pool:
        work = begin(RECIPE, MODEL, silent, pool)
        yield Plain(path, mesh, work, sets_onto(work, [mesh]))


def bake(plain: Plain, *meshes: EditedMesh) -> tuple[Baked, str]:
    told: list[Notice] = []
    baked = sets_onto(plain.work, meshes, tell=told.append)
    return baked, " | ".join(notice.text for notice in told)


def away(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.abs(one.astype(np.int64) - other.astype(np.int64))


def write_one(path: Path, mesh: EditedMesh, change: Callable[[Builder], Any] | None = None, **node: Any) -> Path:
    out = Builder()
    number = out.add("meshes", name="bust", primitives=[primitive(out, mesh)])
    out.tree["scenes"][0]["nodes"] = [out.add("nodes", name="bust", mesh=number, **node)]
    if change is not None:
        change(out)
    return out.write(path)


# One mesh, other files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scale", [[-1, -1, -1], [1, -1, 1], [2, 2, 2], [0.01, 0.01, 0.01], [0.5, 2, 1]],
    ids=["negative", "one axis", "doubled", "centimetres", "stretched"],
)  # fmt: skip
def test_an_object_with_a_transform_gets_the_maps_of_the_plain_one(
    plain: Plain, tmp_path: Path, scale: list[float]
) -> None:
    assert plain.mesh.normals is not None
    normals = plain.mesh.normals * np.float32(scale)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    turned = replace(plain.mesh, vertices=(plain.mesh.vertices / scale).astype(np.float32), normals=normals)
    if np.prod(scale) < 0:
        turned = replace(turned, faces=turned.faces[:, [0, 2, 1]])
    mesh = read_mesh(write_one(tmp_path / "a.glb", turned, scale=scale))
    assert signed_volume(mesh) == pytest.approx(signed_volume(plain.mesh), rel=1e-4) and signed_volume(mesh) > 0
    baked, told = bake(plain, mesh)
    assert not told
    for name, image in plain.baked.sets[0].maps.items():
        assert away(image, baked.sets[0].maps[name]).mean() < 0.1, name
    normal = baked.sets[0].maps["normal"]
    assert float((normal[:, :, :2].astype(float).std(axis=(0, 1))).min()) > 2, "a flat map: the mesh is inside out"


@pytest.mark.parametrize("seed", [2, 7, 8, 12, 15, 19, 25, 30, 33, 41, 46, 51])
def test_a_variant_gets_the_maps_of_the_plain_file(plain: Plain, tmp_path: Path, seed: int) -> None:
    """A sample of benchmarks/gltf_variants.py, with its measure."""
    from benchmarks.gltf_variants import compare, inner_texels

    variant = make_variant(plain.mesh, tmp_path, seed)
    if variant.refused:
        with pytest.raises(UsageError, match=variant.refused):
            read_meshes(variant.path)
        return
    baked, _ = bake(plain, *read_meshes(variant.path))
    assert max(differences(baked.mesh, plain.mesh).values()) < 0.1
    inside = inner_texels(plain.mesh, SIZE)
    found = compare(baked, plain.baked, inside)
    if any(each["beyond"] for each in found.values()):  # whole numbers move a border by a hair
        found = compare(baked, bake(plain, variant.held)[0], inside)
    assert not any(each["beyond"] for each in found.values()), (variant.traits, found)


def test_an_obj_gets_the_maps_of_the_glb(plain: Plain, tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(obj_text(plain.mesh))
    baked, _ = bake(plain, read_mesh(tmp_path / "a.obj"))
    for name, image in plain.baked.sets[0].maps.items():
        assert away(image, baked.sets[0].maps[name]).mean() < 0.1, name


def test_a_mesh_whose_root_was_turned_is_found_where_it_was_meant(plain: Plain) -> None:
    lying = np.eye(4)
    lying[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    mesh = replace(plain.mesh.moved(lying), elsewhere=(np.eye(4), np.linalg.inv(lying)))
    baked, _ = bake(plain, mesh)
    np.testing.assert_allclose(baked.mesh.vertices, plain.mesh.vertices, atol=1e-6)
    with pytest.raises(UsageError, match="cm or more from this avatar"):
        bake(plain, replace(mesh, elsewhere=()))


@pytest.mark.parametrize("turned", [True, False])
def test_a_mesh_that_somebody_wrote_inside_out_is_turned(plain: Plain, turned: bool) -> None:
    """Faces the wrong way round, with normals that look inwards as well or that are right."""
    assert plain.mesh.normals is not None
    normals = -plain.mesh.normals if turned else plain.mesh.normals
    baked, told = bake(plain, replace(plain.mesh, faces=plain.mesh.faces[:, [0, 2, 1]], normals=normals))
    assert "look inwards; they are turned round" in told
    assert signed_volume(baked.mesh) == pytest.approx(signed_volume(plain.mesh))
    for name, image in plain.baked.sets[0].maps.items():
        assert away(image, baked.sets[0].maps[name]).mean() < 0.1, name


# Several meshes -----------------------------------------------------------------------------------------------------


def test_the_mesh_that_covers_most_of_the_avatar_is_taken(plain: Plain) -> None:
    ear = replace(plain.mesh, name="ear", faces=plain.mesh.faces[:40])
    far = replace(plain.mesh, name="Icosphere", vertices=plain.mesh.vertices + np.float32([0, 3, 0]))
    coarse = replace(plain.mesh, name="LOD1", faces=plain.mesh.faces[: len(plain.mesh.faces) * 999 // 1000])
    baked, told = bake(plain, far, ear, coarse, replace(plain.mesh, name="bust"))
    assert baked.mesh.name == "bust"
    assert told.startswith("4 meshes: 0 Icosphere") and "3 bust is taken, which covers most of the avatar" in told
    with pytest.raises(UsageError, match="of 2 meshes the nearest lies"):
        bake(plain, far, far)


# Materials and overlaps ---------------------------------------------------------------------------------------------


def two_squares(mesh: EditedMesh) -> EditedMesh:
    """Every second face in a material of its own, each with the whole square: both lie over each other."""
    number = (np.arange(len(mesh.faces)) % 2).astype(np.int32)
    return replace(mesh, material=number, materials=("skin", "Hair"))


def field_colours(mesh: EditedMesh, faces: NDArray[np.int32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Texture places (u, v) of the faces' middles, and the colours of the field there."""
    field = MODEL.person(RECIPE).field
    middles = mesh.vertices[faces].mean(axis=1)
    return mesh.uvs[faces].mean(axis=1), np.asarray(linear_to_srgb(field.colour(field.unplace(middles)))) * 255


def test_each_material_gets_maps_of_its_own(plain: Plain) -> None:
    mesh = two_squares(plain.mesh)
    baked, told = bake(plain, mesh)
    assert [each.name for each in baked.sets] == ["skin", "Hair"] and not told
    for number, each in enumerate(baked.sets):
        uvs, colours = field_colours(mesh, mesh.faces[number::2])
        row, column = ((1 - uvs[:, 1]) * SIZE).astype(int), (uvs[:, 0] * SIZE).astype(int)
        got = each.maps.base_colour[row, column].astype(float)
        assert np.median(np.abs(got - colours)) < 4 and np.percentile(np.abs(got - colours), 90) < 12
    assert baked.mesh.material is not None and (np.diff(baked.mesh.material) >= 0).all()


def test_the_copy_keeps_the_materials(plain: Plain, tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"occlusion": True})
    avatar = bake_avatar(two_squares(plain.mesh), recipe, MODEL)
    assert [section.name for section in avatar.main.sections] == ["skin", "Hair"]
    path, *_ = write_avatar(avatar, tmp_path / "copy.glb", thumbnail=False)
    tree = json.loads(path.read_bytes()[20:].split(b"\0")[0][: int.from_bytes(path.read_bytes()[12:16], "little")])
    assert [each["name"] for each in tree["materials"]] == ["skin", "Hair"] and len(tree["images"]) == 6
    assert len({each["attributes"]["POSITION"] for each in tree["meshes"][0]["primitives"]}) == 1
    again = read_mesh(path)
    assert again.materials == ("skin", "Hair") and len(again.faces) == len(plain.mesh.faces)
    # Light that one material keeps from the other stays away though it lies in another image.
    alone = bake_avatar(replace(plain.mesh, faces=plain.mesh.faces[::2]), recipe, MODEL).main.maps["orm"]
    assert away(alone, avatar.main.sections[0].maps["orm"]).mean() > 0.5
    laid = bake_avatar(two_squares(plain.mesh), recipe, MODEL, unwrap="xatlas")
    assert laid.main.sections == ()


def test_names_of_sets_are_names_of_files() -> None:
    assert set_stems("bust", ()) == ["bust"]
    assert set_stems("b", ["skin", "Hair / fine", "Skin", "???"]) == ["b_skin", "b_Hair_fine", "b_Skin_2", "b_material"]


def test_faces_on_each_other_are_told_with_their_share(plain: Plain) -> None:
    assert stacked_share(plain.mesh.faces, plain.mesh.uvs) == 0
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0], [0.5, 1]], np.float32)
    halves = np.array([[0, 1, 2], [0, 2, 3], [0, 4, 5], [0, 5, 3]], np.int32)
    assert stacked_share(halves[:2], square) == 0 and stacked_share(halves[:0], square) == 0
    assert stacked_share(halves, square) == pytest.approx(0.5, abs=0.01)
    assert stacked_share(np.repeat(halves[:2], 12, axis=0), square) == 1
    mirrored = plain.mesh.uvs.copy()
    mirrored[:, 0] = 0.5 - np.abs(mirrored[:, 0] - 0.5)
    _, told = bake(plain, replace(plain.mesh, uvs=mirrored))
    assert "% of the UV map of mesh balls-3 lies under more than one face" in told
    _, told = bake(plain, replace(two_squares(plain.mesh), uvs=mirrored))
    assert "UV map of material skin" in told and "UV map of material Hair" in told


def test_programs_bake_onto_arrays(plain: Plain) -> None:
    mesh = plain.mesh
    maps = bake_onto(mesh.vertices, mesh.faces, mesh.uvs, RECIPE, MODEL, normals=mesh.normals)
    assert all(np.array_equal(maps[name], image) for name, image in plain.baked.sets[0].maps.items())
    assert bake_steps(RECIPE)


# The command --------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_chose(run: Run, balls: Path, plain: Plain, tmp_path: Path) -> None:
    """Two meshes, two UV maps of the one and two materials: lines on stderr, options that choose, names of files."""

    def change(out: Builder) -> None:
        half = len(plain.mesh.faces) // 2
        parts = [primitive(out, replace(plain.mesh, faces=faces)) for faces in np.split(plain.mesh.faces, [half])]
        other = out.array((plain.mesh.uvs * np.float32([0.5, -0.5]) + np.float32([0, 1])).astype(np.float32))
        for part, name in zip(parts, ("skin", "my Hair"), strict=True):
            part["material"] = out.add("materials", name=name)
            part["attributes"]["TEXCOORD_1"] = other
        out.tree["meshes"][0]["primitives"] = parts
        ball = replace(plain.mesh, vertices=plain.mesh.vertices * np.float32(9))
        number = out.add("nodes", name="Icosphere", mesh=out.add("meshes", primitives=[primitive(out, ball)]))
        out.tree["scenes"][0]["nodes"].insert(0, number)

    path = write_one(tmp_path / "kit.glb", plain.mesh, change)
    words = ("bake", "--mesh", path, "--model", "balls", "--seed", 3, "--lattice", 64, "--texture-size", SIZE)
    words += ("--no-normal-map",)
    done = run(*words, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    lines = done.err.splitlines()
    assert len(lines) == 2, lines
    assert re.search(r"kit.glb: mesh bust has 2 UV maps, TEXCOORD_0 \(\d+\.\d% of the square\)", lines[0])
    assert "kit.glb: mesh bust has 2 UV maps, TEXCOORD_0" in lines[0] and lines[0].endswith("Take another by --uv-map.")
    assert "1 Icosphere" in lines[1] and "0 bust is taken" in lines[1] and "--mesh-index" in lines[1]
    files = ["kit_baked.glb", "kit_my_Hair_base_colour.png", "kit_skin_base_colour.png"]
    assert names(tmp_path / "out") == files
    again = run(*words, "--out", tmp_path / "out", "--mesh-index", 0)
    assert again.code != 0 and "exist" in again.error  # told before anything is made
    done = run(*words, "--out", tmp_path / "two", "--mesh-index", 0, "--uv-map", "1", "--json")
    assert done.code == 0, done.err
    facts = done.events[0]
    assert facts["materials"] == ["skin", "my Hair"] and "TEXCOORD_1 is taken, as asked" in facts["notices"][0]
    assert {Path(each).name for each in facts["files"]} == set(files)
    done = run(*words, "--out", tmp_path / "x", "--mesh-index", 7)
    assert (done.code, "no mesh is number 7; there are 0 bust, 1 Icosphere" in done.error) == (2, True)
    done = run(*words, "--out", tmp_path / "x", "--mesh-index", 1)
    assert (done.code, "from this avatar" in done.error) == (2, True)
