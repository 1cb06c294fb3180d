# SPDX-License-Identifier: GPL-3.0-or-later
"""Import by a button, by a file chosen, by a file dropped into the 3D view."""

import bpy
from mathutils import Vector

from ..base.operator import PortraitOperator
from ..base.paths import RELATIVE, absolute
from ..core.failure import Failure
from ..core.text import Text
from . import placing
from .bring_in import bring_in, demand_importer
from .coast import needs_calm_mode
from .glb_facts import facts_in, read_tree
from .hair_curves import make_curves, tells_strands
from .identity import Avatar
from .under_mouse import dropped_at
from .undisturbed import asked_from, undisturbed


class PORTRAITKIT_OT_import_avatar(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.import_avatar"
    bl_label = "Import Avatar"
    bl_description = "Import an avatar's .glb file with its bones, skin shader, recipe and picture"
    needs = (needs_calm_mode,)

    filepath: bpy.props.StringProperty(name="File", description="The .glb file", subtype="FILE_PATH", options=RELATIVE)
    name: bpy.props.StringProperty(name="Name", description="What the avatar is called; empty: as the file")
    hair_curves: bpy.props.BoolProperty(
        name="Hair as Curves",
        description="Grow a hair system of curves along the avatar's hair mesh, and hide the mesh",
        default=False,
        options={"SKIP_SAVE"},
    )
    location: bpy.props.FloatVectorProperty(
        name="Place",
        description="The floor that it stands on; not given: at the 3D cursor, or where there is room beside it",
        subtype="TRANSLATION",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    filter_glob: bpy.props.StringProperty(default="*.glb;*.gltf", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:  # dropped
            place = dropped_at(context, event)
            if place is not None and not self.properties.is_property_set("location"):
                self.location = place
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, context: bpy.types.Context) -> Text:
        if not self.filepath:
            raise Failure("file", "No file was named.", "Choose a .glb file.")
        path = absolute(self.filepath)
        if facts_in(read_tree(path)) is None:
            demand_importer()
            try:
                bpy.ops.import_scene.gltf(filepath=str(path))
            except RuntimeError as error:
                message = Text("{file} cannot be imported: {reason}", file=path.name, reason=error)
                raise Failure("file", message) from error
            return Text("{file} is no avatar of Portraitkit; it was imported as it is", file=path.name)
        with undisturbed(asked_from(context), selects=True):
            avatar = bring_in(path, self.name)
            said = self._put(context, avatar)
            if self.hair_curves and tells_strands(avatar):
                make_curves(avatar)
        return said

    def _put(self, context: bpy.types.Context, avatar: Avatar) -> Text:
        """Put it where it was dropped, else as one that arrives."""
        if self.properties.is_property_set("location"):
            return placing.put(avatar, Vector(self.location), columns=0)
        on_floor = not getattr(getattr(context.scene, "portraitkit", None), "neck_at_cursor", False)
        return placing.put(avatar, context.scene.cursor.location.copy(), on_floor=on_floor)


class PORTRAITKIT_FH_avatar(bpy.types.FileHandler):
    bl_idname = "PORTRAITKIT_FH_avatar"
    bl_label = "Portraitkit avatar"
    bl_import_operator = "portraitkit.import_avatar"
    bl_file_extensions = ".glb;.gltf"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in {"VIEW_3D", "OUTLINER"}


CLASSES = (PORTRAITKIT_OT_import_avatar, PORTRAITKIT_FH_avatar)
