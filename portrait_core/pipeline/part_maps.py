# SPDX-License-Identifier: Apache-2.0
"""The materials of parts: what kind each is, and how its maps are painted for a person."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Maps, Material
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.parts.character import Figure, prepared
from portrait_core.parts.close_crop import with_close_hair
from portrait_core.parts.cloth_colours import cloth_colours, worn_heights
from portrait_core.parts.eye_maps import eye_colours
from portrait_core.parts.garment import Garment
from portrait_core.parts.hair import HairStyle
from portrait_core.parts.hair_maps import colour_factor, hair_maps
from portrait_core.parts.kept_rows import KeptRows
from portrait_core.parts.likeness import Likeness
from portrait_core.parts.mouth_maps import mouth_colours
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.scalp import with_roots
from portrait_core.parts.template import PartsTemplate
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.maps import packed
from portrait_core.pipeline.volume_hair import MATERIAL as VOLUME
from portrait_core.pipeline.volume_hair import VolumeHair, volume_maps, wears
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from textures.lattice_bake import LatticeLayout, TexelSample, bake_lattice, colours_apart
from textures.layout import Layout

ROUGHNESS = "pbrMetallicRoughness.roughnessFactor"
METALNESS = "pbrMetallicRoughness.metallicFactor"
COLOUR = "pbrMetallicRoughness.baseColorFactor"
COAT = "KHR_materials_clearcoat"

LASH_COLOUR = (0.09, 0.075, 0.07)
BROW_SHADE = 0.72
"""sRGB of lashes, and the share of the hair's colour that brows have."""

EYE_SIZE = 512
"""Texels along an eye's image: an iris of 200. Half as many as the skin's where that is fewer."""
PLAIN_SIZE = 8
WORN_SIZE = 512
"""Texels along the images of hair and of a garment's relief, which are those of the set's own; half as many as the
skin's where that is more."""
SKIN_TOLERANCE = 2.0
SKIN_DETAIL = 0.003
"""Levels of 255 and metres: half as close as a bake of all that a bust shows, for brows and roots are their own parts.
Against every texel asked for itself the map differs by half a level (root mean square), a tenth of what the network's
skin differs from the world's."""
KEPT = 12
"""Maps without a person's colour that a process keeps: every style of a model."""


PICTURE_MAPS, DRAFT_MAPS = 256, 512
"""Texels of a side up to which maps are those of small pictures, and of drafts that come before an avatar's own."""


def _plain(roughness: float, **more: Mapping[str, object]) -> Material:
    return Material(factors={METALNESS: 0.0, ROUGHNESS: roughness}, extensions={k: v for k, v in more.items()})


