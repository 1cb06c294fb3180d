# SPDX-License-Identifier: GPL-3.0-or-later
"""The selected avatar as a file for other programs, with settings that keep rig, maps and recipe."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper

from ..base.operator import PortraitOperator
from ..base.paths import absolute
from ..core.failure import Failure
from ..core.text import Text
from .coast import needs_calm_mode
from .hair_curves import curves_of
from .identity import Avatar, demand_avatar, needs_avatar
from .plain_materials import cutoffs, plain_materials
from .quads import quads_told
from .selection import kept_selection, select_only
from .usd_shapes import mend

SETTINGS: dict[str, dict[str, Any]] = {
    ".glb": {
        "export_format": "GLB",
        "use_selection": True,
        "export_yup": True,
        "export_extras": True,
        "export_tangents": True,
        "export_attributes": True,  # how far hair is along its strand
        "export_skins": True,
        "export_animations": True,
        "export_def_bones": False,
        "export_rest_position_armature": True,
    },
    ".fbx": {
        "use_selection": True,
        "object_types": {"ARMATURE", "MESH"},
        "add_leaf_bones": False,
        "use_custom_props": True,
        "bake_anim_use_nla_strips": False,
        "path_mode": "COPY",
        "embed_textures": True,
    },
    ".usdc": {
        "selected_objects_only": True,
        "export_armatures": True,
        "only_deform_bones": False,
        "export_textures": True,
        "export_textures_mode": "NEW",
        "overwrite_textures": True,
        "relative_paths": True,
        "convert_orientation": True,
        "export_global_forward_selection": "NEGATIVE_Z",
        "export_global_up_selection": "Y",
    },
}
"""Settings of Blender's exporters; those that a version does not know are left out."""


def export_avatar(avatar: Avatar, path: Path, *, all_levels: bool = False) -> Path:
    """Write the avatar's armature and its finest mesh, or every level of detail, to ``path`` by its ending.

    Of an avatar of parts every part goes out that is not switched off in viewport and renders; hair for which curves
    stand goes out as the mesh that it is.

    The selection, and what is hidden, are as before afterwards. An older file stays until the new one is whole.
    """
    kind = path.suffix.lower()
    if kind not in SETTINGS:
        message = Text("{file} is of no kind that can be exported.", file=path.name)
        raise Failure("usage", message, "Choose a name that ends in .glb, .fbx or .usdc.")
    if avatar.mesh is None:
        raise Failure("scene", Text("{name} has no mesh any more.", name=avatar.name), "Regenerate it first.")
    layer = bpy.context.view_layer
    things = [avatar.armature, *(avatar.meshes if all_levels else _finest(avatar))]
    missing = [each.name for each in things if each.name not in layer.objects]
    if missing:
        message = Text("{name} is not in this view layer.", name=missing[0])
        raise Failure("scene", message, "Switch its collection on and try again.")
    shown = [(each, each.hide_viewport, each.hide_get(view_layer=layer)) for each in things]
    temporary = path.with_name(f".{path.stem}.part{path.suffix}")
    with kept_selection():
        try:
            for each, _, _ in shown:
                each.hide_viewport = False
                each.hide_set(False, view_layer=layer)
            select_only(avatar.armature)
            for each in things:
                each.select_set(True, view_layer=layer)
            with _as_understood(kind, things[1:]):
                _export(kind, temporary, {"export_morph_normal": bool(avatar.recipe.get("face_normals"))})
            if kind == ".usdc":
                mend(temporary, {_prim_name(name): each for name, each in cutoffs(things[1:]).items()})
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
            for each, off, hidden in shown:
                each.hide_set(hidden, view_layer=layer)
                each.hide_viewport = off
    return path


