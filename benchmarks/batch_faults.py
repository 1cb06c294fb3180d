# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a batch, done to it: kill -9 of the whole process group, and wrong rows, manifests, messages.

The tests under tests/faults run the same with smaller numbers.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from portrait_core.batch.manifest import manifests, read_lines, read_manifests
from portrait_core.batch.resume import is_whole
from portrait_core.batch.table import BadRow, Row, read_rows
from portrait_core.batch.task import Task
from portrait_core.errors import PortraitError
from portrait_core.formats.gltf.reader import read_gltf
from portrait_core.weights.header import read_header
from portrait_core.weights.registry import find_model

CLI = [sys.executable, "-m", "cli.main"]


def command(count: int, out: Path, fields: dict[str, Any], workers: int = 2) -> list[str]:
    """The command line of a batch of seeds."""
    words = [*CLI, "batch", "--seeds", f"0-{count - 1}", "--out", str(out), "--quiet", "--workers", str(workers)]
    for name, value in fields.items():
        flag = "--" + name.replace("_", "-")
        words += [flag if value else "--no-" + flag[2:]] if isinstance(value, bool) else [flag, str(value)]
    return words


def kills(count: int, times: int, fields: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """Run a batch, kill its process group at random moments, run it again, until it comes to its end.

    Each kill waits for some more finished avatars, so that all of them fall into the work, and then for a random part
    of a second, so that they fall anywhere in it.
    """
    numbers = random.Random(seed)
    made: Counter[str] = Counter()
    seen: set[bytes] = set()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"

        def finished() -> int:
            for path in manifests(out):
                for line in path.read_bytes().split(b"\n"):
                    # A rewritten manifest repeats its lines.
                    if line and line not in seen:
                        records = read_lines([line]).records
                        seen.add(line)
                        made.update(name for name, each in records.items() if each.status == "made")
            return len(made)

        marks = sorted(numbers.sample(range(count - 4), times))
        killed = 0
        begin = time.monotonic()
        for mark in marks:
            process = subprocess.Popen(command(count, out, fields), start_new_session=True)
            while process.poll() is None and finished() <= mark:
                time.sleep(0.02)
            time.sleep(numbers.random())
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
            finished()
        last = subprocess.run(command(count, out, fields), check=False)
        seconds = time.monotonic() - begin
        finished()
        records = read_manifests(manifests(out)).records
        whole = sum(is_whole(each, out) for each in records.values() if each.status == "made")
        for each in records.values():
            for file in each.files:
                if file.path.endswith(".glb"):
                    read_gltf(out / file.path)
        left = [path.name for path in out.rglob(".*") if ".part" in path.name]
        again = subprocess.run([*command(count, out, fields), "--json"], check=False, capture_output=True, text=True)
        return {
            "avatars": count,
            "kills": killed,
            "seconds": round(seconds, 1),
            "exit": last.returncode,
            "present_and_whole": whole,
            "made_twice": sum(number - 1 for number in made.values()),
            "recovered_without_record": sum(each.worker == "recovered" for each in records.values()),
            "temporary_files_left": len(left),
            "made_when_run_again": again.returncode or again.stdout.count('"event": "avatar"'),
        }


BAD: list[Any] = [
    None, True, -1, 2**32, 2**70, 10**400, 0.5, 1e308, "", " ", "a", "\0", "..", "/", "../../etc/passwd", "C:\\x",
    "x/y", "\\\\server\\x", "\ud800", "ü" * 300, "x" * 5000, "{seed}", "{0.__class__}", "{lod}", [], [[]], [None],
    ["a"] * 100, {}, {"": 1}, {"a": {"b": {}}}, "starter", "NaN", "1e999", "=1+1", '"', "a,b\nc", "con", "nul.glb",
    ".", "...", "~",
]  # fmt: skip
COLUMNS = (
    "name", "seed", "latent", "psi", "attributes", "pose", "faces", "lods", "lod_maps", "closed", "texture_size",
    "texture", "normal_map", "lattice", "skeleton", "bone_naming", "age", "attributes.age", "unknown", "model",
)  # fmt: skip


def fuzz(count: int, seed: int = 0) -> dict[str, Any]:
    """``count`` each of wrong tables (JSON and CSV), manifest lines and tasks; any exception but our own fails.

    Good rows may come of it: their names must be plain file names.
    """
    numbers = random.Random(seed)
    header = read_header(find_model("starter"))
    base = {"model": "starter"}
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for _ in range(count):
            ending, content = _wrong_table(numbers)
            path = place / f"rows{ending}"
            path.write_bytes(content)
            begin = time.perf_counter()
            try:
                for row in read_rows(path, base, {"starter": header}):
                    outcomes["good rows" if isinstance(row, Row) else "bad rows"] += 1
                    if isinstance(row, Row):
                        assert Path(row.name or "x").name == (row.name or "x"), row.name
                    else:
                        assert isinstance(row, BadRow)
                        assert "Traceback" not in row.reason
            except PortraitError:
                outcomes["refused tables"] += 1
            slowest = max(slowest, time.perf_counter() - begin)
            path.unlink()
        for _ in range(count):
            line = _wrong_record(numbers)
            begin = time.perf_counter()
            found = read_lines([line])
            outcomes["manifest lines refused" if found.damaged else "manifest lines read"] += 1
            for record in found.records.values():
                for path in (*(file.path for file in record.files), record.thumbnail or "x", record.view or "x"):
                    assert (place / path).resolve().is_relative_to(place.resolve()), path
            slowest = max(slowest, time.perf_counter() - begin)
        outcomes.update(_wrong_tasks(numbers, count, place))
        left = [str(path) for path in place.rglob("*") if path.is_file()]
    return {"each": count, **outcomes, "slowest_seconds": round(slowest, 3), "files_made": len(left)}


def _wrong_table(numbers: random.Random) -> tuple[str, bytes]:
    rows = [
        {column: numbers.choice(BAD) for column in COLUMNS if numbers.random() < 0.2}
        for _ in range(numbers.randrange(1, 4))
    ]
    kind = numbers.random()
    if kind < 0.4:
        content = "\n".join(json.dumps(row) for row in rows).encode()
        ending = ".jsonl"
    elif kind < 0.5:
        content, ending = json.dumps(rows).encode(), ".json"
    else:
        columns = numbers.sample(COLUMNS, numbers.randrange(1, 6))
        lines = [",".join(columns)]
        lines += [",".join(str(numbers.choice(BAD)) for _ in columns) for _ in rows]
        content, ending = "\n".join(lines).encode("utf-8", "surrogatepass"), ".csv"
    return ending, _damaged(numbers, content)


def _damaged(numbers: random.Random, content: bytes) -> bytes:
    if numbers.random() < 0.3 and content:
        damaged = bytearray(content)
        for _ in range(numbers.randrange(1, 6)):
            damaged[numbers.randrange(len(damaged))] = numbers.randrange(256)
        content = bytes(damaged)
    if numbers.random() < 0.1:
        content = content[: numbers.randrange(len(content) + 1)]
    return content


def _record(numbers: random.Random) -> dict[str, Any]:
    file = {"path": "a.glb", "bytes": 5, "sha256": "00"}
    facts: dict[str, Any] = {
        "index": 0, "slot": "a", "name": "a", "status": "made", "fingerprint": "f", "recipe": {"seed": 0},
        "files": [file], "thumbnail": "a.png", "view": "view/a.js", "quality": {"score": 1.0, "reasons": []},
        "seconds": 1.0, "stages": {"write": 0.1}, "error": {},
    }  # fmt: skip
    for name in list(facts):
        if numbers.random() < 0.15:
            facts[name] = numbers.choice(BAD)
    if isinstance(facts["files"], list) and numbers.random() < 0.3:
        file[numbers.choice(list(file))] = numbers.choice(BAD)
    return facts


def _wrong_record(numbers: random.Random) -> bytes:
    if numbers.random() < 0.02:
        return b"[" * 100_000
    return _damaged(numbers, json.dumps(_record(numbers)).encode()).replace(b"\n", b" ")


def _wrong_tasks(numbers: random.Random, count: int, place: Path) -> Counter[str]:
    """Tasks that no worker can carry out: each comes back as a failed record, and nothing is written."""
    from portrait_core.batch.task import carry_out
    from portrait_core.engine.engine import Engine

    engine, found = Engine(), Counter[str]()
    for _ in range(count):
        recipe = {column: numbers.choice(BAD) for column in COLUMNS[1:] if numbers.random() < 0.3}
        recipe[numbers.choice(["unknown", "nothing", "slot"])] = 1  # never a good one: no avatar is to be made here
        task = Task(0, "a", "a", "f", recipe, str(place))
        record = carry_out(task, engine)
        assert record.status == "failed", record
        assert "Traceback" not in record.error["message"]
        found[f"tasks refused as {record.error['code']}"] += 1
    return found
