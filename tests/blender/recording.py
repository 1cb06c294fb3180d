# SPDX-License-Identifier: Apache-2.0
"""Records what an engine says of itself and what it refuses: `python -m tests.blender.recording COMMIT`.

The engine of a commit is taken from the repository's history and run by this Python; what it says is written to
tests/data/old_engine/COMMIT.json, without paths of this machine. :mod:`.replay` plays it where there is no history.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests" / "data" / "old_engine"
OLD = "6a03f54"
"""An engine of whole busts only: no parts, no faces, no sliders that move."""
REQUESTS = (
    *("ping", "configure", "preview", "attributes", "vary", "blend", "randomise", "generate", "batch", "bake"),
    *("read_pose", "read_motion", "read_recipe", "capabilities", "models", "reshape"),
)
SOURCES = ("portrait_core", "textures", "cli")


def has_history(commit: str) -> bool:
    """Whether the repository has that commit: a shallow clone and an unpacked archive have not."""
    command = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def take_out(commit: str, folder: Path, *more: str) -> Path:
    """The engine's sources of a commit, and ``more`` of it, laid out in a folder."""
    archive = subprocess.run(
        ["git", "archive", commit, *SOURCES, *more], cwd=ROOT, capture_output=True, check=True
    ).stdout
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder


def started_as_python(folder: Path, sources: Path, python: Path) -> Path:
    """A program that stands for an engine's Python, and starts the engine of ``sources`` whatever it is told."""
    boot = (
        f"import runpy, sys; sys.path.insert(0, {str(sources)!r}); sys.argv = ['worker']; "
        "runpy.run_module('portrait_core.worker', run_name='__main__', alter_sys=True)"
    )
    return _program(folder / "old-python", f"exec '{python}' -I -u -c \"{boot}\"\n")


def played_as_python(folder: Path, order: dict[str, Any], python: Path) -> Path:
    """The same for a recorded engine, see :mod:`.replay`."""
    path = folder / "order.json"
    path.write_text(json.dumps(order), encoding="utf-8")
    player = Path(__file__).with_name("replay.py")
    return _program(folder / "played-python", f"exec '{python}' -I -u '{player}' '{path}'\n")


def record(command: list[str]) -> dict[str, Any]:
    """Start an engine and write down its greeting, what it can do, and its refusals with NAME for the name."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None and process.stdout is not None
    stdin, stdout = process.stdin, process.stdout
    number = 0

    def ask(do: str, **fields: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        stdin.write((json.dumps({"id": f"r{number}", "do": do, **fields}) + "\n").encode())
        stdin.flush()
        while True:
            event = json.loads(stdout.readline())
            if event["event"] in ("result", "error") and event["id"] == f"r{number}":
                return {**event, "id": None}

    try:
        hello = json.loads(stdout.readline())
        capabilities = ask("capabilities")["result"]
        fields: dict[str, list[str]] = {}
        for do in REQUESTS:
            told = ask(do, NAME=1, **_needed(do))
            takes = re.search(r"this request takes (.*)", told.get("message", ""))
            if told["event"] == "error" and told["code"] == "unknown_request":
                continue
            # one that looks at its file first does not say what it takes: then nothing is refused
            fields[do] = ["*"] if takes is None else [] if takes[1] == "no fields" else takes[1].split(", ")
        facts = {
            "hello": {**hello, "pid": 0},
            "fields": fields,
            "recipe_fields": sorted(
                {*capabilities["defaults"], *(row["name"] for row in capabilities["recipe_fields"])}
            ),
            "results": {"capabilities": capabilities, "ping": {}, "configure": ask("configure")["result"]},
            "unknown_request": ask("NAME"),
            "unknown_field": ask("ping", NAME=1),
            "unknown_recipe_field": ask("attributes", recipe={"NAME": 1}),
        }
    finally:
        process.kill()
        process.wait()
    return facts


def _needed(do: str) -> dict[str, Any]:
    """What has to be there for a request's fields to be looked at at all."""
    recipe, nowhere = {"model": "starter", "seed": 1}, str(Path(tempfile.gettempdir()) / "nothing")
    return {
        "preview": {"recipes": [recipe], "folder": nowhere},
        "attributes": {"recipe": recipe},
        "vary": {"recipe": recipe, "count": 1},
        "blend": {"a": recipe, "b": recipe, "fractions": [0.5]},
        "randomise": {"seed": 1},
        "generate": {"recipe": recipe, "path": nowhere + ".glb"},
        "batch": {"recipe": {"model": "starter"}, "seed_range": [1, 1], "folder": nowhere},
        "bake": {"mesh": nowhere + ".glb", "folder": nowhere},
        "read_pose": {"path": nowhere + ".json"},
        "read_motion": {"path": nowhere + ".npz", "out": nowhere + ".json"},
        "read_recipe": {"path": nowhere + ".glb"},
        "reshape": {"recipe": {**recipe, "topology": "parts"}},
    }.get(do, {})


def _program(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
    path.chmod(0o755)
    return path


def main() -> None:
    commit = sys.argv[1] if len(sys.argv) > 1 else OLD
    with tempfile.TemporaryDirectory() as name:
        sources = take_out(commit, Path(name) / "engine")
        facts = record([str(started_as_python(Path(name), sources, Path(sys.executable)))])
        for each in facts["results"].values():
            if "models_folder" in each:
                each["models_folder"] = "/engine/models"
        text = json.dumps(facts, indent=1, sort_keys=True).replace(str(sources), "/engine")
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    (RECORDINGS / f"{commit}.json").write_text(text + "\n", encoding="utf-8")
    print(RECORDINGS / f"{commit}.json")


if __name__ == "__main__":
    main()
