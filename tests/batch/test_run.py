# SPDX-License-Identifier: Apache-2.0
"""Runs: only what is missing or damaged is made, whatever happened before."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from portrait_core.avatar import Avatar
from portrait_core.batch import task as tasks
from portrait_core.batch.manifest import Manifest, manifests, read_manifests
from portrait_core.batch.quality import Quality
from portrait_core.batch.records import Outputs
from portrait_core.batch.report import report
from portrait_core.batch.resume import is_whole
from portrait_core.batch.run import Limits, TooManyFailures
from portrait_core.batch.task import Task
from portrait_core.errors import OutputError
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.recipe import Recipe
from portrait_core.runtime import devices
from tests.batch.executors import BallsEngine, InlineExecutor, jobs, run_once


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a whole run of three jobs; nobody writes here."""
    folder = tmp_path_factory.mktemp("made")
    summary, executor, _ = run_once(folder, jobs(3))
    assert (summary.made, summary.kept, summary.failed, len(executor.given)) == (3, 0, 0, 3)
    return folder


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Path:
    """A copy of the whole run of three jobs, times of files and all, to be changed."""
    return Path(shutil.copytree(made_once, tmp_path / "made"))


def test_everything_is_made_and_told(made_once: Path) -> None:
    records = read_manifests(manifests(made_once)).records
    assert list(records) == ["balls-0", "balls-1", "balls-2"]
    for name, record in records.items():
        assert is_whole(record, made_once)
        assert read_recipe(made_once / f"{name}.glb").recipe == record.recipe
        assert {each.path for each in record.files} == {f"{name}.glb", f"{name}.png", f"view/{name}.js"}
        assert 0.0 <= record.score <= 1.0 and record.seconds > 0 and {"write", "score"} <= record.stages.keys()


def test_the_same_again_makes_nothing(made: Path) -> None:
    summary, executor, _ = run_once(made, jobs(3))
    assert (summary.kept, executor.given) == (3, [])


@pytest.mark.parametrize("name", ["balls-1.glb", "balls-1.png", "view/balls-1.js"])
@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_only_the_damaged_is_made_again(made: Path, name: str, how: str) -> None:
    path = made / name
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[:-7])
    else:
        path.write_bytes(content[:100] + bytes([content[100] ^ 255]) + content[101:])
    _, executor, _ = run_once(made, jobs(3))
    assert [task.name for task in executor.given] == ["balls-1"]
    assert path.read_bytes() == content  # the same recipe gives the same bytes


def test_looking_at_sizes_alone_is_quicker_and_sees_less(made: Path) -> None:
    path = made / "balls-0.glb"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    assert run_once(made, jobs(1), limits=Limits(digests=False))[0].kept == 1
    assert run_once(made, jobs(1))[0].made == 1


def test_a_changed_recipe_is_noticed(made: Path) -> None:
    changed = [jobs(2)[0], jobs(2, psi=0.5)[1]]
    _, executor, _ = run_once(made, changed)
    assert [task.name for task in executor.given] == ["balls-1"]
    assert read_recipe(made / "balls-1.glb").recipe["psi"] == 0.5


def test_another_format_is_another_avatar(made: Path) -> None:
    summary, _, _ = run_once(made, jobs(1), outputs=Outputs((".glb", ".obj")))
    assert summary.made == 1 and (made / "balls-0.obj").is_file()


