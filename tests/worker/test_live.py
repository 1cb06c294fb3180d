# SPDX-License-Identifier: Apache-2.0
"""Shapes for sliders that move, from a real worker: right, beside a job that runs, and with plain refusals."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.engine.engine import Engine
from portrait_core.pipeline import make_avatar
from portrait_core.protocol import QUICK
from portrait_core.recipe import Recipe
from tests.worker.client import LONG, Worker

PARTS: dict[str, Any] = {"topology": "parts", "texture_size": 64, "normal_map": False}


def places(answer: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.concatenate(
        [np.frombuffer(base64.b64decode(each["places"]), "<f4").reshape(-1, 3) for each in answer["parts"]]
    )


def test_a_shape_is_that_of_the_avatar(shared: Worker) -> None:
    recipe = {"seed": 7, **PARTS, "attributes": {"chin_length": 2.0}}
    answer = shared.ask("reshape", recipe=recipe)
    assert "reshape" in QUICK and "reshape" in shared.ask("capabilities")["features"]
    engine = Engine()
    avatar = make_avatar(Recipe.model_validate(recipe), engine.model("starter"), name="slow")
    assert [each["name"] for each in answer["parts"]] == [each.part for each in avatar.main.sections]
    assert sum(each["vertices"] for each in answer["parts"]) == len(avatar.main.vertices)
    assert np.array_equal(places(answer), avatar.main.vertices)


def test_it_does_not_wait_for_a_job(shared: Worker, tmp_path: Path) -> None:
    """Answered while an avatar is being made, and while others wait."""
    shared.ask("reshape", recipe={"seed": 7, **PARTS})
    number = shared.send("generate", recipe={"seed": 7, **LONG}, path=str(tmp_path / "a.glb"))
    shared.wait_for_stage(number, "surface")
    answer = shared.ask("reshape", recipe={"seed": 7, **PARTS, "attributes": {"age": 1.0}}, worn={"seed": 7, **PARTS})
    assert answer["parts"] and not shared.of(number, "result") and not shared.of(number, "error")
    shared.ask("cancel", target=number)
    assert shared.answer(number)["code"] == "cancelled"


def test_refusals(shared: Worker) -> None:
    good = {"seed": 7, **PARTS}
    assert shared.refuse("reshape")["code"] == "bad_request"
    assert shared.refuse("reshape", recipe=good, other=1)["code"] == "bad_request"
    assert shared.refuse("reshape", recipe={**good, "attributes": {"agee": 1}})["code"] == "usage"
    shell = shared.refuse("reshape", recipe={"seed": 7, "topology": "shell"})
    assert shell["code"] == "usage" and shell["remedy"]["field"] == "topology"
    assert shared.refuse("reshape", recipe=good, worn={"seed": 7, "topology": "shell"})["code"] == "usage"


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_jobs_step_back_and_what_follows_a_slider_does_not(shared: Worker) -> None:
    assert shared.ask("ping") == {}
    own, tasks = os.getpriority(os.PRIO_PROCESS, 0), Path(f"/proc/{shared.process.pid}/task")
    nice = {int(each.name): os.getpriority(os.PRIO_PROCESS, int(each.name)) for each in tasks.iterdir()}
    assert nice[shared.process.pid] == max(own, 3), "its main thread does the jobs"
    assert list(nice.values()).count(own) >= 4, "reading, beats, slow and live answers"
