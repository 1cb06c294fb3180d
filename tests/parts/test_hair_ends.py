# SPDX-License-Identifier: Apache-2.0
"""Strands end where their mesh or their texture does, and taper off before, the longer they are the earlier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.parts.hair import HairStyle
from portrait_core.parts.hair_ends import free_ends, tapering
from portrait_core.parts.hair_maps import hair_maps
from tests.parts.worn_meshes import COLUMNS, hair_style

SIZE = 128


def images(style: HairStyle) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strand coordinates of each texel: the sheet's chart is the whole image, its roots above."""
    t, s = np.meshgrid((SIZE - 0.5 - np.arange(SIZE)) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing="ij")
    low, high = style.strands[0].astype(float), style.strands[-1].astype(float)
    return low[0] + (high[0] - low[0]) * s, low[1] + (high[1] - low[1]) * t


def test_the_lowest_row_ends_and_neither_sides_nor_roots_do() -> None:
    style = hair_style()
    ends = {tuple(sorted(edge)) for edge in free_ends(style).tolist()}
    assert ends == {(k, k + 1) for k in range(COLUMNS - 1)}


def test_stairs_of_quads_end_on_each_step() -> None:
    style = hair_style()
    stairs = replace(style, quads=style.quads[1:], corners=style.corners[1:])
    ends = {tuple(sorted(edge)) for edge in free_ends(stairs).tolist()}
    assert ends == {(COLUMNS, COLUMNS + 1)} | {(k, k + 1) for k in range(1, COLUMNS - 1)}


def test_long_strands_taper_towards_the_end_of_the_mesh() -> None:
    style = hair_style()
    whole = tapering(style, np.ones((SIZE, SIZE)), *images(style))
    metres = 0.16 * (np.arange(SIZE)[::-1] + 0.5) / SIZE
    # 160 mm long: over 8 % of what is beyond 40 mm
    reach = 0.08 * (0.16 - 0.04)
    assert whole[:, 64] == pytest.approx(np.clip(metres / reach, 0, 1), abs=0.16)
    assert whole[-1].max() < 0.1 and whole[:-10].min() == 1.0


def test_a_piece_that_ends_within_a_chart_cuts_no_hole_into_another() -> None:
    style = hair_style()
    upper = style.quads[len(style.quads) // 2 :] + style.quads.max() + 1
    both = replace(
        style,
        quads=np.concatenate([style.quads, upper]),
        corners=np.concatenate([style.corners, style.corners[len(style.corners) // 2 :]]),
    )
    assert len(free_ends(both)) > len(free_ends(style))
    alone, worn = (tapering(each, np.ones((SIZE, SIZE)), *images(style)) for each in (style, both))
    # But where it ends beside the chart's own border.
    assert (alone == worn)[:, 16:-16].all()


def test_short_hair_is_cut_evenly() -> None:
    style = hair_style()
    short = replace(style, strands=style.strands * np.float32(0.25))
    assert tapering(short, np.ones((SIZE, SIZE)), *images(short)).min() == 1.0


def test_a_texture_that_ends_has_ends_but_at_its_roots_and_sides() -> None:
    style = hair_style()
    there = np.ones((SIZE, SIZE))
    there[100:] = 0
    assert tapering(style, there, *images(style))[99, 64] < 0.4
    for gone in (np.s_[:80], np.s_[:, :40]):
        there = np.ones((SIZE, SIZE))
        there[gone] = 0
        assert tapering(style, there, *images(style))[:90].min() == 1.0


def test_maps_end_in_strands_of_uneven_length_and_without_flecks() -> None:
    style = hair_style()
    cover = hair_maps(replace(style, detail=full(style)), SIZE).opacity[..., 0] >= 90
    length = cover.sum(axis=0)
    assert length.min() < length.max() - 2 and cover[:100].all() and not cover[-1].all()


def full(style: HairStyle) -> bytes:
    """Its texture without a transparent part."""
    import io

    from PIL import Image

    from portrait_core.training.parts_template.hair_texture import png_bytes

    both = np.asarray(Image.open(io.BytesIO(style.detail)).convert("LA")).copy()
    both[..., 1] = 255
    return png_bytes(both)
