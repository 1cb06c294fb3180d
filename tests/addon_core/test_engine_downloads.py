# SPDX-License-Identifier: Apache-2.0
"""Set-ups over the network: the promised build or a question, what came is kept, proxies, no home folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blender_addon.core.engine import hardware
from blender_addon.core.engine import plan as plan_module
from blender_addon.core.engine.hardware import variants
from blender_addon.core.engine.install import Installation
from blender_addon.core.engine.plan import SetupPlan, make_plan
from blender_addon.core.engine.probe import Probe, probe
from blender_addon.core.engine.record import Record, downloads_of
from blender_addon.core.environment import home_folder
from blender_addon.core.failure import Failure

from .package_server import PackageServer
from .tiny_wheels import engine_wheel, parts, tiny_wheel

pytestmark = pytest.mark.slow
LIMIT = 120.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="only there the processor's build has an index of its own")


@pytest.fixture(scope="module")
def base() -> Probe:
    told = probe(Path(sys.executable))
    assert isinstance(told, Probe)
    return told


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageServer]:
    """The user's own index; pip knows no other. Beside it lies what torch's own index would have, still empty."""
    special = tmp_path / "special"
    special.mkdir()
    usual = parts(tmp_path / "usual")
    # of a size that takes more than one read, so that a half of it can come
    tiny_wheel(usual, "otherpart", "2.9.0", {"otherpart.py": "", "otherpart.bin": os.urandom(300_000).hex()})
    opened = PackageServer(usual, special)
    for name in [each for each in os.environ if each.startswith("PIP_") or each.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", opened.address + "/simple")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "127.0.0.1")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setattr(hardware, "INDEX", opened.address + "/whl/")
    # the index here has no pip; the one that Python brings must do
    real = plan_module.steps_of
    monkeypatch.setattr(
        plan_module, "steps_of", lambda *a, **k: tuple(each for each in real(*a, **k) if each.name != "pip")
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment, to be copied: making one takes most of the time of a set-up out of tiny wheels."""
    place = tmp_path_factory.mktemp("environment") / "empty"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    return place


@pytest.fixture
def planned(tmp_path: Path, base: Probe, environment: Path, server: PackageServer) -> Callable[..., SetupPlan]:
    """Plans of set-ups whose first step is done."""
    folder, wheel = tmp_path / "Motor für Ä b", engine_wheel(tmp_path / "own")

    def plan(*, otherwise: bool = False, ready: bool = True) -> SetupPlan:
        told = make_plan(folder, wheel, base, variant="cpu", otherwise=otherwise)
        assert isinstance(told, SetupPlan), told
        if ready and not folder.exists():
            shutil.copytree(environment, folder, symlinks=True)
            Record(str(told.place), {"venv": told.steps[0].key}).save(folder)
            return plan(otherwise=otherwise)
        return told

    return plan


def installed(plan: SetupPlan) -> Installation:
    run = Installation(plan, plan.folder.parent / "setup.log")
    run.pump(LIMIT)
    return run


