# SPDX-License-Identifier: GPL-3.0-or-later
"""Skin weights over the seam: the body's own where the necks meet, the avatar's joints by the body's bones above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from ..core.seam_blend import taper
from .body_arrays import Places, Rows, put_weights, weights_of
from .body_rig import Body
from .body_seam import Cut

BLEND = 0.05
"""Metres along the skin within which the avatar's weights take over from the body's."""


def below_head(body: Body) -> dict[str, str]:
    """For every bone of the body the bone that counts: the head's for all that hangs on it."""
    bones = body.armature.data.bones
    head = bones[body.joints["head"]]
    hung = {each.name for each in head.children_recursive}
    return {each.name: head.name if each.name in hung else each.name for each in bones}


def on_body(skin: bpy.types.Object, renamed: Mapping[str, str], names: Sequence[str]) -> Places:
    """(N, G) the weights of one of the avatar's objects by the groups ``names``; ``renamed``: its groups to those."""
    own = weights_of(skin)
    result = np.zeros((len(own), len(names)))
    for group in skin.vertex_groups:
        if group.name in renamed:
            result[:, names.index(renamed[group.name])] += own[:, group.index]
    return result / np.maximum(result.sum(axis=1, keepdims=True), 1e-9)


def give_skin(
    skin: bpy.types.Object, cut: Cut, body: Body, made: bpy.types.Object, whole: Cut, renamed: Mapping[str, str]
) -> None:
    """Give the avatar's skin weights by the body's groups.

    Near the seam they are those of the body's surface at the same place, of its whole mesh ``made`` with the places of
    ``whole``; further up the avatar's own, with what belongs to its neck shared out among the body's bones of the neck
    as the body's surface there has it.
    """
    names = [each.name for each in made.vertex_groups]
    names += [each for each in dict.fromkeys(renamed.values()) if each not in names]
    bones = body.armature.data.bones
    counts = np.array([each in bones and bones[each].use_deform for each in names])
    there = np.zeros((len(whole.places), len(names)))
    there[:, : len(made.vertex_groups)] = weights_of(made)
    under = below_head(body)
    for column, name in enumerate(names):
        target = under.get(name, name)
        if target != name and counts[column]:
            there[:, names.index(target)] += there[:, column]
            there[:, column] = 0
    there[:, ~counts] = 0
    own = on_body(skin, renamed, names)
    near = np.flatnonzero((cut.side >= 0) & np.isfinite(cut.away))
    corners = whole.places[whole.triangles]
    around = np.flatnonzero((np.abs(corners[:, :, 2]) < 0.12).any(axis=1))
    row, share = _closest(corners[around], cut.places[near])
    found = np.einsum("pk,pkg->pg", share, there[whole.triangles[around[row]]])
    found /= np.maximum(found.sum(axis=1, keepdims=True), 1e-9)
    neck = _chain(body, names)
    column = names.index(body.joints["neck"])
    spread = found * neck
    has = spread.sum(axis=1, keepdims=True)
    spread = np.where(has > 1e-3, spread / np.maximum(has, 1e-9), np.eye(len(names))[column])
    above = own[near]
    above = above - above * np.eye(len(names))[column] + above[:, [column]] * spread
    keep = taper(cut.away[near], BLEND)[:, None]
    own[near] = keep * found + (1 - keep) * above
    put_weights(skin, names, own)


def _chain(body: Body, names: Sequence[str]) -> Places:
    """(G,) 1 for the bones from the neck's to the head's, without the head's."""
    bones = body.armature.data.bones
    chain, at = [], bones[body.joints["head"]].parent
    while at is not None:
        chain.append(at.name)
        if at.name == body.joints["neck"]:
            break
        at = at.parent
    return np.array([float(each in chain) for each in names])


def _closest(corners: Places, points: Places) -> tuple[Rows, Places]:
    """For each point (P, 3) the nearest of the triangles (T, 3, 3), and the barycentric weights (P, 3) of the place."""
    count = len(corners)
    tree = BVHTree.FromPolygons(corners.reshape(-1, 3).tolist(), np.arange(3 * count).reshape(-1, 3).tolist())
    hits = [tree.find_nearest(each) for each in points.tolist()]
    rows = np.array([each[2] for each in hits], np.int64)
    at = np.array([each[0][:] for each in hits])
    a, b, c = (corners[rows, each] for each in range(3))
    normal = np.cross(b - a, c - a)
    area = np.maximum((normal**2).sum(axis=1), 1e-30)
    v = np.einsum("pc,pc->p", np.cross(at - a, c - a), normal) / area
    w = np.einsum("pc,pc->p", np.cross(b - a, at - a), normal) / area
    share = np.clip(np.column_stack([1 - v - w, v, w]), 0, 1)
    return rows, share / share.sum(axis=1, keepdims=True)
