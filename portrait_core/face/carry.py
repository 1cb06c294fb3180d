# SPDX-License-Identifier: Apache-2.0
"""A face's shapes on the parts of one person: from displacements of the template's controls to morphs of meshes.

What a shape does to the controls is the same for everybody, and so are the rows that hang parts on controls; so most
morphs are made once a process. What is a person's own: how far the jaw's turn takes each vertex, lids that slide on the
person's eyeballs, the eyeballs themselves and the lines of tears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from portrait_core.face.common import common, morph_of
from portrait_core.face.eyes import eye_morphs, tear_morphs
from portrait_core.face.lids import Lids
from portrait_core.face.names import COMBINED, SHAPES
from portrait_core.face.sources import Source, source_of
from portrait_core.face.turns import with_turns
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.character import Figure
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.shape_targets import ShapeTargets


def face_morphs(figure: Figure, meshes: Sequence[PartMesh], *, normals: bool = False) -> list[tuple[Morph, ...]]:
    """The morphs of each of a figure's ``meshes``, in the order of :data:`portrait_core.face.names.SHAPES`: those alone
    that move it, at any level of detail. With ``normals`` they have turns.

    A template without shapes gives none.
    """
    face = figure.template.face
    if face is None:
        return [() for _ in meshes]
    lids = Lids(figure)
    return [_morphs_of(figure, face, mesh, lids, normals) for mesh in meshes]


def _morphs_of(figure: Figure, face: ShapeTargets, mesh: PartMesh, lids: Lids, normals: bool) -> tuple[Morph, ...]:
    kind, _, side = mesh.name.partition("_")
    if kind in ("eye", "cornea"):
        found = eye_morphs(figure, face, mesh, side)
    elif kind == "tear":
        found = tear_morphs(figure, face, mesh, side, lids)
    else:
        source = source_of(figure, mesh)
        if source is None:
            return ()
        found = dict(common(figure.template).morphs(source, mesh))
        found |= _by_jaw(figure, face, mesh, source, found)
        found |= _slid(mesh, source, lids, found)
    whole = _in_order(found)
    return with_turns(mesh, whole) if normals else whole


def _slid(mesh: PartMesh, source: Source, lids: Lids, found: Mapping[str, Morph]) -> dict[str, Morph]:
    """The shapes of lids and lashes on their ways around the person's eyeballs."""
    if source.room not in ("skin", "lashes"):
        return {}
    result: dict[str, Morph] = {}
    if source.room == "lashes":
        found = lids.rooted(mesh, source)
        result |= found
    for name, morph in found.items():
        share = lids.shares(name, mesh.vertices)
        if share is not None:
            result[name] = morph_of(name, morph.dense(len(share)) * share[:, None])
    for name in lids.shapes:
        rows, added = lids.skin(name) if source.room == "skin" else lids.worn(name, source)
        if len(rows):
            more = np.zeros((int(max(mesh.welded.max(), rows.max())) + 1, 3))
            more[rows] = added
            own = result.get(name, found[name])
            result[name] = morph_of(name, own.dense(len(mesh.vertices)) + more[mesh.welded])
    return result


def _in_order(found: Mapping[str, Morph]) -> tuple[Morph, ...]:
    """All that move something, sums among them, in the order of files."""
    every = {name: morph for name, morph in found.items() if len(morph.rows)}
    for name, shares in COMBINED.items():
        parts = [(share, every[part]) for part, share in shares.items() if part in every]
        if parts:
            every[name] = summed(name, parts)
    return tuple(every[name] for name in SHAPES if name in every)


def summed(name: str, parts: Sequence[tuple[float, Morph]]) -> Morph:
    """The sum of morphs of one mesh with their shares; without turns."""
    rows = np.unique(np.concatenate([morph.rows for _, morph in parts]))
    moves = np.zeros((len(rows), 3), np.float32)
    for share, morph in parts:
        moves[np.searchsorted(rows, morph.rows)] += np.float32(share) * morph.moves
    return Morph(name, rows.astype(np.int32), moves)


def _by_jaw(
    figure: Figure, face: ShapeTargets, mesh: PartMesh, source: Source, found: Mapping[str, Morph]
) -> dict[str, Morph]:
    """The shapes that move the jaw, as it turns about the person's own hinge."""
    places, hinge = mesh.vertices.astype(np.float64), face.jaw.hinge(figure.body.controls)
    result: dict[str, Morph] = {}
    for name in face.jaw.weights:
        share = common(figure.template).jaw_share(source, name)[mesh.welded]
        rows = np.flatnonzero(np.abs(share) > 1e-4)
        moves = np.zeros_like(places) if name not in found else found[name].dense(len(places)).astype(np.float64)
        moves[rows] += share[rows, None] * face.jaw.turned(places[rows], hinge)
        result[name] = morph_of(name, moves)
    if source.room == "mouth" and source.style != "tongue":
        lower = common(figure.template).jaw_share(source, "jawOpen")[mesh.welded] > 0.5
        for name, bite in face.bites.items():
            result[name] = morph_of(name, bite.moves(places, hinge) * lower[:, None])
    return result
