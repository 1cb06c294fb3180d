# SPDX-License-Identifier: Apache-2.0
"""A folder of photographs into a data set: what is in it, what is left out, and that nothing is looked at twice."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from portrait_core.errors import ModelFileError, OutputError, UsageError
from portrait_core.photo import dataset_build as build_module
from portrait_core.photo import dataset_records as records_module
from portrait_core.photo import estimate as estimate_module
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Square
from portrait_core.photo.dataset_build import build_dataset
from portrait_core.photo.dataset_filter import Wishes, different_bits
from portrait_core.photo.dataset_page import yaw_plot
from portrait_core.photo.dataset_records import picture_hash
from portrait_core.photo.estimate import estimate_portraits
from portrait_core.photo.reading import Photograph
from portrait_core.training.adversarial.data import PortraitData
from tests.photo.busts import PaintedReader, painted, person_of

ANY = Wishes(confidence=0.0, crop=0.0, blurred=True, copies=True)
"""Copies too: painted busts are much alike."""


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Photographs by the order in which they are looked at; in those called `nobody` nobody is."""
    seen: list[str] = []

    def look(photograph: Photograph) -> list[Any]:
        seen.append(photograph.path.name)
        name = photograph.path.stem
        if name.startswith("fault"):
            raise RuntimeError("a fault\nof two lines")
        people = [] if name.startswith("nobody") else [person_of(*each) for each in bust_in(name)]
        return estimate_portraits(photograph, PaintedReader(people))

    monkeypatch.setattr(estimate_module, "FILE", Path("nowhere"))
    monkeypatch.setattr(records_module, "estimate_portraits", look)
    monkeypatch.setattr(build_module, "load_network", lambda _name: None)
    return seen


def bust_in(name: str) -> list[tuple[View, Square]]:
    number = sum(name.encode())
    first = (View(0.01 * (number % 60)), Square((120.0 + number % 80, 150.0), 160.0 + number % 50))
    return [first, (View(), Square((330.0, 150.0), 120.0))] if name.startswith("two") else [first]


def photographs(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        picture = painted([] if name.startswith("nobody") else bust_in(name))
        rng = np.random.default_rng(number)
        coarse = Image.fromarray(rng.integers(0, 40, (8, 8, 3), np.uint8)).resize((400, 300))
        Image.fromarray((picture + np.asarray(coarse)).clip(0, 255).astype(np.uint8)).save(folder / f"{name}.png")
    return folder


def test_what_a_training_reads(tmp_path: Path, looked_at: list[str]) -> None:
    folder = photographs(tmp_path / "in", ["a", "two", "nobody", "fault"])
    photographs(folder / "more", ["b"])
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / ".hidden.png").write_bytes(b"hidden")
    (folder / "notes.txt").write_text("no photograph")
    out = tmp_path / "set"
    stages: list[str] = []
    built = build_dataset(folder, out, size=64, wishes=ANY, progress=lambda stage, _: stages.append(stage))
    assert (built.photographs, built.portraits) == (6, 4)
    assert built.left_out == {"failed": 1, "no picture": 1, "nobody": 1}
    assert set(stages) == {"photographs", "put together"}
    data = PortraitData(out)
    assert (len(data), data.size) == (4, 64)
    image, mask = data.pictures_of(np.array([0, 3]))
    assert image.shape == (2, 3, 64, 64)
    assert 0.05 < float(mask.mean()) < 0.95
    sources = dict(json.loads(Path(out / "result.json").read_text()).items())
    assert [entry["raw_image_name"] for entry in sources.values()] == ["a.png", "b.png", "two.png", "two.png"]
    with (out / "rejected.csv").open(newline="") as file:
        rows = {row["photograph"]: row for row in csv.DictReader(file)}
    assert rows["fault.png"]["text"].endswith("RuntimeError: a fault of two lines")
    assert rows["broken.jpg"]["reason"] == "no picture"
    page = (out / "index.html").read_text()
    assert page.count("<figure ") == 4
    assert "{{" not in page
    assert len(list((out / "visualization").iterdir())) == 4


