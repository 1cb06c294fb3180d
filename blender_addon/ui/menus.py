# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Blender's users look for it: the Add menu, File > Import, File > Export."""

from __future__ import annotations

from typing import Any

import bpy

from ..jobs.session import session
from ..locale import T_


class PORTRAITKIT_MT_add(bpy.types.Menu):
    """Add > Portrait."""

    bl_idname = "PORTRAITKIT_MT_add"
    bl_label = "Portrait"
    bl_description = "Add avatars of head, neck and shoulders"

    def draw(self, _context: bpy.types.Context) -> None:
        """New ones and those of files; without an engine how to get one."""
        layout = self.layout
        if session.link.is_set_up:
            layout.operator("portraitkit.generate", text="As in the Create Panel", icon="USER")
            crowd = layout.operator("portraitkit.crowd", text="Everybody in the Gallery", icon="COMMUNITY")
            crowd.source = "GALLERY"
        else:
            layout.label(text="New portraits need the engine.", icon="INFO")
            layout.operator("portraitkit.set_up_engine", icon="IMPORT")
        layout.separator()
        layout.operator("portraitkit.import_avatar", text="From a File...", icon="FILE_3D")
        layout.operator("portraitkit.import_recipe", text="From a Recipe...", icon="TEXT")
        layout.operator("portraitkit.from_photo", text="From a Photo...", icon="IMAGE_DATA")
        layout.operator("portraitkit.crowd", text="Crowd from a Folder...", icon="FILE_FOLDER").source = "FOLDER"
        layout.operator("portraitkit.make_library", text="Asset Library of a Folder...", icon="ASSET_MANAGER")


def draw_add(menu: Any, _context: bpy.types.Context) -> None:
    """In the 3D view's Add menu."""
    menu.layout.menu(PORTRAITKIT_MT_add.bl_idname, icon="USER")


def draw_import(menu: Any, _context: bpy.types.Context) -> None:
    """In File > Import."""
    menu.layout.operator("portraitkit.import_avatar", text=T_("Portraitkit Avatar (.glb)"), translate=False)
    menu.layout.operator("portraitkit.import_recipe", text=T_("Portraitkit Recipe (.portrait)"), translate=False)


def draw_export(menu: Any, _context: bpy.types.Context) -> None:
    """In File > Export; grey with the reason as its tooltip where no avatar is selected."""
    text = T_("Portraitkit Avatar (.glb, .fbx, .usdc)")
    menu.layout.operator("portraitkit.export_avatar", text=text, translate=False)
    menu.layout.operator("portraitkit.export_vrm", text=T_("Portraitkit Avatar (.vrm)"), translate=False)
    menu.layout.operator("portraitkit.save_recipe", text=T_("Portraitkit Recipe (.portrait)"), translate=False)


def draw_object(menu: Any, _context: bpy.types.Context) -> None:
    """In the 3D view's Object menu."""
    menu.layout.separator()
    menu.layout.operator("portraitkit.attach_body", icon="ARMATURE_DATA")


MENUS = (
    ("VIEW3D_MT_add", draw_add),
    ("VIEW3D_MT_object", draw_object),
    ("TOPBAR_MT_file_import", draw_import),
    ("TOPBAR_MT_file_export", draw_export),
)
CLASSES = (PORTRAITKIT_MT_add,)


def register() -> None:
    """Put our lines at the ends of Blender's menus."""
    for name, draw in MENUS:
        getattr(bpy.types, name).append(draw)


def unregister() -> None:
    """Take them away."""
    for name, draw in MENUS:
        getattr(bpy.types, name).remove(draw)
