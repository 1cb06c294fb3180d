# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery along the lower edge of the 3D view: a click picks a person, a picture that is dragged away makes one.

Pictures are gizmos: Blender hands them the mouse from the press to the release and no longer, so that nothing stays
modal to wait for keys. Other ways to drag lead nowhere: buttons of panels cannot be dragged, and the asset shelf
of Blender 4 drags data of .blend files alone.
"""

from __future__ import annotations

from typing import Any

import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from ..jobs.gallery import gallery
from ..scene.under_mouse import place_at

PROPERTY = "portraitkit_strip"
PICTURE = 160
"""Pixels of a picture, at the interface's plain scale."""
_GAP, _MARGIN, _FRAME = 6, 16, 3
_MOST = 48
_DRAGGED = 10
"""Pixels that the mouse moves, at the plain scale, from which on a press is no click."""
_PICKED, _LIT = (0.28, 0.45, 0.70, 1.0), (1.0, 1.0, 1.0, 0.6)


def scale_of(context: bpy.types.Context) -> float:
    """The interface's scale."""
    return context.preferences.system.ui_scale or 1.0


def free_width(area: bpy.types.Area, region: bpy.types.Region) -> tuple[float, float]:
    """From which pixel to which of a view nothing of its own lies over it: tools left, the sidebar right."""
    left, right = 0.0, float(region.width)
    for each in area.regions:
        if each.width > 1 and each.x < region.x + region.width and each.x + each.width > region.x:
            if each.type == "TOOLS":
                left = max(left, each.x + each.width - region.x)
            elif each.type == "UI":
                right = min(right, each.x - region.x)
    return left, right