def test_a_build_that_was_stopped_goes_on(
    tmp_path: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"p{number}" for number in range(6)]
    folder = photographs(tmp_path / "in", names)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    build_dataset(folder, whole, size=64, wishes=ANY)
    looked_at.clear()
    make = build_module.make_record

    def at_most(count: int) -> Callable[..., None]:
        made: list[int] = []

        def make_some(*arguments: Any) -> None:
            if len(made) == count:
                raise KeyboardInterrupt
            made.append(1)
            make(*arguments)

        return make_some

    for count in (1, 2, 0):
        monkeypatch.setattr(build_module, "make_record", at_most(count))
        with pytest.raises(KeyboardInterrupt):
            build_dataset(folder, stopped, size=64, wishes=ANY)
    # What a process that was killed leaves while it writes.
    (stopped / ".images.1234.part.zip").write_bytes(b"half")
    (stopped / ".records" / ".x.1234.part.zip").write_bytes(b"half")
    monkeypatch.setattr(build_module, "make_record", make)
    build_dataset(folder, stopped, size=64, wishes=ANY)
    assert looked_at == [f"{name}.png" for name in names]  # each once
    assert not list(stopped.rglob("*.part*"))
    for name in ("images.zip", "masks.zip", "result.json", "rejected.csv", "index.html", "data.json", "yaws.svg"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes(), name
    # Wishes change what is put together, not what is looked at; a photograph that changed is looked at again.
    assert build_dataset(folder, stopped, size=64, wishes=Wishes(crop=180.0, confidence=0.0, copies=True)).portraits < 6
    assert len(looked_at) == 6
    photographs(folder, ["p2", "p7"])
    build_dataset(folder, stopped, size=64, wishes=ANY)
    assert sorted(looked_at[6:]) == ["p2.png", "p7.png"]


def test_people_have_the_last_word(tmp_path: Path, looked_at: list[str]) -> None:
    folder, out = photographs(tmp_path / "in", ["a", "b", "c"]), tmp_path / "set"
    unsure = build_dataset(folder, out, size=64, wishes=Wishes(confidence=0.99))
    assert (unsure.portraits, unsure.left_out) == (0, {"unsure": 3})
    (out / "decisions.json").write_text(json.dumps({"accept": ["a.png#1"], "reject": ["b.png#1"]}))
    chosen = build_dataset(folder, out, size=64, wishes=Wishes(confidence=0.99))
    assert (chosen.portraits, chosen.left_out) == (1, {"rejected": 1, "unsure": 1})
    assert '"accept": ["a.png#1"]' in (out / "index.html").read_text()
    (out / "decisions.json").write_text("[1]")
    with pytest.raises(UsageError, match=r'decisions\.json: expected \{"accept"'):
        build_dataset(folder, out, size=64)


def test_copies_are_in_once(tmp_path: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = photographs(tmp_path / "in", ["a", "b"])
    with Image.open(folder / "a.png") as picture:
        picture.convert("RGB").save(folder / "copy.jpg", quality=60)
    with Image.open(folder / "b.png") as picture:
        ImageOps.invert(picture).save(folder / "b.png")
    busts = {"a": bust_in("a"), "b": bust_in("b"), "copy": bust_in("a")}
    monkeypatch.setitem(globals(), "bust_in", lambda name: busts[name])
    once = Wishes(confidence=0.0, crop=0.0, blurred=True)
    built = build_dataset(folder, tmp_path / "set", size=64, wishes=once)
    assert (built.portraits, built.left_out) == (2, {"copy": 1})
    with (tmp_path / "set" / "rejected.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["photograph"], row["text"]) == ("copy.jpg#1", "the same picture as a.png#1")
    assert build_dataset(folder, tmp_path / "set", size=64, wishes=ANY).portraits == 3


def test_hashes_of_copies_are_near_and_those_of_others_far() -> None:
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (12, 12, 3), np.uint8)
    picture = Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC)
    plain = np.frombuffer(bytes.fromhex(picture_hash(np.asarray(picture))), np.uint8)
    toned = (np.asarray(picture, float) * 0.8 + 20).astype(np.uint8)
    less = np.asarray(picture.resize((64, 64)))
    for copy in (toned, less):
        assert different_bits(plain, np.frombuffer(bytes.fromhex(picture_hash(copy)), np.uint8)) <= 15
    other = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8)).resize((128, 128), Image.Resampling.BICUBIC)
    assert different_bits(plain, np.frombuffer(bytes.fromhex(picture_hash(np.asarray(other))), np.uint8)) > 60


def test_what_stands_in_the_way(tmp_path: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="holds no photographs"):
        build_dataset(tmp_path, tmp_path / "set")
    folder, out = photographs(tmp_path / "in", ["a"]), tmp_path / "set"
    out.mkdir()
    (out / "images.zip").write_bytes(b"of the world")
    with pytest.raises(OutputError, match="holds another data set"):
        build_dataset(folder, out, size=64)
    build_dataset(folder, out, size=64, overwrite=True, wishes=ANY)
    build_dataset(folder, out, size=64, wishes=ANY)

    def missing(_name: str) -> None:
        raise ModelFileError("the networks that read pictures are not set up")

    monkeypatch.setattr(build_module, "load_network", missing)
    with pytest.raises(ModelFileError, match="not set up"):
        build_dataset(folder, tmp_path / "other", size=64)
    assert not (tmp_path / "other").exists()


def test_names_of_files_do_no_harm_to_the_page(tmp_path: Path, looked_at: list[str]) -> None:
    folder = photographs(tmp_path / "in", ["a"])
    name = "x<img src=y onerror=z>&"
    (folder / "a.png").rename(folder / f"{name}.png")
    out = tmp_path / "set"
    (out / "x").mkdir(parents=True)
    (out / "decisions.json").write_text(json.dumps({"accept": ["</script>"], "reject": []}))
    build_dataset(folder, out, size=64, wishes=ANY)
    page = (out / "index.html").read_text()
    assert "<img src=y" not in page
    assert page.count("</script>") == 1


def test_yaws_as_a_plot() -> None:
    plot = yaw_plot([0.0, 0.01, np.pi - 0.01, -1.6])
    assert plot.count("<rect") == 24
    assert "0 to 15 degrees: 2" in plot
    assert "165 to 180 degrees: 1" in plot
    assert "nan" not in yaw_plot([])