def torch_of(plan: SetupPlan) -> str:
    ask = "import importlib.metadata as m; print(m.version('torch'))"
    return subprocess.run([plan.python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


@linux
def test_the_promised_build_is_taken(tmp_path: Path, planned: Callable[..., SetupPlan], server: PackageServer) -> None:
    tiny_wheel(tmp_path / "special", "torch", "2.9.0+cpu", {"torch.py": ""})
    plan = planned()
    assert plan.promises and "127.0.0.1" in "\n".join(map(str, plan.lines))
    assert installed(plan).failure is None
    assert torch_of(plan) == "2.9.0+cpu" and server.fetched["torch-2.9.0-py3-none-any.whl"] == 0


@linux
@pytest.mark.parametrize(
    "reached", [pytest.param(True, marks=pytest.mark.sweep), False], ids=["not there", "not reached"]
)
def test_another_build_is_asked_for_never_taken(
    tmp_path: Path,
    planned: Callable[..., SetupPlan],
    server: PackageServer,
    monkeypatch: pytest.MonkeyPatch,
    reached: bool,
) -> None:
    if not reached:
        monkeypatch.setattr(hardware, "INDEX", "http://127.0.0.1:9/whl/")
    run = installed(planned())
    assert run.failure is not None and run.failure.code == "other_build", run.failure
    assert "127.0.0.1" in str(run.failure.message) and "Take Another Build" in str(run.failure.advice)
    assert not server.fetched, "nothing of another build has come"
    instead = planned(otherwise=True)
    assert instead.done[:1] == ("venv",) and not instead.promises
    # on Linux the usual index has the build for graphics cards, which is seven times as large
    assert instead.download == instead.torch.download > 5 * run.plan.download and instead.torch.name == "cuda"
    assert installed(instead).failure is None and torch_of(instead) == "2.9.0"
    # the answer holds: the next set-up does not ask again
    again = planned()
    assert again.otherwise and {"venv", "torch", "parts", "engine"} <= set(again.done)


@linux
def test_what_came_is_kept_when_cancelled(
    tmp_path: Path, planned: Callable[..., SetupPlan], server: PackageServer
) -> None:
    tiny_wheel(tmp_path / "special", "torch", "2.9.0+cpu", {"torch.py": ""})
    server.held.add("otherpart")
    plan = planned()
    run = Installation(plan, tmp_path / "setup.log")
    end = time.monotonic() + LIMIT
    while not server.halfway.is_set():
        run.step()
        time.sleep(0.01)
        assert not run.ended and time.monotonic() < end, run.failure
    run.cancel()
    run.pump(20)
    assert run.failure is not None and run.failure.code == "cancelled"
    assert not (downloads_of(plan.folder) / "temporary").exists(), "halves of files are gone"
    before = dict(server.fetched)
    assert before["torch-2.9.0+cpu-py3-none-any.whl"] == 1
    server.held.clear()
    server.free.set()
    # even with an environment that has to be made anew: the finished wheel comes out of the cache
    (plan.python).unlink()
    resumed = planned()
    assert resumed.done == ()
    assert installed(resumed).failure is None
    assert server.fetched["torch-2.9.0+cpu-py3-none-any.whl"] == 1
    assert server.fetched["otherpart-2.9.0-py3-none-any.whl"] == 2
    assert not downloads_of(plan.folder).exists(), "a whole engine needs its downloads no more"


def test_through_a_proxy_without_a_home_folder(
    tmp_path: Path, planned: Callable[..., SetupPlan], server: PackageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    tiny_wheel(tmp_path / "special", "torch", "2.9.0+cpu", {"torch.py": ""})
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.setattr(hardware, "INDEX", "http://torch.invalid/whl/")
    monkeypatch.setenv("PIP_INDEX_URL", "http://packages.invalid/simple")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "packages.invalid torch.invalid")
    monkeypatch.setenv("HTTP_PROXY", server.address)
    assert home_folder() is None
    run = installed(planned())
    assert run.failure is None, run.failure
    assert "packages.invalid" in server.hosts


def test_room_for_what_comes_and_what_is_made_of_it(
    tmp_path: Path, base: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told before anything is begun: pip holds what it downloads twice while it unpacks it."""
    wheel = engine_wheel(tmp_path / "own")
    cpu = variants(machine=base.machine)["cpu"]
    needed = cpu.installed + 2 * cpu.download + plan_module.SPARE
    monkeypatch.setattr(plan_module, "_free", lambda _: needed)
    assert isinstance(make_plan(tmp_path / "e", wheel, base, variant="cpu"), SetupPlan)
    monkeypatch.setattr(plan_module, "_free", lambda _: needed - 1)
    told = make_plan(tmp_path / "e", wheel, base, variant="cpu")
    assert isinstance(told, Failure) and told.code == "disk" and "free" in str(told.message)
    assert not (tmp_path / "e").exists()
