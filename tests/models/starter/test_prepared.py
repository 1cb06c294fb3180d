# SPDX-License-Identifier: Apache-2.0
"""What is made of a person when it is first asked for is made once, however many threads ask for it together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import torch

from portrait_core import Recipe, load_model
from portrait_core.models.starter import generator
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.person import CanonicalPerson

THREADS = 6


def test_threads_that_ask_together_get_the_same_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[str] = Counter()

    def counted(where: Any, name: str) -> None:
        whole: Callable[..., Any] = getattr(where, name)

        def slowly(*args: Any) -> Any:
            made[name] += 1
            time.sleep(0.05)  # the others arrive meanwhile
            return whole(*args)

        monkeypatch.setattr(where, name, slowly)

    person = load_model("starter").person(Recipe(seed=3))
    assert isinstance(person, CanonicalPerson)
    network, identity = person.network, person.identity
    search = network.identity_warp.search
    network.identity_warp.search_with(search)  # as if nobody had asked yet
    for where, name in (
        (generator, "StaticTables"),
        (generator, "PointDecoder"),
        (CanonicalGenerator, "_carrier"),
        (CanonicalGenerator, "_inverse_lattice"),
        (network.identity_warp, "search"),
    ):
        counted(where, name)
    points = identity.landmarks[:5] + torch.tensor([0.0, 0.0, 0.02])
    together = Barrier(THREADS)

    def ask(_: int) -> tuple[Any, ...]:
        together.wait()
        with torch.no_grad():
            colour = network.placed_colour(identity, points)
        return identity.prepared.warp, identity.prepared.inverse, identity.prepared.decoder, colour

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, range(THREADS)))
    assert made == dict.fromkeys(("StaticTables", "PointDecoder", "_carrier", "_inverse_lattice", "search"), 1)
    for answer in answers:
        assert all(one is another for one, another in zip(answer[:3], answers[0][:3], strict=True))
        assert torch.equal(answer[3], answers[0][3])
