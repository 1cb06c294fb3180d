# SPDX-License-Identifier: Apache-2.0
"""``portrait batch``: what is asked for, what is refused, what a dry run tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portrait_core.batch.manifest import manifests, read_manifests
from portrait_core.batch.resources import Resources
from tests.batch.executors import InlineExecutor
from tests.cli.conftest import Run

SMALL = (
    "--model",
    "balls",
    "--faces",
    600,
    "--texture-size",
    64,
    "--lattice",
    64,
    "--no-normal-map",
    "--unwrap",
    "xatlas",
)


@pytest.fixture(autouse=True)
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Avatars are made inside the test's process."""
    monkeypatch.setattr(Resources, "executor", lambda self, jobs, memory: InlineExecutor())


def test_seeds(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("batch", "--seeds", "3-5", "--out", tmp_path / "out", *SMALL, "--name", "{seed:05d}_{lod}")
    assert done.code == 0, done.err
    assert {path.name for path in (tmp_path / "out").glob("*.glb")} == {f"0000{seed}_LOD0.glb" for seed in (3, 4, 5)}
    assert "3 made, 0 kept" in done.out
    again = run("batch", "--seeds", "3-5", "--out", tmp_path / "out", *SMALL, "--name", "{seed:05d}_{lod}", "--json")
    assert [event["event"] for event in again.events] == ["batch"]
    assert (again.events[0]["kept"], again.events[0]["made"]) == (3, 0)


def test_a_table_and_its_bad_rows(run: Run, balls: Path, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("name,seed,size\nanna,1,0.5\nbert,x,1\n,2,99\ncleo,3,1\n")
    words = ("batch", "--from", table, "--out", tmp_path / "out", *SMALL)
    refused = run(*words)
    assert refused.code == 2 and "2 bad rows" in refused.error
    assert "people.csv:3: seed: cannot read 'x'" in refused.error and "people.csv:4:" in refused.error
    assert not (tmp_path / "out").exists()
    done = run(*words, "--skip-bad", "--json")
    assert done.code == 0, done.err
    records = read_manifests(manifests(tmp_path / "out")).records
    assert {name: each.recipe["attributes"] for name, each in records.items()} == {
        "anna": {"size": 0.5},
        "cleo": {"size": 1.0},
    }


def test_a_random_plan(run: Run, balls: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("psi = { uniform = [0.5, 1.0] }\n[attributes]\nsize = { normal = [0.0, 1.0] }\n")
    words = ("batch", "--count", 4, "--plan", plan, "--out", tmp_path / "out", *SMALL)
    dry = run(*words, "--dry-run", "--json")
    (event,) = dry.events
    assert (event["event"], event["planned"], event["to_make"]) == ("plan", 4, 4)
    assert event["bytes"] > 0 and event["seconds"] > 0 and len(event["first"]) == 4
    assert not (tmp_path / "out").exists()
    done = run(*words)
    assert done.code == 0, done.err
    records = read_manifests(manifests(tmp_path / "out")).records
    assert list(records) == [f"balls-{index:05d}" for index in range(4)]
    assert [each.recipe for each in records.values()] == [each["recipe"] for each in event["first"]]
    assert run(*words, "--dry-run", "--json").events[0]["to_make"] == 0
    assert "4 planned" not in run(*words, "--dry-run").out and "4 there, 0 to make" in run(*words, "--dry-run").out


def test_a_model_by_its_path_leaves_no_path_in_the_files(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("batch", "--seeds", "1", "--out", tmp_path / "out", *SMALL, "--model", balls)
    assert done.code == 0, done.err
    assert str(balls.parent).encode() not in (tmp_path / "out" / "manifest.jsonl").read_bytes()
    assert json.loads((tmp_path / "out" / "manifest.jsonl").read_text())["recipe"]["model"] == "balls"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "by one of --seeds"),
        (("--seeds", "1", "--count", 3), "by one of --seeds"),
        (("--seeds", "1", "--plan", "x.toml"), "--plan needs --count"),
        (("--seeds", "1", "--engine", "slurm"), "there are local and ray"),
        (("--seeds", "1", "--shard", "3/2"), "shard 3/2: parts count from 1 to 2"),
        (("--seeds", "1-3", "--name", "same"), "gives several avatars one name"),
        (("--seeds", "1", "--name", "../x"), "is not a file name"),
        (("--seeds", "1", "--name", "{sead}"), "unknown field {sead}"),
        (("--seeds", "1", "--preset", "heroic"), "Did you mean hero?"),
        (("--seeds", "1", "--check", "none"), "there are full and size"),
        (("--seeds", "1", "--format", "exe"), "is not known"),
        (("--seeds", "1", "--set", "height=1"), "unknown attribute"),
        (("--count", 0), "expected 1 to"),
        (("--from", "none.csv"), "No such file"),
    ],
)
def test_mistakes_are_one_line(run: Run, balls: Path, tmp_path: Path, words: tuple[object, ...], reason: str) -> None:
    done = run("batch", "--out", tmp_path / "out", *SMALL, *words)
    assert done.code == 2 and reason in done.error
    assert not (tmp_path / "out").exists()


def test_failures_are_told_and_the_exit_code_says_so(
    run: Run, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Resources,
        "executor",
        lambda self, jobs, memory: InlineExecutor(before=lambda task: "it fell over" if task.index == 1 else ""),
    )
    done = run("batch", "--seeds", "0-3", "--out", tmp_path / "out", *SMALL)
    assert done.code == 1 and "3 made, 0 kept, 1 failed" in done.out
    assert "balls-1 failed: It fell over." in done.err
