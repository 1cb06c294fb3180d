# SPDX-License-Identifier: Apache-2.0
"""A motion as a glTF animation: one track of rotations a joint, and one that moves the root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.gltf.binary import BinaryBuilder
from portrait_core.rig import Motion


def add_animation(
    records: Any,
    gltf: Any,
    binary: BinaryBuilder,
    motion: Motion,
    nodes: Mapping[str, int],
    root: int,
    rest: NDArray[np.float32],
) -> None:
    """Append ``motion``. ``nodes`` maps joint names to their nodes; ``root`` is the root joint's, at ``rest`` (3,)."""
    tracks: list[tuple[int, str, NDArray[np.float32]]] = []
    for joint, turns in motion.rotations.items():
        tracks.append((nodes[joint], "rotation", unit(turns)))
    if motion.translation is not None:
        # A node's translation is absolute in its parent, the motion's is a way from the rest place.
        tracks.append((root, "translation", (motion.translation + rest).astype(np.float32)))
    if not tracks:
        return
    times = binary.accessor(motion.times.astype(np.float32).reshape(-1, 1), limits=True)
    animation = records.Animation(name=motion.name)
    for node, path, values in tracks:
        animation.channels.append(
            records.AnimationChannel(
                sampler=len(animation.samplers), target=records.AnimationChannelTarget(node=node, path=path)
            )
        )
        animation.samplers.append(
            records.AnimationSampler(input=times, interpolation="LINEAR", output=binary.accessor(values))
        )
    gltf.animations.append(animation)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """``vectors`` (N, width) with length 1 to the last digit that float32 holds."""
    exact = vectors.astype(np.float64)
    return (exact / np.linalg.norm(exact, axis=1, keepdims=True)).astype(np.float32)
