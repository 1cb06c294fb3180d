# SPDX-License-Identifier: Apache-2.0
"""Scores: a good bust has nothing to reject; each damage done to it is found and named."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import scipy.ndimage as _ndimage

from portrait_core.avatar import Avatar, Level, Maps
from portrait_core.batch.quality import fused_share, measure
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe


@cache
def starter() -> Avatar:
    recipe = Recipe(seed=3, faces=5000, texture_size=512, lattice=128, normal_map=False)
    return make_avatar(recipe, load_model("starter", "cpu"))


def with_level(avatar: Avatar, **changes: object) -> Avatar:
    return replace(avatar, levels=(replace(avatar.main, **changes),))  # pyright: ignore[reportArgumentType]


def with_arrays(avatar: Avatar, **arrays: np.ndarray) -> Avatar:
    return replace(avatar, levels=(avatar.main.with_(**arrays),))


def kept(level: Level, faces: np.ndarray) -> dict[str, object]:
    return {"faces": np.ascontiguousarray(level.faces[faces])}


def test_a_good_avatar_has_nothing_to_reject() -> None:
    quality = measure(starter())
    assert quality.score == 1.0 and not quality.reasons
    assert quality == measure(starter())


def test_a_floating_piece_is_found() -> None:
    level = starter().main
    part = level.faces[:60]
    used, numbers = np.unique(part, return_inverse=True)
    away = level.vertices[used] + np.float32(0.3)
    twice = level.data.take(np.concatenate([np.arange(len(level.vertices)), used]))
    avatar = with_level(
        starter(),
        data=twice.with_(vertices=np.concatenate([level.vertices, away])),
        faces=np.concatenate([level.faces, (numbers.reshape(-1, 3) + len(level.vertices)).astype(np.int32)]),
    )
    assert "floaters" in measure(avatar).reasons


def test_a_hole_is_found() -> None:
    level = starter().main
    centres = level.vertices[level.faces].mean(axis=1)
    top = np.linalg.norm(centres - centres[centres[:, 1].argmax()], axis=1) > 0.05
    assert "hole" in measure(with_level(starter(), **kept(level, top))).reasons


def test_an_open_cut_that_was_asked_for_is_no_hole() -> None:
    level = starter().main
    above = level.vertices[level.faces].mean(axis=1)[:, 1] > -0.1
    cut = with_level(starter(), **kept(level, above))
    assert "hole" in measure(cut).reasons
    assert "hole" not in measure(replace(cut, recipe={**cut.recipe, "closed": False})).reasons


@pytest.mark.parametrize("what", ["flat", "grey"])
def test_an_empty_face_is_found(what: str) -> None:
    avatar, level = starter(), starter().main
    if what == "grey":
        changed = with_level(avatar, maps=Maps(base_colour=np.full_like(level.maps.base_colour, 150)))
    else:
        head = avatar.joints[avatar.joint_names.index("head")]
        away = level.vertices - head
        radius = np.hypot(away[:, 0], away[:, 2])
        front = (away[:, 2] > 0.02) & (np.abs(away[:, 1]) < 0.12)
        scale = np.where(front & (radius > 0.08), 0.08 / np.maximum(radius, 1e-6), 1.0)
        places = level.vertices.copy()
        places[:, 0], places[:, 2] = head[0] + away[:, 0] * scale, head[2] + away[:, 2] * scale
        changed = with_arrays(avatar, vertices=places)
    assert "empty face" in measure(changed).reasons


def test_a_blurred_texture_is_found() -> None:
    colours = starter().main.maps.base_colour
    soft = _ndimage.gaussian_filter(colours.astype(np.float32), (5, 5, 0)).astype(np.uint8)
    assert measure(with_level(starter(), maps=Maps(base_colour=soft))).reasons == ("texture blur",)


def test_hair_that_is_one_with_the_shoulders_is_found() -> None:
    """A bell around the head, as wide at the neck as above it."""
    avatar, level = starter(), starter().main
    neck, head = (avatar.joints[avatar.joint_names.index(name)].astype(np.float64) for name in ("neck", "head"))
    heights = level.vertices[:, 1]
    between = (heights > neck[1] - 0.02) & (heights < head[1] + 0.1)
    radius = np.hypot(level.vertices[:, 0], level.vertices[:, 2])
    scale = np.where(between, 0.24 / np.maximum(radius, 0.02), 1.0).astype(np.float32)
    places = level.vertices * np.stack([scale, np.ones_like(scale), scale], axis=1)
    assert fused_share(level.vertices, head, neck) < 0.2
    assert "fused hair and shoulder" in measure(with_arrays(avatar, vertices=places)).reasons
