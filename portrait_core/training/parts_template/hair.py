# SPDX-License-Identifier: Apache-2.0
"""The hair styles of a template, from the hair meshes of the CC0 set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.geometry.components import component_labels
from portrait_core.geometry.normals import vertex_normals
from portrait_core.parts.controls import Controls
from portrait_core.parts.hair import HairStyle
from portrait_core.training.parts_template.hair_ears import off_ears
from portrait_core.training.parts_template.hair_footing import footing_of
from portrait_core.training.parts_template.hair_fringe import over_nape, uncut
from portrait_core.training.parts_template.hair_roots import scalp_roots
from portrait_core.training.parts_template.hair_shaping import (
    FREE,
    ROOTS,
    clearance,
    outward,
    over_skin,
    shortened,
    smoothstep,
    wave,
)
from portrait_core.training.parts_template.hair_sheets import piece_widths, texture_strands, turned_inwards
from portrait_core.training.parts_template.hair_texture import detail_image, png_bytes, texels_at
from portrait_core.training.parts_template.hair_tuck import hairline_border, tucked
from portrait_core.training.parts_template.hairline import hairline_points, sparser
from portrait_core.training.parts_template.hidden_hair import seen_quads
from portrait_core.training.parts_template.levels import coarser
from portrait_core.training.parts_template.proxy_mesh import Proxy, read_proxy
from portrait_core.training.parts_template.strands import (
    Strands,
    flow_from_crown,
    flow_of_texture,
    solve_strands,
)
from portrait_core.training.parts_template.worn import Mannequin, fitting_of, halves, quads_of
from textures.raster import cover_texels


@dataclass(frozen=True)
class Cut:
    """What is done to one mesh of the set.

    Attributes:
        fringe: whether a fringe hangs over the eyes and is cut.
        tail: whether what hangs is a tail or a braid.
        bare: whether the set's texture has no hairline of its own.
        nape: whether hair lies on the nape.
        short: whether its hairline is to lie on the skin all round.
        roots: metres that it lies at least over the skin.
        soft: whether the set's texture is of hard blotches, of which little is kept.
        wires: whether strips that stand for single strands on the head are kept.
        dense: whether gaps between the wisps of its borders are filled.
        level: whether it is cut straight across the nape.
    """

    fringe: bool = False
    tail: bool = False
    bare: bool = False
    nape: bool = False
    short: bool = False
    roots: float = ROOTS
    soft: bool = False
    wires: bool = True
    level: bool = False
    dense: bool = False


STYLES: dict[str, Cut] = {
    "afro01": Cut(nape=True, roots=0.0025, soft=True),
    "bob01": Cut(fringe=True, wires=False),
    "braid01": Cut(fringe=True, tail=True, bare=True, nape=True, wires=False),
    "ponytail01": Cut(tail=True, nape=True),
    "short01": Cut(nape=True, short=True),
    "short02": Cut(nape=True, short=True),
    "short03": Cut(fringe=True, nape=True, short=True, level=True, dense=True),
    "short04": Cut(nape=True, short=True, wires=False, dense=True),
}
"""The styles of the set that are built. Not ``bob02``: its locks are cards with gaps between them, and its fringe is
a sheet in its own shadow; nor ``long01``, whose back is of flat strips with edges like paper. Who would wear them wears
the style that the person's numbers ask for next."""

STRIP = 0.0032
"""Pieces narrower than this, metres, are strands on a sheet: where they end is no hairline."""

LINING = 9
"""Texels: so much of a sheet's border hides nothing. It is drawn in strands, and persons wear sheets farther apart than
the mean person: without hair beneath, dark slots open between locks."""

WISPS = 7
"""Texels: narrower gaps between the wisps of hairlines are filled, or the shadow beneath is seen in them."""

WIRE = 0.0036
"""Strips on the head that are narrower, metres, stand off it like wire; those of a tail or a braid are its strands."""

HANGING = (-0.20, -0.09)
"""Heights between which hair hangs less and less on the head, metres from the middle of the eyes."""

LONGEST = (-0.315, -0.285)
"""Hair ends between these heights, metres from the middle of the eyes: over the lower border of the bust."""

NO_HAIR = 40
"""Quads with no more opacity than this, of 255, are left out."""

BURIED, NAPE = 0.003, -0.04
"""Quads that lie deeper in the head than this with all corners, metres, are left out; of hair that ends at the nape
only higher than this: the way out of the skull misses the neck, and steps would be cut into the border."""


