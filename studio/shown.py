# SPDX-License-Identifier: Apache-2.0
"""The avatar that a page shows, and how it follows a slider: the same maps on vertices of another recipe."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.engine.engine import Engine
from portrait_core.person import Person
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.characters import bare_character
from portrait_core.pipeline.live import live_parts
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from studio.scene_file import SceneFile
from studio.scene_looks import COLOUR

Floats = NDArray[np.float32]
DRAFT = 512
"""Edge of the maps that come first."""


def display_recipe(recipe: Recipe, edge: int) -> Recipe:
    """What the page needs of ``recipe``: maps of ``edge``, no levels, and an expression in the vertices."""
    update: dict[str, Any] = {"texture_size": edge, "lods": (), "skeleton": "bust", "hair_joints": False}
    update |= {"face": "none", "normal_map": recipe.normal_map and edge > DRAFT, "occlusion": False}
    return recipe.model_copy(update=update)


class ShownAvatar:
    """An avatar for the page: what it was made of, and its file."""

    def __init__(self, recipe: Recipe, person: Person, avatar: Avatar, keep: Callable[[bytes, str], str]) -> None:
        self.recipe = recipe
        self.person = person
        self.avatar = avatar
        self.file = SceneFile(avatar, keep)

    def content(self, look: str = COLOUR) -> bytes:
        """The .glb of it as it is, in one of `studio.scene_looks.LOOKS`."""
        return self.file.shaped(*self.avatar.moved(self.avatar.main), look)

    def follows(self, recipe: Recipe) -> bool:
        """Whether :meth:`like` can show ``recipe``: parts have one topology, shells a new one each."""
        fields = ("model", "topology", "parts", "hair", "faces")
        same = all(getattr(recipe, name) == getattr(self.recipe, name) for name in fields)
        return same and recipe.topology == "parts" and recipe.hair == "mesh"

    def like(self, recipe: Recipe, person: Person, look: str = COLOUR) -> bytes:
        """The .glb with the shape of ``recipe``, who is ``person``, in these maps, hair and clothes."""
        wanted = display_recipe(recipe, self.recipe.texture_size)
        parts = live_parts(wanted, person, (self.recipe, self.person))
        vertices = np.concatenate([mesh.vertices for mesh in parts])
        if vertices.shape != self.avatar.main.vertices.shape:
            return self.content(look)
        normals = np.concatenate([mesh.normals for mesh in parts])
        moved = replace(self.avatar, pose=_known(recipe, self.avatar))
        return self.file.shaped(*moved.moved(self.avatar.main.with_(vertices=vertices, normals=normals)), look)


def _known(recipe: Recipe, avatar: Avatar) -> dict[str, tuple[float, float, float]]:
    return {joint: turn for joint, turn in recipe.pose.items() if joint in avatar.joint_names}


class Shows:
    """Makes avatars for pages, one at a time, and keeps the last few: two pages often show the same person."""

    def __init__(self, engine: Engine, keep: Callable[[bytes, str], str], kept: int = 6) -> None:
        self.engine = engine
        self._keep = keep
        self._most = kept
        self._made: OrderedDict[str, ShownAvatar] = OrderedDict()
        self.working = Lock()
        """Held while an avatar is made: memory is meant for one."""
        self.moving = Lock()
        """Held while a slider is followed."""

    def find(self, recipe: Recipe, edge: int) -> ShownAvatar | None:
        """One that was made before."""
        return self._made.get(_key(recipe, edge))

    def make(self, recipe: Recipe, edge: int, watch: Progress) -> ShownAvatar:
        """The avatar of ``recipe`` with maps of ``edge``; raises as :func:`portrait_core.pipeline.make_avatar`."""
        key = _key(recipe, edge)
        watch("waiting", 0.0)
        with self.working:
            watch("model", 0.0)
            found = self._made.get(key)
            if found is None:
                found = self._new(display_recipe(recipe, edge), watch)
                self._made[key] = found
                while len(self._made) > self._most:
                    self._made.popitem(last=False)
            return found

    def follow(self, shown: ShownAvatar, recipe: Recipe, look: str = COLOUR) -> bytes:
        """``shown`` in the shape of ``recipe``."""
        with self.moving:
            return shown.like(recipe, self.engine.model(recipe.model).person(recipe), look)

    def _new(self, recipe: Recipe, watch: Progress) -> ShownAvatar:
        model = self.engine.model(recipe.model)
        recipe.check(model.header)
        person = model.person(recipe)
        if recipe.topology == "parts":
            avatar = bare_character(recipe, person, watch, "portrait")  # type: ignore[arg-type]
        else:
            avatar = make_avatar(recipe, model, watch, name="portrait")
        return ShownAvatar(recipe, person, avatar, self._keep)


def _key(recipe: Recipe, edge: int) -> str:
    return json.dumps(display_recipe(recipe, edge).facts(), sort_keys=True)
