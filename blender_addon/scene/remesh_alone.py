# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes quads of a mesh, in a Blender of its own: a program, run by the add-on with one JSON file.

It says how far it is in lines, ``portraitkit-step NAME SHARE``, and at the end ``portraitkit-done JSON``. The mesh
comes in a .blend file and goes out in another, with a .glb beside it to bake onto. Nothing of the add-on is imported.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import bpy  # isort: skip - first of all: it makes the others importable
import bmesh
from mathutils import Matrix
from mathutils.bvhtree import BVHTree
from mathutils.interpolate import poly_3d_calc

WELD = 1e-6
"""Metres: vertices that a file has parted at the seams of the maps."""
VOXELS = 160
"""Along the longest side, where a mesh has to be closed first."""
LARGER = 100.0
"""QuadriFlow refuses meshes with edges below 0.1 mm, so it gets them in centimetres."""


def main(order: dict[str, Any]) -> None:
    """``order``: source, target, glb (paths), faces (a count), matrix (16 numbers: the mesh in its avatar's space)."""
    _tell("read", 0.02)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    libraries: Any = bpy.data.libraries
    with libraries.load(order["source"]) as (inside, wanted):
        wanted.meshes = list(inside.meshes)
    (mesh,) = wanted.meshes
    source = _linked("source", mesh)
    own = _linked("quads", mesh.copy())
    _plain(own)
    _tell("quads", 0.05)
    closed = not _quads(own, int(order["faces"]))
    if closed:
        own.data = mesh.copy()
        _plain(own)
        _close(own)
        if not _quads(own, int(order["faces"])):
            print("portraitkit-refused", flush=True)
            return
    own.data.transform(Matrix.Scale(1 / LARGER, 4))
    _lay_on(source, own)
    _tell("unwrap", 0.7)
    _unwrap(own)
    _tell("weights", 0.85)
    _weights(source, own)
    _shapes(source, own)
    for polygon in own.data.polygons:
        polygon.use_smooth = True
    _tell("write", 0.95)
    bpy.data.libraries.write(order["target"], {own.data}, fake_user=True)
    _write_glb(own, order["glb"], order["matrix"])
    corners = [len(each.vertices) for each in own.data.polygons]
    facts = {"faces": len(corners), "quads": corners.count(4), "closed": closed, "name": own.data.name}
    print("portraitkit-done " + json.dumps(facts), flush=True)


def _tell(name: str, share: float) -> None:
    print("portraitkit-step", name, share, flush=True)


def _linked(name: str, mesh: Any) -> Any:
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _select(active: bpy.types.Object, *more: bpy.types.Object) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    for each in (active, *more):
        each.select_set(True)
    bpy.context.view_layer.objects.active = active


def _plain(own: Any) -> None:
    """Whole again at the seams and larger, without what a new mesh cannot keep."""
    own.vertex_groups.clear()
    own.shape_key_clear()
    mesh: Any = bmesh.new()
    mesh.from_mesh(own.data)
    bmesh.ops.remove_doubles(mesh, verts=mesh.verts, dist=WELD)
    bmesh.ops.scale(mesh, vec=(LARGER,) * 3, verts=mesh.verts)
    mesh.to_mesh(own.data)
    mesh.free()
    _select(own)
    if own.data.has_custom_normals:  # they belong to the old corners
        bpy.ops.mesh.customdata_custom_splitnormals_clear()


def _quads(own: Any, faces: int) -> bool:
    """Whether QuadriFlow took the mesh."""
    _select(own)
    try:
        answer: Any = bpy.ops.object.quadriflow_remesh(
            target_faces=faces,
            use_preserve_sharp=True,  # the cut at the bottom stays an edge
            use_preserve_boundary=True,
            use_mesh_symmetry=False,
            seed=0,
        )
    except RuntimeError as error:
        print(error, flush=True)
        return False
    return "FINISHED" in answer and len(own.data.polygons) > 0


def _close(own: Any) -> None:
    """One closed surface around a mesh that QuadriFlow refuses."""
    _select(own)
    bpy.context.view_layer.update()
    own.data.remesh_voxel_size = max(own.dimensions) / VOXELS
    bpy.ops.object.voxel_remesh()


def _lay_on(source: Any, own: Any) -> None:
    """QuadriFlow smooths a face away: each vertex goes to the nearest place of the old surface."""
    _, tree = _surface(source)
    for vertex in own.data.vertices:
        vertex.co = tree.find_nearest(vertex.co)[0]
    own.data.update()


def _surface(source: Any) -> tuple[list[tuple[int, ...]], Any]:
    """Its triangles at rest as corners, and a tree to find the nearest in."""
    keys = source.data.shape_keys
    points = keys.key_blocks[0].data if keys is not None else source.data.vertices
    source.data.calc_loop_triangles()
    corners = [tuple(each.vertices) for each in source.data.loop_triangles]
    return corners, BVHTree.FromPolygons([each.co.copy() for each in points], corners)


def _unwrap(own: Any) -> None:
    while own.data.uv_layers:
        own.data.uv_layers.remove(own.data.uv_layers[0])
    own.data.uv_layers.new(name="UVMap")
    _select(own)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=math.radians(66), island_margin=0.004)
    bpy.ops.object.mode_set(mode="OBJECT")


def _weights(source: Any, own: Any) -> None:
    """Weights of the nearest places of the mesh that it was made from."""
    if not source.vertex_groups:
        return
    _select(source, own)
    bpy.ops.object.data_transfer(
        data_type="VGROUP_WEIGHTS",
        use_create=True,
        vert_mapping="POLYINTERP_NEAREST",
        layers_select_src="ALL",
        layers_select_dst="NAME",
        use_object_transform=False,
    )


def _shapes(source: Any, own: Any) -> None:
    """Shape keys: each vertex moves as the nearest place of the old surface does."""
    keys = source.data.shape_keys
    if keys is None:
        return
    blocks = keys.key_blocks
    basis = [each.co.copy() for each in blocks[0].data]
    corners, tree = _surface(source)
    places: list[tuple[tuple[int, ...], list[float]]] = []
    for vertex in own.data.vertices:
        nearest, _, number, _ = tree.find_nearest(vertex.co)
        places.append((corners[number], list(poly_3d_calc([basis[each] for each in corners[number]], nearest))))
    own.shape_key_add(name=blocks[0].name)
    for block in blocks[1:]:
        moves = [each.co - start for each, start in zip(block.data, basis, strict=True)]
        key = own.shape_key_add(name=block.name, from_mix=False)
        key.value, key.slider_min, key.slider_max = block.value, block.slider_min, block.slider_max
        for point, (three, parts) in zip(key.data, places, strict=True):
            for corner, part in zip(three, parts, strict=True):
                point.co += part * moves[corner]


def _write_glb(own: Any, path: str, matrix: list[float]) -> None:
    """As it is at rest, in its avatar's space: what the engine bakes onto."""
    out = _linked("out", own.data.copy())
    out.shape_key_clear()
    out.matrix_world = Matrix([matrix[4 * row : 4 * row + 4] for row in range(4)])
    bpy.context.view_layer.update()
    _select(out)
    bpy.ops.export_scene.gltf(
        filepath=path,
        export_format="GLB",
        use_selection=True,
        export_yup=True,
        export_apply=False,
        export_animations=False,
        export_skins=False,
        export_morph=False,
        export_image_format="NONE",
    )


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8")))
