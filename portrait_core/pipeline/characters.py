# SPDX-License-Identifier: Apache-2.0
"""A character of parts: from a recipe to an avatar whose skin, eyes, teeth and hair are objects of their own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Maps, Material, Section
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.cameras import Camera
from portrait_core.errors import UsageError, suggestion
from portrait_core.geometry.morphs import Morph
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.parts.character import KINDS, Figure, Wanted, meshes
from portrait_core.parts.close_crop import lifted
from portrait_core.parts.hair_joints import HairChains, hair_chains
from portrait_core.parts.likeness import IN_PICTURE, Likeness
from portrait_core.parts.part_mesh import NO_TANGENT, PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.parts.skin import REGIONS, Lips
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.faces import Face, face_of
from portrait_core.pipeline.part_bones import Bones, bones_of
from portrait_core.pipeline.part_maps import PAINTERS, PartPainter, cropped_hair
from portrait_core.pipeline.provenance import from_photograph, provenance
from portrait_core.pipeline.volume_hair import VolumeHair, volume_hair, wears
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.framing import View, frame_head, frame_shoulders
from portrait_core.rendering.layered import LayeredScene, Look, coats_of
from portrait_core.rendering.vertex_shares import SMALL, USUAL
from portrait_core.runtime.threads import side_by_side

DETAILS = {1: 40_000, 0: 15_000, -1: 4_000, -2: 0}
"""Levels of the skin, finest first, and from how many triangles asked for on an avatar begins with each; its coarser
levels are those that follow."""
THUMBNAIL_SIZE, SMALL_THUMBNAIL, SMALL_MAPS = 512, 256, 512
"""Edges of a thumbnail, and of that of an avatar whose maps are no larger than the last."""
SKIN, HAIR = "skin", "hair"
"""Materials of parts."""
BLANK = Maps(base_colour=np.full((1, 1, 3), 128, np.uint8))
"""Maps that are to come."""

_log = logging.getLogger("portraitkit")


def bare_character(
    recipe: Recipe, person: PersonOfParts, progress: Progress, name: str, skin: Maps | None = None
) -> Avatar:
    """:func:`make_character` without a thumbnail; ``skin`` is worn instead of the person's own."""
    return _made(recipe, person, progress, name, None, skin=skin)


def make_character(
    recipe: Recipe,
    person: PersonOfParts,
    progress: Progress,
    name: str,
    size: int | None = None,
    view: View = "bust",
) -> Avatar:
    """The avatar of parts of ``recipe``, who is ``person``, with a thumbnail of ``size``; raises as
    :func:`portrait_core.pipeline.make_avatar`."""
    usual = SMALL_THUMBNAIL if recipe.texture_size <= SMALL_MAPS else THUMBNAIL_SIZE
    return _made(recipe, person, progress, name, size or usual, view)


@dataclass(frozen=True)
class Sitting:
    """What is known of a character before any of it is shaped or painted."""

    recipe: Recipe
    person: PersonOfParts
    figure: Figure
    face: Face
    bones: Bones
    painter: PartPainter
    volume: VolumeHair | None

    @classmethod
    def of(cls, recipe: Recipe, person: PersonOfParts, progress: Progress, lips: Lips = "apart") -> Sitting:
        """``lips`` is that of :class:`portrait_core.parts.character.Wanted`; raises as :func:`make_character`."""
        figure = figure_of(recipe, person, lips)
        face = face_of(recipe, figure)
        bones = bones_of(JOINTS if recipe.skeleton == "bust" else SMPL_JOINT_NAMES, figure.body)
        if recipe.skeleton == "full":
            bones = bones.with_fingers()
        for joint in recipe.pose:
            if joint not in bones.names:
                hint = suggestion(joint, bones.names, what="joints of this model")
                raise UsageError(f"the pose turns {joint}, which model {person.header.name} does not have. {hint}")
        volume = volume_hair(recipe, person, progress) if wears(recipe, "volume") else None
        return cls(recipe, person, figure, face, bones, PartPainter(recipe, person, figure, volume), volume)

    def drafted(self, pool: Executor, name: str, kinds: Sequence[str]) -> Avatar:
        """The avatar of some kinds of parts with :data:`BLANK` skin; maps come about in ``pool``."""
        recipe, figure, face, painter = self.recipe, self.figure, self.face, self.painter
        more = [] if self.volume is None else [self.volume.mesh]  # the same on all levels: made for no other layout
        every = [[*meshes(figure.at(detail), kinds), *more] for detail in _details(recipe)]
        if not every[0]:
            raise UsageError("of the parts that are asked for this person has none; ask for the skin as well.")
        # Maps need no more of a mesh than what everybody has.
        first = {mesh.material: mesh for mesh in reversed(every[0])}
        small = {key: pool.submit(painter.paint, mesh, silent) for key, mesh in first.items() if key != SKIN}
        rig = self.bones
        chains = _chains(recipe, figure, every[0], rig.place("head"))
        if chains is not None:
            every = [[chains.moving(mesh) if mesh.material == HAIR else mesh for mesh in parts] for parts in every]
            rig = rig.with_chains(chains)
        # Behind the chains, which number their joints from the body's on.
        rig = face.bones(figure, rig)
        every = [face.moved(figure, parts, rig) for parts in every]
        shaped = [face.shaped(figure.at(detail), own) for detail, own in zip(_details(recipe), every, strict=True)]
        every, morphs = [parts for parts, _ in shaped], [own for _, own in shaped]
        looks = {key: (painter.material(key), maps.result()) for key, maps in small.items()}
        looks[SKIN] = (painter.material(SKIN), BLANK)
        levels = [level_of(parts, looks, rig.numbers, own) for parts, own in zip(every, morphs, strict=True)]
        avatar = _avatar(recipe, self.person, figure, rig, levels, name)
        return replace(avatar, expression=face.expression) if face.shapes and face.expression else avatar


