# SPDX-License-Identifier: Apache-2.0
"""A character of parts: from a recipe to an avatar whose skin, eyes, teeth and hair are objects of their own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Maps, Material, Section
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.errors import UsageError, suggestion
from portrait_core.geometry.settled import settled
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.parts.body import Body
from portrait_core.parts.character import KINDS, Figure, Wanted, meshes
from portrait_core.parts.hair_joints import HairChains, hair_chains
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.part_maps import PartPainter
from portrait_core.pipeline.provenance import provenance
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_shoulders
from portrait_core.rendering.layered import avatar_scene
from portrait_core.runtime.threads import side_by_side
from textures.tangents import tangents

DETAILS = (0, -1, -2)
"""Levels of the skin, finest first, for an avatar and its coarser levels; with ``FINE`` triangles or more asked for,
the once subdivided skin comes before them."""
FINE = 40_000
THUMBNAIL_SIZE = 512
NO_TANGENT = np.array([1, 0, 0, 1], np.float32)
QUICK_MAPS = 256
"""Edge of the maps of a quick picture."""

_log = logging.getLogger("portraitkit")


def bare_character(recipe: Recipe, person: PersonOfParts, progress: Progress, name: str) -> Avatar:
    """:func:`make_character` without a thumbnail."""
    progress("shape", 0.0)
    figure = figure_of(recipe, person)
    template = figure.template
    names, parents, joints = _rig(JOINTS if recipe.skeleton == "bust" else SMPL_JOINT_NAMES, figure.body)
    for joint in recipe.pose:
        if joint not in names:
            hint = suggestion(joint, names, what="joints of this model")
            raise UsageError(f"the pose turns {joint}, which model {person.header.name} does not have. {hint}")
    kinds = kinds_of(recipe)
    every = [meshes(figure.at(detail), kinds) for detail in _details(recipe)]
    if not every[0]:
        raise UsageError("of the parts that are asked for this person has none; ask for the skin as well.")
    chains = _chains(recipe, figure, every[0], joints[names.index("head")])
    if chains is not None:
        every = [[chains.moving(mesh) if mesh.name == "hair" else mesh for mesh in parts] for parts in every]
        parents = np.append(parents, np.where(chains.parents < 0, names.index("head"), chains.parents + len(names)))
        parents, joints = parents.astype(np.int32), np.concatenate([joints, chains.joints])
        names = (*names, *chains.names)
    painter = PartPainter(recipe, person, figure)
    first = {mesh.material: mesh for mesh in reversed(every[0])}
    maps = _painted(painter, tuple(reversed(first.values())), progress)
    numbers = np.array([names.index(joint) for joint in (*JOINTS, *(chains.names if chains else ()))])
    looks = {name: (painter.material(name), each) for name, each in maps.items()}
    levels = tuple(level_of(parts, looks, numbers) for parts in every)
    rest = {
        joint: (float(turn[0]), float(turn[1]), float(turn[2]))
        for joint, turn in template.rest.local().items()
        if joint in names
    }
    avatar = Avatar(
        name=name,
        levels=levels,
        joint_names=names,
        parents=parents,
        joints=joints,
        pose=dict(recipe.pose),
        rest=rest,
        springs=chains.springs if chains else {},
        recipe=recipe.facts(),
        provenance=provenance(person.header),
        report={"levels": [{"faces": len(level.faces), "vertices": len(level.vertices)} for level in levels]},
    )
    _log.info("%s: %d objects, %d faces", name, len(every[0]), len(avatar.main.faces))
    return avatar


def _chains(recipe: Recipe, figure: Figure, parts: Sequence[PartMesh], head: NDArray[np.float32]) -> HairChains | None:
    """Joints for hair that hangs free, where the recipe asks for them."""
    hair = next((mesh for mesh in parts if mesh.name == "hair"), None)
    return hair_chains(hair, head, figure.skin) if recipe.hair_joints and hair is not None else None


def _painted(painter: PartPainter, parts: Sequence[PartMesh], progress: Progress) -> dict[str, Maps]:
    """The maps of every part's material by its name; the skin's, which is most of the work, beside the others'."""
    with side_by_side(len(parts)) as pool:
        small = {mesh.material: pool.submit(painter.paint, mesh, silent) for mesh in parts if mesh.material != "skin"}
        large = {mesh.material: painter.paint(mesh, progress) for mesh in parts if mesh.material == "skin"}
        return {**large, **{name: maps.result() for name, maps in small.items()}}


def make_character(recipe: Recipe, person: PersonOfParts, progress: Progress, name: str) -> Avatar:
    """The avatar of parts of ``recipe``, who is ``person``; raises as :func:`portrait_core.pipeline.make_avatar`."""
    avatar = bare_character(recipe, person, progress, name)
    return replace(avatar, thumbnail=_picture(avatar, THUMBNAIL_SIZE, progress))


def quick_character(recipe: Recipe, person: PersonOfParts, size: int, progress: Progress) -> NDArray[np.uint8]:
    """A (size, size, 3) picture as the thumbnail will be, from small maps; raises as :func:`make_character`."""
    small = {"texture_size": min(recipe.texture_size, QUICK_MAPS), "normal_map": False, "lods": (), "faces": 20_000}
    return _picture(bare_character(recipe.model_copy(update=small), person, progress, "preview"), size, progress)


