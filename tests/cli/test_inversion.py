# SPDX-License-Identifier: Apache-2.0
"""``portrait photo invert``: somebody of a small model of the published architecture, from picture to avatar and again
from its recipe; one line for what cannot be."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cli.inverted import model_name
from cli.long_search import Pace, stopped_by_interrupt
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.photo import estimate
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Square
from portrait_core.weights.header import read_header
from tests.cli.conftest import Run
from tests.photo.busts import PaintedReader, painted, person_of
from tests.published_model import install, small_bust

VIEW, SQUARE = View(0.2, 0.05, 0.0, (0.1, -0.15, 0.0)), Square((150.0, 150.0), 200.0)
pytestmark = (
    pytest.mark.sweep
)  # a model of the published architecture takes a while to make; its parts are tests of their own
QUICK = ("--steps", 1, "--samples", 1, "--resolution", 16, "--faces", 600, "--texture-size", 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models")
    install(path)
    return path


@pytest.fixture
def photograph(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Of one painted person; the model `bust` is there."""
    monkeypatch.setattr(estimate, "NetworkReader", lambda: PaintedReader([person_of(VIEW, SQUARE)]))
    monkeypatch.setattr(estimate, "FILE", Path("nowhere"))
    monkeypatch.setenv("PORTRAITKIT_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(folder))
    monkeypatch.setattr("portrait_core.pipeline.make.THUMBNAIL_SIZE", 32)
    path = tmp_path / "me.png"
    Image.fromarray(painted([(VIEW, SQUARE)])).save(path)
    return path


def test_from_picture_to_avatar_and_again_from_its_recipe(run: Run, photograph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sheet = tmp_path / "sheet.png"
    start = tmp_path / "start.json"  # the one person of the model who has a surface
    start.write_text(json.dumps({"ws": small_bust()[1][0].tolist()}))
    words = ("-m", "bust", *QUICK, "--begin", start, "--tune", 1, "--sheet", sheet, "--out", out)
    done = run("photo", "invert", photograph, *words, "--json")
    assert done.code == 0, done.err
    found, tuned, made = done.events
    assert (found["stage"], found["steps"], tuned["stage"], made["event"]) == ("inversion", 1, "tuning", "avatar")
    assert set(found["after"]) == {"total", "trunk", "colours", "mask"}
    assert Image.open(sheet).size == (3 * 128, 128)
    path = out / "me.glb"
    stored = read_recipe(path)
    assert stored.recipe["model"] == "me-tuned" and len(stored.recipe["ws"][0]) == 512
    header = read_header(Path(os.environ["PORTRAITKIT_MODELS"]) / "me-tuned.safetensors")
    told: Any = (header.training.model_extra or {})["tuned"]
    assert told["name"] == "bust" and len(told["photograph_sha256"]) == 64
    text = path.read_bytes()
    chunk = json.loads(text[20 : 20 + int.from_bytes(text[12:16], "little")])
    assert "made from a photograph" in json.dumps(chunk)
    again = run("generate", "--recipe", path, "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "me.glb").read_bytes() == path.read_bytes()
    seen = run("render", "--recipe", path, "--size", 16, "--samples", 1, "--neural-resolution", 16, "--out", tmp_path)
    assert seen.code == 0, seen.err
    # What is there is refused before anything is looked for; and a search may go on from a file.
    assert "sheet.png and 1 more exists already" in run("photo", "invert", photograph, *words).err
    short = ("--out", tmp_path / "two", "--begin", path, "--compare", "colours", "--json")
    further = run("photo", "invert", photograph, "-m", "bust", *QUICK, *short)
    assert further.code == 0 and set(further.events[0]["after"]) == {"total", "colours"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-m", "bust", "--steps", 0), "--steps 0 --tune 0: expected at most 20000"),
        (("-m", "bust", "--tune", -1), "expected at most 20000"),
        (("-m", "bust", "--samples", 9), "--samples 9 is out of range"),
        (("-m", "bust", "--resolution", 8), "--resolution 8 is out of range"),
        (("-m", "bust", "--compare", "colors"), "Did you mean colours"),
        (("-m", "bust", "--vgg", "vgg.pth"), "are for --compare vgg"),
        (("-m", "bust", "--sheet", "a.jpg"), "expected a name that ends in .png"),
        (("-m", "bust", "--draw", -1), "--draw -1 is out of range"),
        (("-m", "starter"), "model starter is not of the published family"),
        (("-m", "bust", "--hair-style", "short02"), "is for avatars of parts"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(run: Run, photograph: Path, words: tuple[Any, ...], told: str) -> None:
    done = run("photo", "invert", photograph, *words)
    assert done.code == 2
    assert told in done.error


def test_rendered_persons_are_for_models_with_parts(run: Run, photograph: Path) -> None:
    done = run("photo", photograph, "-m", "bust", "--rendered")
    assert done.code == 2 and "leave --rendered (--photo-rendered) away" in done.error


def test_files_that_are_none_are_told_in_one_line(run: Run, photograph: Path, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200)).save(tmp_path / "other.png")
    tail = ("-m", "bust", *QUICK, "--out", tmp_path / "out")
    vgg = run("photo", "invert", photograph, *tail, "--compare", "vgg", "--vgg", tmp_path / "nothing.pth", "--quiet")
    assert vgg.code == 1 and "cannot read" in vgg.error
    begin = run("photo", "invert", photograph, *tail, "--begin", tmp_path / "other.png", "--quiet")
    assert begin.code in (1, 2) and str(tmp_path / "other.png") in begin.error


def test_control_c_asks_for_a_stop_and_the_second_ends_it() -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with stopped_by_interrupt(said.append) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop() and "the best so far is kept" in said[0]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_long_search_says_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("cli.long_search.time.perf_counter", lambda: now[0])

    class Notes:
        def __init__(self) -> None:
            self.lines: list[str] = []

        def note(self, line: str) -> None:
            self.lines.append(line)

    show: Any = Notes()
    pace = Pace(lambda _stage, _fraction: None, show, "--steps")  # pyright: ignore[reportArgumentType]
    for step in range(8):
        now[0] = step * 3.0
        pace("inversion", step / 500)
    assert show.lines == ["inversion will take about 25 minutes; fewer steps (--steps) shorten it."]


def test_names_of_models() -> None:
    assert model_name("me and you") == "me-and-you-tuned"
    assert len(model_name("x" * 200)) <= 64
    assert np.all([model_name(each).endswith("-tuned") for each in ("..", "é", "-")])
