# SPDX-License-Identifier: Apache-2.0
"""People that the page holds, the token that is kept, and what a page without a connection asks for; no browser."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from studio.door import SHORTEST_TOKEN, Door
from studio.held import HELD_ID, MOST, MOST_BYTES, Held, held_text, read_held
from studio.history import History


def person(seed: int, **more: Any) -> Recipe:
    return Recipe(model="starter", seed=seed, **more)


def test_what_is_held_is_read_again() -> None:
    people = [person(1), person(2, attributes={"age": 1.5})]
    assert read_held(held_text(people).encode()) == [each.facts() for each in people]


def test_the_last_are_held_and_the_one_that_is_shown_always() -> None:
    many = [person(seed) for seed in range(MOST + 10)]
    held = read_held(held_text(many).encode())
    assert [each["seed"] for each in held] == list(range(9, MOST + 10))
    size = len(json.dumps(person(0).facts()))
    large = [
        person(seed, attributes={f"a{number}": 1.0 for number in range(MOST_BYTES // 3 // 12)}) for seed in range(6)
    ]
    held = read_held(held_text(large).encode())
    assert held[-1]["seed"] == 5 and 1 < len(held) < 6
    assert len(held_text(large)) < 2 * MOST_BYTES + size


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"people": []}',
        b'{"people": 3}',
        b'{"people": [3]}',
        json.dumps({"people": [{}] * (MOST + 2)}).encode(),
        b"[" * 100_000,
    ],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="did not come back"):
        read_held(content)


def test_the_element_cannot_be_left_by_what_is_in_it() -> None:
    class Gui:
        content = ""

        def add_html(self, content: str) -> Gui:
            self.content = content
            return self

    gui = Gui()
    Held(gui).hold([person(1, attributes={"</div><script>alert(1)</script>": 1.0})], own=True)
    assert "<script>" not in gui.content
    inner = re.fullmatch(rf'<div hidden id="{HELD_ID}" data-page="[0-9a-f]+" data-own="yes">(.*)</div>', gui.content)
    assert inner is not None
    assert json.loads(html.unescape(inner[1]))["people"][0]["seed"] == 1


def test_a_past_that_came_back_is_gone_through() -> None:
    history = History(person(0))
    history.replace([person(1), person(2), person(3)])
    assert history.place == (3, 3) and history.past[-1] == person(3)
    assert history.step(-1) == person(2) and [each.seed for each in history.past] == [1, 2]


def test_a_token_that_is_kept() -> None:
    token = "k" * SHORTEST_TOKEN
    for host in ("0.0.0.0", "127.0.0.1"):
        door = Door.of(host, 8765, token)
        headers = {"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}
        assert door.token == token and door.addresses()[0].endswith(f"?token={token}")
        assert door.judge(headers, "/", upgrade=True).status == 403
    for wrong in ("short", "k" * 201, "with space" * 4, "k" * 30 + "&"):
        with pytest.raises(UsageError, match="PORTRAITKIT_STUDIO_TOKEN"):
            Door.of("127.0.0.1", 8765, wrong)
