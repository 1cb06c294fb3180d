# SPDX-License-Identifier: Apache-2.0
"""The materials of parts: what kind each is, and how its maps are painted for a person."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Maps, Material
from portrait_core.parts.character import Figure, prepared
from portrait_core.parts.cloth_maps import cloth_maps
from portrait_core.parts.eye_maps import eye_colours
from portrait_core.parts.hair_maps import colour_factor, hair_maps
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.scalp import with_roots
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.maps import packed
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from portrait_core.runtime.threads import thread_count
from textures import bake_materials
from textures.bake import THREADS as BAKE_THREADS

ROUGHNESS = "pbrMetallicRoughness.roughnessFactor"
METALNESS = "pbrMetallicRoughness.metallicFactor"
COLOUR = "pbrMetallicRoughness.baseColorFactor"
COAT = "KHR_materials_clearcoat"

LASH_COLOUR = (0.09, 0.075, 0.07)
BROW_SHADE = 0.72
"""sRGB of lashes, and the share of the hair's colour that brows have."""

EYE_SIZE = 512
"""Texels along an eye's image: an iris of 200."""
PLAIN_SIZE = 8


def _plain(roughness: float, **more: Mapping[str, object]) -> Material:
    return Material(factors={METALNESS: 0.0, ROUGHNESS: roughness}, extensions={k: v for k, v in more.items()})


