# SPDX-License-Identifier: Apache-2.0
"""An avatar that says that it is a character: the draft extensions KHR_character of glTF.

They are drafts of Khronos and the VRM Consortium (https://github.com/KhronosGroup/glTF/pull/2512, as of 2026), never
required and only where somebody asks for them. What is written:

``KHR_character``                         the node of the rig.
``KHR_character_skeleton_mapping``        which node is which bone of VRM's humanoid.
``KHR_character_expression``              an animation of one second for each shape, from rest to full; its channels are
``KHR_character_expression_morphtarget``  weights of meshes, or
``KHR_character_expression_joint``        turns of jaw and eyes where the avatar has joints for it and no shapes.
``KHR_character_expression_mapping``      what VRM's presets do, in shares of those.
``KHR_character_reference_pose``          an animation of one key, the T-pose.
``KHR_xmp_json_ld``                       title and source, as an older text of the draft asks for.

An expression's animation begins with what the file has at rest, as the draft wants it, and says all weights of a mesh:
core glTF has no channel for one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.avatar import Avatar
from portrait_core.face.moved import joint_turns
from portrait_core.face.names import SHAPES
from portrait_core.face.vrm_presets import PRESETS
from portrait_core.formats.facts import GENERATOR, copyright_line
from portrait_core.formats.gltf.animation import Animated
from portrait_core.formats.gltf.binary import BinaryBuilder
from portrait_core.rig import quaternion
from portrait_core.rig.naming import NAMES
from portrait_core.rig.skinning import Turns, local_joints, rotation
from portrait_core.rig.t_pose import t_pose_motions

CHARACTER = "KHR_character"
EXPRESSION = "KHR_character_expression"
BY_MORPHS = "KHR_character_expression_morphtarget"
BY_JOINTS = "KHR_character_expression_joint"
MAPPING = "KHR_character_expression_mapping"
SKELETON = "KHR_character_skeleton_mapping"
POSE = "KHR_character_reference_pose"
METADATA = "KHR_xmp_json_ld"

VOCABULARY = "https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_vrm-1.0/expressions.md"
"""What names the set of expressions that the mapping is for: VRM 1.0's presets."""

RIG = "vrmHumanoid"
"""What the draft calls VRM's humanoid as the target of a mapping."""


def add_character(
    records: Any,
    gltf: Any,
    binary: BinaryBuilder,
    avatar: Avatar,
    humans: Sequence[str],
    meshes: Sequence[Animated],
    root: int,
) -> None:
    """Append to ``gltf``, which holds ``avatar``, what makes it a character.

    ``humans`` are the names inside Portraitkit of the avatar's joints, in their order, whatever the file calls them;
    ``meshes`` the nodes of meshes with the names of their targets; ``root`` the node above the joints.
    """
    joints: list[int] = gltf.skins[0].joints
    nodes = dict(zip(humans, joints, strict=True))
    rest = {own: avatar.rest[name] for own, name in zip(humans, avatar.joint_names, strict=True) if name in avatar.rest}
    extensions: dict[str, Any] = {
        CHARACTER: {"rootNode": root},
        SKELETON: {"skeletalRigMappings": {RIG: _bones(gltf, nodes)}},
    }
    kinds, found = _expressions(records, gltf, binary, avatar, nodes, rest, meshes)
    if found:
        extensions[EXPRESSION] = {"expressions": found}
        shares = _presets([each["expression"] for each in found])
        if shares:
            extensions[MAPPING] = {"expressionSetInputMappings": {VOCABULARY: shares}}
    _reference_pose(records, gltf, binary, avatar, humans, rest)
    extensions[METADATA] = {"packets": [_packet(avatar)]}
    gltf.asset.extensions = {**(gltf.asset.extensions or {}), METADATA: {"packet": 0}}
    gltf.extensions = {**(gltf.extensions or {}), **extensions}
    gltf.extensionsUsed = [*(gltf.extensionsUsed or ()), *extensions, *kinds, POSE]


