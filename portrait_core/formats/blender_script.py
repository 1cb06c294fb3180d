# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportMissingImports=false
"""Run inside Blender: import a .glb of ours and save it as .blend, .fbx or .usdc. Knows nothing of the engine.

python blender_script.py IN.glb OUT.fbx CHANNELS               # a Python that has bpy
blender -b --factory-startup --python blender_script.py -- IN.glb OUT.fbx CHANNELS

CHANNELS is JSON: of each single channel of a packed map, the map's key, the channel's name, the shader's socket and the
channel's number.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

IN_BLENDER = "bpy" in sys.modules
if not IN_BLENDER:
    # Set before bpy is imported, or it writes into the home folder.
    os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="blender-user-"))

# bpy first: as a module of Python it is what makes bmesh known.
import bpy  # noqa: E402, I001
import bmesh  # noqa: E402
import numpy as np  # noqa: E402

_ops: Any = bpy.ops
Channels = list[tuple[str, str, str, int]]


def convert(source: Path, target: Path, channels: Channels) -> None:
    """Read ``source``, write ``target`` by its ending; raises ``RuntimeError`` with Blender's own words."""
    _ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    rate = frame_rate(source)
    if rate:
        scene: Any = bpy.context.scene
        scene.render.fps, scene.render.fps_base = (
            rate,
            1.0,
        )  # before the import, which turns seconds into frames
    _ops.import_scene.gltf(filepath=str(source), disable_bone_shape=True)
    for mesh in bpy.data.meshes:
        join_quads(mesh)
    scene = bpy.context.scene
    scene.unit_settings.system = "METRIC"
    actions = list(bpy.data.actions)
    if actions:
        first, last = (round(frame) for frame in actions[0].frame_range)
        scene.frame_start, scene.frame_end = first, max(first, last)
        scene.frame_set(first)
    kind = target.suffix.lower()
    if kind == ".blend":
        bpy.ops.file.pack_all()
        _ops.wm.save_as_mainfile(filepath=str(target), compress=True, check_existing=False)
    elif kind == ".fbx":
        plain_channels(channels)
        plain_colours()
        images_as_files(source.parent)
        _ops.export_scene.fbx(
            filepath=str(target),
            object_types={"ARMATURE", "MESH"},
            add_leaf_bones=False,  # they would be joints that the file's own skeleton does not have
            use_tspace=True,
            use_custom_props=True,
            bake_anim=bool(actions),
            bake_anim_use_nla_strips=False,
            path_mode="COPY",
            embed_textures=True,
        )
    else:
        wanted = {
            "export_animation": bool(actions),
            "export_armatures": True,
            "only_deform_bones": False,
            "export_textures": True,
            "export_textures_mode": "NEW",
            "overwrite_textures": True,
            "relative_paths": True,
            "convert_orientation": True,
            "export_global_forward_selection": "NEGATIVE_Z",
            "export_global_up_selection": "Y",
        }
        known = {each.identifier for each in _ops.wm.usd_export.get_rna_type().properties}
        _ops.wm.usd_export(filepath=str(target), **{name: value for name, value in wanted.items() if name in known})
        shapes_under_one_name(target)
    if not target.is_file():
        raise RuntimeError(f"Blender wrote no {target.name}")


def shapes_under_one_name(target: Path) -> None:
    """Call blend shapes of all meshes in a USD file by their own names, and let each name move all meshes.

    Blender's exporter gives each mesh's shapes names of their own (``jawOpen2``), so that nothing moves the face as a
    whole. Left as it is where this Blender lets nobody use its USD library.
    """
    try:
        if hasattr(bpy.utils, "expose_bundled_modules"):
            bpy.utils.expose_bundled_modules()
        from pxr import Sdf, Usd, UsdSkel
    except ImportError:
        return
    stage = Usd.Stage.Open(str(target))
    own: dict[str, str] = {}
    for prim in stage.Traverse():
        binding = UsdSkel.BindingAPI(prim)
        tokens = binding.GetBlendShapesAttr().Get() if prim.GetTypeName() == "Mesh" else None
        if tokens:
            names = [path.name for path in binding.GetBlendShapeTargetsRel().GetTargets()]
            own.update(zip(tokens, names, strict=True))
            binding.GetBlendShapesAttr().Set(names)
    if not own:
        return
    for prim in stage.Traverse():
        if prim.GetTypeName() != "SkelAnimation":
            continue
        animation = UsdSkel.Animation(prim)
        tokens = list(animation.GetBlendShapesAttr().Get() or ())
        first: dict[str, int] = {}
        for column, token in enumerate(tokens):
            first.setdefault(str(own.get(str(token), token)), column)
        animation.GetBlendShapesAttr().Set(list(first))
        weights = animation.GetBlendShapeWeightsAttr()
        for time in weights.GetTimeSamples() or [Usd.TimeCode.Default()]:
            values = weights.Get(time)
            if values is not None:
                weights.Set([values[column] for column in first.values()], time)
        skeleton = UsdSkel.BindingAPI(prim.GetParent()).CreateAnimationSourceRel()
        if not skeleton.GetTargets():
            skeleton.SetTargets([Sdf.Path(prim.GetPath())])
    stage.GetRootLayer().Save()