def hair_proxy(folder: Path, name: str, mannequin: Mannequin) -> Proxy:
    """The mesh of one style of the set's ``hair`` folder."""
    return read_proxy(folder / name / f"{name}.mhclo", len(mannequin.places))


def hair_style(folder: Path, proxy: Proxy, mannequin: Mannequin, controls: Controls) -> HairStyle:
    """Build the style in ``folder`` from its proxy; the controls must have all vertices that it uses."""
    cut = STYLES.get(folder.name, Cut())
    quads, corners, uvs = quads_of(proxy)
    rgba = _texture(folder)
    eyes = mannequin.eyes
    modelled = proxy.places(mannequin.places) - eyes
    kept = _kept_pieces(cut, modelled, quads)
    quads, corners = quads[kept], corners[kept]
    turned = turned_inwards(modelled, quads)[:, None]
    quads, corners = (np.where(turned, each[:, ::-1], each) for each in (quads, corners))
    triangles = halves(quads)
    directions, flow = _flow(modelled, quads, uvs[corners], rgba)
    strands = solve_strands(modelled, triangles, directions)
    drawn = texture_strands(modelled, triangles, halves(corners), uvs.astype(np.float64), directions)
    places = modelled
    if cut.dense:
        rgba[..., 3] = ndimage.grey_closing(rgba[..., 3], (WISPS, WISPS))
    if cut.short:
        border = hairline_border(
            places, triangles, _corner_uvs(corners, uvs), rgba[..., 3], mannequin, fringe=cut.fringe
        )
        places = tucked(places, border, mannequin)
    places = over_skin(places, triangles, mannequin.head, cut.roots)
    above = clearance(places, mannequin.head)
    hairline = (
        hairline_points(places, quads[piece_widths(modelled, quads) >= STRIP], above) if cut.bare else np.zeros((0, 3))
    )

    def left(at: NDArray[np.float64]) -> NDArray[np.float64]:
        share = sparser(at, hairline) * smoothstep(at[:, 1], *LONGEST)
        share *= uncut(at, short=cut.short) if cut.fringe else 1.0
        share *= over_nape(at) if cut.level else 1.0
        return share * (off_ears(at, mannequin) if cut.short else 1.0)

    modelled_alpha = rgba[..., 3]
    rgba = thinned(rgba, places, quads, _corner_uvs(corners, uvs), left)
    # A hairline that fades out is one of roots all the same; hair that is cut off has none.
    drawn_in = _corner_uvs(corners, uvs), modelled_alpha if cut.bare else rgba[..., 3], mannequin
    roots = scalp_roots(places, triangles, *drawn_in, fringe=cut.fringe)[controls.index]
    shown = _shown(rgba[..., 3], uvs[corners]) & (left(places)[quads].max(axis=1) > NO_HAIR / 255)
    shown &= (above[quads].max(axis=1) > -BURIED) | (cut.nape & (places[quads, 1].min(axis=1) < NAPE))
    quads, corners = quads[shown], corners[shown]
    head = mannequin.places - eyes, mannequin.triangles
    solid = ndimage.grey_erosion(rgba[..., 3], (LINING, LINING))
    seen = seen_quads(places, quads, _corner_uvs(corners, uvs), solid, head)
    quads, corners = quads[seen], corners[seen]
    triangles = halves(quads)
    normals = vertex_normals(places.astype(np.float32), triangles.astype(np.int32)).astype(np.float64)
    edge = _edge_along(places, quads, strands)
    style = HairStyle(
        fitting=fitting_of(proxy, controls, _weights(places, mannequin), places + eyes, mannequin.places),
        quads=quads,
        corners=corners,
        uvs=uvs,
        strands=drawn.astype(np.float32),
        shorter=shortened(places, triangles, strands, cut.tail),
        outward=outward(places, above),
        wave=wave(places, normals, flow, strands, edge, above),
        roots=roots,
        detail=png_bytes(detail_image(rgba, halves(corners).astype(np.int32), uvs, drawn[:, 1], soft=cut.soft)),
        coarse=(),
        footing=footing_of(places, triangles, mannequin, controls),
    )
    return replace(style, coarse=coarser(style.topologies[0], places))


