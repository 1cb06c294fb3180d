# SPDX-License-Identifier: Apache-2.0
"""Expressions as people write them."""

from __future__ import annotations

import pytest

from portrait_core.errors import UsageError
from portrait_core.face.emotions import EMOTIONS, EXPRESSIONS, SHORT
from portrait_core.face.expressions import expression_of, parse_expression, shape_named
from portrait_core.face.names import SHAPES, mirrored


def test_short_names_are_sums_of_shapes() -> None:
    for name, shapes in EXPRESSIONS.items():
        assert shapes and shapes.keys() <= set(SHAPES), name
        assert all(0 < weight <= 1 for weight in shapes.values()), name
        assert shape_named(name) is None, "a shape's own name must not mean something else"
    assert len(EMOTIONS) == 12 and not EMOTIONS.keys() & SHORT.keys()


def test_only_those_that_say_so_are_one_sided() -> None:
    sided = {
        name for name, shapes in EXPRESSIONS.items() if {mirrored(each): w for each, w in shapes.items()} != shapes
    }
    assert sided == {"wink_left", "wink_right", "look_left", "look_right", "contempt", "doubt", "think"}


def test_weights_scale_and_add_up() -> None:
    assert parse_expression("smile=0.5, blink") == {
        "cheekSquintLeft": 0.15, "cheekSquintRight": 0.15, "eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0,
        "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5,
    }  # fmt: skip
    assert parse_expression("open=0.5;jawOpen=0.25") == {"jawOpen": 0.75}
    assert parse_expression("open=0.5,jawOpen=-0.5") == {} and parse_expression(" ") == {}
    assert list(parse_expression("open,blink,brows_down")) == [
        each for each in SHAPES if each in ("browDownLeft", "browDownRight", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen")
    ]


@pytest.mark.parametrize("name", ["jawOpen", "JawOpen", "jaw_open", "jaw-open", "JAW OPEN"])
def test_capitals_and_underlines_do_not_matter(name: str) -> None:
    assert parse_expression(f"{name}=1") == {"jawOpen": 1.0} and shape_named(name) == "jawOpen"


def test_shapes_come_through_as_they_are() -> None:
    whole = {name: 0.5 for name in SHAPES}
    assert expression_of(whole) == whole and list(expression_of(dict(reversed(whole.items())))) == list(SHAPES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("smle=1", "no shape 'smle'. Did you mean .*smile"),
        ("mouthSmile_L=1", "Did you mean .*mouthSmileLeft|mouthSmile"),
        ("qqqq", "no shape 'qqqq'. Names: "),
        ("smile=much", "'smile=much' is not of the form NAME=NUMBER"),
        ("smile=", "not of the form"),
        ("=1", "not of the form"),
        ("smile=nan", "not of the form"),
    ],
)
def test_mistakes_are_told(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_expression(text)
    with pytest.raises(UsageError, match="smile is inf"):
        expression_of({"smile": float("inf")})
