# SPDX-License-Identifier: Apache-2.0
"""Add-on and engine of different age say which of them to update, and work together as far as they can."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blender_addon.core import ages
from blender_addon.core.client import WorkerClient
from blender_addon.core.engine_copies import protocol, recipe_fields
from blender_addon.core.failure import Failure, engine_failure
from blender_addon.core.jobs import JobState
from tests.addon_package.texts import german

from .conftest import QUICK, Maker


@pytest.mark.parametrize(
    ("engine", "addon", "told"),
    [
        ("0.1.0", "0.2.0", ages.ENGINE_IS_OLDER),
        ("0.10.0", "0.9.0", ages.ADDON_IS_OLDER),
        ("0.2.0.dev1", "0.2.0", ages.ENGINE_IS_OLDER),
        ("0.2.0rc1", "0.2.0-dev.9", ages.ADDON_IS_OLDER),
        ("0.2.0.dev1", "0.2.0-dev.1", ""),
        ("0.2.0", "0.2.0", ""),
        ("0.2.0", "0.0.0", ""),  # the source tree
        ("unknown", "0.2.0", ""),
        (None, "0.2.0", ""),
    ],
)
def test_versions_say_which_is_older(engine: object, addon: str, told: str) -> None:
    assert ages.advice(engine, addon) == told


@pytest.mark.parametrize(
    ("spoken", "told"),
    [(protocol.PROTOCOL + 1, ages.ADDON_IS_OLDER), (0, ages.ENGINE_IS_OLDER), (None, ages.ENGINE_IS_OLDER)],
)
def test_another_protocol_says_which_to_update(spoken: object, told: str) -> None:
    refusal = ages.refusal({"protocol": spoken})
    assert refusal is not None and refusal.code == "version" and str(refusal.advice) == told
    assert str(spoken) in str(refusal.message) and str(protocol.PROTOCOL) in str(refusal.message)
    assert ages.refusal({"protocol": protocol.PROTOCOL}) is None
    assert told in german()


def test_a_worker_of_another_protocol_is_not_used(bad: Maker) -> None:
    client = bad("wrong version", replace(QUICK, falls=1))
    job = client.submit("vary")
    client.pump(job, 15)
    assert job.failure is not None
    assert (job.failure.code, str(job.failure.advice)) == ("version", ages.ADDON_IS_OLDER)  # it speaks 99


@pytest.mark.parametrize("code", ["bad_request", "unknown_request"])
def test_what_was_not_understood_says_which_to_update(code: str) -> None:
    event = {"code": code, "message": "unknown request 'sing'", "advice": "x"}
    assert str(engine_failure(event, ages.ENGINE_IS_OLDER).advice) == ages.ENGINE_IS_OLDER
    assert engine_failure(event).advice == Failure(code).advice
    other = {"code": "disk", "message": "full", "advice": "x"}
    assert engine_failure(other, ages.ENGINE_IS_OLDER).advice == Failure("disk").advice


KNOWN = {"recipe_fields": [{"name": "model"}, {"name": "seed"}]}


@pytest.mark.parametrize("place", ["recipe", "a", "b", "recipes"])
def test_an_older_engine_is_not_sent_defaults_that_it_does_not_know(place: str) -> None:
    row = recipe_fields.FIELDS["lods"]
    recipe: dict[str, Any] = {"model": "starter", "seed": 7, "lods": row.facts()["default"], "occlusion": False}

    def request(facts: dict[str, Any]) -> dict[str, Any]:
        return {"id": "r1", "do": "x", place: [facts] if place == "recipes" else facts}

    assert ages.fitted(request(recipe), KNOWN) == request({"model": "starter", "seed": 7})
    with pytest.raises(Failure) as told:
        ages.fitted(request(recipe | {"occlusion": True}), KNOWN)
    assert told.value.code == "version" and "occlusion" in str(told.value.message)
    assert str(told.value.advice) == ages.ENGINE_IS_OLDER
    for capabilities in (None, {}, {"recipe_fields": [row.facts() for row in recipe_fields.FIELDS.values()]}):
        assert ages.fitted(request(recipe), capabilities) == request(recipe)


def test_what_nobody_knows_is_left_to_the_engine_to_judge() -> None:
    request = {"id": "r1", "do": "x", "recipe": {"seed": 7, "faecs": 1000}}
    assert ages.fitted(request, KNOWN) == request


def test_a_real_engine_is_asked_what_it_can_before_it_is_sent_a_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an add-on that is newer by one field."""
    row = replace(recipe_fields.FIELDS["occlusion"], name="not_yet_invented")
    monkeypatch.setattr(recipe_fields, "FIELDS", {**recipe_fields.FIELDS, row.name: row})
    client = WorkerClient(protocol.worker_command(sys.executable), tmp_path / "log")
    try:
        recipe = {"model": "starter", "seed": 7, "not_yet_invented": True}
        job = client.submit("attributes", {"recipe": recipe})
        client.pump(job, 600)
        assert job.failure is not None and job.failure.code == "version"
        assert "not_yet_invented" in str(job.failure.message)
        again = client.submit("attributes", {"recipe": recipe | {"not_yet_invented": row.default}})
        client.pump(again, 600)
        assert again.state is JobState.DONE, again.failure
    finally:
        client.close()
