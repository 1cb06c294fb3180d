# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an avatar are its own: held by its armature, shown while it is selected, used to make it anew."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import bpy

from ..core.text import Text
from ..scene import looks
from ..scene.glb_facts import KEY
from ..scene.identity import Avatar
from . import avatars, recipes
from .notices import notices
from .recipe_properties import LIKENESS, PERSON
from .settings import PORTRAITKIT_PG_settings

if TYPE_CHECKING:
    from .recipes import Recipe

NAME = "portraitkit_own"
"""Not the name of the custom property with the facts, in which older Blenders would keep this."""


def of_armature(armature: bpy.types.Object) -> Any:
    """The settings of an avatar, whether they were filled or not."""
    return getattr(armature, NAME)


def are_filled(armature: bpy.types.Object) -> bool:
    """Whether the settings say how the avatar was made that is there now."""
    found = of_armature(armature).as_made
    return bool(found) and json.loads(found)["by"] == _mark(armature)


def ensure(avatar: Avatar) -> Any:
    """The settings of an avatar, filled with its recipe where they are of another one."""
    settings = of_armature(avatar.armature)
    if not are_filled(avatar.armature):
        try:
            recipes.show(settings, avatars.recipe_of(avatar))
        except (TypeError, ValueError) as error:
            notices.say(Text("The avatar's recipe cannot be shown: {reason}", reason=error))
        settings.as_made = json.dumps({"by": _mark(avatar.armature), "recipe": recipes.from_settings(settings)})
    return settings


def recipe_for(avatar: Avatar) -> Recipe:
    """The recipe of an avatar with what its sliders and its settings have changed, and nothing else."""
    settings = ensure(avatar)
    base = avatars.recipe_of(avatar)
    made: dict[str, Any] = json.loads(settings.as_made)["recipe"]
    now: dict[str, Any] = json.loads(json.dumps(recipes.from_settings(settings)))
    names = {name for name in made.keys() | now.keys() if name != "attributes" and made.get(name) != now.get(name)}
    if names & set(PERSON):
        base = {name: value for name, value in base.items() if name not in (*PERSON, LIKENESS)}
    recipe = {name: value for name, value in base.items() if name not in names}
    recipe |= {name: now[name] for name in names if name in now}
    if looks.names_of(avatar.armature):
        recipe["attributes"] = looks.set_of(avatar.armature)
    return recipe


def _mark(armature: bpy.types.Object) -> str:
    return hashlib.sha256(str(armature.get(KEY, "")).encode()).hexdigest()[:16]


def register() -> None:
    """On every object; only those of armatures of avatars mean anything."""
    pointer = bpy.props.PointerProperty(
        type=PORTRAITKIT_PG_settings, name="Portraitkit", description="How this avatar is made"
    )
    setattr(bpy.types.Object, NAME, pointer)


def unregister() -> None:
    """Take them away; what a file holds stays in the file."""
    delattr(bpy.types.Object, NAME)