def _picture(avatar: Avatar, size: int, progress: Progress) -> NDArray[np.uint8]:
    """Head and shoulders, slightly from the left; framed at rest."""
    progress("thumbnail", 0.0)
    camera = frame_shoulders(avatar.main.vertices).camera(yaw=0.35)
    picture = avatar_scene(avatar).render(camera.cam2world, camera.intrinsics, size)
    progress("thumbnail", 1.0)
    return picture.image


def figure_of(recipe: Recipe, person: PersonOfParts) -> Figure:
    """The person in the hair and the garment that the recipe asks for.

    Raises :class:`UsageError` for hair or a garment that the model does not have.
    """
    template = person.parts_template
    chosen: dict[str, str | None] = {}
    for field, there in (("hair_style", template.hair), ("garment", template.garments)):
        name: str = getattr(recipe, field)
        if name != "auto" and name not in there:
            what = field.replace("_", " ")
            hint = suggestion(name, ["auto", *sorted(there)], what=f"names of model {person.header.name}")
            raise UsageError(f"{what} {name[:60]!r} is not known. {hint}")
        chosen[field] = None if name == "auto" else name
    wanted = Wanted(detail=_details(recipe)[0], hair=chosen["hair_style"], garment=chosen["garment"])
    return Figure(template, person.look, wanted)


def kinds_of(recipe: Recipe) -> tuple[str, ...]:
    """The kinds of parts that a recipe asks for."""
    kinds = recipe.parts or tuple(KINDS)
    return tuple(kind for kind in kinds if kind != "hair" or recipe.hair != "none")


def level_of(parts: Sequence[PartMesh], looks: Mapping[str, tuple[Material, Maps]], numbers: NDArray[np.intp]) -> Level:
    """Parts as one level of detail with a section each; ``looks`` by the names of materials, ``numbers`` of the rig's
    joints for each of :data:`portrait_core.parts.rest_pose.JOINTS`."""
    sections: list[Section] = []
    faces: list[NDArray[np.int32]] = []
    count = 0
    for mesh in parts:
        own, quads = quads_first(mesh.faces, mesh.quads)
        kind, maps = looks[mesh.material]
        sections.append(Section(mesh.material, len(own), maps, kind, mesh.name, quads))
        faces.append(own + np.int32(count))
        count += len(mesh.vertices)
    relief = [tangents_of(mesh) if "normal" in looks[mesh.material][1] else None for mesh in parts]
    data = VertexData(
        vertices=np.concatenate([mesh.vertices for mesh in parts]),
        normals=np.concatenate([mesh.normals for mesh in parts]),
        uvs=np.concatenate([mesh.uvs for mesh in parts]),
        joints=numbers[np.concatenate([mesh.joints for mesh in parts])].astype(np.uint16),
        weights=np.concatenate([mesh.weights for mesh in parts]),
    )
    if any(mesh.strands is not None for mesh in parts):
        zero = [np.zeros(len(mesh.vertices), np.float32) if mesh.strands is None else mesh.strands for mesh in parts]
        data = data.with_(strands=np.concatenate(zero))
    if any(each is not None for each in relief):
        # Of parts without a normal map no file has them.
        rows = [
            np.tile(NO_TANGENT, (len(mesh.vertices), 1)) if own is None else own
            for mesh, own in zip(parts, relief, strict=True)
        ]
        data = data.with_(tangents=np.concatenate(rows))
    return Level(data, np.concatenate(faces), sections[0].maps, tuple(sections))


def tangents_of(mesh: PartMesh) -> NDArray[np.float32]:
    """MikkTSpace tangents (V, 4) of a part; where mirrored parts of the texture meet in a vertex it has one side's, so
    that all persons keep the same vertices."""
    found = tangents(mesh.vertices, mesh.normals, mesh.uvs, mesh.faces)
    result = np.tile(NO_TANGENT, (len(mesh.vertices), 1))
    result[found.vertex_map[::-1]] = found.tangents[::-1]
    return settled(result.astype(np.float64))


def quads_first(faces: NDArray[np.int32], polygon: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """Triangles (T, 3) of polygons (T,), two in a row for a quad: the quads' before the others, and how many quads."""
    same = polygon[1:] == polygon[:-1]
    first, second = np.append(same, False), np.append(False, same)
    lone = ~(first | second)
    pairs = np.stack([faces[first], faces[second]], axis=1).reshape(-1, 3)
    return np.concatenate([pairs, faces[lone]]), int(first.sum())


def _details(recipe: Recipe) -> tuple[int, ...]:
    """The levels of the skin: the finest, and one for each coarser level that is asked for."""
    ladder = (1, *DETAILS) if recipe.faces >= FINE else DETAILS
    if len(recipe.lods) >= len(ladder):
        raise UsageError(
            f"{len(recipe.lods)} coarser levels of detail; an avatar of parts has up to {len(ladder) - 1}, each of a "
            "fixed number of triangles. Ask for fewer."
        )
    return ladder[: 1 + len(recipe.lods)]


def _rig(joints: Sequence[str], body: Body) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.float32]]:
    """Names, parents and places at rest of the ``joints``, in SMPL's order."""
    chosen = [index for index, name in enumerate(SMPL_JOINT_NAMES) if name in joints]
    parents: list[int] = []
    for index in chosen:
        above = SMPL_PARENTS[index]
        while above >= 0 and above not in chosen:
            above = SMPL_PARENTS[above]
        parents.append(chosen.index(above) if above >= 0 else -1)
    names = tuple(SMPL_JOINT_NAMES[index] for index in chosen)
    return names, np.array(parents, np.int32), settled(body.joints[chosen])
