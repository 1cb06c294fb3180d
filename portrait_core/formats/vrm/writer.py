# SPDX-License-Identifier: Apache-2.0
"""A .vrm of an avatar: its .glb in a T-pose on the floor, and what VRM says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from portrait_core.avatar import Avatar
from portrait_core.errors import UsageError
from portrait_core.formats.bones import rename_bones
from portrait_core.formats.encoded_maps import ImageKind
from portrait_core.formats.gltf.scene import build_scene
from portrait_core.formats.gltf.targets import NAMES_KEY
from portrait_core.formats.gltf.writer import json_tree, packed
from portrait_core.formats.other_rest import in_t_pose, on_the_floor
from portrait_core.formats.vrm.expressions import expressions
from portrait_core.formats.vrm.meta import VrmMeta
from portrait_core.formats.vrm.springs import spring_bones
from portrait_core.formats.vrm.toon import flat, toon_materials
from portrait_core.imaging.png import encode_map
from portrait_core.rig.naming import NAMES

Look = Literal["bone", "expression"]

REQUIRED = (
    "pelvis", "spine1", "head", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
"""Joints whose bones VRM does not do without."""

SIDEWAYS, UP_AND_DOWN = 25.0, 24.0
"""Degrees that eyes turn at most; up to there they look straight at what they look at."""

SEEN_BY_ITSELF = ("skin", "garment")
"""Parts that somebody sees who looks out of the avatar's own eyes; all others are the head's."""


def vrm_bytes(
    avatar: Avatar,
    meta: VrmMeta,
    *,
    bones: Sequence[str] | None = None,
    image: ImageKind = "png",
    look: Look = "bone",
    toon: bool = False,
) -> bytes:
    """The content of the .vrm of ``avatar``, under the names of its joints inside Portraitkit.

    It has the finest level of detail, and rests: a pose, an expression and motions stay out. ``bones`` are the joints'
    names in the file; VRM finds them by number. ``look`` says what turns the eyes, ``toon`` asks for flat shades.
    Raises :class:`UsageError` for an avatar without the joints of a whole character.
    """
    lacking = [name for name in REQUIRED if name not in avatar.joint_names]
    if lacking:
        raise UsageError(
            f"a .vrm is a whole character, and this rig has no {lacking[0]}. Ask for the skeleton called full."
        )
    still = replace(avatar, levels=avatar.levels[:1], expression={}, face_motion=None, motion=None, pose={})
    standing = on_the_floor(in_t_pose(flat(still) if toon else still))
    named = standing if bones is None else rename_bones(standing, bones)
    pictures = {} if avatar.thumbnail is None else {"thumbnail": encode_map(avatar.thumbnail)}
    gltf, _ = build_scene(named, image, pictures=pictures)
    tree = json_tree(gltf)
    nodes = dict(zip(standing.joint_names, tree["skins"][0]["joints"], strict=True))
    facts = meta.facts(avatar)
    if pictures:
        facts["thumbnailImage"] = len(tree["images"]) - 1
    extensions = {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "meta": facts,
            "humanoid": {"humanBones": _human_bones(nodes)},
            "firstPerson": {"meshAnnotations": _first_person(tree)},
            "lookAt": _look_at(standing, look),
            "expressions": expressions(_targets(tree)),
        }
    }
    springs = spring_bones(standing, nodes)
    if springs is not None:
        extensions["VRMC_springBone"] = springs
    drawn = [toon_materials(tree)] if toon else []
    used = [*tree.get("extensionsUsed", ()), *extensions, *drawn]
    tree["extensions"] = {**tree.get("extensions", {}), **extensions}
    tree["extensionsUsed"] = used
    return packed(tree, gltf.binary_blob())


def _human_bones(nodes: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """VRM's bones by name. SMPL's hand is none of them where there are fingers."""
    known = NAMES["vrm"]
    ours = {known[name]: name for name in nodes if name in known and name not in ("left_hand", "right_hand")}
    return {bone: {"node": nodes[name]} for bone, name in ours.items()}


def _targets(tree: Mapping[str, Any]) -> dict[int, list[str]]:
    """The names of the targets of each mesh, by the numbers of their nodes."""
    found: dict[int, list[str]] = {}
    for number, node in enumerate(tree["nodes"]):
        names = tree["meshes"][node["mesh"]].get("extras", {}).get(NAMES_KEY) if "mesh" in node else None
        if names:
            found[number] = list(names)
    return found


def _first_person(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"node": number, "type": "auto" if node.get("name") in SEEN_BY_ITSELF else "thirdPersonOnly"}
        for number, node in enumerate(tree["nodes"])
        if "mesh" in node
    ]


def _look_at(avatar: Avatar, look: Look) -> dict[str, Any]:
    at = {name: place.astype(np.float64) for name, place in zip(avatar.joint_names, avatar.joints, strict=True)}
    eyes = [at[name] for name in ("left_eye", "right_eye") if name in at]
    middle = np.mean(eyes, axis=0) - at["head"] if eyes else np.array([0.0, 0.06, 0.08])

    kind = look if len(eyes) == 2 else "expression"

    def up_to(degrees: float) -> dict[str, float]:
        return {"inputMaxValue": degrees, "outputScale": degrees if kind == "bone" else 1.0}

    return {
        "type": kind,
        "offsetFromHeadBone": [round(float(value), 5) for value in middle],
        "rangeMapHorizontalInner": up_to(SIDEWAYS),
        "rangeMapHorizontalOuter": up_to(SIDEWAYS),
        "rangeMapVerticalDown": up_to(UP_AND_DOWN),
        "rangeMapVerticalUp": up_to(UP_AND_DOWN),
    }