def _made(
    recipe: Recipe,
    person: PersonOfParts,
    progress: Progress,
    name: str,
    thumbnail: int | None,
    view: View = "bust",
    skin: Maps | None = None,
) -> Avatar:
    """The skin's colours, which are most of the work, come about beside everything else: they are asked for in the
    fixed layout and need no shape, and nothing waits for them but the thumbnail's last step."""
    progress("shape", 0.0)
    sitting, kinds = Sitting.of(recipe, person, progress), kinds_of(recipe)
    with side_by_side(len(PAINTERS) + 1) as pool:

        def drafted() -> tuple[Avatar, Look | None]:
            """The avatar with blank skin, and what the thumbnail's camera sees."""
            avatar = sitting.drafted(pool, name, kinds)
            return avatar, None if thumbnail is None else _look(avatar, thumbnail, view)

        waiting = pool.submit(drafted)
        if skin is None and SKIN in kinds:
            skin = sitting.painter.skin(progress)
        avatar, look = waiting.result()
    if skin is not None:
        avatar = replace(avatar, levels=tuple(_with_skin(level, skin) for level in avatar.levels))
    _log.info("%s: %d objects, %d faces", name, len(avatar.main.sections), len(avatar.main.faces))
    if look is None:
        return avatar
    progress("thumbnail", 0.0)
    coats = CoatTable(coats_of(avatar.main))
    picture = look.paint_small(coats) if thumbnail is not None and thumbnail <= SMALL_THUMBNAIL else look.paint(coats)
    avatar = replace(avatar, thumbnail=picture.image)
    progress("thumbnail", 1.0)
    return avatar


def camera_of(avatar: Avatar, view: View) -> Camera:
    """Head and shoulders, or the head, slightly from the left; framed at rest."""
    vertices = avatar.main.vertices
    if view == "head":
        framing = frame_head(vertices, avatar.joints[avatar.joint_names.index("head")])
    else:
        framing = frame_shoulders(vertices)
    return framing.camera(yaw=0.35)


def _look(avatar: Avatar, size: int, view: View) -> Look:
    camera = camera_of(avatar, view)
    shadows = SMALL if size <= SMALL_THUMBNAIL else USUAL
    return LayeredScene(avatar.main, *avatar.posed(), shadows).look(camera.cam2world, camera.intrinsics, size)


def _avatar(
    recipe: Recipe,
    person: PersonOfParts,
    figure: Figure,
    bones: Bones,
    levels: Sequence[Level],
    name: str,
) -> Avatar:
    rest = {
        joint: (float(turn[0]), float(turn[1]), float(turn[2]))
        for joint, turn in figure.template.rest.local().items()
        if joint in bones.names
    }
    return Avatar(
        name=name,
        levels=tuple(levels),
        joint_names=bones.names,
        parents=bones.parents,
        joints=bones.joints,
        pose=dict(recipe.pose),
        rest=rest,
        springs=bones.springs,
        recipe=recipe.facts(),
        provenance=provenance(person.header) | from_photograph(recipe),
        report={"levels": [{"faces": len(level.faces), "vertices": len(level.vertices)} for level in levels]},
    )


def _with_skin(level: Level, maps: Maps) -> Level:
    """A level whose skin has ``maps``."""
    sections = tuple(replace(each, maps=maps) if each.name == SKIN else each for each in level.sections)
    return replace(level, maps=sections[0].maps, sections=sections)


