# SPDX-License-Identifier: Apache-2.0
"""Hair that is cut close grows where a style has its roots: in its colour, as thick as it is long, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portrait_core.parts.close_crop import AMOUNT, LONGEST, lifted, with_close_hair
from tests.parts.test_scalp import scene
from tests.parts.worn_meshes import hair_style


def test_single_hairs_are_painted_where_roots_are() -> None:
    template, fine = scene()
    colours = np.full((128, 128, 3), 200, np.uint8)
    hair = np.array([0.3, 0.2, 0.1])
    painted = with_close_hair(colours, hair_style(), template, fine, hair)
    thick = painted[:6].reshape(-1, 3).astype(float)
    assert thick.mean(axis=0) == pytest.approx(200 * (1 - AMOUNT) + 255 * hair * AMOUNT, rel=0.15)
    assert thick[:, 0].std() > 3  # of hairs, not of one colour
    assert painted[-4:].mean() > 195
    assert (colours == 200).all()
    assert (with_close_hair(colours, hair_style(), template, fine, hair) == painted).all()


def test_the_scalp_is_thicker_by_the_hair_and_the_face_stays() -> None:
    rng = np.random.RandomState(2)
    way = rng.normal(size=(400, 3))
    head = 0.1 * way / np.linalg.norm(way, axis=1, keepdims=True)
    grown = head[:, 1] > 0
    style = replace(hair_style(), roots=grown.astype(float))
    moves = lifted(style, head, 0.008)
    assert np.linalg.norm(moves[grown], axis=1) == pytest.approx(np.full(grown.sum(), 0.008))
    assert (moves[~grown] == 0).all()
    assert ((moves * head).sum(axis=1)[grown] > 0).all()
    assert np.linalg.norm(lifted(style, head, 1.0), axis=1).max() == pytest.approx(LONGEST)
    assert not lifted(replace(style, roots=np.zeros(400)), head, 0.008).any()


def test_beside_the_charts_are_the_colours_of_their_borders() -> None:
    template, fine = scene()
    hair = np.array([0.3, 0.2, 0.1])
    whole = with_close_hair(np.full((128, 128, 3), 200, np.uint8), hair_style(), template, fine, hair)
    half = replace(fine, uvs=fine.uvs * np.array([0.5, 1.0], np.float32))
    painted = with_close_hair(np.full((128, 128, 3), 200, np.uint8), hair_style(), template, half, hair)
    dark = (painted[:6] < 150).all(axis=(0, 2))
    assert dark[:65].all() and not dark[70:].any()
    assert whole[:6, 100].max() < 150


def test_pieces_of_a_large_image_are_painted_as_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    template, fine = scene()
    colours, hair = np.full((128, 128, 3), 200, np.uint8), np.array([0.3, 0.2, 0.1])
    whole = with_close_hair(colours, hair_style(), template, fine, hair)
    monkeypatch.setattr("portrait_core.parts.close_crop.PIECE", 97)
    monkeypatch.setattr("textures.raster.PIECE", 101)
    assert (with_close_hair(colours, hair_style(), template, fine, hair) == whole).all()