def _kept_pieces(cut: Cut, places: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(Q,) the quads of the pieces of a mesh (K, 3), (Q, 4) that a cut keeps."""
    piece = component_labels(len(places), quads.ravel(), np.roll(quads, -1, axis=1).ravel())[quads[:, 0]]
    top = np.full(int(piece.max()) + 1, -np.inf)
    np.maximum.at(top, piece, places[quads][..., 1].max(axis=1))
    return np.asarray(cut.wires | (piece_widths(places, quads) >= WIRE) | (top[piece] < FREE))


def thinned(
    rgba: NDArray[np.uint8],
    places: NDArray[np.float64],
    quads: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    left: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.uint8]:
    """A texture (S, S, 4) with what of its hair is ``left``, a function of places (N, 3): 0 to 1 (N,).

    The mesh is ``places`` (K, 3), (Q, 4) with ``corner_uvs`` (2Q, 3, 2). Where several pieces of it share a place in
    the texture, the most that any of them has is left.
    """
    size = len(rgba)
    pieces = np.repeat(component_labels(len(places), quads.ravel(), np.roll(quads, -1, axis=1).ravel())[quads[:, 0]], 2)
    triangles, share = halves(quads), np.full((size, size), -1.0)
    for piece in np.unique(pieces):
        own = pieces == piece
        faces = np.arange(3 * int(own.sum()), dtype=np.int32).reshape(-1, 3)
        texels = cover_texels(faces, corner_uvs[own].reshape(-1, 2).astype(np.float32), size)
        at = np.asarray(texels.interpolate(faces, places[triangles[own]].reshape(-1, 3).astype(np.float32)), np.float64)
        there = texels.row, texels.column
        share[there] = np.maximum(share[there], left(at))
    nearest = ndimage.distance_transform_edt(share < 0, return_distances=False, return_indices=True)
    result = rgba.copy()
    result[..., 3] = np.rint(rgba[..., 3] * np.maximum(share[tuple(nearest)], 0))
    return result


def _shown(alpha: NDArray[np.uint8], corner_uvs: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(Q,) which quads, with corners (Q, 4, 2) in the texture, have any hair."""
    s, t = (each.ravel() for each in np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9)))
    weights = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], 1)
    at = np.einsum("nk,qka->qna", weights, np.asarray(corner_uvs, np.float64))
    return alpha[texels_at(at, len(alpha))].max(axis=1) > NO_HAIR


def _texture(folder: Path) -> NDArray[np.uint8]:
    """(S, S, 4), the diffuse texture of a folder of the set."""
    path = next(iter(sorted(folder.glob("*_diffuse.png"))))
    with Image.open(path) as image:
        return np.array(image.convert("RGBA"))


def _flow(
    places: NDArray[np.float64], quads: NDArray[np.int64], corner_uvs: NDArray[np.float32], rgba: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The directions of the strands on the halves of the quads (2Q, 3) and at the vertices (K, 3)."""
    triangles = halves(quads)
    uvs = np.stack([corner_uvs[:, [0, 1, 2]], corner_uvs[:, [0, 2, 3]]], 1).reshape(-1, 3, 2).astype(np.float64)
    grey = rgba[..., :3].astype(np.float64).mean(axis=-1)
    directions = flow_of_texture(places, triangles, uvs, grey, flow_from_crown(places, np.zeros(3)))
    flow = np.zeros_like(places)
    np.add.at(flow, triangles, directions[:, None])
    flow /= np.maximum(np.linalg.norm(flow, axis=1, keepdims=True), 1e-9)
    return directions, flow


def _edge_along(places: NDArray[np.float64], quads: NDArray[np.int64], strands: Strands) -> NDArray[np.float64]:
    """(K,) the longest step along strands that an edge of each vertex makes."""
    one, two = quads.ravel(), np.roll(quads, -1, axis=1).ravel()
    step = np.abs(strands.along[one] - strands.along[two])
    longest = np.zeros(len(places))
    np.maximum.at(longest, one, step)
    np.maximum.at(longest, two, step)
    return longest


def _weights(places: NDArray[np.float64], mannequin: Mannequin) -> NDArray[np.float64]:
    """(K, 24): hair moves with the head; what hangs to the shoulders follows the skin that it lies on."""
    skin = mannequin.weights_at(places + mannequin.eyes)
    head = np.zeros_like(skin)
    head[:, SMPL_JOINT_NAMES.index("head")] = 1
    share = smoothstep(places[:, 1], *HANGING)[:, None]
    return head * share + skin * (1 - share)


def _corner_uvs(corners: NDArray[np.int64], uvs: NDArray[np.float32]) -> NDArray[np.float64]:
    """(F, 3, 2) of the halves of the quads."""
    return uvs[halves(corners)].astype(np.float64)