def _finest(avatar: Avatar) -> list[bpy.types.Object]:
    """The mesh of an avatar in one piece, or the finest of each part that is wanted."""
    parts = {name: objects[0] for name, objects in avatar.parts.items()}
    if not parts:
        return [avatar.mesh]
    grown = curves_of(avatar) is not None
    on = [
        each
        for name, each in parts.items()
        if not (each.hide_viewport and each.hide_render) or (grown and name == "hair")
    ]
    return on or [avatar.mesh]


@contextmanager
def _as_understood(kind: str, meshes: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Meshes say what the exporter of a format would not see by itself, while this lasts."""
    with ExitStack() as stack:
        if kind == ".glb":
            stack.enter_context(quads_told([each.data for each in meshes]))
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portraitkit-")))
            stack.enter_context(plain_materials(meshes, folder, split=kind == ".fbx"))
        yield


def _prim_name(name: str) -> str:
    """What USD calls a thing of this name."""
    return re.sub(r"\W", "_", name)


def _export(kind: str, path: Path, more: dict[str, Any]) -> None:
    scene, window = bpy.ops.export_scene, bpy.ops.wm
    operator = {".glb": scene.gltf, ".fbx": scene.fbx, ".usdc": window.usd_export}[kind]
    try:
        known = {each.identifier for each in operator.get_rna_type().properties}
        settings = {name: value for name, value in (SETTINGS[kind] | more).items() if name in known}
        answer = operator(filepath=str(path), **settings)
    except (AttributeError, KeyError):
        message = Text("Blender's {ending} exporter is switched off.", ending=kind)
        raise Failure("scene", message, "Switch it on in the preferences.") from None
    except RuntimeError as error:
        raise Failure("file", Text("{file} cannot be written: {reason}", file=path.name, reason=error)) from error
    if "FINISHED" not in answer or not path.is_file() or not path.stat().st_size:
        raise Failure("disk", "The file could not be written.", "Is the folder there, and is there room on the disk?")


class PORTRAITKIT_OT_export_avatar(PortraitOperator, ExportHelper, bpy.types.Operator):
    bl_idname = "portraitkit.export_avatar"
    bl_label = "Export Avatar"
    bl_description = "Write the selected avatar as glTF, FBX or USD, with settings that keep rig, maps and recipe"
    bl_options = {"REGISTER"}

    needs = (needs_avatar, needs_calm_mode)

    filename_ext = ".glb"
    filter_glob: bpy.props.StringProperty(default="*.glb;*.fbx;*.usdc", options={"HIDDEN"})
    format: bpy.props.EnumProperty(
        name="Format",
        description="The kind of file",
        items=[
            (".glb", "glTF (.glb)", "One file with mesh, rig, maps and recipe: for engines and the web"),
            (".fbx", "FBX (.fbx)", "For programs that do not read glTF: rig, shapes and maps, without coats and sheen"),
            (".usdc", "USD (.usdc)", "For film pipelines; the maps lie in a folder beside it"),
        ],
    )
    all_levels: bpy.props.BoolProperty(
        name="All Levels of Detail", description="Also write the coarser meshes", default=False
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.filename_ext = self.format
        if not self.filepath:
            self.filepath = bpy.path.clean_name(demand_avatar(context).name) + self.format
        return ExportHelper.invoke(self, context, event)

    def check(self, _context: bpy.types.Context) -> bool:
        """The name ends as the format does."""
        wanted = str(Path(self.filepath).with_suffix(self.format)) if self.filepath else ""
        changed, self.filepath = wanted != self.filepath, wanted
        return changed

    def perform(self, context: bpy.types.Context) -> Text:
        if not self.filepath:
            raise Failure("file", "No file was named.", "Choose where the avatar goes.")
        path = absolute(self.filepath)
        if path.suffix.lower() not in SETTINGS or self.properties.is_property_set("format"):
            path = path.with_suffix(self.format)
        export_avatar(demand_avatar(context), path, all_levels=self.all_levels)
        return Text("{file} written", file=path.name)


CLASSES = (PORTRAITKIT_OT_export_avatar,)
