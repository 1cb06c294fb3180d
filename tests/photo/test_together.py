# SPDX-License-Identifier: Apache-2.0
"""Several photographs of one person: what they say together is nearer to the truth than what each says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from cli.likeness import LikenessOrder
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.parts.likeness import Likeness
from portrait_core.photo.face_colours import FaceColours
from portrait_core.photo.face_shape import COUNT, Matched, shape_move
from portrait_core.photo.hair_choice import CROPPED, HairChoice, hair_of_all
from portrait_core.photo.head_camera import HeadCamera
from portrait_core.photo.reading import PhotographError
from portrait_core.photo.seen_person import apart
from portrait_core.photo.together import Sight, colours_of

FAR, FOCAL = 2.7, 6.0


def camera(yaw: float) -> HeadCamera:
    """From ``yaw`` radians to the side, looking at the origin."""
    back = np.array([np.sin(yaw), 0.0, np.cos(yaw)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    return HeadCamera(back * FAR, np.stack([right, [0.0, -1.0, 0.0], -back], axis=1), FOCAL)


def head() -> tuple[np.ndarray, np.ndarray]:
    """Places (468, 3) of half a ball, symmetric, and how far they move (468, 3): a nose that is longer and a chin that
    is lower than the model's."""
    rng = np.random.default_rng(5)
    half = rng.normal(size=(COUNT // 2, 3)) * (1.0, 1.0, 0.3) + (0.0, 0.0, 1.0)
    half *= 0.08 / np.linalg.norm(half, axis=1, keepdims=True)
    places = np.concatenate([half, half * (-1.0, 1.0, 1.0)])
    nose = np.exp(-0.5 * (np.linalg.norm(places - (0.0, 0.0, 0.08), axis=1) / 0.02) ** 2)
    chin = np.exp(-0.5 * (np.linalg.norm(places - (0.0, -0.06, 0.05), axis=1) / 0.03) ** 2)
    return places, nose[:, None] * (0.0, 0.0, 0.008) + chin[:, None] * (0.0, -0.006, 0.0)


def matched(yaw: float, places: np.ndarray, moves: np.ndarray, noise: float = 0.0) -> Matched:
    one = camera(yaw)
    wanted = one.project(places + moves)[:, :2] + np.random.default_rng(1).normal(size=(COUNT, 2)) * noise
    normals = places / np.linalg.norm(places, axis=1, keepdims=True)
    facing = np.clip(-(normals * one.axes[:, 2]).sum(axis=1), 0, 1)
    nothing = cast("Any", None)
    return Matched(one, places, places, one.project(places)[:, :2], wanted, facing, nothing, nothing, nothing)


def error(seen: list[Matched], worth: list[float]) -> float:
    """Metres (root mean square) between the moves that are found and the true ones, where there are some."""
    places, moves = head()
    found, shifts = shape_move(seen, Likeness(), worth)
    near = np.linalg.norm(places[:, None] - found[None], axis=2).argmin(axis=0)
    return float(np.sqrt(((shifts - moves[near]) ** 2).sum(axis=1).mean()))


def test_two_sides_tell_what_one_picture_does_not() -> None:
    places, moves = head()
    front, left, right = (matched(yaw, places, moves, 1e-4) for yaw in (0.0, 0.5, -0.5))
    alone, two, three = error([front], [1.0]), error([front, left], [1.0, 1.0]), error([front, left, right], [1.0] * 3)
    # From in front a longer nose is none.
    assert two < 0.6 * alone
    assert three < 0.6 * alone


def test_a_worthless_photograph_changes_little() -> None:
    places, moves = head()
    good, bad = matched(0.0, places, moves), matched(0.1, places, -3 * moves)
    alone = error([good], [1.0])
    assert error([good, bad], [1.0, 0.01]) < 1.1 * alone < error([good, bad], [1.0, 1.0])


def test_how_far_two_faces_are_apart() -> None:
    places, moves = head()
    one, same = matched(0.0, places, moves), matched(0.3, places, moves)
    other = matched(0.2, places, 3 * np.roll(moves, 40, axis=0))
    assert apart(one, same) < 0.0005 < apart(one, other)


def sight(worth: float, **colours: tuple[float, float, float]) -> Sight:
    return cast("Sight", SimpleNamespace(worth=worth, head=SimpleNamespace(colours=FaceColours(colours, worth))))


def test_colours_are_told_beside_the_skin_whatever_the_exposure() -> None:
    def lit(rgb: tuple[float, float, float], light: float) -> tuple[float, float, float]:
        red, green, blue = linear_to_srgb(srgb_to_linear(np.array(rgb, np.float32)) * light)
        return float(red), float(green), float(blue)

    skin, hair = (0.7, 0.55, 0.5), (0.3, 0.2, 0.15)
    seen = [sight(1.0, skin=skin, hair=hair), sight(1.0, skin=lit(skin, 0.25), hair=lit(hair, 0.25))]
    found = colours_of(seen)
    own = {name: srgb_to_linear(np.array(rgb, np.float32)) for name, rgb in found.srgb.items()}
    true = {name: srgb_to_linear(np.array(rgb, np.float32)) for name, rgb in (("skin", skin), ("hair", hair))}
    assert np.allclose(own["hair"] / own["skin"].mean(), true["hair"] / true["skin"].mean(), rtol=0.03)
    assert np.allclose(own["skin"], true["skin"] * 0.5, rtol=0.03)  # the mean of both lights
    assert colours_of(seen[:1]) is seen[0].head.colours
    # What one of them alone shows is taken from it.
    assert set(colours_of([sight(1.0, skin=skin), sight(0.2, skin=skin, iris=hair)]).srgb) == {"skin", "iris"}


def test_hair_is_what_all_say() -> None:
    one = [HairChoice("short01", 0.0, 0.9), HairChoice("long01", 0.5, 0.1), HairChoice(CROPPED, 0.0, 0.2)]
    other = [HairChoice("long01", 1.0, 0.6), HairChoice("short01", 0.0, 0.5), HairChoice(CROPPED, 0.0, 0.1)]
    assert [each.style for each in hair_of_all([one, other], [1.0, 1.0])][:2] == ["short01", "long01"]
    assert hair_of_all([one, other], [1.0, 30.0])[0].style == "long01"
    assert hair_of_all([one], [1.0]) == [one[0], one[2], one[1]]


def test_a_recipe_says_how_many_photographs_there_were() -> None:
    one = Likeness(source="ab")
    assert "photographs" not in one.to_text()
    assert Likeness.from_text(replace(one, photographs=3).to_text()).photographs == 3
    assert Likeness.from_text(one.to_text()).photographs == 1


def test_a_photograph_that_cannot_be_used_is_told_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    show = cast("Any", SimpleNamespace(note=said.append))

    def person_in(path: Path, person: str, say: object) -> tuple[str, str]:
        if path.name == "wall.jpg":
            raise PhotographError("nobody", f"{path}: no face and no body is found in it.")
        return path.name, person

    monkeypatch.setattr("cli.likeness.person_in", person_in)
    monkeypatch.setattr("portrait_core.photo.head.seen_face", lambda *_: None)
    names = ("a.jpg", "wall.jpg", "b.jpg")
    order = LikenessOrder(tuple(map(Path, names)), "", cast("Any", None))
    assert order.seen(show) == [("a.jpg", ""), ("b.jpg", "")]
    assert said == ["left out: wall.jpg: no face and no body is found in it."]
    with pytest.raises(PhotographError, match=r"wall\.jpg: no face"):
        LikenessOrder((Path("wall.jpg"),), "", cast("Any", None)).seen(show)
