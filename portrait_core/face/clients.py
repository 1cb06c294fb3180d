# SPDX-License-Identifier: Apache-2.0
"""Programs that avatars are made for, and what each of them wants: one row a program.

What a row says holds where somebody who asks for a program says nothing else. Standard library alone: the command line
reads it before anything heavy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from portrait_core.errors import UsageError, suggestion
from portrait_core.recipe_fields import FIELDS

DECIDED = (
    *("skeleton", "bone_naming", "face_normals", "faces", "lods", "lod_maps", "texture_size", "normal_map"),
    *("occlusion", "image_format", "hair_joints"),
)
"""The fields of recipes that every row decides. A face is none of them: new recipes have the one of the row by
themselves where their model has one."""

COMMON: Mapping[str, Any] = {"lod_maps": "shared"}
"""What all programs want and a new recipe has otherwise."""


@dataclass(frozen=True)
class Client:
    """One row.

    Attributes:
        title: the program's name for people.
        why: in one sentence, what about it decides the row.
        formats: endings of the files without the dot, as the command line takes them.
        own: fields of recipes by name, of :data:`DECIDED`, that differ from what a new recipe has.
        face: what moves the face where the model has shapes.
    """

    title: str
    why: str
    formats: str
    own: Mapping[str, Any]
    face: str = "both"

    def recipe(self, given: Collection[str] = ()) -> dict[str, Any]:
        """The row's fields of a recipe but for those that are ``given``."""
        wanted = {**COMMON, **self.own}
        return {name: wanted.get(name, FIELDS[name].default) for name in DECIDED if name not in given}


CLIENTS: Mapping[str, Client] = {
    "web-talk": Client(
        title="Talking heads on the web (TalkingHead)",
        why="It plays visemes and turns eyes by shapes, and wants the bones of a whole character; small files load "
        "soon.",
        formats="glb",
        own={"skeleton": "full", "bone_naming": "rpm", "image_format": "jpeg"},
    ),
    "vrm": Client(
        title="VRM 1.0 (VTubing, VRChat tools, three-vrm)",
        why="A humanoid needs limbs; expressions are bound to shapes, hair swings by spring bones.",
        formats="vrm",
        own={"skeleton": "full", "bone_naming": "vrm", "image_format": "jpeg", "hair_joints": True},
    ),
    "unity": Client(
        title="Unity",
        why="Its own importer takes .fbx, makes a humanoid of a body with limbs, and takes normals of shapes as they "
        "are.",
        formats="fbx",
        own={
            **{"skeleton": "full", "bone_naming": "unity", "face_normals": True, "lods": (10_000, 5_000)},
            **{"texture_size": 2048},
        },
    ),
    "unreal": Client(
        title="Unreal Engine",
        why="Live Link drives ARKit's shapes by name; skeletons are told by the mannequin's names.",
        formats="glb",
        own={"skeleton": "full", "bone_naming": "unreal", "face_normals": True, "texture_size": 2048},
    ),
    "godot": Client(
        title="Godot 4",
        why="Its humanoid profile has Unity's names; it makes levels of detail itself and no normals of shapes.",
        formats="glb",
        own={"bone_naming": "unity", "face_normals": True},
    ),
    "blender": Client(
        title="Blender",
        why="Quads, shape keys and large maps to work on; normals are made anew there.",
        formats="blend",
        own={"faces": 40_000, "texture_size": 2048, "hair_joints": True},
    ),
}
"""By the names that ``--for`` takes."""


def client_named(name: str) -> Client:
    """The row of that name; raises :class:`UsageError` with the nearest one."""
    if name not in CLIENTS:
        raise UsageError(f"no program is called {name[:40]!r}. {suggestion(name, CLIENTS, what='programs')}")
    return CLIENTS[name]
