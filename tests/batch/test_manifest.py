# SPDX-License-Identifier: Apache-2.0
"""Manifests: appended to, torn, damaged, merged, never a reason to lose what is finished."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portrait_core.batch.locks import folder_lock
from portrait_core.batch.manifest import DAMAGED, Manifest, manifests, read_lines, read_manifests
from portrait_core.batch.records import Record, Written, inside
from portrait_core.errors import OutputError


def record(index: int, status: str = "made", **more: object) -> Record:
    name = f"a-{index}"
    facts = {"index": index, "slot": name, "name": name, "status": status, "fingerprint": "f"}
    facts["recipe"] = {"seed": index}
    return Record.model_validate(facts | more)


def test_lines_come_back_as_they_were() -> None:
    whole = record(3, files=(Written(path="x/a.glb", bytes=5, sha256="00"),), quality={"score": 0.25}, levels=(5, 2))
    assert read_lines([whole.line()]).records == {"a-3": whole}


def test_the_last_record_of_a_slot_holds_but_made_stays_made() -> None:
    lines = [record(0, "failed").line(), record(0).line(), record(0, "failed").line()]
    assert read_lines(lines).records["a-0"].status == "made"
    changed = record(0, "failed").model_copy(update={"fingerprint": "other"})
    assert read_lines([*lines, changed.line()]).records["a-0"].status == "failed"


def test_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.append(record(0))
    manifest.close()
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(path.read_bytes() + record(1).line()[:40])
    manifest = Manifest(tmp_path)
    assert (list(manifest.records), manifest.damaged) == (["a-0"], 1)
    manifest.append(record(2))
    manifest.close()
    assert list(read_manifests([path]).records) == ["a-0", "a-2"]
    assert (tmp_path / DAMAGED).read_bytes().startswith(b'{"index":1')


def test_a_missing_end_of_line_is_put_there(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(record(0).line().rstrip())
    manifest = Manifest(tmp_path)
    manifest.append(record(1))
    manifest.close()
    assert list(read_manifests([path]).records) == ["a-0", "a-1"]


def test_shards_write_apart_and_are_merged(tmp_path: Path) -> None:
    for part in (1, 2):
        manifest = Manifest(tmp_path, (part, 2))
        for index in range(part - 1, 6, 2):
            manifest.append(record(index))
        manifest.finish({})
    assert [path.name for path in manifests(tmp_path)] == ["manifest.shard-1-of-2.jsonl", "manifest.shard-2-of-2.jsonl"]
    assert len((tmp_path / "manifest.shard-2-of-2.jsonl").read_bytes().splitlines()) == 3
    whole = Manifest(tmp_path)
    assert len(whole.records) == 6
    whole.finish({f"a-{index}": index for index in range(6)})
    assert [path.name for path in manifests(tmp_path)] == ["manifest.jsonl"]
    assert list(read_manifests(manifests(tmp_path)).records) == [f"a-{index}" for index in range(6)]


def test_a_manifest_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    (tmp_path / "other").write_bytes(b"")
    os.replace(tmp_path / "other", manifest.path)
    with pytest.raises(OutputError, match="removed or replaced"):
        manifest.append(record(0))


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "a/../../b", "C:\\a", "a\\..\\b", "", "a\0b", "\ud800", "a:b"])
def test_paths_stay_inside_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match="inside the folder"):
        inside(path)


def test_two_runs_are_kept_apart(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\nfrom portrait_core.batch.locks import folder_lock\n"
        "with folder_lock(pathlib.Path(sys.argv[1]), eval(sys.argv[2])):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )

    def hold(shard: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", program, str(tmp_path), shard]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        return process

    whole = hold("None")
    for shard in (None, (1, 2)):
        held = f"another batch works in this folder .process {whole.pid}"
        with pytest.raises(OutputError, match=held), folder_lock(tmp_path, shard):
            pass
    whole.kill()  # as a crash: the lock ends with the process
    whole.wait()
    part = hold("(1, 2)")
    with folder_lock(tmp_path, (2, 2)):
        pass
    for shard in (None, (1, 2)):
        with pytest.raises(OutputError, match="another batch"), folder_lock(tmp_path, shard):
            pass
    part.kill()
    part.wait()
    with folder_lock(tmp_path):
        pass