def shown_range(count: int, picked: int | None, room: float, tile: float) -> range:
    """Which of ``count`` pictures are shown side by side in ``room`` pixels: the picked one is among them."""
    fits = max(1, min(count, int(room // tile)))
    start = 0 if picked is None else picked // fits * fits
    start = max(0, min(start, count - fits))
    return range(start, min(count, start + fits))


def places(context: bpy.types.Context) -> dict[int, tuple[float, float, float]]:
    """Of each picture that is shown its lower left corner and its edge, in pixels of the region."""
    scale, count = scale_of(context), len(gallery.cells)
    if not count:
        return {}
    left, right = free_width(context.area, context.region)
    room = right - left - 2 * _MARGIN * scale
    edge = min(PICTURE * scale, max(room, 32.0), 0.4 * context.region.height)
    tile = edge + _GAP * scale
    shown = shown_range(count, gallery.picked, room + _GAP * scale, tile)
    return {
        index: (left + _MARGIN * scale + place * tile, _MARGIN * scale, edge)
        for place, index in enumerate(shown)
    }  # fmt: skip


class PORTRAITKIT_GT_picture(bpy.types.Gizmo):
    """One picture."""

    bl_idname = "PORTRAITKIT_GT_picture"

    __slots__ = ("at", "corner", "edge", "index", "moved", "pressed")

    def setup(self) -> None:
        """Nowhere yet."""
        self.index, self.corner, self.edge = 0, (0.0, 0.0), 0.0
        self.pressed: tuple[int, int] | None = None
        self.at: tuple[int, int] | None = None
        self.moved = False

    def test_select(self, _context: bpy.types.Context, location: tuple[float, float]) -> int:
        """0 inside, -1 outside."""
        inside = all(0 <= location[axis] - self.corner[axis] < self.edge for axis in range(2))
        return 0 if inside and not self.hide else -1

    def draw(self, _context: bpy.types.Context) -> None:
        """The picture, its frame, and while it is dragged a smaller one under the mouse."""
        x, y = self.corner
        picked = gallery.picked == self.index
        if picked or self.is_highlight:
            fill(x - _FRAME, y - _FRAME, self.edge + 2 * _FRAME, _PICKED if picked else _LIT)
        draw_picture(self.index, x, y, self.edge)
        if self.moved and self.at is not None:
            small = self.edge * 0.6
            draw_picture(self.index, self.at[0] - small / 2, self.at[1] - small / 2, small)

    def invoke(self, _context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Pressed."""
        self.pressed = self.at = (event.mouse_region_x, event.mouse_region_y)
        self.moved = False
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, _tweak: set[str]) -> set[str]:
        """Held."""
        self.at = (event.mouse_region_x, event.mouse_region_y)
        if self.pressed is not None:
            far = max(abs(self.at[axis] - self.pressed[axis]) for axis in range(2))
            self.moved = self.moved or far > _DRAGGED * scale_of(context)
        context.area.tag_redraw()
        return {"RUNNING_MODAL"}

    def exit(self, context: bpy.types.Context, cancel: bool) -> None:
        """Let go: a click picks; over the view the person is made there."""
        at, moved, self.pressed, self.at, self.moved = self.at, self.moved, None, None, False
        context.area.tag_redraw()
        if not cancel and at is not None:
            let_go(context, self.index, at, moved=moved)


def let_go(context: bpy.types.Context, index: int, at: tuple[float, float], *, moved: bool) -> None:
    """What comes of a picture that is released at ``at``, pixels of the region; outside the view nothing."""
    if not moved:
        bpy.ops.portraitkit.pick(index=index)
        return
    region, view = context.region, context.region_data
    over = 0 <= at[0] < region.width and 0 <= at[1] < region.height
    if over and view is not None and not on_strip(context, at) and bpy.ops.portraitkit.place_person.poll():
        place = place_at(region, view, *at, context)
        bpy.ops.portraitkit.place_person("EXEC_DEFAULT", index=index, location=place)


def on_strip(context: bpy.types.Context, at: tuple[float, float]) -> bool:
    """Whether a point is over a picture: who lets go there has thought better of it."""
    return any(0 <= at[0] - x < edge and 0 <= at[1] - y < edge for x, y, edge in places(context).values())


class PORTRAITKIT_GGT_gallery(bpy.types.GizmoGroup):
    """All pictures of the gallery, as many as there is room for."""

    bl_idname = "PORTRAITKIT_GGT_gallery"
    bl_label = "Portrait Gallery"
    bl_space_type = "VIEW_3D"
    bl_region_type = "WINDOW"
    bl_options = {"PERSISTENT", "SCALE"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where it is switched on and somebody is there."""
        wanted = getattr(context.window_manager, PROPERTY, False)
        return bool(wanted and gallery.cells and context.space_data.show_gizmo)

    def setup(self, _context: bpy.types.Context) -> None:
        """A gizmo for each that there may be."""
        for _ in range(_MOST):
            self.gizmos.new(PORTRAITKIT_GT_picture.bl_idname).use_draw_modal = True

    def draw_prepare(self, context: bpy.types.Context) -> None:
        """Put them where they belong; the others are hidden."""
        shown = list(places(context).items())
        for number, each in enumerate(self.gizmos):
            each.hide = number >= len(shown)
            if not each.hide:
                each.index, (x, y, each.edge) = shown[number]
                each.corner = (x, y)


_textures: dict[str, Any] = {}
"""By the mark of a cell; those of a gallery that is closed are dropped."""


def draw_picture(index: int, x: float, y: float, edge: float) -> None:
    """A cell's picture as a square; grey while it is not there."""
    texture = texture_of(index)
    if texture is None:
        fill(x, y, edge, (0.2, 0.2, 0.2, 0.8))
        return
    shader = gpu.shader.from_builtin("IMAGE")
    corners = ((x, y), (x + edge, y), (x + edge, y + edge), (x, y + edge))
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners, "texCoord": ((0, 0), (1, 0), (1, 1), (0, 1))})
    shader.bind()
    shader.uniform_sampler("image", texture)
    batch.draw(shader)


def texture_of(index: int) -> Any:
    """The picture on the graphics card; None while it is not there."""
    if index >= len(gallery.cells):
        return None
    mark = gallery.cells[index].mark
    if mark and mark not in _textures:
        for old in _textures.keys() - {each.mark for each in gallery.cells}:
            del _textures[old]
        found = gallery.pixels(index)
        if found is None:
            return None
        size, pixels = found
        buffer = gpu.types.Buffer("FLOAT", len(pixels), pixels)
        _textures[mark] = gpu.types.GPUTexture(size, format="RGBA16F", data=buffer)
    return _textures.get(mark)


def fill(x: float, y: float, edge: float, colour: tuple[float, float, float, float]) -> None:
    """A square of one colour."""
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    corners = ((x, y), (x + edge, y), (x + edge, y + edge), (x, y + edge))
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners})
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


CLASSES = (PORTRAITKIT_GT_picture, PORTRAITKIT_GGT_gallery)


def register() -> None:
    """Whether it is shown, for the running Blender alone."""
    shown = bpy.props.BoolProperty(
        name="In the View",
        description="Show the gallery along the lower edge of the 3D view: click a picture to pick that person, "
        "drag one into the scene to make that person there",
        default=True,
        update=lambda _self, _context: _redraw(),
        options={"SKIP_SAVE"},
    )
    setattr(bpy.types.WindowManager, PROPERTY, shown)


def unregister() -> None:
    """Take it away."""
    _textures.clear()
    delattr(bpy.types.WindowManager, PROPERTY)


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