MATERIALS: dict[str, Material] = {
    # The skin's roughness is in its map.
    "skin": Material(extensions={"KHR_materials_specular": {"specularFactor": 0.7}}),
    # The wet film of an eye: a highlight over whatever lies beneath.
    "eye": Material(
        factors={METALNESS: 0.0, ROUGHNESS: 0.35},
        extensions={COAT: {"clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.03}},
    ),
    # Black: a veil of any other colour would lie over the pupil.
    "cornea": Material(
        alpha="blend",
        factors={COLOUR: (0.0, 0.0, 0.0, 0.04), METALNESS: 0.0, ROUGHNESS: 0.03},
        extensions={COAT: {"clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.0}},
    ),
    "tear": Material(alpha="blend", factors={COLOUR: (1.0, 1.0, 1.0, 0.25), METALNESS: 0.0, ROUGHNESS: 0.05}),
    "teeth": _plain(0.25),
    "tongue": _plain(0.4),
    "lashes": Material(alpha="blend", double_sided=True, factors={METALNESS: 0.0, ROUGHNESS: 0.6}),
    # Cut out: strands that mix have no order that every program gets right.
    "hair": Material(
        alpha="mask",
        cutoff=0.35,
        double_sided=True,
        factors={METALNESS: 0.0, ROUGHNESS: 0.55},
        extensions={"KHR_materials_specular": {"specularFactor": 0.45}},
    ),
    "garment": Material(
        double_sided=True,
        factors={METALNESS: 0.0, ROUGHNESS: 0.85},
        extensions={"KHR_materials_sheen": {"sheenColorFactor": [0.12, 0.12, 0.12], "sheenRoughnessFactor": 0.5}},
    ),
    "brows": Material(alpha="blend", double_sided=True, factors={METALNESS: 0.0, ROUGHNESS: 0.6}),
}
"""Kinds of materials by the names that parts give."""


@dataclass(frozen=True)
class PartPainter:
    """Paints the maps of one person's parts."""

    recipe: Recipe
    person: PersonOfParts

    @property
    def figure(self) -> Figure:
        """What the person wears."""
        return Figure(self.person.parts_template, self.person.look)

    def material(self, name: str) -> Material:
        """The kind of a material: :data:`MATERIALS`, with the person's own colour where the map is grey."""
        kind = MATERIALS[name]
        if name != "hair":
            return kind
        colour = (*colour_factor(self.person.look.palette["hair"]), 1.0)
        return replace(kind, factors={**kind.factors, COLOUR: colour})

    def paint(self, mesh: PartMesh, progress: Progress) -> Maps:
        """The maps of a part's material."""
        return PAINTERS[mesh.material](self, mesh, progress)

    def skin(self, progress: Progress) -> Maps:
        """The decoder's own skin in the fixed layout."""
        person, size = self.person, self.recipe.texture_size
        template = person.parts_template
        # The finest level whatever the mesh: its chords keep to the surface that the decoder knows.
        fine = prepared(template).skin[1]
        where = template.skin_places.columns()[fine.welded]

        def materials(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            return person.skin_materials(points[:, :3], points[:, 3:])

        threads = thread_count(BAKE_THREADS)
        colour, roughness = bake_materials(
            fine.faces, fine.uvs, where, materials, size, progress=progress, threads=threads
        )
        hair, palette = self.figure.hair, person.look.palette
        if hair is not None:
            colour = with_roots(colour, hair, template, fine, (palette["hair"], palette["skin"]))
        return Maps(base_colour=colour, orm=packed(None, roughness))

    def eye(self, progress: Progress) -> Maps:
        """White, iris and pupil."""
        progress("texture", 0.0)
        size = min(EYE_SIZE, self.recipe.texture_size)
        return Maps(base_colour=_bytes(eye_colours(self.picture("eye"), self.person.look.palette["iris"], size)))

    def picture(self, name: str) -> NDArray[np.uint8]:
        """An image (H, W, 3) of the template."""
        return np.asarray(Image.open(io.BytesIO(self.person.parts_template.images[name].tobytes())).convert("RGB"))

    def plain(self, colour: Sequence[float]) -> Maps:
        """One sRGB colour."""
        return Maps(base_colour=_bytes(np.tile(np.array(colour), (PLAIN_SIZE, PLAIN_SIZE, 1))))

    def card(self, name: str, colour: NDArray[np.float64]) -> Maps:
        """Hairs in one sRGB ``colour``, where the image ``name`` of the template covers."""
        image = np.asarray(Image.open(io.BytesIO(self.person.parts_template.images[name].tobytes())))
        cover = image if image.ndim == 2 else image[:, :, -1]
        shade = np.tile(colour, (*cover.shape, 1))
        return Maps(base_colour=_bytes(shade), opacity=np.ascontiguousarray(cover[:, :, None]))


def _bytes(srgb: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.rint(np.clip(srgb, 0.0, 1.0) * 255.0).astype(np.uint8)


Painter = Callable[[PartPainter, PartMesh, Progress], Maps]


def _skin(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    return painter.skin(progress)


def _eye(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    return painter.eye(progress)


def _colour(*srgb: float) -> Painter:
    return lambda painter, _mesh, _progress: painter.plain(srgb)


def _teeth(painter: PartPainter, _mesh: PartMesh, _progress: Progress) -> Maps:
    return Maps(base_colour=painter.picture("mouth"))


def _lashes(painter: PartPainter, mesh: PartMesh, _progress: Progress) -> Maps:
    return painter.card(f"lashes.{mesh.style}", np.array(LASH_COLOUR))


def _brows(painter: PartPainter, mesh: PartMesh, _progress: Progress) -> Maps:
    return painter.card(f"brows.{mesh.style}", painter.person.look.palette["hair"] * BROW_SHADE)


def _hair(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    progress("texture", 0.0)
    figure = painter.figure
    assert figure.hair is not None  # there is a mesh of it
    made = hair_maps(figure.hair, painter.recipe.texture_size)
    normal = made.normal if painter.recipe.normal_map else None
    return Maps(base_colour=made.base_colour, opacity=made.opacity, normal=normal)


def _garment(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    progress("texture", 0.0)
    figure = painter.figure
    assert figure.garment is not None  # there is a mesh of it
    made = cloth_maps(figure.garment, painter.person.look, painter.recipe.texture_size)
    return Maps(base_colour=made.base_colour, normal=made.normal if painter.recipe.normal_map else None)


PAINTERS: dict[str, Painter] = {
    "hair": _hair,
    "garment": _garment,
    "skin": _skin,
    "eye": _eye,
    "cornea": _colour(1.0, 1.0, 1.0),
    "tear": _colour(1.0, 1.0, 1.0),
    "teeth": _teeth,
    "tongue": _colour(0.72, 0.44, 0.42),
    "lashes": _lashes,
    "brows": _brows,
}
"""How the maps of each material come about."""