MATERIALS: dict[str, Material] = {
    # The skin's roughness is in its map.
    "skin": Material(extensions={"KHR_materials_specular": {"specularFactor": 0.7}}),
    # Its iris is flat, and a mirror that is flat shows a bright window over all of it: what lies beneath the cornea
    # hardly shines.
    "eye": Material(
        factors={METALNESS: 0.0, ROUGHNESS: 0.35}, extensions={"KHR_materials_specular": {"specularFactor": 0.25}}
    ),
    # The highlight is this round film's. Programs fade it with the veil, so there is some of that; black, since any
    # other colour would lie over the pupil.
    "cornea": Material(
        alpha="blend",
        factors={COLOUR: (0.0, 0.0, 0.0, 0.15), METALNESS: 0.0, ROUGHNESS: 0.03},
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
    # Its roughness is in its map.
    VOLUME: Material(double_sided=True, extensions={"KHR_materials_specular": {"specularFactor": 0.45}}),
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
    """Paints the maps of one person's parts; ``figure`` says what is worn, ``volume`` is hair that is no mesh of it."""

    recipe: Recipe
    person: PersonOfParts
    figure: Figure
    volume: VolumeHair | None = None

    def material(self, name: str) -> Material:
        """The kind of a material: :data:`MATERIALS`, with the person's own colour where the map is grey."""
        kind, palette = MATERIALS[name], self.figure.look.palette
        hair = palette["hair"]
        if name == "hair":
            colour = colour_factor(hair)
        elif name in ("lashes", "brows"):
            srgb = np.array(LASH_COLOUR) if name == "lashes" else palette.get("brows", hair * BROW_SHADE)
            linear = srgb_to_linear(np.clip(srgb, 0.0, 1.0).astype(np.float32))
            colour = (float(linear[0]), float(linear[1]), float(linear[2]))
        else:
            return kind
        return replace(kind, factors={**kind.factors, COLOUR: (*colour, 1.0)})

    def paint(self, mesh: PartMesh, progress: Progress) -> Maps:
        """The maps of a part's material."""
        return PAINTERS[mesh.material](self, mesh, progress)

    def skin(self, progress: Progress) -> Maps:
        """The decoder's own skin in the fixed layout."""
        layout, _, sample = self.skin_texels()
        image = bake_lattice(
            layout, sample, srgb=(True, True, True, False), tolerance=SKIN_TOLERANCE, progress=progress
        )
        colour, roughness = colours_apart(image)
        return Maps(base_colour=self.finished(colour), orm=packed(None, roughness))

    def skin_texels(self, *, glance: bool = False) -> tuple[LatticeLayout, KeptRows, TexelSample]:
        """The layout of the skin's maps, what is kept of its texels, and what they are: linear RGB and roughness.

        ``glance`` is that of :meth:`portrait_core.person.PersonOfParts.skin_materials`."""
        person = self.person
        layout, kept = _skin_layout(person.parts_template, self.recipe.texture_size, person.kept_width)

        def sample(numbers: NDArray[np.int64], places: NDArray[np.float32]) -> NDArray[np.float32]:
            inside = np.clip(places[:, 3:], 0, 1)
            colour, roughness = person.skin_materials(places[:, :3], inside, kept, numbers, glance=glance)
            return np.concatenate([colour, roughness[:, None]], axis=1)

        return layout, kept, sample

    def finished(self, colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The skin's sRGB (S, S, 3) with a photograph's face, if the recipe has one, and the roots of the hair."""
        hair, palette, template = self.figure.hair, self.figure.look.palette, self.person.parts_template
        fine = prepared(template).skin[1]
        if (cropped := cropped_hair(self.recipe, template)) is not None:
            colour = with_close_hair(colour, cropped[0], template, fine, palette["hair"])
        if self.recipe.likeness:
            colour = Likeness.from_text(self.recipe.likeness).painted(colour, palette["skin"])
        if hair is None or not self.with_hair:
            return colour
        return with_roots(colour, hair, template, fine, (palette["hair"], palette["skin"]))

    @property
    def with_hair(self) -> bool:
        """Whether the recipe asks for hair whose roots show on the scalp."""
        return wears(self.recipe, "mesh")

    def eye(self, progress: Progress) -> Maps:
        """White, iris and pupil."""
        progress("texture", 0.0)
        size = self.recipe.texture_size
        size = min(EYE_SIZE, size, max(EYE_SIZE // 2, size // 2))
        base, share = _eye_still(self.figure.template, size)
        iris = np.asarray(self.figure.look.palette["iris"], np.float32)
        return Maps(base_colour=_bytes(base + share * iris))


def cropped_hair(recipe: Recipe, template: PartsTemplate) -> tuple[HairStyle, float] | None:
    """The style in whose place close hair of a likeness grows, and its length in metres; None where there is none."""
    crop = Likeness.from_text(recipe.likeness).crop if recipe.likeness and recipe.hair == "none" else None
    return (template.hair[crop.style], crop.length) if crop is not None and crop.style in template.hair else None


def _skin_layout(template: PartsTemplate, size: int, width: int) -> tuple[LatticeLayout, KeptRows]:
    """The layout of the skin's maps, and what is kept of their texels, the same for everybody of a model.

    One is kept for pictures, one for drafts and one for avatars, which a user asks for by turns: each time a slider is
    let go a draft comes first. Two large ones would take memory.
    """
    kept = _picture_layout if size <= PICTURE_MAPS else _draft_layout if size <= DRAFT_MAPS else _avatar_layout
    return kept(template, size, width)


def _layout(template: PartsTemplate, size: int, width: int) -> tuple[LatticeLayout, KeptRows]:
    # The finest level whatever the mesh: its chords keep to the surface that the decoder knows.
    fine = prepared(template).skin[1]
    where = template.skin_places.columns()[fine.welded]
    layout = Layout(fine.faces, fine.uvs, where, size, detail=SKIN_DETAIL)
    return LatticeLayout(layout), KeptRows(size * size, width)


_picture_layout, _draft_layout, _avatar_layout = (lru_cache(maxsize=1)(_layout) for _ in range(3))


@lru_cache(maxsize=2)
def _picture(template: PartsTemplate, name: str) -> NDArray[np.uint8]:
    """An image (H, W, 3) of a template."""
    return np.asarray(Image.open(io.BytesIO(template.images[name].tobytes())).convert("RGB"))


@lru_cache(maxsize=3)
def _eye_still(template: PartsTemplate, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """An eye's colours (S, S, 3) without those of its iris, and how much of these each texel has: what two irises tell,
    for colours are linear in theirs."""
    picture, some = _picture(template, "eye"), 0.25
    base, tinted = (eye_colours(picture, np.full(3, each), size) for each in (0.0, some))
    return base.astype(np.float32), ((tinted - base) / some).astype(np.float32)


@lru_cache(maxsize=2)
def _mouth_maps(template: PartsTemplate) -> Maps:
    """Teeth and gums, the same for everybody."""
    picture, parts = _picture(template, "mouth"), prepared(template)
    names = [name if name in template.mouth else "teeth" for name in ("teeth", "gums")]
    teeth, gums = (parts.fitted("mouth", name) for name in names)
    return Maps(base_colour=mouth_colours(picture, teeth, gums))


@lru_cache(maxsize=KEPT)
def _plain_maps(*srgb: float) -> Maps:
    """One sRGB colour."""
    return Maps(base_colour=_bytes(np.tile(np.array(srgb), (PLAIN_SIZE, PLAIN_SIZE, 1))))


@lru_cache(maxsize=KEPT)
def _card_maps(template: PartsTemplate, name: str) -> Maps:
    """White hairs, whose colour is the material's factor, where the image ``name`` of a template covers."""
    image = np.asarray(Image.open(io.BytesIO(template.images[name].tobytes())))
    cover = image if image.ndim == 2 else image[:, :, -1]
    white = np.full((*cover.shape, 3), 255, np.uint8)
    return Maps(base_colour=white, opacity=np.ascontiguousarray(cover[:, :, None]))


@lru_cache(maxsize=KEPT)
def _cloth_relief(garment: Garment, size: int) -> NDArray[np.uint8] | None:
    """The normal map of a garment, the same for everybody."""
    if not garment.normals:
        return None
    with Image.open(io.BytesIO(garment.normals)) as image:
        return np.array(image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))


def _hair_maps(style: HairStyle, size: int, normal: bool) -> Maps:
    """Grey hair, whose colour is the material's factor."""
    # Those of pictures and those of avatars do not drive each other out.
    return (_small_hair if size <= PICTURE_MAPS else _large_hair)(style, size, normal)


def _made_hair(style: HairStyle, size: int, normal: bool) -> Maps:
    made = hair_maps(style, size)
    return Maps(base_colour=made.base_colour, opacity=made.opacity, normal=made.normal if normal else None)


_small_hair, _large_hair = (lru_cache(maxsize=KEPT)(_made_hair) for _ in range(2))


def _bytes(srgb: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.rint(np.clip(srgb, 0.0, 1.0) * 255.0).astype(np.uint8)


Painter = Callable[[PartPainter, PartMesh, Progress], Maps]


def _skin(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    return painter.skin(progress)


def _eye(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    return painter.eye(progress)


def _colour(*srgb: float) -> Painter:
    return lambda _painter, _mesh, _progress: _plain_maps(*srgb)


def _teeth(painter: PartPainter, _mesh: PartMesh, _progress: Progress) -> Maps:
    return _mouth_maps(painter.figure.template)


def _card(room: str) -> Painter:
    return lambda painter, mesh, _progress: _card_maps(painter.figure.template, f"{room}.{mesh.style}")


def _brows(painter: PartPainter, mesh: PartMesh, _progress: Progress) -> Maps:
    own = _card_maps(painter.figure.template, f"brows.{mesh.style}")
    if not painter.recipe.likeness:
        return own
    likeness = Likeness.from_text(painter.recipe.likeness)
    if likeness.brows is None or likeness.brow_style != mesh.style:
        return own
    size = own["opacity"].shape[0]
    cover = Image.fromarray(likeness.brows).resize((size, size), Image.Resampling.BICUBIC)
    return own.with_(opacity=np.ascontiguousarray(np.asarray(cover)[:, :, None]))


def _hair(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    progress("texture", 0.0)
    style = painter.figure.hair
    assert style is not None  # there is a mesh of it
    return _hair_maps(style, _worn_size(painter.recipe.texture_size), painter.recipe.normal_map)


def _volume(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    assert painter.volume is not None  # there is a mesh of it
    return volume_maps(painter.volume, painter.recipe, painter.person, progress)


def _worn_size(size: int) -> int:
    """Texels along a map of hair, or of a garment's relief, beside ``size`` of the skin's."""
    return min(size, max(WORN_SIZE, size // 2))


def _garment(painter: PartPainter, _mesh: PartMesh, progress: Progress) -> Maps:
    progress("texture", 0.0)
    figure = painter.figure
    assert figure.garment is not None  # there is a mesh of it
    size = painter.recipe.texture_size
    worn = partial(worn_heights, figure.garment, figure.body, figure.template.rest)
    colours = cloth_colours(figure.garment, figure.look, size, worn)
    relief = _cloth_relief(figure.garment, _worn_size(size)) if painter.recipe.normal_map else None
    return Maps(base_colour=colours, normal=relief)


PAINTERS: dict[str, Painter] = {
    "hair": _hair,
    VOLUME: _volume,
    "garment": _garment,
    "skin": _skin,
    "eye": _eye,
    "cornea": _colour(1.0, 1.0, 1.0),
    "tear": _colour(1.0, 1.0, 1.0),
    "teeth": _teeth,
    "tongue": _colour(0.68, 0.39, 0.375),
    "lashes": _card("lashes"),
    "brows": _brows,
}
"""How the maps of each material come about."""
