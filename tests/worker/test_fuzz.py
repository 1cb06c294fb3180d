# SPDX-License-Identifier: Apache-2.0
"""Thousands of wrong messages: one answer each, no traceback, no death, no file anywhere."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from portrait_core.protocol import ERROR_CODES, JOBS, MAX_LINE, QUICK
from tests.worker.client import Worker

BAD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**32, 2**70, -(10**400), 10**400, 0.5, -0.0, 1e300, "", " ", "a", "\0", "..",
    "/", "../../etc/passwd", "C:\\x", "\\\\server\\x", "\ud800", "ü" * 300, "x" * 5000, "{seed}", "{0.__class__}", [],
    [[]], [None], [1, 2, 3], ["a"] * 100, {}, {"": 1}, {"seed": "x"}, {"a": {"b": {}}}, {"__class__": 1}, "starter",
]  # fmt: skip
FIELDS: dict[str, list[str]] = {
    "hello": ["protocol"],
    "ping": [],
    "cancel": ["target"],
    "capabilities": ["x"],
    "models": ["x"],
    "describe": ["text", "model", "recipe", "seed"],
    "reshape": ["recipe", "worn"],
    "shutdown": ["x"],
    "configure": ["device", "memory_limit"],
    "preview": ["recipes", "folder", "size", "framing"],
    "attributes": ["recipe"],
    "vary": ["recipe", "count", "strength", "seed", "locks"],
    "blend": ["a", "b", "fractions"],
    "randomise": ["model", "seed", "count", "locks"],
    "generate": [
        "recipe",
        "path",
        "name",
        "overwrite",
        "thumbnail",
        "lod_files",
        "blender",
        "motion",
        "face_motion",
        "vrm",
    ],
    "batch": ["recipes", "recipe", "seeds", "seed_range", "folder", "pattern", "formats", "overwrite", "thumbnail"],
    "library": ["folder", "out", "run", "author", "licence", "tags", "catalogues", "blender", "addon"],
    "bake": ["recipe", "mesh", "mesh_name", "folder", "name", "overwrite"],
    "read_pose": ["path", "frame", "person", "up_axis", "units"],
    "read_motion": ["path", "motion_rate", "frame_rate", "person", "up_axis", "units", "root", "skeleton", "out"],
    "read_recipe": ["path"],
    "photo": ["path", "person", "texture", "move", "recipe"],
    "photo_view": ["path", "person"],
    "photo_setup": ["wheels"],
}
RECIPE = (
    "model", "seed", "latent", "psi", "attributes", "pose", "faces", "lods", "lod_maps", "closed", "texture_size",
    "texture", "normal_map", "occlusion", "lattice", "skeleton", "bone_naming", "unknown",
)  # fmt: skip


def test_every_request_is_fuzzed() -> None:
    assert set(FIELDS) == {*QUICK, *JOBS}


def wrong(numbers: random.Random, folder: Path) -> dict[str, Any]:
    """A request with wrong fields. Where it might be right by chance, its path leads to an ending nobody writes."""
    name = numbers.choice(list(FIELDS))
    message: dict[str, Any] = {"do": name}
    for field in FIELDS[name]:
        if numbers.random() < 0.7:
            message[field] = numbers.choice(BAD)
        if field in ("recipe", "a", "b") and numbers.random() < 0.8:
            message[field] = {numbers.choice(RECIPE): numbers.choice(BAD) for _ in range(numbers.randint(1, 4))}
        if field in ("path", "mesh", "folder", "out") and numbers.random() < 0.6:
            # A file stands where the folder should be, so that nothing can come of it.
            message[field] = f"{folder}/file/{numbers.choice(['a.glb', 'a.json', '../x.glb', 'a' * 300, 'a.npz'])}"
    if name == "shutdown":
        message["x"] = 1
    if isinstance(message.get("folder"), str) and not message["folder"].startswith(str(folder)):
        message["folder"] = numbers.choice(["", "relative", f"{folder}/file/x"])
    if numbers.random() < 0.1:
        message[numbers.choice(["x", "", "id ", "do2"])] = numbers.choice(BAD)
    return message


@pytest.mark.parametrize("count", [1500, pytest.param(5000, marks=pytest.mark.sweep)])
def test_wrong_requests_get_one_error_each(tmp_path: Path, count: int) -> None:
    """The sample meets every request about eighty times, and every wrong value in most of its fields."""
    numbers = random.Random(11)
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "file").write_text("")
    # Where the networks are not there, nothing is fetched for this.
    with Worker(tmp_path / "log", {"PIP_NO_INDEX": "1"}) as worker:
        worker.ask("attributes", recipe={})
        sent: list[str] = []
        for _ in range(count):
            sent.append(worker.send(**wrong(numbers, tmp_path / "room")))
            if len(sent) % 200 == 0:
                worker.answer(sent[-1])
        assert worker.ask("ping") == {}
        deadline = time.monotonic() + 240
        while any(each not in _answered(worker) for each in sent) and time.monotonic() < deadline:
            time.sleep(0.2)
        answers = [each for each in worker.events if each["event"] in ("result", "error") and each["id"] in set(sent)]
        assert sorted(each["id"] for each in answers) == sorted(sent)
        errors = [each for each in answers if each["event"] == "error"]
        assert len(errors) > count // 2
        codes = {each["code"] for each in errors}
        internal = [each for each in errors if each["code"] == "internal"]
        assert not internal, worker.log.read_text(errors="replace")[-4000:]
        assert codes <= set(ERROR_CODES) and {"bad_request", "usage"} <= codes
        assert all(each["message"] and "Traceback" not in each["message"] for each in errors)
        assert "Traceback" not in worker.log.read_text(errors="replace")
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["file", "log", "room"]


def _answered(worker: Worker) -> set[str]:
    return {each["id"] for each in worker.events if each["event"] in ("result", "error")}


@pytest.mark.parametrize("kind", ["bytes", "broken", "huge"])
def test_lines_that_are_no_messages(shared: Worker, kind: str) -> None:
    numbers = random.Random(5)
    before = len(shared.of(None, "error"))
    lines: list[bytes] = []
    for _ in range(300 if kind != "huge" else 4):
        if kind == "bytes":
            line = numbers.randbytes(numbers.randint(1, 200)).replace(b"\n", b"x")
        elif kind == "broken":
            whole = json.dumps({"id": "z", "do": "ping", "n": [[1.5, None], "text"]}).encode()
            place = numbers.randrange(1, len(whole))
            line = whole[:place] if numbers.random() < 0.5 else whole[:place] + b"\xc3" + whole[place:]
        else:
            line = b'{"id":"h","do":"ping","x":"' + b"y" * (MAX_LINE + numbers.randrange(3 * MAX_LINE)) + b'"}'
        lines.append(line)
    lines = [line for line in lines if line.strip()]
    shared.raw(b"\n".join(lines) + b"\n")
    assert shared.ask("ping") == {}
    errors = shared.of(None, "error")[before:]
    assert len(errors) == len(lines)
    assert {each["code"] for each in errors} == {"bad_request"}


def test_a_line_in_pieces_and_several_at_once(shared: Worker) -> None:
    for piece in (b'{"id":"piece', b'","do":"pi', b'ng"}\r', b'\n\n  \n{"id":"two","do":"ping"}\n'):
        shared.raw(piece)
        time.sleep(0.05)
    assert shared.answer("piece")["result"] == {} and shared.answer("two")["result"] == {}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("each", [2, pytest.param(10, marks=pytest.mark.sweep)])
def test_memory_is_flat_over_many_previews(tmp_path: Path, each: int) -> None:
    """Twenty, the sample, show what leaks some megabytes a preview, as a kept person does; a hundred show less."""
    with Worker(tmp_path / "log") as worker:
        measured: list[int] = []
        for block in range(10):
            recipes = [{"seed": each * block + k} for k in range(each)]
            worker.ask("preview", recipes=recipes, folder=str(tmp_path), size=128)
            measured.append(worker.resident())
        assert len(list(tmp_path.glob("preview-*.png"))) == 10 * each
        # The first blocks fill caches.
        assert max(measured[5:]) < 1.05 * max(measured[2:5]), measured
