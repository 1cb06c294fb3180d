# SPDX-License-Identifier: Apache-2.0
"""Chains of joints in hair that hangs free: inside it, with smooth weights, moving nothing else, absent when not asked
for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.formats.gltf.scene import build_scene
from portrait_core.models.load import load_model
from portrait_core.pipeline.characters import bare_character
from portrait_core.progress import silent
from portrait_core.recipe import Recipe

CHAINS = {"ponytail01": 1, "bob01": 5, "short02": 0}
SMALL: dict[str, Any] = {
    "seed": 1,
    "topology": "parts",
    "texture_size": 64,
    "normal_map": False,
    "parts": ("skin", "hair", "garment"),
}


@pytest.fixture(scope="module")
def person() -> Any:
    return load_model("starter").person(Recipe(seed=1, topology="parts"))


@pytest.fixture(scope="module", params=CHAINS)
def pair(request: pytest.FixtureRequest, person: Any) -> tuple[str, Avatar, Avatar]:
    """A style, and somebody in it without joints of hair and with."""
    made = [
        bare_character(Recipe(**SMALL, hair_style=request.param, hair_joints=on), person, silent, "ada")
        for on in (False, True)
    ]
    return request.param, made[0], made[1]


def rows_of(avatar: Avatar, part: str) -> NDArray[np.int32]:
    return np.unique(np.concatenate([f for section, f in avatar.main.section_faces() if section.part == part]))


def test_chains_are_where_hair_hangs(pair: tuple[str, Avatar, Avatar]) -> None:
    style, plain, jointed = pair
    assert not [name for name in plain.joint_names if name.startswith("hair")] and not plain.springs
    assert jointed.joint_names[: len(plain.joint_names)] == plain.joint_names
    names = jointed.joint_names[len(plain.joint_names) :]
    chains = {name.split("_")[1] for name in names}
    assert len(chains) == CHAINS[style] and set(jointed.springs) == set(names)
    hair = jointed.main.vertices[rows_of(jointed, "hair")].astype(np.float64)
    for chain in chains:
        own = [name for name in names if name.split("_")[1] == chain]
        assert own == [f"hair_{chain}_{number}" for number in range(len(own))] and 3 <= len(own) <= 5
        rows = [jointed.joint_names.index(name) for name in own]
        above = [jointed.joint_names[jointed.parents[row]] for row in rows]
        assert above == ["head", *own[:-1]]
        places = jointed.joints[rows].astype(np.float64)
        assert (np.diff(places[:, 1]) < -0.015).all()
        # Inside: hair on both sides of each joint, at its height.
        for place in places[:-1]:
            around = hair[np.abs(hair[:, 1] - place[1]) < 0.01] - place
            near = around[np.linalg.norm(around, axis=1) < 0.06]
            assert len(near) > 5
            assert np.linalg.norm(near, axis=1).min() < 0.025
        stiff = [jointed.springs[name]["stiffness"] for name in own]
        assert stiff == sorted(stiff, reverse=True) and stiff[-1] < stiff[0] <= 1


def test_rest_is_the_same_and_weights_sum_to_one(pair: tuple[str, Avatar, Avatar]) -> None:
    style, plain, jointed = pair
    assert np.array_equal(plain.main.vertices, jointed.main.vertices)
    assert np.array_equal(plain.main.faces, jointed.main.faces)
    weights = jointed.main.skin.weights
    assert (weights >= 0).all() and np.abs(weights.sum(axis=1) - 1).max() < 1e-6
    other = np.setdiff1d(np.arange(len(weights)), rows_of(jointed, "hair"))
    assert np.array_equal(plain.main.skin.joints[other], jointed.main.skin.joints[other])
    assert np.array_equal(plain.main.skin.weights[other], weights[other])
    used = np.unique(jointed.main.skin.joints[weights > 0])
    tips = [row for row in range(len(jointed.joint_names)) if row >= len(plain.joint_names) and row not in used]
    assert len(tips) == CHAINS[style]


def test_a_chain_moves_hair_alone_and_smoothly(pair: tuple[str, Avatar, Avatar]) -> None:
    style, _plain, jointed = pair
    if CHAINS[style] == 0:
        pytest.skip("no chain to move")
    posed, _ = replace(jointed, pose={"hair_0_0": (0.4, 0.0, 0.0)}).posed()
    rest, _ = jointed.posed()
    moved = np.linalg.norm(posed - rest, axis=1)
    hair = rows_of(jointed, "hair")
    other = np.setdiff1d(np.arange(len(moved)), hair)
    assert moved[other].max() == 0 and moved[hair].max() > 0.01
    # What lies on the head above the ears stays.
    head = jointed.joints[jointed.joint_names.index("head")]
    assert moved[hair][jointed.main.vertices[hair, 1] > head[1] + 0.08].max() < 1e-6
    (faces,) = (f for section, f in jointed.main.section_faces() if section.part == "hair")
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    long = np.linalg.norm(rest[edges[:, 0]] - rest[edges[:, 1]], axis=1)
    apart = np.linalg.norm((posed - rest)[edges[:, 0]] - (posed - rest)[edges[:, 1]], axis=1)
    # The skin bends and does not tear: neighbours go on nearly together.
    assert np.quantile(apart / np.maximum(long, 1e-3), 0.99) < 1.0 and apart.max() < 0.03


def test_the_file_tells_the_springs(pair: tuple[str, Avatar, Avatar]) -> None:
    _style, plain, jointed = pair
    for avatar in (plain, jointed):
        gltf, _ = build_scene(avatar, "png")
        told = {node.name: node.extras["spring"] for node in gltf.nodes if "spring" in (node.extras or {})}
        assert told == {name: dict(values) for name, values in avatar.springs.items()}


def test_recipes_without_them_say_nothing_of_them() -> None:
    assert "hair_joints" not in Recipe(seed=1, topology="parts").facts()
    assert Recipe(seed=1, topology="parts", hair_joints=True).facts()["hair_joints"] is True