def join_quads(mesh: Any, *, always: bool = False) -> None:
    """Make quads again of the triangles that the file's extras tell of, and weld what its atlas cut apart: of meshes
    that have quads, or ``always``."""
    counts = [int(each) for each in mesh.get("quads", [])]
    if not any(counts) and not always:
        return
    work = bmesh.new()
    work.from_mesh(mesh)
    work.faces.ensure_lookup_table()
    of_material: dict[int, list[Any]] = {}
    for face in work.faces if any(counts) else ():
        of_material.setdefault(face.material_index, []).append(face)
    pairs = [
        (faces[2 * number], faces[2 * number + 1])
        for faces, count in zip(of_material.values(), counts, strict=False)
        for number in range(count)
    ]
    for pair in pairs:
        bmesh.utils.face_join(pair)
    strands_to_corners(work)
    # Seams alone: lips that touch are no seam.
    bmesh.ops.remove_doubles(work, verts=[vertex for vertex in work.verts if vertex.is_boundary], dist=1e-7)
    work.to_mesh(mesh)
    work.free()
    for key in ("quads", "regions"):  # of the file's faces, in their order
        if key in mesh:
            del mesh[key]


def strands_to_corners(work: Any) -> None:
    """Tell at corners how far along its strand hair is: it differs over the texture's seams, which are welded."""
    of_vertices = work.verts.layers.float.get("_STRAND")
    if of_vertices is None:
        return
    kept = [[loop.vert[of_vertices] for loop in face.loops] for face in work.faces]
    work.verts.layers.float.remove(of_vertices)
    of_corners = work.loops.layers.float.new("_STRAND")
    for face, values in zip(work.faces, kept, strict=True):
        for loop, value in zip(face.loops, values, strict=True):
            loop[of_corners] = value


def plain_channels(channels: Channels) -> None:
    """Give each packed channel that a material reads a grey image of its own: .fbx knows no packed channels."""
    for material in bpy.data.materials:
        nodes, links = material.node_tree.nodes, material.node_tree.links
        shaders = [node for node in nodes if node.type == "BSDF_PRINCIPLED"]
        for shader, (key, part, wanted, channel) in itertools.product(shaders, channels):
            socket = shader.inputs[wanted]
            if not socket.is_linked or socket.links[0].from_node.type != "SEPARATE_COLOR":
                continue
            packed = socket.links[0].from_node.inputs[0].links[0].from_node.image
            pixels = np.empty(4 * packed.size[0] * packed.size[1], np.float32)
            packed.pixels.foreach_get(pixels)
            grey = np.ones((len(pixels) // 4, 4), np.float32)
            grey[:, :3] = pixels.reshape(-1, 4)[:, channel : channel + 1]
            name = packed.name.replace(f"_{key}", f"_{part}")
            image = bpy.data.images.new(name, *packed.size, is_data=True)
            image.pixels.foreach_set(grey.reshape(-1))
            node = nodes.new("ShaderNodeTexImage")
            node.image = image
            links.new(node.outputs["Color"], socket)


def plain_colours() -> None:
    """Let each material read its colour and alpha straight from one image, times their factors: .fbx knows no sums."""
    for material in bpy.data.materials:
        nodes, links = material.node_tree.nodes, material.node_tree.links
        for shader in [node for node in nodes if node.type == "BSDF_PRINCIPLED"]:
            colour, alpha = shader.inputs["Base Color"], shader.inputs["Alpha"]
            above = colour.links[0].from_node if colour.is_linked else None
            mix = above if above is not None and above.type == "MIX" else None
            picture = above if mix is None else next((link.from_node for link in links if link.to_node == mix), None)
            summed = alpha.is_linked and alpha.links[0].from_node.type == "MATH"
            if picture is None or picture.type != "TEX_IMAGE" or (mix is None and not summed):
                continue
            factor = np.ones(4, np.float32)
            if mix is not None:
                # The input without a link holds the factor, in linear light as the node multiplies.
                factor[:3] = next(i for i in mix.inputs if i.type == "RGBA" and not i.is_linked).default_value[:3]
            if summed and alpha.links[0].from_node.operation == "MULTIPLY":
                factor[3] = next(i for i in alpha.links[0].from_node.inputs if not i.is_linked).default_value
            pixels = np.empty(4 * picture.image.size[0] * picture.image.size[1], np.float32)
            picture.image.pixels.foreach_get(pixels)
            rows = pixels.reshape(-1, 4)
            rows[:, :3] = encoded(decoded(rows[:, :3]) * factor[:3])
            rows[:, 3] *= factor[3]
            image = bpy.data.images.new(f"{picture.image.name}_tinted", *picture.image.size, alpha=True)
            image.pixels.foreach_set(rows.reshape(-1))
            node = nodes.new("ShaderNodeTexImage")
            node.image = image
            links.new(node.outputs["Color"], colour)
            if alpha.is_linked:
                links.new(node.outputs["Alpha"], alpha)


def decoded(values: np.ndarray) -> np.ndarray:
    """Linear light of sRGB."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(values: np.ndarray) -> np.ndarray:
    """sRGB of linear light."""
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055).astype(np.float32)


def images_as_files(folder: Path) -> None:
    """Save every image under its own name: the .fbx exporter tells images apart by their paths, and ours have none."""
    for image in bpy.data.images:
        if image.source in ("FILE", "GENERATED") and image.size[0] > 0:
            image.filepath_raw = str(folder / f"{image.name}.png")
            image.file_format = "PNG"
            image.save()


def frame_rate(source: Path) -> int:
    """Keyframes a second of the first animation in a .glb, or 0 where there is none."""
    content = source.read_bytes()
    tree = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    if not tree.get("animations"):
        return 0
    times = tree["accessors"][tree["animations"][0]["samplers"][0]["input"]]
    seconds = times["max"][0] - times["min"][0]
    return min(max(round((times["count"] - 1) / seconds), 1), 1000) if seconds > 0 else 0


if __name__ == "__main__":
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    convert(Path(words[0]), Path(words[1]), json.loads(words[2]))