def _bones(gltf: Any, nodes: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """VRM's bones by name. SMPL's hand is the middle finger where there are no fingers."""
    fingers = "left_middle1" in nodes
    ours = {
        bone: nodes[name]
        for name, bone in NAMES["vrm"].items()
        if name in nodes and not (fingers and name in ("left_hand", "right_hand"))
    }
    return {bone: {"node": node, "name": gltf.nodes[node].name} for bone, node in ours.items()}


def _expressions(
    records: Any,
    gltf: Any,
    binary: BinaryBuilder,
    avatar: Avatar,
    nodes: Mapping[str, int],
    rest: Turns,
    meshes: Sequence[Animated],
) -> tuple[list[str], list[dict[str, Any]]]:
    """The kinds of channels that are used, and an entry for every shape that something in the file can make."""
    shapes = {name for _, names in meshes for name in names}
    humans = list(nodes)
    _, frames = local_joints(humans, avatar.parents, avatar.joints, rest)
    times = binary.accessor(np.array([[0.0], [1.0]], np.float32), limits=True)
    written: dict[bytes, int] = {}
    kinds: dict[str, None] = {}
    found: list[dict[str, Any]] = []

    def output(values: NDArray[np.float32]) -> int:
        key = values.tobytes()
        if key not in written:
            written[key] = binary.accessor(values)
        return written[key]

    for name in SHAPES:
        tracks = [
            (node, "weights", output(_weights(names, avatar.expression, name)))
            for node, names in meshes
            if name in names
        ]
        turns = {joint: turn for joint, turn in joint_turns({name: 1.0}, shapes).items() if joint in nodes}
        for joint, turn in turns.items():
            place = humans.index(joint)
            above = frames[avatar.parents[place]]
            ends = [above.T @ frames[place], above.T @ rotation((turn[0], turn[1], turn[2])) @ frames[place]]
            tracks.append((nodes[joint], "rotation", output(_quaternions(np.array(ends)))))
        if not tracks:
            continue
        animation = records.Animation(name=name)
        for node, path, values in tracks:
            _channel(records, animation, node, path, times, values)
        gltf.animations.append(animation)
        kind = BY_JOINTS if turns else BY_MORPHS
        kinds[kind] = None
        found.append(
            {
                "expression": name,
                "animation": len(gltf.animations) - 1,
                "extensions": {kind: {"channels": list(range(len(tracks)))}},
            }
        )
    return list(kinds), found


def _channel(records: Any, animation: Any, node: int, path: str, times: int, values: int) -> None:
    target = records.AnimationChannelTarget(node=node, path=path)
    animation.channels.append(records.AnimationChannel(sampler=len(animation.samplers), target=target))
    animation.samplers.append(records.AnimationSampler(input=times, interpolation="LINEAR", output=values))


def _weights(names: Sequence[str], expression: Mapping[str, float], shape: str) -> NDArray[np.float32]:
    """(2 N, 1): the weights of a mesh's N targets as ``expression`` has them, and the same with ``shape`` in full."""
    begin = np.array([expression.get(name, 0.0) for name in names], np.float32)
    end = begin.copy()
    end[list(names).index(shape)] = 1.0
    return np.concatenate([begin, end])[:, None]


def _quaternions(turns: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(Rotation.from_matrix(turns).as_quat(), np.float64).astype(np.float32)


def _presets(known: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """VRM's presets by name: which of the ``known`` expressions they ask for, and how far."""
    shares = {
        preset: [
            {"target": known.index(shape), "name": shape, "weight": weight}
            for shape, weight in weights.items()
            if shape in known
        ]
        for preset, weights in PRESETS.items()
    }
    return {preset: parts for preset, parts in shares.items() if parts}


def _reference_pose(
    records: Any, gltf: Any, binary: BinaryBuilder, avatar: Avatar, humans: Sequence[str], rest: Turns
) -> None:
    """The T-pose as an animation of one key: every joint whose node in the file is turned otherwise, and the first."""
    motions = t_pose_motions(humans, avatar.parents, avatar.joints, rest)
    _, frames = local_joints(humans, avatar.parents, avatar.joints, rest)
    world = motions[:, :3, :3] @ frames
    static = {**avatar.rest, **avatar.pose}
    animation = records.Animation(name="TPose", extensions={POSE: {"poseType": "TPose"}})
    time = binary.accessor(np.zeros((1, 1), np.float32), limits=True)
    joints: list[int] = gltf.skins[0].joints
    for place, parent in enumerate(cast("list[int]", avatar.parents.tolist())):
        local = (world[parent].T if parent >= 0 else np.eye(3)) @ world[place]
        turn = _quaternions(local[None])
        there = np.array(quaternion(static.get(avatar.joint_names[place], (0.0, 0.0, 0.0))))
        if place == 0 or 1.0 - abs(float(turn[0].astype(np.float64) @ there)) > 1e-9:
            _channel(records, animation, joints[place], "rotation", time, binary.accessor(turn))
    gltf.animations.append(animation)


def _packet(avatar: Avatar) -> dict[str, Any]:
    packet: dict[str, Any] = {
        "@context": {"dc": "http://purl.org/dc/elements/1.1/"},
        "dc:title": avatar.name,
        "dc:creator": {"@list": [GENERATOR]},
        "dc:source": GENERATOR,
    }
    rights = copyright_line(avatar.provenance)
    return packet if rights is None else {**packet, "dc:rights": rights}