def test_files_without_a_record_are_taken_when_they_say_what_they_are(made: Path) -> None:
    whole = (made / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (made / "manifest.jsonl").write_bytes(whole[0])
    other = jobs(3, psi=0.25)[2]  # the file on the disk is of another recipe
    summary, executor, _ = run_once(made, [*jobs(2), other])
    assert (summary.kept, summary.recovered) == (2, 1)
    assert [task.name for task in executor.given] == ["balls-2"]


def test_a_folder_for_every_avatar_and_names_with_levels(tmp_path: Path) -> None:
    job = jobs(1, faces=1200, lods=(500,))[0]
    outputs = Outputs(folders=True)
    named = type(job)(0, "a-{lod}", job.recipe, job.digest)
    summary, _, _ = run_once(tmp_path, [named], outputs=outputs)
    assert summary.made == 1
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["a-LOD0.glb", "a-LOD1.glb", "a.png"]
    (tmp_path / "manifest.jsonl").write_bytes(b"")
    assert run_once(tmp_path, [named], outputs=outputs)[0].recovered == 1


def test_one_bad_avatar_does_not_stop_the_rest(tmp_path: Path) -> None:
    bad = jobs(1)[0].recipe.model_copy(update={"seed": 9, "attributes": {"height": 1.0}})
    wanted = [*jobs(2), type(jobs(1)[0])(2, "bad", bad, "")]
    summary, _, _ = run_once(tmp_path, wanted)
    assert (summary.made, summary.failed) == (2, 1)
    record = read_manifests(manifests(tmp_path)).records["bad"]
    assert record.error["code"] == "usage" and "height" in record.error["message"]
    assert run_once(tmp_path, wanted)[1].given[0].name == "bad"  # failures are tried again


def test_too_many_failures_end_the_run_and_keep_what_is_made(tmp_path: Path) -> None:
    executor = InlineExecutor(before=lambda task: "it fell over" if task.index else "")
    manifest = Manifest(tmp_path)
    from portrait_core.batch.run import Run

    run = Run(jobs(9), Outputs(), tmp_path, manifest, Limits(retries=0, max_failures=2))
    with pytest.raises(TooManyFailures, match="3 avatars failed, more than the 2 that are allowed"):
        run.go(executor, run.missing())
    run.finish()
    assert read_manifests(manifests(tmp_path)).records["balls-0"].status == "made"


def test_a_lost_worker_costs_its_avatar_a_second_try(tmp_path: Path) -> None:
    falls = iter(["it fell over"])
    executor = InlineExecutor(before=lambda task: next(falls, ""))
    summary, _, _ = run_once(tmp_path, jobs(2), executor)
    assert summary.made == 2
    assert [(task.name, task.attempts) for task in executor.given] == [("balls-0", 1), ("balls-1", 1), ("balls-0", 2)]


def test_an_avatar_that_hangs_is_dropped_and_told(tmp_path: Path) -> None:
    class Hanging(InlineExecutor):
        def wait(self, seconds: float) -> list[Any]:
            time.sleep(0.01)
            return [] if self.waiting and self.waiting[0].index == 0 else list(super().wait(seconds))

        def drop(self, task: Task) -> None:
            super().drop(task)
            self.waiting = [each for each in self.waiting if each is not task]

    executor = Hanging()
    summary, _, _ = run_once(tmp_path, jobs(1), executor, limits=Limits(time_limit=0.3))
    assert (summary.made, summary.failed, len(executor.dropped)) == (0, 1, 2)
    record = read_manifests(manifests(tmp_path)).records["balls-0"]
    assert record.error["code"] == "time" and record.remedy == {"do": "more_time"}
    text = report([record], 1, summary, lambda facts: f"({facts['do']})")
    assert f"| balls-0 | {record.error['message']} (more_time) |" in text


def test_the_clock_may_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = itertools.cycle([0.0, 4e9, -4e9, 1e6])
    monkeypatch.setattr(time, "time", lambda: 1.7e9 + next(jumps))
    summary, _, _ = run_once(tmp_path, jobs(2), limits=Limits(time_limit=60.0))
    assert (summary.made, summary.failed) == (2, 0)
    assert run_once(tmp_path, jobs(2))[0].kept == 2


def test_stopping_finishes_what_is_in_work(tmp_path: Path) -> None:
    executor = InlineExecutor()
    summary, _, _ = run_once(tmp_path, jobs(6), executor, stop=lambda: int(len(executor.given) >= 2))
    assert summary.interrupted and (summary.made, summary.left) == (2, 4)
    assert run_once(tmp_path, jobs(6))[0].kept == 2


def scores(monkeypatch: pytest.MonkeyPatch, by_seed: dict[int, float], otherwise: float) -> None:
    def measure(avatar: Avatar) -> Quality:
        score = by_seed.get(int(avatar.recipe["seed"]), otherwise)
        return Quality(score, ("floaters",) if score < 0.5 else (), {})

    monkeypatch.setattr("portrait_core.batch.quality.measure", measure)


def test_rejected_avatars_leave_a_picture_and_no_file_under_a_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores(monkeypatch, {1: 0.2}, 0.9)
    outputs = Outputs(min_quality=0.5)
    summary, _, _ = run_once(tmp_path, jobs(3), outputs=outputs)
    assert (summary.made, summary.rejected) == (2, 1)
    assert not (tmp_path / "balls-1.glb").exists() and (tmp_path / "rejected" / "balls-1.png").is_file()
    record = read_manifests(manifests(tmp_path)).records["balls-1"]
    assert record.status == "rejected" and list(record.reasons) == ["floaters"]
    again, executor, _ = run_once(tmp_path, jobs(3), outputs=outputs)
    assert (again.kept, again.rejected, executor.given) == (2, 1, [])
    lower, executor, _ = run_once(tmp_path, jobs(3), outputs=Outputs(min_quality=0.1))
    assert (lower.kept, lower.made) == (2, 1)  # today's bar decides, not that of the run before


def test_rejected_avatars_are_replaced_by_the_same_seeds_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores(monkeypatch, {0: 0.2}, 0.9)
    outputs, limits = Outputs(min_quality=0.5), Limits(replacements=3)
    seeds = []
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        summary, _, _ = run_once(tmp_path / place, jobs(2), outputs=outputs, limits=limits, pattern="{model}-{seed}")
        assert (summary.made, summary.replaced) == (2, 1)
        record = read_manifests(manifests(tmp_path / place)).records["balls-0"]
        assert record.replacement == 1 and record.name == f"balls-{record.recipe['seed']}"
        seeds.append(record.recipe["seed"])
        assert run_once(tmp_path / place, jobs(2), outputs=outputs, limits=limits, pattern="{seed}")[0].kept == 2
    assert seeds[0] == seeds[1] != 0


def test_a_folder_that_was_removed_is_an_error_and_not_made_anew(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()

    def removed(task: Task) -> str:
        if task.index == 1:
            shutil.rmtree(out)
        return ""

    with pytest.raises(OutputError, match="removed"):
        run_once(out, jobs(4), InlineExecutor(before=removed))
    assert not out.exists()


class FullCard(BallsEngine):
    """A graphics card whose memory is full for the first tries."""

    def __init__(self, tries: int) -> None:
        super().__init__()
        self.device = "cuda"
        self.tries = tries
        self.shares: list[tuple[str, int]] = []

    def model(self, name: str) -> Any:
        self.shares.append((self.device, devices.chunk_size(100_000)))
        if self.device != "cpu" and len(self.shares) <= self.tries:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return super().model(name)


@pytest.mark.parametrize(
    ("tries", "seen", "made_on"),
    [
        (0, [("cuda", 100_000)], "cuda"),
        (1, [("cuda", 100_000), ("cuda", 25_000)], "cuda"),
        (2, [("cuda", 100_000), ("cuda", 25_000), ("cpu", 100_000)], "cpu"),
    ],
)
def test_a_full_graphics_card_is_asked_for_less_and_then_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int, seen: list[Any], made_on: str
) -> None:
    monkeypatch.setattr(devices, "choose_device", lambda name="auto": name)
    engine = FullCard(tries)
    run_once(tmp_path, jobs(1), InlineExecutor(engine))
    assert engine.shares == seen
    record = read_manifests(manifests(tmp_path)).records["balls-0"]
    assert (record.status, record.device) == ("made", made_on)
    assert engine.device == "cuda" and devices.chunk_size(100_000) in (100_000, 25_000)
    devices.set_chunk_share(1.0)


def test_tasks_travel_as_json(tmp_path: Path) -> None:
    recipe = Recipe(seed=3, lods=(500,)).facts()
    task = Task(3, "a", "a-{lod}", "f", recipe, str(tmp_path), outputs=Outputs((".glb", ".obj")))
    assert Task.of(json.loads(json.dumps(task.facts()))) == task


def test_what_a_worker_writes_goes_through_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    through: list[str] = []
    real = tasks._through  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(tasks, "_through", lambda path: (through.append(path.name), real(path)))
    run_once(tmp_path, jobs(1))
    assert set(through) == {"balls-0.glb", "balls-0.png", "balls-0.js"}
