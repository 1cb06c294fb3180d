# SPDX-License-Identifier: Apache-2.0
"""What people and programs see of a batch: the page, the sheet, the report, URLs, the library, costs and resources."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from portrait_core.batch import executors, library, resources
from portrait_core.batch.costs import cost_of, estimate
from portrait_core.batch.locks import folder_lock
from portrait_core.batch.manifest import manifests, read_manifests
from portrait_core.batch.pages import contact_sheet, page
from portrait_core.batch.records import Job, Outputs, Record
from portrait_core.batch.remote_store import RemoteStore, is_url
from portrait_core.batch.report import report
from portrait_core.batch.resources import Resources, parse_shard
from portrait_core.batch.resume import sweep
from portrait_core.batch.run import Summary
from portrait_core.batch.service import Batch, check_names, looked_at, run_batch
from portrait_core.errors import OutputError, PortraitError, UsageError
from portrait_core.recipe import Recipe
from tests.batch.executors import SMALL, BallsEngine, InlineExecutor, jobs, run_once
from tests.batch.test_manifest import record


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[InlineExecutor]:
    """Batches work inside this process; the executors they were given."""
    given: list[InlineExecutor] = []

    def executor(self: Resources, jobs: int, memory_mib: float) -> InlineExecutor:
        given.append(InlineExecutor())
        return given[-1]

    monkeypatch.setattr(Resources, "executor", executor)
    return given


def test_the_page_holds_all_records_and_no_way_out_of_its_script() -> None:
    odd = record(0, "failed", error={"message": "</script><script>alert(1)</script>"})
    text = page([odd, record(1)], "two").decode()
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    avatars = json.loads(data)["avatars"]
    assert [each["name"] for each in avatars] == ["a-0", "a-1"]
    assert avatars[0]["error"] == "</script><script>alert(1)</script>"
    assert "http://" not in text and "https://" not in text


def test_the_contact_sheet_shows_what_is_made(tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64, 3), (10, 200, 30), np.uint8)).save(tmp_path / "a.png")

    def read(name: str) -> bytes | None:
        path = tmp_path / name
        return path.read_bytes() if path.is_file() else None

    shown = [record(index, thumbnail="a.png") for index in range(5)]
    others = [record(7, "failed"), record(8, thumbnail="gone.png")]
    content = contact_sheet([*shown, *others], read)
    assert content is not None
    (tmp_path / "sheet.png").write_bytes(content)
    pixels = np.asarray(Image.open(tmp_path / "sheet.png"))
    green = (pixels == (10, 200, 30)).all(axis=2).sum()
    assert green == 5 * 144 * 144
    assert contact_sheet([others[0]], read) is None


def test_the_report_counts_and_names_reasons() -> None:
    quality = {"score": 0.1, "reasons": ["floaters"]}
    error = {"code": "crash", "message": "it | fell"}
    text = report(
        [record(0, seconds=2.0, faces=500), record(1, "rejected", quality=quality), record(2, "failed", error=error)],
        4,
        Summary(made=1, seconds=3.0),
    )
    assert "| planned | 4 |" in text and "| left to make | 1 |" in text and "| avatars an hour | 1200 |" in text
    assert "floaters: 1" in text and "| a-1 | floaters (quality 0.10) |" in text and "it \\| fell" in text


def test_a_batch_leaves_everything_in_its_folder(tmp_path: Path, inline: list[InlineExecutor]) -> None:
    batch = Batch(jobs(2), str(tmp_path / "new" / "out"))
    assert len(looked_at(batch)[0]) == 2 and not (tmp_path / "new").exists()
    told: list[tuple[int, int]] = []
    summary, records = run_batch(batch, begun=lambda todo, kept: told.append((todo, kept)))
    assert (summary.made, len(records), told) == (2, 2, [(2, 0)])
    names = {path.name for path in (tmp_path / "new" / "out").iterdir()}
    assert {"manifest.jsonl", "index.html", "contact-sheet.png", "report.md", "balls-1.glb", "view"} <= names
    assert not [name for name in names if ".part" in name]
    assert looked_at(batch)[0] == []
    run_batch(batch)
    assert len(inline) == 1  # nothing to do, nobody started


def test_shards_make_everything_once_and_are_merged(tmp_path: Path, inline: list[InlineExecutor]) -> None:
    for part in (1, 2, 3):
        run_batch(Batch(jobs(4), str(tmp_path), shard=(part, 3)))
    given = [task.index for executor in inline for task in executor.given]
    assert sorted(given) == list(range(4)) and len(inline) == 3
    summary, records = run_batch(Batch(jobs(4), str(tmp_path)))
    assert (summary.kept, summary.made, len(records)) == (4, 0, 4)
    assert [path.name for path in manifests(tmp_path)] == ["manifest.jsonl"]


def test_what_crashes_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "view").mkdir()
    left = [".a.0123abcd.part.glb", ".b.0123abcd.part", "view/.a.ffffffff.part.js"]
    stays = [".a.part.glb", "a.part", ".hidden", "a.glb", ".portrait-batch.lock"]
    for name in (*left, *stays):
        (tmp_path / name).write_bytes(b"")
    assert sweep(tmp_path, {"a"}) == 2 and (tmp_path / left[1]).exists()
    assert sweep(tmp_path) == 1
    assert all((tmp_path / name).exists() for name in stays)


def test_two_avatars_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="would both be called 'A'"):
        check_names([Job(0, "a", Recipe(), ""), Job(1, "A", Recipe(), "")])


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_a_url_gets_all_files_and_is_resumed_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inline: list[InlineExecutor], scheme: str
) -> None:
    url = f"memory://out-{tmp_path.name}" if scheme == "memory" else (tmp_path / "there").as_uri()
    monkeypatch.setenv("PORTRAITKIT_BATCHES", str(tmp_path / "one"))
    batch = Batch(jobs(2), url)
    assert run_batch(batch)[0].made == 2
    remote = RemoteStore(url)
    lines = (remote.fetch("manifest.jsonl") or b"").splitlines()
    records = [Record.model_validate_json(line) for line in lines]
    for each in records:
        for file in each.files:
            content = remote.fetch(file.path)
            assert content is not None and hashlib.sha256(content).hexdigest() == file.sha256
    assert remote.fetch("index.html") and remote.fetch("contact-sheet.png") and remote.fetch("report.md")
    assert remote.fetch("portrait-batch.lock.json") is None
    # another machine: no state of its own, and one file gone
    monkeypatch.setenv("PORTRAITKIT_BATCHES", str(tmp_path / "two"))
    remote.remove("balls-1.glb")
    assert len(looked_at(batch)[0]) == 1
    summary, _ = run_batch(batch)
    assert (summary.kept, summary.made) == (1, 1)
    assert not list((tmp_path / "two").rglob("*.glb"))


def test_a_url_that_another_machine_has_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inline: Any) -> None:
    url = f"memory://locked-{tmp_path.name}"
    monkeypatch.setenv("PORTRAITKIT_BATCHES", str(tmp_path))
    RemoteStore(url).write("portrait-batch.lock.json", b'{"host": "elsewhere", "pid": 7}')
    with pytest.raises(OutputError, match=r"process 7 on elsewhere"):
        run_batch(Batch(jobs(1), url))
    assert run_batch(Batch(jobs(1), url, break_lock=True))[0].made == 1


def test_a_whole_batch_and_a_shard_shut_each_other_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inline: Any
) -> None:
    """Both in a folder and behind a URL, where another machine may hold it; two shards work side by side."""
    for held, refused, taken in ((None, (1, 2), None), ((1, 2), None, (2, 2))):
        folder = tmp_path / f"held-{held is None}"
        folder.mkdir()
        with folder_lock(folder, held):
            with pytest.raises(OutputError, match="another batch works in this folder"):
                run_batch(Batch(jobs(2), str(folder), shard=refused))
            if taken is not None:
                assert run_batch(Batch(jobs(2), str(folder), shard=taken))[0].made == 1
    monkeypatch.setenv("PORTRAITKIT_BATCHES", str(tmp_path / "state"))
    elsewhere = b'{"host": "elsewhere", "pid": 7}'
    for lock, refused, taken in (
        ("portrait-batch.lock.json", (1, 2), None),
        ("portrait-shard-1-of-2.lock.json", None, (2, 2)),
    ):
        url = f"memory://{lock}-{tmp_path.name}"
        RemoteStore(url).write(lock, elsewhere)
        with pytest.raises(OutputError, match="process 7 on elsewhere"):
            run_batch(Batch(jobs(2), url, shard=refused))
        if taken is not None:
            assert run_batch(Batch(jobs(2), url, shard=taken))[0].made == 1


def test_what_is_a_url() -> None:
    assert is_url("s3://bucket/x") and is_url("memory://x")
    assert not is_url("C:\\x") and not is_url("avatars") and not is_url("/a/b")
    with pytest.raises(UsageError, match="nosuch"):
        RemoteStore("nosuch://x")


def test_make_avatars_is_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "Engine", BallsEngine)
    bad = {**SMALL, "seed": 5, "attributes": {"height": 1}}
    wanted = [Recipe(seed=3, **SMALL), {**SMALL, "seed": 4}, bad, {**SMALL, "seed": 6}]
    stages: set[str] = set()
    failed: list[PortraitError] = []
    made = list(
        library.make_avatars(
            wanted,
            device="cpu",
            progress=lambda stage, fraction: stages.add(stage),
            failed=lambda recipe, error: failed.append(error),
        )
    )
    assert [avatar.name for avatar in made] == ["balls-3", "balls-4", "balls-6"]
    assert "height" in str(failed[0]) and "lattice" in stages
    with pytest.raises(UsageError, match="height"):
        list(library.make_avatars(wanted, device="cpu"))


def test_faces_and_pictures_cost_room() -> None:
    asked = (
        *({"image_format": "jpeg"}, {}, {"face": "joints"}, {"face": "both"}),
        *({"face": "morphs", "face_normals": True}, {"face": "both", "faces": 40_000}),
    )
    sizes = [cost_of(Recipe(topology="parts", **more), Outputs()).bytes for more in asked]
    jpeg, plain, joints, both, turning, fine = sizes
    assert jpeg < plain == joints < both < turning and fine > both + 3e6


def test_costs_grow_with_everything_and_learn_from_what_was_made() -> None:
    plain = cost_of(Recipe(), Outputs())
    for more in ({"lattice": 512}, {"faces": 60_000}, {"texture_size": 4096}, {"lods": (5000,)}):
        cost = cost_of(Recipe(**more), Outputs())
        assert cost.seconds > plain.seconds and cost.memory_mib >= plain.memory_mib, more
    job = Job(0, "a", Recipe(), "")
    made = record(0, seconds=100.0, recipe=Recipe(seed=5).facts(), files=({"path": "a", "bytes": 7, "sha256": ""},))
    learnt = estimate([job, job], Outputs(), [made])
    assert (learnt.seconds, learnt.bytes) == (200.0, 14)


def test_workers_and_threads_fit_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "available_cores", lambda: 8)
    monkeypatch.setattr(resources, "free_memory_mib", lambda: 4000.0)
    monkeypatch.setattr(resources, "card_count", lambda: 0)
    assert Resources().count(100, 500.0) == (8, 1)
    assert Resources().count(100, 1500.0) == (2, 4)
    assert Resources().count(3, 100.0) == (3, 2)
    assert Resources(workers=4).count(100, 9000.0) == (4, 2)
    assert Resources(workers=16).count(100, 1.0) == (16, 1)
    monkeypatch.setattr(resources, "card_count", lambda: 1)
    assert Resources(device="cuda").count(100, 500.0) == (2, 4)


def test_workers_share_the_memory_of_a_card(monkeypatch: pytest.MonkeyPatch) -> None:

    started: list[list[str]] = []

    class Nothing:
        pid, stdin, stdout = 1, io.BytesIO(), io.BytesIO()

        def __init__(self, words: list[str], **options: Any) -> None:
            started.append([*words[-3:], options["env"].get("CUDA_VISIBLE_DEVICES", "")])

        def wait(self, seconds: float) -> int:
            return 0

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(executors.subprocess, "Popen", Nothing)
    executors.LocalExecutor(["cuda:0", "cuda:0", "cuda:1"], 4).close()
    assert started == [["cuda", "4", "0.475", "0"], ["cuda", "4", "0.475", "0"], ["cuda", "4", "0.950", "1"]]


@pytest.mark.skipif(os.name != "posix", reason="a program that fails at once")
def test_workers_that_never_start_are_told_as_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors.sys, "executable", shutil.which("false"))
    executor = executors.LocalExecutor(["cpu", "cpu"], 1)
    try:
        with pytest.raises(PortraitError, match=r"No worker process could be started on cpu.*status 1 before"):
            for _ in range(200):
                executor.wait(0.1)
    finally:
        executor.close()


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "-1/3", "1/0", "1/2/3"])
def test_shards_are_parts_of_a_whole(text: str) -> None:
    with pytest.raises(UsageError, match="shard"):
        parse_shard(text)
    assert parse_shard("3/8") == (3, 8) and parse_shard(None) is None


def test_records_of_a_folder_are_read_back(tmp_path: Path) -> None:
    _, _, run = run_once(tmp_path, jobs(2))
    assert read_manifests(manifests(tmp_path)).records == run.manifest.records
