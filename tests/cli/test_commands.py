# SPDX-License-Identifier: Apache-2.0
"""The other commands: models, doctor, version, help, and training's own checks."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import portrait_core
from cli import doctor, main
from tests.cli.conftest import Run


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.strip() == f"portraitkit {portrait_core.__version__}"
    for words in ("--help", "generate -h", "render --help", "models --help", "train starter -h"):
        done = run(*words.split())
        assert done.code == 0
        assert "Usage: portrait" in done.out
    assert run().code == 2
    assert run("genrate").code == 2


def _commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


def test_a_command_without_what_it_needs_is_wrong_usage(run: Run) -> None:
    needing = {words: [p for p in c.params if p.required] for words, c in _commands(main.command())}
    needing = {words: parameters for words, parameters in needing.items() if parameters}
    assert ("bake",) in needing
    for words, parameters in needing.items():
        done = run(*words)
        assert done.code == 2, (words, done.error)
        assert "Missing" in done.error
        assert any(word in done.error for p in parameters for word in (*p.opts, str(p.metavar)))


def test_models_are_listed(run: Run, balls: Path) -> None:
    (balls.parent / "broken.safetensors").write_bytes(b"x" * 30)
    done = run("models", "list")
    assert done.code == 0
    assert any(line.startswith("balls  user  ") and "shape of a bust" in line for line in done.out.splitlines())
    events = {event["name"]: event for event in run("models", "list", "--json").events}
    assert events["balls"]["licence"] == "CC0-1.0"
    assert events["balls"]["problem"] is None
    assert "broken.safetensors" in events["broken"]["problem"]


def test_a_model_tells_about_itself(run: Run, balls: Path) -> None:
    done = run("models", "info", "balls")
    assert done.code == 0
    for words in ("CC0-1.0", "4 numbers", "size", "-3 to +3", "larger or smaller", "none: analytic"):
        assert words in done.out
    (event,) = run("models", "info", balls, "--json").events
    assert event["header"]["latent"]["attributes"][1]["name"] == "paleness"
    assert "Did you mean balls?" in run("models", "info", "ball").error
    balls.write_bytes(b"")
    done = run("models", "info", "balls")
    assert done.code == 1
    assert "truncated" in done.error


def test_doctor_finds_everything_here(run: Run, balls: Path, tmp_path: Path) -> None:
    findings = {event["what"]: event for event in run("doctor", "--json", "--out", tmp_path / "new").events}
    for what in ("python", "torch", "numpy", "xatlas", "device", "output folder", "model balls"):
        assert findings[what]["state"] == "ok", findings[what]
    assert "verified" in findings["model balls"]["detail"]
    assert not (tmp_path / "new").exists()


def test_doctor_tells_what_is_bad(run: Run, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(balls.read_bytes())
    data[-1] ^= 1
    balls.write_bytes(data)
    monkeypatch.setitem(doctor.NEEDED, "no-such-thing", "no_such_thing")
    done = run("doctor", "--json", "--out", tmp_path)
    assert done.code == 1
    findings = {event["what"]: event for event in done.events}
    assert findings["model balls"]["state"] == "bad"
    assert "digest" in findings["model balls"]["detail"]
    assert findings["no-such-thing"] == {
        "event": "finding",
        "what": "no-such-thing",
        "state": "bad",
        "detail": "not installed",
        "advice": "pip install no-such-thing",
    }
    text = run("doctor", "--no-verify", "--out", tmp_path)
    assert text.code == 1
    assert "-> pip install no-such-thing" in text.out


def test_doctor_looks_at_device_and_blender(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    import torch

    def findings() -> dict[str, dict[str, str]]:
        return {event["what"]: event for event in run("doctor", "--json", "--no-verify", "--out", tmp_path).events}

    monkeypatch.setenv("PORTRAITKIT_BLENDER", str(tmp_path / "no-blender"))
    found = findings()["Blender"]
    assert found["state"] == "bad" and "no-blender" in found["advice"]
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, *rest: "here" if name == "nvidia-smi" else which(name, *rest))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "build without CUDA" in findings()["device"]["advice"]

    def refuse(*shape: object, **options: object) -> None:
        raise RuntimeError("no kernel image is available for execution on the device")

    monkeypatch.setattr(torch, "ones", refuse)
    found = findings()["device"]
    assert found["state"] == "bad" and "no kernel image" in found["detail"] and "--device cpu" in found["advice"]


def test_doctor_lists_what_the_package_requires() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    required = {line.split(">")[0].split(";")[0].strip() for line in project["dependencies"]}
    assert required <= {*doctor.NEEDED, *doctor.MARCHING_CUBES, *doctor.OPTIONAL}
    assert {*doctor.NEEDED} <= required
    for distribution, (_, _, source) in doctor.OPTIONAL.items():
        if "[" in source:
            extra = source.split("[")[1].split("]")[0]
            assert any(line.startswith(distribution) for line in project["optional-dependencies"][extra])


def test_doctor_is_content_without_what_is_not_needed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTRAITKIT_BLENDER", raising=False)
    absent = {module for module, _, _ in doctor.OPTIONAL.values()}
    if importlib.util.find_spec("mcubes") is not None:  # the one for Pythons that it has no wheel for
        absent.add("skimage.measure")
    real = importlib.import_module

    def found(name: str, package: str | None = None) -> object:
        if name in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", found)
    words = ("doctor", "--json", "--no-verify", "--out", tmp_path)
    done = run(*words)
    assert done.code == 0
    findings = {event["what"]: event for event in done.events}
    for distribution, (_, purpose, _) in doctor.OPTIONAL.items():
        assert findings[distribution]["state"] == "optional" and purpose in findings[distribution]["advice"]
    assert findings["scikit-image"]["state"] == ("optional" if "skimage.measure" in absent else "ok")
    absent |= {"mcubes", "skimage.measure"}
    done = run(*words)
    findings = {event["what"]: event for event in done.events}
    assert done.code == 1 and findings["scikit-image"]["state"] == findings["PyMCubes"]["state"] == "bad"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--minutes", "0"], 2, "--minutes is 0; it must be above 0"),
        (["--steps", "-4"], 2, "--steps is -4"),
        (["--seed", "-1"], 2, "seed -1 is out of range"),
        (["--assets", "no/such/folder"], 2, "not a folder"),
        (["--out", "weights.bin"], 2, "must end in .safetensors"),
    ],
)
def test_training_checks_its_options_first(run: Run, words: list[str], code: int, message: str) -> None:
    done = run("train", "starter", *words)
    assert done.code == code
    assert message in done.error


def test_training_does_not_overwrite(run: Run, balls: Path) -> None:
    done = run("train", "starter", "--out", balls)
    assert done.code == 1
    assert "exists already" in done.error
