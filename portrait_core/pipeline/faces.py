# SPDX-License-Identifier: Apache-2.0
"""What moves the face of an avatar of parts, as its recipe says: shapes, joints, both or neither, and an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from portrait_core.errors import UsageError, remedy
from portrait_core.face.carry import face_morphs
from portrait_core.face.expressions import expression_of
from portrait_core.face.joints import FACE_JOINTS, face_joints, moved_by_face
from portrait_core.face.names import SHAPES
from portrait_core.geometry.morphs import Morph, joined_morphs, morphed
from portrait_core.geometry.normals import renewed_normals
from portrait_core.geometry.settled import settled
from portrait_core.parts.character import Figure
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.pipeline.part_bones import Bones
from portrait_core.recipe import Recipe

SKIN = "skin"
"""The part that has every shape by name, those too that move nothing."""


@dataclass(frozen=True, eq=False)
class Face:
    """What a recipe asks of a person's face.

    ``shapes``: its meshes have morphs, with ``turns`` of normals or without. ``jointed``: jaw and eyes are joints.
    ``expression``: weights of shapes by name; without shapes it is in the vertices.
    """

    shapes: bool = False
    turns: bool = False
    jointed: bool = False
    expression: Mapping[str, float] | None = None

    def bones(self, figure: Figure, bones: Bones) -> Bones:
        """The joints, with those of the face behind them."""
        if not self.jointed:
            return bones
        return bones.with_face(FACE_JOINTS, settled(face_joints(figure)))

    def moved(self, figure: Figure, meshes: Sequence[PartMesh], bones: Bones) -> list[PartMesh]:
        """A level's meshes with weights over the face's joints too, where ``bones`` have them."""
        if not self.jointed:
            return list(meshes)
        first = bones.weighted.index(FACE_JOINTS[0])
        return [moved_by_face(figure, mesh, first) for mesh in meshes]

    def shaped(self, figure: Figure, meshes: Sequence[PartMesh]) -> tuple[list[PartMesh], tuple[Morph, ...]]:
        """A level's meshes, and the morphs of all as one; with an expression and no shapes, the expressed meshes."""
        if not self.shapes and not self.expression:
            return list(meshes), ()
        own = face_morphs(figure, meshes, normals=self.turns and self.shapes)
        if self.shapes:
            return list(meshes), whole_morphs(meshes, own)
        pulled = self.expression or {}
        return [expressed(mesh, morphs, pulled) for mesh, morphs in zip(meshes, own, strict=True)], ()


def face_of(recipe: Recipe, figure: Figure) -> Face:
    """What ``recipe`` asks for.

    Raises :class:`UsageError` for a face or an expression where the model has no shapes, and for an expression of a
    name that is none.
    """
    expression = expression_of(recipe.expression)
    if figure.template.face is None and (recipe.face != "none" or expression):
        raise UsageError(
            f"model {recipe.model} has no shapes of the face, and this recipe asks for them.",
            remedy=remedy("set_field", field="face", value="none") if recipe.face != "none" else None,
        )
    return Face(
        shapes=recipe.face in ("morphs", "both"),
        turns=recipe.face_normals,
        jointed=recipe.face in ("joints", "both"),
        expression=expression,
    )


def whole_morphs(meshes: Sequence[PartMesh], own: Sequence[tuple[Morph, ...]]) -> tuple[Morph, ...]:
    """The morphs of each of ``meshes`` as those of one mesh of all, in the order of :data:`SHAPES`.

    Where the skin is among them every shape is there, one that moves nothing too: programs ask for all by name.
    """
    firsts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)]).tolist()
    found = {morph.name: morph for morph in joined_morphs(zip(firsts, own, strict=False))}
    whole = any(mesh.name == SKIN and morphs for mesh, morphs in zip(meshes, own, strict=True))
    turning = any(morph.turns is not None for morph in found.values())
    nothing = np.zeros((0, 3), np.float32)
    still = (Morph(name, np.zeros(0, np.int32), nothing, nothing if turning else None) for name in SHAPES)
    return tuple(found.get(each.name, each) for each in still if whole or each.name in found)


def expressed(mesh: PartMesh, morphs: Sequence[Morph], weights: Mapping[str, float]) -> PartMesh:
    """The mesh with its morphs pulled by ``weights`` for good."""
    places = morphed(mesh.vertices, morphs, weights)
    normals = renewed_normals(mesh.normals, mesh.vertices, places, mesh.faces)
    return replace(mesh, vertices=places, normals=normals)
