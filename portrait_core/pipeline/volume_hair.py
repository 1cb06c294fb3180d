# SPDX-License-Identifier: Apache-2.0
"""Hair as the model knows it, a volume: the surface of its field, with a mesh and a layout of its own for each person.

It is the hair of whole busts, as a part: what lies beneath the skin is left out, and what does not hang together with
the rest is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Maps
from portrait_core.errors import ModelFileError
from portrait_core.geometry.components import component_labels
from portrait_core.geometry.settled import settled
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.levels import unwrapped
from portrait_core.pipeline.maps import packed
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from portrait_core.runtime.threads import thread_count
from portrait_core.shape import Surface, decimate, extract_surface, vertex_normals
from textures import bake_materials
from textures.bake import THREADS as BAKE_THREADS

MATERIAL = "hair_volume"
SHARE, MOST = 0.4, 12_000
"""Of the triangles that an avatar is asked to have, and at most: what the meshes of hair have."""
SMALLEST_MAP = 512
SUNK = 0.001
"""Metres beneath the skin from which on nothing of the hair is kept."""
FORTH, BACK, PASSES = 0.5, 0.53, 60
"""Taubin's factors, and how many passes there are."""
CRUMB = 0.02
"""Pieces with a smaller share of the triangles are dropped."""


@dataclass(frozen=True, eq=False)
class VolumeHair:
    """The part ``mesh``, and where its vertices lie in the field's own space, ``places`` (V, 3)."""

    mesh: PartMesh
    places: NDArray[np.float32]


def wears(recipe: Recipe, hair: str) -> bool:
    """Whether an avatar of ``recipe`` has hair of that kind, ``mesh`` or ``volume``."""
    return recipe.hair == hair and (not recipe.parts or "hair" in recipe.parts)


def volume_hair(recipe: Recipe, person: PersonOfParts, progress: Progress) -> VolumeHair | None:
    """The hair of ``person``, or None for bald ones; ``progress`` hears of its stages.

    Raises :class:`UsageError` where its charts do not fit into the maps.
    """
    field = person.hair_field
    try:
        raw = extract_surface(field, recipe.lattice, progress=progress)
    except ModelFileError:
        return None  # a field without a surface: nobody has noise for hair whose bust has none
    progress("simplify", 0.0)
    count = int(min(MOST, max(SHARE * recipe.faces, 500)))
    closed = decimate(_smooth(Surface(field.place(raw.vertices), raw.faces)), count)
    ups = vertex_normals(closed.vertices, closed.faces)
    places = field.unplace(closed.vertices)
    kept = _without_crumbs(closed.faces[~(field.beneath(places) > SUNK)[closed.faces].all(axis=1)])
    if len(kept) == 0:
        return None
    used, faces = np.unique(kept, return_inverse=True)
    shown = Surface(closed.vertices[used], faces.reshape(-1, 3).astype(np.int32))
    progress("unwrap", 0.0)
    # Ours has half as many charts as xatlas, fewer seams and a fuller image on the hair of five persons.
    atlas = unwrapped(shown, None, map_size(recipe), "charts" if recipe.unwrap == "auto" else recipe.unwrap)
    of_vertex = used[atlas.vertex_map]
    joints = np.zeros((len(of_vertex), 4), np.uint8)
    joints[:, 0] = JOINTS.index("head")
    mesh = PartMesh(
        name="hair",
        vertices=settled(closed.vertices[of_vertex].astype(np.float64)),
        welded=atlas.vertex_map,
        faces=atlas.faces,
        quads=np.arange(len(atlas.faces), dtype=np.int32),
        uvs=atlas.uvs,
        normals=settled(ups[of_vertex].astype(np.float64)),
        joints=joints,
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (len(of_vertex), 1)),
        material=MATERIAL,
    )
    return VolumeHair(mesh, places[of_vertex])


def map_size(recipe: Recipe) -> int:
    """Texels along the maps of the hair: its colours are smoother than the skin's."""
    return min(recipe.texture_size, max(SMALLEST_MAP, recipe.texture_size // 2))


def volume_maps(hair: VolumeHair, recipe: Recipe, person: PersonOfParts, progress: Progress) -> Maps:
    """Colour and roughness of the hair, as the model paints it."""
    mesh, field = hair.mesh, person.hair_field
    colour, roughness = bake_materials(
        mesh.faces, mesh.uvs, hair.places, field.materials, map_size(recipe),
        progress=progress, threads=thread_count(BAKE_THREADS),
    )  # fmt: skip
    return Maps(base_colour=colour, orm=packed(None, roughness))


def _smooth(surface: Surface) -> Surface:
    """The ends of a field's hair are ragged, which no hair is whose strands cannot be seen (Taubin 1995)."""
    import trimesh

    mesh = trimesh.Trimesh(surface.vertices.astype(np.float64), surface.faces, process=False)
    trimesh.smoothing.filter_taubin(  # pyright: ignore[reportUnknownMemberType]
        mesh, lamb=FORTH, nu=BACK, iterations=PASSES
    )
    return Surface(np.asarray(mesh.vertices, np.float32), surface.faces)


def _without_crumbs(faces: NDArray[np.int32]) -> NDArray[np.int32]:
    if len(faces) == 0:
        return faces
    piece = component_labels(int(faces.max()) + 1, faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())[faces[:, 0]]
    return faces[np.bincount(piece)[piece] >= CRUMB * len(faces)]
