# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportMissingImports=false
"""Run inside Blender: avatars' .glb files become .blend files of a library. Knows nothing of the engine.

python blender_library_script.py ORDERS.json       # a Python that has bpy
blender -b --factory-startup --python blender_library_script.py -- ORDERS.json

ORDERS.json is a list of objects with ``name``, ``source``, ``picture``, ``target``, ``catalogue`` (a UUID), ``author``,
``licence``, ``copyright``, ``description``, ``tags`` and ``addon``: the folder of the Portraitkit add-on whose own
hands bring the avatar in, or nothing, where this file does. For each a line begins with ``LINE`` and says in JSON what
became of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import tempfile
import uuid
from array import array
from pathlib import Path
from typing import Any

if "bpy" not in sys.modules:
    # Set before bpy is imported, or it writes into the home folder.
    os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="blender-user-"))

import bpy

LINE = "PORTRAITKIT "
PREVIEW = 256
"""Pixels of a preview's edge."""
FACTS, IDENTITY, OWN = "portraitkit", "portraitkit_id", "portraitkit_collection"
PART, LEVEL, FACE = "portraitkit_part", "portraitkit_level", "face_"
"""Custom properties by which the add-on knows an avatar, and before a shape's name the one that drives it."""

_ops: Any = bpy.ops


def make(order: dict[str, Any]) -> None:
    """One avatar into one file; raises whatever Blender does."""
    _ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    source = Path(order["source"])
    own = by_addon(order, source) if order.get("addon") else arrange(source, str(order["name"]))
    mark(own, order)
    _ops.file.pack_all()
    _ops.wm.save_as_mainfile(filepath=str(order["target"]), compress=True, check_existing=False)


def by_addon(order: dict[str, Any], source: Path) -> Any:
    """The collection of the avatar as the add-on brings it in: bones, skin and face are those of arrivals."""
    folder = Path(order["addon"])
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))
    room = importlib.import_module(f"{folder.name}.scene.bring_in")
    return room.bring_in(source, str(order["name"])).collection


def arrange(source: Path, name: str) -> Any:
    """The collection of the avatar: an object a part, quads, and one property of the armature for each shape."""
    _ops.import_scene.gltf(filepath=str(source), disable_bone_shape=True, bone_heuristic="BLENDER")
    (armature,) = (each for each in bpy.data.objects if each.type == "ARMATURE")
    meshes = [each for each in bpy.data.objects if each.type == "MESH" and each.find_armature() == armature]
    facts = facts_in(source)
    parts = facts.get("recipe", {}).get("topology") == "parts"
    own: Any = bpy.data.collections.new(name)
    bpy.context.scene.collection.children.link(own)
    for each in (armature, *meshes):
        for other in each.users_collection:
            other.objects.unlink(each)
        own.objects.link(each)
    for number, mesh in enumerate(sorted(meshes, key=lambda each: -len(each.data.polygons))):
        part, _, level = mesh.name.partition("_LOD")
        mesh[LEVEL] = int(level or 0) if parts else number
        if parts:
            mesh[PART] = part
        mesh.name = f"{name} {part.replace('_', ' ') if parts else 'mesh'}"
        mesh.data.name = mesh.name
        weld(mesh.data)
    armature.name, armature.data.name = name, name
    armature[FACTS] = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    armature[IDENTITY] = own[OWN] = uuid.uuid5(uuid.NAMESPACE_OID, armature[FACTS]).hex
    drive_faces(armature, meshes)
    return own


def weld(mesh: Any) -> None:
    """Quads where the file tells of them, one vertex where the texture's seams cut it, and the file's own normals."""
    noted = "portraitkit_normal"
    kept = mesh.has_custom_normals
    if kept:
        values = array("f", bytes(12 * len(mesh.loops)))
        mesh.corner_normals.foreach_get("vector", values)
        mesh.attributes.new(noted, "FLOAT_VECTOR", "CORNER").data.foreach_set("vector", values)
    _beside("blender_script").join_quads(mesh, always=True)
    if kept:
        values = array("f", bytes(12 * len(mesh.loops)))
        mesh.attributes[noted].data.foreach_get("vector", values)
        mesh.attributes.remove(mesh.attributes[noted])
        mesh.normals_split_custom_set(list(zip(values[0::3], values[1::3], values[2::3], strict=True)))


def drive_faces(armature: Any, meshes: list[Any]) -> None:
    """A property of the armature for each shape of the face, which the shape keys of all parts follow."""
    for mesh in meshes:
        keys = mesh.data.shape_keys
        for key in keys.key_blocks[1:] if keys else ():
            name = FACE + key.name
            if name not in armature:
                armature[name] = float(key.value)
                armature.id_properties_ui(name).update(
                    min=0.0, max=1.0, soft_min=0.0, soft_max=1.0, default=0.0, description=key.name
                )
                armature.property_overridable_library_set(f'["{name}"]', True)
            driver = key.driver_add("value").driver
            driver.type = "SUM"
            variable = driver.variables.new()
            variable.name = "a"
            variable.targets[0].id = armature
            variable.targets[0].data_path = f'["{name}"]'


def mark(own: Any, order: dict[str, Any]) -> None:
    """Make the collection an asset with its picture and the words to find it by."""
    own.asset_mark()
    facts = own.asset_data
    facts.author, facts.description = str(order["author"]), str(order["description"])
    facts.license, facts.copyright = str(order["licence"]), str(order["copyright"])
    for word in order["tags"]:
        facts.tags.new(str(word)[:63], skip_if_exists=True)
    if order["catalogue"]:
        facts.catalog_id = order["catalogue"]
    if order["picture"]:
        show_preview(own, Path(order["picture"]))


def show_preview(block: Any, picture: Path) -> None:
    """Take a picture's pixels as the preview of a data-block."""
    image = bpy.data.images.load(str(picture))
    try:
        if not image.size[0] or not image.size[1]:
            raise RuntimeError(f"{picture.name} is no picture")
        image.scale(PREVIEW, PREVIEW)
        pixels = array("f", bytes(4 * 4 * PREVIEW * PREVIEW))
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    preview = block.preview_ensure()
    preview.image_size = (PREVIEW, PREVIEW)
    preview.image_pixels_float.foreach_set(pixels)


def facts_in(source: Path) -> dict[str, Any]:
    """Recipe, provenance and report, which our .glb files hold."""
    content = source.read_bytes()
    tree = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    return dict(tree["asset"]["extras"])


def _beside(name: str) -> Any:
    """A script beside this one: names of its folder are not to hide anybody else's."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def _say(facts: dict[str, Any]) -> None:
    # Not by print: what Blender itself writes to the same stream has its own buffer.
    sys.stdout.write(f"\n{LINE}{json.dumps(facts)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    for place, one in enumerate(json.loads(Path(words[0]).read_text(encoding="utf-8"))):
        _say({"begun": place})
        try:
            make(one)
            _say({"done": place})
        except Exception as error:
            _say({"failed": place, "why": f"{error}".strip() or type(error).__name__})
