# SPDX-License-Identifier: Apache-2.0
"""glTF meshes to bake onto as other programs write them: each stands, faces and lies where its file says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh
from portrait_core.formats.read_mesh import read_mesh, read_meshes
from tests.field.gltf_builder import Builder
from tests.field.gltf_variants import differences, make_variant
from tests.field.mesh_files import signed_volume, uv_area, uv_sphere

EGG = uv_sphere()
TOP = EGG.uvs * np.float32([1, -1]) + np.float32([0, 1])


def primitive(out: Builder, mesh: EditedMesh = EGG, **attributes: Any) -> dict[str, Any]:
    """The egg as a part of a mesh; ``attributes`` replace its arrays."""
    assert mesh.normals is not None
    uvs = mesh.uvs * np.float32([1, -1]) + np.float32([0, 1])
    arrays: dict[str, Any] = {"POSITION": mesh.vertices, "NORMAL": mesh.normals, "TEXCOORD_0": uvs, **attributes}
    numbers = {name: out.array(array) if isinstance(array, np.ndarray) else array for name, array in arrays.items()}
    return {"attributes": numbers, "indices": out.array(mesh.faces.reshape(-1, 1).astype(np.uint16))}


def one_mesh(path: Path, change: Callable[[Builder], Any] | None = None, **node: Any) -> Path:
    """The egg in a scene of its own; ``node`` says where, ``change`` may do anything to the file."""
    out = Builder()
    mesh = out.add("meshes", name="egg", primitives=[primitive(out)])
    out.tree["scenes"][0]["nodes"] = [out.add("nodes", name="egg", mesh=mesh, **node)]
    if change is not None:
        change(out)
    return out.write(path)


def told(mesh: EditedMesh) -> str:
    return " | ".join(notice.text for notice in mesh.notices)


# Skins ------------------------------------------------------------------------------------------------------------


def bound(path: Path, armature: dict[str, Any], stand: np.ndarray, vertices: np.ndarray, pose: Any = None) -> Path:
    """The egg on two joints, its vertices as the file holds them and bound so that ``stand`` brings them to the world.

    ``pose`` may change the joints' nodes after the binding.
    """
    out = Builder()
    count = len(vertices)
    joints = np.zeros((count, 4), np.uint8)
    joints[:, 1] = 1
    weights = np.zeros((count, 4), np.float32)
    weights[:, 0] = np.linspace(0, 1, count)
    weights[:, 1] = 1 - weights[:, 0]
    arrays = {"JOINTS_0": out.array(joints), "WEIGHTS_0": out.array(weights)}
    if vertices.dtype == np.int16:
        out.needs("KHR_mesh_quantization")
        arrays["POSITION"] = out.array(vertices, normalized=True)
    else:
        arrays["POSITION"] = out.array(vertices)
    mesh = out.add("meshes", primitives=[primitive(out, **arrays)])
    root = out.add("nodes", name="armature", children=[1], **armature)
    out.add("nodes", name="neck", translation=[0, 0.5, 0], children=[2])
    out.add("nodes", name="head", translation=[0, 0.25, 0.1])
    world = np.eye(4)
    world[:3, :3] *= armature.get("scale", [1])[0]
    x, _, _, w = armature.get("rotation", (0, 0, 0, 1))
    if x:
        angle = 2 * math.atan2(x, w)
        turn = [[1, 0, 0], [0, math.cos(angle), -math.sin(angle)], [0, math.sin(angle), math.cos(angle)]]
        world[:3, :3] = world[:3, :3] @ turn
    inverse = []
    for shift in ([0, 0.5, 0], [0, 0.25, 0.1]):
        local = np.eye(4)
        local[:3, 3] = shift
        world = world @ local
        inverse.append((np.linalg.inv(world) @ stand).T.ravel())
    skin = out.add("skins", joints=[1, 2], inverseBindMatrices=out.array(np.array(inverse, np.float32)))
    egg = out.add("nodes", name="egg", mesh=mesh, skin=skin, scale=[7, 7, 7])
    out.tree["scenes"][0]["nodes"] = [root, egg]
    if pose is not None:
        pose(out.tree["nodes"])
    return out.write(path)


def matrix(scale: float = 1.0, lying: bool = False, mirror: bool = False) -> np.ndarray:
    result = np.eye(4)
    if lying:
        result[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    if mirror:
        result[0] *= -1
    result[:3, :3] *= scale
    return result


LYING = {"rotation": [-math.sqrt(0.5), 0, 0, math.sqrt(0.5)]}


@pytest.mark.parametrize(
    ("armature", "stand"),
    [
        ({}, matrix()),
        ({"scale": [0.01, 0.01, 0.01]}, matrix(0.01)),
        (LYING, matrix(lying=True)),
        ({**LYING, "scale": [0.01, 0.01, 0.01]}, matrix(0.01, lying=True)),
        ({}, matrix(100)),
        ({}, matrix(mirror=True)),
    ],
    ids=["plain", "centimetres", "lying", "both", "by the bind alone", "mirrored"],
)
def test_a_skinned_mesh_stands_where_its_joints_put_it(tmp_path: Path, armature: Any, stand: np.ndarray) -> None:
    back = np.linalg.inv(stand)
    local = (EGG.vertices @ back[:3, :3].T).astype(np.float32)
    mesh = read_mesh(bound(tmp_path / "a.glb", armature, stand, local))
    np.testing.assert_allclose(mesh.vertices, EGG.vertices, atol=1e-6)
    assert mesh.skin is not None and mesh.skin.bones == ("neck", "head") and not mesh.notices
    expected = signed_volume(EGG) * (-1 if np.linalg.det(stand[:3, :3]) < 0 else 1)
    assert signed_volume(mesh) == pytest.approx(expected, rel=1e-4)  # this egg's faces were not turned before


def test_a_quantised_skin_as_gltf_transform_writes_it(tmp_path: Path) -> None:
    half = float(np.abs(EGG.vertices).max())
    ints = np.rint(EGG.vertices / half * 32767).astype(np.int16)
    mesh = read_mesh(bound(tmp_path / "a.glb", {}, matrix(half), ints))
    np.testing.assert_allclose(mesh.vertices, EGG.vertices, atol=5e-6)
    assert np.ptp(mesh.vertices, axis=0) == pytest.approx(np.ptp(EGG.vertices, axis=0), abs=1e-4)


@pytest.mark.parametrize("quantised", [False, True])
def test_a_file_saved_in_a_pose_comes_at_rest(tmp_path: Path, quantised: bool) -> None:
    half = float(np.abs(EGG.vertices).max())
    ints = np.rint(EGG.vertices / half * 32767).astype(np.int16)

    def pose(nodes: list[dict[str, Any]]) -> None:
        nodes[2]["rotation"] = [0, 0.2588, 0, 0.9659]

    stand, held = (matrix(half), ints) if quantised else (matrix(), EGG.vertices)
    mesh = read_mesh(bound(tmp_path / "a.glb", {}, stand, held, pose))
    np.testing.assert_allclose(mesh.vertices, EGG.vertices, atol=5e-6)
    assert "is posed in its file; it is taken at rest" in told(mesh)


def test_a_whole_body_turned_by_its_pose_may_be_meant_elsewhere(tmp_path: Path) -> None:
    """All joints agree that the mesh lies: an armature that does, or a pose of the root. The avatar will tell."""

    def pose(nodes: list[dict[str, Any]]) -> None:
        nodes[0]["rotation"] = LYING["rotation"]

    mesh = read_mesh(bound(tmp_path / "a.glb", {}, matrix(), EGG.vertices, pose))
    assert np.abs(mesh.vertices - EGG.vertices).max() > 0.1
    moved = [mesh.moved(each).vertices for each in mesh.elsewhere]
    assert any(np.allclose(each, EGG.vertices, atol=1e-6) for each in moved)


def test_a_skin_that_leads_nowhere_is_none(tmp_path: Path) -> None:
    mesh = read_mesh(one_mesh(tmp_path / "a.glb", skin=4, translation=[1, 2, 3]))
    np.testing.assert_array_equal(mesh.vertices, EGG.vertices)


# Transforms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [[-1, -1, -1], [-1, 1, 1], [1, -1, 1], [1, 1, -0.01]])
def test_a_mirror_keeps_the_outside_out(tmp_path: Path, scale: list[float]) -> None:
    mirrored = replace(EGG, vertices=(EGG.vertices / scale).astype(np.float32))
    flipped = mirrored.faces[:, [0, 2, 1]]
    normals = EGG.normals * np.float32(scale)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    out = Builder()
    part = primitive(out, replace(mirrored, faces=flipped, normals=normals))
    node = out.add("nodes", name="egg", mesh=out.add("meshes", primitives=[part]), scale=scale)
    out.tree["scenes"][0]["nodes"] = [node]
    mesh = read_mesh(out.write(tmp_path / "a.glb"))
    assert signed_volume(mesh) == pytest.approx(signed_volume(EGG), rel=1e-5) and signed_volume(mesh) > 0
    assert max(differences(mesh, EGG).values()) < 0.1
    # Two mirrors above each other are none.
    out.tree["nodes"][node].update(children=[], scale=[1, 1, 1])
    top = out.add("nodes", children=[out.add("nodes", children=[node], scale=[-1, 1, 1])], scale=[1, 1, -1])
    out.tree["scenes"][0]["nodes"] = [top]
    assert signed_volume(read_mesh(out.write(tmp_path / "b.glb"))) * signed_volume(mirrored) < 0


def test_normals_of_the_artist_stay_at_right_angles(tmp_path: Path) -> None:
    """Turned and stretched: by the inverse transpose, not as places are."""
    turn = {"rotation": [0.5, 0.5, 0.5, 0.5], "scale": [1, 3, 0.5], "translation": [0, 1, 0]}
    mesh = read_mesh(one_mesh(tmp_path / "a.glb", **turn))
    assert mesh.normals is not None and EGG.normals is not None
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-6)
    # The egg is an ellipsoid, so is the stretched one, whose normals are known: centre away, each axis over its square.
    axes = 0.1 * np.array([1, 1.3, 1]) * [1, 3, 0.5]
    away = (mesh.vertices - np.float32([0, 1, 0]))[:, [1, 2, 0]] / axes**2
    expected = (away / np.linalg.norm(away, axis=1, keepdims=True))[:, [2, 0, 1]]
    np.testing.assert_allclose(mesh.normals, expected, atol=1e-4)


def test_a_scene_that_collapses_is_refused_or_flat_but_never_a_crash(tmp_path: Path) -> None:
    mesh = read_mesh(one_mesh(tmp_path / "a.glb", scale=[1, 0, 1]))
    assert mesh.normals is None and np.ptp(mesh.vertices[:, 1]) == 0
    with pytest.raises(UsageError, match="not finite"):
        read_mesh(one_mesh(tmp_path / "b.glb", scale=[1e300, 1e300, 1]))


# Texture places ---------------------------------------------------------------------------------------------------


def textured(out: Builder, transform: dict[str, Any] | None = None, **info: Any) -> int:
    texture = {"index": 0, **info}
    if transform is not None:
        texture["extensions"] = {"KHR_texture_transform": transform}
    out.tree.setdefault("images", [{"uri": "a.png"}])
    out.tree.setdefault("textures", [{"source": 0}])
    return out.add("materials", name="skin", pbrMetallicRoughness={"baseColorTexture": texture})


@pytest.mark.parametrize(
    ("transform", "stored"),
    [
        ({"offset": [-0.5, -0.5], "scale": [2, 2]}, TOP / 2 + 0.25),
        ({"scale": [1 / 16, 1 / 16]}, TOP * 16),
        ({"scale": [1, -1], "offset": [0, 1]}, TOP * [1, -1] + [0, 1]),
        # A quarter turn counter-clockwise, as seen: (u, v) goes to (v, -u), here moved back into the square.
        ({"rotation": math.pi / 2, "offset": [0, 1]}, np.stack([1 - TOP[:, 1], TOP[:, 0]], axis=1)),
    ],
    ids=["a quarter", "packed", "turned over", "rotated"],
)
def test_a_texture_transform_is_applied(tmp_path: Path, transform: dict[str, Any], stored: np.ndarray) -> None:
    def change(out: Builder) -> None:
        part = out.tree["meshes"][0]["primitives"][0]
        part["material"] = textured(out, transform)
        part["attributes"]["TEXCOORD_0"] = out.array(stored.astype(np.float32))

    mesh = read_mesh(one_mesh(tmp_path / "a.glb", change))
    if "rotation" not in transform:
        np.testing.assert_allclose(mesh.uvs, EGG.uvs, atol=1e-6)
    else:
        np.testing.assert_allclose(mesh.uvs[:, 0], stored[:, 1], atol=1e-6)
        np.testing.assert_allclose(mesh.uvs[:, 1], stored[:, 0], atol=1e-6)
    assert uv_area(mesh) == pytest.approx(uv_area(EGG), rel=1e-4) and not mesh.notices


def two_maps(out: Builder, **info: Any) -> None:
    part = out.tree["meshes"][0]["primitives"][0]
    part["attributes"]["TEXCOORD_1"] = out.array(TOP / np.float32(2))
    if info:
        part["material"] = textured(out, **info)


@pytest.mark.parametrize(
    ("info", "wanted", "share", "why"),
    [
        ({}, None, 1, "TEXCOORD_0 is taken, the first"),
        ({"texCoord": 1}, None, 0.25, "TEXCOORD_1 is taken, as its material says"),
        ({"transform": {"texCoord": 1}}, None, 0.25, "TEXCOORD_1 is taken, as its material says"),
        ({"texCoord": 5}, None, 1, "TEXCOORD_0 is taken"),
        ({"texCoord": 1}, "0", 1, "TEXCOORD_0 is taken, as asked"),
        ({}, "1", 0.25, "TEXCOORD_1 is taken, as asked"),
        ({}, "texcoord_1", 0.25, "TEXCOORD_1 is taken, as asked"),
    ],
)
def test_of_several_uv_maps_one_is_taken_and_told(
    tmp_path: Path, info: dict[str, Any], wanted: str | None, share: float, why: str
) -> None:
    mesh = read_mesh(one_mesh(tmp_path / "a.glb", lambda out: two_maps(out, **info)), uv_map=wanted)
    assert uv_area(mesh) == pytest.approx(share * uv_area(EGG), rel=1e-4)
    assert "TEXCOORD_0 (81.0% of the square), TEXCOORD_1 (20.2% of the square)" in told(mesh) and why in told(mesh)
    advice = mesh.notices[0].remedy
    assert (advice is None) == (wanted is not None)


def test_a_uv_map_that_is_not_there(tmp_path: Path) -> None:
    path = one_mesh(tmp_path / "a.glb", two_maps)
    with pytest.raises(UsageError, match="has no UV map TEXCOORD_3; there are: TEXCOORD_0, TEXCOORD_1"):
        read_mesh(path, uv_map="3")
    with pytest.raises(UsageError, match="no UV map is called 'UVMap'; glTF files number them"):
        read_mesh(path, uv_map="UVMap")


def two_materials(path: Path, *, same_image: bool = False, tile: float = 0.0) -> Path:
    """The egg's halves in two materials; the second's texture places are moved by ``tile``."""
    out = Builder()
    half = len(EGG.faces) // 2
    lower, upper = replace(EGG, faces=EGG.faces[:half]), replace(EGG, faces=EGG.faces[half:])
    upper = replace(upper, uvs=upper.uvs + np.float32([tile, 0]))
    parts = [primitive(out, each) for each in (lower, upper)]
    for number, part in enumerate(parts):
        texture = {"index": 0 if same_image else number}
        part["material"] = out.add(
            "materials", name=["skin", "Hair"][number], pbrMetallicRoughness={"baseColorTexture": texture}
        )
    out.tree["images"] = [{"uri": "a.png"}, {"uri": "b.png"}]
    out.tree["textures"] = [{"source": 0}, {"source": 1}]
    mesh = out.add("meshes", name="egg", primitives=parts)
    out.tree["scenes"][0]["nodes"] = [out.add("nodes", name="egg", mesh=mesh)]
    return out.write(path)


def test_materials_of_different_images_are_kept_apart(tmp_path: Path) -> None:
    mesh = read_mesh(two_materials(tmp_path / "a.glb"))
    assert mesh.materials == ("skin", "Hair") and mesh.material is not None
    assert np.bincount(mesh.material).tolist() == [len(EGG.faces) // 2] * 2
    assert signed_volume(mesh) == pytest.approx(signed_volume(EGG), rel=1e-5)
    assert read_mesh(two_materials(tmp_path / "b.glb", same_image=True)).materials == ()
    tiled = read_mesh(two_materials(tmp_path / "c.glb", tile=3.0))  # a UDIM tile for each
    assert 0 <= tiled.uvs.min() <= tiled.uvs.max() <= 1 and uv_area(tiled) == pytest.approx(uv_area(EGG), rel=1e-4)
    with pytest.raises(UsageError, match=r"goes from .* one image holds 0 to 1"):
        read_mesh(two_materials(tmp_path / "d.glb", same_image=True, tile=1.0))


def test_a_map_that_lies_on_itself_a_hundred_times_is_none(tmp_path: Path) -> None:
    def pile(out: Builder) -> None:
        square = np.array([0, 16, 17] * 60_000, np.uint16)
        part = out.tree["meshes"][0]["primitives"][0]
        part["indices"] = out.array(square.reshape(-1, 1))

    with pytest.raises(UsageError, match=r"fill the square .* times over"):
        read_mesh(one_mesh(tmp_path / "a.glb", pile))


# Shape keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_mesh", "on_node", "pulled"), [([1.0, 0.0], None, 1.0), ([0.3, 0.0], [0.5, 0.0], 0.5), (None, None, 0.0)]
)
def test_shape_keys_as_they_stand(tmp_path: Path, on_mesh: Any, on_node: Any, pulled: float) -> None:
    assert EGG.normals is not None
    push = (0.02 * EGG.normals).astype(np.float32)

    def change(out: Builder) -> None:
        mesh = out.tree["meshes"][0]
        mesh["primitives"][0]["targets"] = [
            {"POSITION": out.sparse(push, np.arange(len(push)), base=False)},
            {"POSITION": out.array(10 * push)},
        ]
        mesh["extras"] = {"targetNames": ["Sculpt", "Other"]}
        if on_mesh is not None:
            mesh["weights"] = on_mesh
        if on_node is not None:
            out.tree["nodes"][0]["weights"] = on_node

    mesh = read_mesh(one_mesh(tmp_path / "a.glb", change))
    np.testing.assert_allclose(mesh.vertices, EGG.vertices + np.float32(pulled) * push, atol=1e-7)
    assert ("Sculpt at" in told(mesh)) == (pulled > 0) and "Other" not in told(mesh)
    assert (mesh.normals is None) == (pulled > 0)  # without normals of its own the key leaves those of another shape


# Parts, scenes, compression ---------------------------------------------------------------------------------------


def test_sparse_data_over_a_view_and_over_nothing(tmp_path: Path) -> None:
    for base in (True, False):
        some = np.arange(0, len(EGG.vertices), 3) if base else np.arange(len(EGG.vertices))

        def change(out: Builder, base: bool = base, some: np.ndarray = some) -> None:
            attributes = out.tree["meshes"][0]["primitives"][0]["attributes"]
            attributes["POSITION"] = out.sparse(EGG.vertices, some, base=base)

        mesh = read_mesh(one_mesh(tmp_path / "a.glb", change))
        np.testing.assert_array_equal(mesh.vertices, EGG.vertices)


def test_strips_and_fans(tmp_path: Path) -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 2, 0]], np.float32)
    uvs = (corners[:, :2] / 2).astype(np.float32)
    # The second corner twice turns the sides of all that follows: the triangle is the file's, upside down.
    for mode, order, faces in (
        (5, [0, 1, 2, 3, 4], [[0, 1, 2], [1, 3, 2], [2, 3, 4]]),
        (5, [0, 1, 1, 2, 3], [[1, 2, 3]]),
        (6, [0, 1, 3, 2], [[1, 3, 0], [3, 2, 0]]),
    ):
        out = Builder()
        part = {
            "attributes": {"POSITION": out.array(corners), "TEXCOORD_0": out.array(uvs)},
            "indices": out.array(np.array(order, np.uint8).reshape(-1, 1)),
            "mode": mode,
        }
        out.tree["scenes"][0]["nodes"] = [out.add("nodes", mesh=out.add("meshes", primitives=[part]))]
        assert read_mesh(out.write(tmp_path / "a.glb")).faces.tolist() == faces


def helper(out: Builder, **more: Any) -> int:
    far = replace(EGG, vertices=EGG.vertices + np.float32([3, 0, 0]))
    return out.add("nodes", name="egg", mesh=out.add("meshes", name="egg", primitives=[primitive(out, far)]), **more)


def test_only_what_the_scene_shows_counts(tmp_path: Path) -> None:
    def unseen(out: Builder) -> None:
        out.add("meshes", name="bone shape", primitives=[primitive(out)])
        helper(out)

    np.testing.assert_array_equal(read_mesh(one_mesh(tmp_path / "a.glb", unseen)).vertices, EGG.vertices)

    def second(out: Builder) -> None:
        out.tree["scenes"] = [{"nodes": [helper(out)]}, {"nodes": [0]}]
        out.tree["scene"] = 1

    np.testing.assert_array_equal(read_mesh(one_mesh(tmp_path / "b.glb", second)).vertices, EGG.vertices)

    def light_alone(out: Builder) -> None:
        out.tree["scenes"] = [{"nodes": [out.add("nodes", name="light")]}, {"nodes": [0]}]
        out.tree["scene"] = 0
        out.add("nodes", name="stray", mesh=0, translation=[5, 0, 0])

    np.testing.assert_array_equal(read_mesh(one_mesh(tmp_path / "d.glb", light_alone)).vertices, EGG.vertices)

    def hidden(out: Builder) -> None:
        number = helper(out, extensions={"KHR_node_visibility": {"visible": False}})
        out.tree["scenes"][0]["nodes"].append(number)

    np.testing.assert_array_equal(read_mesh(one_mesh(tmp_path / "c.glb", hidden)).vertices, EGG.vertices)


def test_several_meshes_by_name_by_number_or_all_of_them(tmp_path: Path) -> None:
    path = one_mesh(tmp_path / "a.glb", lambda out: out.tree["scenes"][0]["nodes"].append(helper(out)))
    assert [mesh.name for mesh in read_meshes(path)] == ["egg", "egg"]
    assert len(read_meshes(path, "egg")) == 2
    assert read_mesh(path, number=1).vertices[:, 0].min() > 2
    with pytest.raises(UsageError, match="no mesh is number 2; there are 0 egg, 1 egg") as error:
        read_mesh(path, number=2)
    assert error.value.remedy is not None and error.value.remedy.do == "choose_mesh"


def test_levels_of_detail_beside_the_scene_are_there_by_name(tmp_path: Path) -> None:
    def levels(out: Builder) -> None:
        out.tree["nodes"][0]["extensions"] = {"MSFT_lod": {"ids": [helper(out)]}}
        out.tree["nodes"][1]["name"] = "egg_LOD1"
        out.tree["extensionsUsed"] = ["MSFT_lod"]

    path = one_mesh(tmp_path / "a.glb", levels)
    assert [mesh.name for mesh in read_meshes(path)] == ["egg", "egg_LOD1"]


def test_one_wrong_mesh_of_several_is_left_out_and_told(tmp_path: Path) -> None:
    def broken(out: Builder) -> None:
        number = helper(out)
        out.tree["scenes"][0]["nodes"].append(number)
        out.tree["meshes"][1]["primitives"][0]["attributes"]["POSITION"] = 99

    path = one_mesh(tmp_path / "a.glb", broken)
    mesh = read_mesh(path)
    np.testing.assert_array_equal(mesh.vertices, EGG.vertices)
    assert "left out: accessors number 99 does not exist" in told(mesh)
    with pytest.raises(UsageError, match="accessors number 99"):
        read_mesh(path, number=1)


@pytest.mark.parametrize("name", ["EXT_meshopt_compression", "KHR_meshopt_compression"])
def test_compression_is_called_by_its_name(tmp_path: Path, name: str) -> None:
    def change(out: Builder) -> None:
        out.needs(name)
        for view in out.tree["bufferViews"]:
            view["extensions"] = {name: {}}

    with pytest.raises(UsageError, match=f"compressed by {name}, which is not read. Export it without"):
        read_mesh(one_mesh(tmp_path / "a.glb", change))


def test_a_few_bytes_do_not_ask_for_all_memory(tmp_path: Path) -> None:
    def change(out: Builder) -> None:
        position = out.tree["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
        accessor = out.tree["accessors"][position]
        del accessor["bufferView"]
        accessor["count"] = 10**12

    with pytest.raises(UsageError, match="does not fit"):
        read_mesh(one_mesh(tmp_path / "a.glb", change))


@pytest.mark.parametrize("seed", range(1000, 1060))
def test_a_mesh_is_the_same_in_every_file(tmp_path: Path, seed: int) -> None:
    variant = make_variant(EGG, tmp_path, seed)
    if variant.refused:
        with pytest.raises(UsageError, match=variant.refused):
            read_meshes(variant.path)
        return
    mesh = max(read_meshes(variant.path), key=lambda each: len(each.faces))
    found = differences(mesh, EGG)
    assert found["places"] < 1e-5 and found["uvs"] < 5e-5 and found["normals"] < 0.1, (variant.traits, found)
    held = differences(mesh, variant.held)  # what remains is no rounding of the file's
    assert held["places"] < 6e-6 and held["uvs"] < 6e-6 and held["normals"] < 0.05, (variant.traits, held)
    assert signed_volume(mesh) == pytest.approx(signed_volume(EGG), rel=1e-3)
