# SPDX-License-Identifier: Apache-2.0
"""Set-ups with real Pythons, environments and pip, out of tiny wheels; and everything that goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from blender_addon.core.engine import plan as plan_module
from blender_addon.core.engine.install import Installation
from blender_addon.core.engine.plan import SetupPlan, make_plan, short_place
from blender_addon.core.engine.probe import Probe, probe
from blender_addon.core.engine.pythons import base_pythons
from blender_addon.core.engine.record import downloads_of, own_python, read_record, remove_engine
from blender_addon.core.engine.search import find_engines
from blender_addon.core.failure import Failure

from .conftest import gone
from .tiny_wheels import engine_wheel, parts, tiny_wheel

LIMIT = 120.0


@pytest.fixture(scope="module")
def base() -> Probe:
    told = probe(Path(sys.executable))
    assert isinstance(told, Probe)
    return told


def planned(folder: Path, base: Probe, wheel: Path, wheels: Path | None) -> SetupPlan:
    plan = make_plan(folder, wheel, base, variant="cpu", wheels=wheels)
    assert isinstance(plan, SetupPlan), plan
    return plan


def installed(plan: SetupPlan) -> Installation:
    run = Installation(plan, plan.folder.parent / "setup.log")
    run.pump(LIMIT)
    return run


def test_offline_from_wheels_then_again_then_newer_then_removed(tmp_path: Path, base: Probe) -> None:
    folder, wheels = tmp_path / "my engine ä", parts(tmp_path / "wheels")
    plan = planned(folder, base, engine_wheel(tmp_path / "a"), wheels)
    assert not plan.needs_network and plan.download == 0 and not folder.exists()
    assert any("without the internet" in str(line) for line in plan.lines)
    run = Installation(plan, tmp_path / "setup.log")
    bars: list[float] = []
    while not run.ended:
        run.step()
        bars.append(run.overall)
        time.sleep(0.02)
    assert run.failure is None, (run.failure, (tmp_path / "setup.log").read_text())
    assert bars == sorted(bars) and bars[-1] == 1.0 and len(set(bars)) > 4
    assert own_python(folder) == run.python == plan.python
    assert plan.python in find_engines(folder)

    again = planned(folder, base, plan.wheel, wheels)
    assert again.done == ("venv", "torch", "parts", "engine")
    assert installed(again).failure is None

    newer = planned(folder, base, engine_wheel(tmp_path / "b", "1.3.0"), wheels)
    assert newer.done == ("venv", "torch")
    assert installed(newer).failure is None
    record = read_record(folder)
    assert record is not None and record.version == "1.3.0" and record.whole

    assert remove_engine(folder) is None
    assert not folder.exists() and own_python(folder) is None and remove_engine(folder) is None


def test_only_tested_versions_are_installed(tmp_path: Path, base: Probe) -> None:
    """Newer ones lie beside them; and an engine that was set up with others gets the tested ones."""
    folder, wheels = tmp_path / "engine", parts(tmp_path / "wheels")
    for name in ("torch", "otherpart"):
        tiny_wheel(wheels, name, "99.0", {f"{name}.py": ""})
    plan = planned(folder, base, engine_wheel(tmp_path / "a"), wheels)
    assert installed(plan).failure is None
    ask = "import importlib.metadata as m; print(m.version('torch'), m.version('otherpart'))"

    def versions() -> str:
        return subprocess.run([plan.python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()

    assert versions() == "2.9.0 2.9.0"
    constraints = plan.wheel.with_name("constraints.txt")
    constraints.write_text("torch==2.9.0\notherpart==99.0\n")
    again = planned(folder, base, plan.wheel, wheels)
    assert again.done == ("venv", "torch")
    assert installed(again).failure is None and versions() == "2.9.0 99.0"
    constraints.unlink()
    told = make_plan(folder, plan.wheel, base, variant="cpu", wheels=wheels)
    assert isinstance(told, Failure) and "constraints.txt" in str(told)


def test_cancelled_half_way_and_resumed(tmp_path: Path, base: Probe) -> None:
    folder, wheels = tmp_path / "engine", parts(tmp_path / "wheels")
    wheel = engine_wheel(tmp_path / "a")
    run = Installation(planned(folder, base, wheel, wheels), tmp_path / "setup.log")
    while "venv" not in (record.steps if (record := read_record(folder)) else {}):
        run.step()
        time.sleep(0.01)
        assert not run.ended, run.failure
    run.step()
    child = run._child  # pyright: ignore[reportPrivateUsage]
    assert child is not None
    run.cancel()
    run.pump(10)
    assert run.failure is not None and run.failure.code == "cancelled"
    assert gone(child.pid) and own_python(folder) is None
    resumed = planned(folder, base, wheel, wheels)
    assert resumed.done[:1] == ("venv",) and "Go on" in str(resumed.lines[0])
    assert installed(resumed).failure is None


def test_closed_in_the_middle_leaves_no_process(tmp_path: Path, base: Probe) -> None:
    plan = planned(tmp_path / "e", base, engine_wheel(tmp_path / "a"), parts(tmp_path / "w"))
    run = Installation(plan, tmp_path / "log")
    run.step()
    child = run._child  # pyright: ignore[reportPrivateUsage]
    assert child is not None
    run.close()
    assert run.ended and gone(child.pid)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory, base: Probe) -> Installation:
    """A set-up that came to its half, because a part is missing: others may go on from there."""
    place = tmp_path_factory.mktemp("half")
    wheels = parts(place / "wheels", without="otherpart")
    return installed(planned(place / "engine", base, engine_wheel(place / "a"), wheels))


def test_a_part_is_missing_in_the_folder(half: Installation) -> None:
    assert half.failure is not None and half.failure.code == "no_wheel"
    assert "otherpart" in str(half.failure.message) and "pip download" in str(half.failure.advice)
    assert own_python(half.plan.folder) is None


def test_no_network(tmp_path: Path, base: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("PIP_") or each.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")  # without one pip does not say why
    run = installed(planned(tmp_path / "engine", base, engine_wheel(tmp_path / "a"), None))
    assert run.failure is not None and run.failure.code == "network", run.failure
    assert "connection" in str(run.failure.advice)


@pytest.mark.parametrize(("body", "says", "code"), [("raise SystemExit(3)", "", "start"), ("", "0.0.1", "version")])
def test_an_engine_that_does_not_work_is_not_taken(
    tmp_path: Path, base: Probe, half: Installation, body: str, says: str, code: str
) -> None:
    wheel = engine_wheel(tmp_path / "a", body=body, says=says)
    plan = planned(half.plan.folder, base, wheel, parts(tmp_path / "wheels"))
    assert plan.done == ("venv", "torch")
    run = installed(plan)
    assert run.failure is not None and run.failure.code == code
    assert own_python(half.plan.folder) is None


def test_no_plan(tmp_path: Path, base: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, folder = engine_wheel(tmp_path / "a"), tmp_path / "engine"

    def code(*args: object, **more: object) -> str:
        told = make_plan(folder, *args, **more)  # type: ignore[arg-type]
        assert isinstance(told, Failure) and told.advice
        return told.code

    assert code(tmp_path / "none.whl", base) == "setup"
    assert code(wheel, None) == "no_python"
    assert code(wheel, replace(base, version=(3, 9, 1))) == "no_python"
    assert code(wheel, replace(base, bits=32)) == "no_python"
    assert code(wheel, replace(base, can_make=False)) == "no_python"
    assert code(wheel, base, variant="abacus") == "usage"
    if sys.platform == "linux":
        assert code(wheel, replace(base, machine="aarch64")) == "no_wheel"
    (tmp_path / "empty").mkdir()
    assert code(wheel, base, wheels=tmp_path / "empty") == "usage"
    assert code(wheel, base, wheels=tmp_path / "nowhere") == "usage"
    monkeypatch.setattr(plan_module, "_free", lambda _: 1000)
    assert code(wheel, base) == "disk"
    assert not folder.exists()


def test_a_python_is_asked(tmp_path: Path, base: Probe) -> None:
    assert base.version[:2] == sys.version_info[:2] and base.in_venv and base.engine is not None
    for content in ("#!/bin/sh\nexit 7\n", "#!/bin/sh\necho hello\n", "no program"):
        bad = tmp_path / "python"
        bad.write_text(content)
        bad.chmod(0o755)
        assert isinstance(probe(bad), Failure)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    told = probe(slow, timeout=0.3)
    assert isinstance(told, Failure) and "0.3 seconds" in str(told.message)


def test_pythons_in_order() -> None:
    def ask(path: Path, _arguments: object) -> Probe | Failure:
        version = {"a": (3, 13, 0), "b": (3, 11, 2), "old": (3, 9, 0), "blender": (3, 11, 7)}[path.name]
        return Probe(path, version, 64, "x86_64", path, False, True, True, None)

    places = [(Path("/x/a"), ()), (Path("/x/old"), ()), (Path("/x/b"), ()), (Path("/x/b"), ())]
    found = base_pythons(None, Path("/x/blender"), ask=ask, places=places)
    assert [each.python.name for each in found] == ["b", "a", "blender"]
    found = base_pythons(Path("/x/a"), Path("/x/blender"), ask=ask, places=places)
    assert [each.python.name for each in found] == ["a", "b", "blender"]


def test_short_paths_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAPPDATA", "C:/L")
    usual = Path("C:/Users/12345678/AppData/Roaming/Blender Foundation/Blender/4.2/extensions/.user/user_default/x")
    assert short_place(usual, "linux") == usual and short_place(Path("C:/E"), "win32") == Path("C:/E")
    short = short_place(usual, "win32")
    assert str(short).startswith("C:/L") and len(str(short)) < 40


def test_a_damaged_record_deletes_nothing_else(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    folder = tmp_path / "engine"
    folder.mkdir()
    facts = {"format": 1, "place": str(precious), "steps": {}, "whole": True, "version": "", "variant": ""}
    (folder / "portraitkit-engine.json").write_text(json.dumps(facts))
    assert own_python(folder) is None and remove_engine(folder) is None
    assert (precious / "file").exists() and not folder.exists()
    folder.mkdir()
    (folder / "portraitkit-engine.json").write_text("{half")
    assert own_python(folder) is None and remove_engine(folder) is None and not downloads_of(folder).exists()