def _chains(recipe: Recipe, figure: Figure, parts: Sequence[PartMesh], head: NDArray[np.float32]) -> HairChains | None:
    """Joints for hair that hangs free, where the recipe asks for them."""
    hair = next((mesh for mesh in parts if mesh.material == HAIR), None)
    return hair_chains(hair, head, figure.skin) if recipe.hair_joints and hair is not None else None


def figure_of(recipe: Recipe, person: PersonOfParts, lips: Lips = "apart") -> Figure:
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
    look, brows = person.look, None
    if recipe.likeness:
        likeness = Likeness.from_text(recipe.likeness)
        controls = template.controls.places(look.coefficients)
        look = likeness.look(look, controls)
        if (cropped := cropped_hair(recipe, template)) is not None:
            grown = lifted(cropped[0], controls, cropped[1])
            look = replace(look, moves=grown if look.moves is None else look.moves + grown)
        brows = likeness.brow_style if likeness.brow_style in template.brows else None
    wanted = Wanted(
        brows=brows, detail=_details(recipe)[0], hair=chosen["hair_style"], garment=chosen["garment"], lips=lips
    )
    return Figure(template, look, wanted)


def kinds_of(recipe: Recipe) -> tuple[str, ...]:
    """The kinds of parts of the template that a recipe asks for."""
    kinds = recipe.parts or tuple(KINDS)
    painted = bool(recipe.likeness) and Likeness.from_text(recipe.likeness).brow_style == IN_PICTURE
    without = {*(() if recipe.hair == "mesh" else ("hair",)), *(("brows", "lashes") if painted else ())}
    return tuple(kind for kind in kinds if kind not in without)


def level_of(
    parts: Sequence[PartMesh],
    looks: Mapping[str, tuple[Material, Maps]],
    numbers: NDArray[np.intp],
    morphs: tuple[Morph, ...] = (),
) -> Level:
    """Parts as one level of detail with a section each; ``looks`` by the names of materials, ``numbers`` of the rig's
    joints for each of those that weights count, ``morphs`` of all parts as one mesh."""
    sections: list[Section] = []
    faces: list[NDArray[np.int32]] = []
    count = 0
    for mesh in parts:
        own, quads = quads_first(mesh.faces, mesh.quads)
        kind, maps = looks[mesh.material]
        sections.append(Section(mesh.material, len(own), maps, kind, mesh.name, quads, regions_of(mesh)))
        faces.append(own + np.int32(count))
        count += len(mesh.vertices)
    relief = [mesh.tangents() if "normal" in looks[mesh.material][1] else None for mesh in parts]
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
    return Level(data, np.concatenate(faces), sections[0].maps, tuple(sections), morphs)


def quads_first(faces: NDArray[np.int32], polygon: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """Triangles (T, 3) of polygons (T,), two in a row for a quad: the quads' before the others, and how many quads."""
    first, second, lone = _halves(polygon)
    pairs = np.stack([faces[first], faces[second]], axis=1).reshape(-1, 3)
    return np.concatenate([pairs, faces[lone]]), int(first.sum())


def _halves(polygon: NDArray[np.int32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Of polygons (T,) of triangles: (T,) the first and the second halves of quads, and what is none."""
    same = polygon[1:] == polygon[:-1]
    first, second = np.append(same, False), np.append(False, same)
    return first, second, ~(first | second)


def regions_of(mesh: PartMesh) -> tuple[tuple[int, str], ...]:
    """How many polygons follow each other in one region, and its name, in the order of :func:`quads_first`."""
    known = None if mesh.topology is None else mesh.topology.regions
    if known is None or not len(mesh.quads):
        return ()
    first, _, lone = _halves(mesh.quads)
    own = known[np.concatenate([mesh.quads[first], mesh.quads[lone]])]
    names = [REGIONS[int(each)] for each in own]
    return tuple((len(list(same)), name) for name, same in groupby(names))


def _details(recipe: Recipe) -> tuple[int, ...]:
    """The levels of the skin: the finest, and one for each coarser level that is asked for."""
    ladder = tuple(DETAILS)
    first = next(number for number, most in enumerate(DETAILS.values()) if recipe.faces >= most)
    # Coarser ones that are asked for lie beneath it, so that it may have to be finer.
    first = min(first, len(ladder) - 1 - len(recipe.lods))
    if first < (0 if recipe.faces >= DETAILS[1] else 1):
        raise UsageError(
            f"{len(recipe.lods)} coarser levels of detail; an avatar of parts has up to {len(ladder) - 2}, and one "
            f"more from {DETAILS[1]} triangles on, each of a fixed number of triangles. Ask for fewer."
        )
    ladder = ladder[first:]
    return ladder[: 1 + len(recipe.lods)]
