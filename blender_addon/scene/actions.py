# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the curves of actions lie: in the action itself before Blender 4.4, in the channel bag of a slot since then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy


def new_channels(action: bpy.types.Action, owner: Any) -> Any:
    """What has the ``fcurves`` and ``groups`` of a new action for this data-block; it is the block's own afterwards."""
    data = owner.animation_data or owner.animation_data_create()
    if not hasattr(action, "slots"):  # before Blender 4.4
        data.action = action
        return action
    slot = action.slots.new(owner.id_type, owner.name)
    strip: Any = action.layers.new("Motion").strips.new(type="KEYFRAME")
    data.action = action
    data.action_slot = slot
    return strip.channelbag(slot, ensure=True)


def new_curves(action: bpy.types.Action, owner: Any) -> Any:
    """Where the curves of a new action for this data-block are made; the action is the block's own afterwards."""
    return new_channels(action, owner).fcurves


def grouped(channels: Any, name: str, path: str, index: int = 0) -> Any:
    """A new curve in the group of that name, which is made where it is not there."""
    curve = channels.fcurves.new(path, index=index)
    curve.group = channels.groups.get(name) or channels.groups.new(name)
    return curve


def channels_in(action: bpy.types.Action, slot: Any) -> Any:
    """What has the curves of a slot of an action; None where there are none."""
    if not hasattr(action, "slots"):  # before Blender 4.4
        return action
    layers: Any = action.layers
    for layer in layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot) if slot is not None else None
            if bag is not None:
                return bag
    return None


def holders_of(owner: Any) -> Iterator[Any]:
    """What makes a data-block play actions: itself, and the strips of its NLA tracks."""
    data = owner.animation_data
    if data is None:
        return
    if data.action is not None:
        yield data
    for track in data.nla_tracks:
        yield from (strip for strip in track.strips if strip.action is not None)


def curves_for(owner: Any) -> Any:
    """The curves that move a data-block by its action, or by the first action of its NLA tracks; none: empty."""
    holder = next(holders_of(owner), None)
    if holder is None:
        return ()
    found = channels_in(holder.action, getattr(holder, "action_slot", None))
    return () if found is None else found.fcurves
