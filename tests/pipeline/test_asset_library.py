# SPDX-License-Identifier: Apache-2.0
"""Libraries of avatars: what is made, kept, lost, told. A small program stands in for Blender; Blender itself makes
libraries in tests/blender/test_asset_library.py."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import portrait_core
from portrait_core.engine.engine import Engine
from portrait_core.errors import Cancelled, OutputError, UsageError
from portrait_core.formats.asset_catalogue import FILE_NAME, catalogue_id, read_catalogues
from portrait_core.formats.write import write_avatar
from portrait_core.pipeline.asset_library import (
    INDEX,
    LibraryRecord,
    LibrarySummary,
    LibraryWish,
    Maker,
    avatars_in,
    build_library,
)
from portrait_core.pipeline.asset_traits import Traits, title, traits_of
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from tests.formats.busts import bust_avatar

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a first line")

STAND_IN = """#!{python}
import json, os, pathlib, sys
say = lambda facts: print("\\nPORTRAITKIT " + json.dumps(facts), flush=True)
with open({log!r}, "a") as log:
    for place, order in enumerate(json.load(open(sys.argv[-1]))):
        say({{"begun": place}})
        print("chatter of Blender")
        log.write(order["name"] + "\\n")
        log.flush()
        if "crash" in order["name"]:
            print("boom", file=sys.stderr, flush=True)
            os._exit(9)
        if "refuse" in order["name"]:
            say({{"failed": place, "why": "no armature"}})
            continue
        pathlib.Path(order["target"]).write_text(json.dumps(order))
        say({{"done": place}})
"""


@pytest.fixture
def blender(tmp_path: Path) -> Path:
    """A program that writes orders where .blend files go; its log names those it was asked for."""
    path = tmp_path / "stand-in"
    path.write_text(STAND_IN.format(python=sys.executable, log=str(tmp_path / "asked.txt")))
    path.chmod(0o755)
    return path


def asked(tmp_path: Path) -> list[str]:
    log = tmp_path / "asked.txt"
    found = log.read_text().split() if log.is_file() else []
    log.unlink(missing_ok=True)
    return found


def put(folder: Path, name: str, **recipe: object) -> Path:
    """An avatar's file as of the starter, with its picture."""
    facts = {"model": "starter", "topology": "shell", "seed": 1, **recipe}
    model = {"name": "starter", "digest": "0" * 64, "licence": "CC0-1.0"}
    provenance = {"model": model, "version": portrait_core.__version__}
    avatar = replace(bust_avatar(), recipe=facts, provenance=provenance)
    path, *_ = write_avatar(avatar, folder / f"{name}.glb", thumbnail=False)
    (folder / f"{name}.png").write_bytes(b"picture of " + name.encode())
    return path


def build(
    folder: Path, blender: Path, progress: Progress = silent, heard: list[LibraryRecord] | None = None, **more: object
) -> LibrarySummary:
    engine = Engine(kept_persons=1)
    wish = replace(LibraryWish(folder, blender=str(blender), author="Ada"), **more)
    told = heard if heard is not None else []
    return build_library(wish, Maker(engine.take_recipe, engine.model), progress, told.append)


def test_made_kept_and_made_again(tmp_path: Path, blender: Path) -> None:
    folder = tmp_path / "crowd"
    for name, age in (("a", -2.0), ("b", 2.0)):
        put(folder, name, attributes={"age": age})
    done = build(folder, blender)
    assert (done.made, done.kept, done.failed) == (2, 0, 0) and asked(tmp_path) == ["a", "b"]
    order = json.loads((done.place / "b.blend").read_text())
    assert order["author"] == "Ada" and order["licence"] == "CC0-1.0" and "CC0-1.0" in order["copyright"]
    assert {"portrait", "avatar", "starter", "shell", "Elder"} <= set(order["tags"])
    assert order["catalogue"] == catalogue_id("crowd/Elder") and "age +2" in order["description"]
    assert Path(order["picture"]) == folder / "b.png"
    assert {line.split(":")[1] for line in read_catalogues(done.place / FILE_NAME).values()} == {
        "crowd", "crowd/Elder", "crowd/Young Adult",
    }  # fmt: skip
    assert build(folder, blender).kept == 2 and asked(tmp_path) == []
    put_again = folder / "a.png"
    put_again.write_bytes(b"another picture")
    (done.place / "b.blend").write_text("cut")
    assert build(folder, blender).made == 2 and asked(tmp_path) == ["a", "b"]
    put(folder, "c")
    assert build(folder, blender).made == 1 and asked(tmp_path) == ["c"]
    assert build(folder, blender, author="Bea").made == 3, "other words, other files"
    index = done.place / INDEX
    index.write_bytes(index.read_bytes()[:-20] + b"\n{ torn")
    assert build(folder, blender, author="Bea").made == 1, "a torn line costs its avatar"
    assert not list(folder.glob(".library-*")), "nothing temporary is left"


def test_one_bad_avatar_stops_nobody(tmp_path: Path, blender: Path) -> None:
    folder = tmp_path / "crowd"
    for name in ("a", "crash", "d", "refuse", "z"):
        put(folder, name)
    (folder / "broken.glb").write_bytes(b"glTF")
    put(folder, "odd", faces="many")
    heard: list[LibraryRecord] = []
    done = build(folder, blender, heard=heard)
    assert (done.made, done.failed) == (3, 4)
    why = {each.name: each.why for each in heard if each.status == "failed"}
    assert set(why) == {"broken", "crash", "odd", "refuse"}
    assert why["crash"] == "boom" and why["refuse"] == "no armature" and "truncated" in why["broken"]
    assert asked(tmp_path) == ["a", "crash", "d", "refuse", "z"], "another Blender went on"
    assert build(folder, blender).kept == 3


def test_a_blender_that_always_falls_is_given_up(tmp_path: Path, blender: Path) -> None:
    folder = tmp_path / "crowd"
    put(folder, "a")
    for number in range(5):
        put(folder, f"crash{number}")
    with pytest.raises(OutputError, match="ended 3 times"):
        build(folder, blender)
    assert (folder / "blender-library" / "a.blend").is_file(), "what was finished stays"
    assert asked(tmp_path).count("a") == 1


def test_a_stop_keeps_what_is_finished(tmp_path: Path, blender: Path) -> None:
    folder = tmp_path / "crowd"
    for name in "abc":
        put(folder, name)
    heard: list[LibraryRecord] = []

    def stop(stage: str, fraction: float) -> None:
        if stage == "library" and heard:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        build(folder, blender, stop, heard)
    kept = len(heard)
    assert 1 <= kept < 3 and not list(folder.glob(".library-*"))
    done = build(folder, blender)
    assert (done.kept, done.made) == (kept, 3 - kept)


def test_which_files_are_avatars_to_take(tmp_path: Path) -> None:
    folder = tmp_path / "crowd"
    for name in ("a_LOD0", "a_LOD1", "rejected/b", "deeper/c", "blender-library/d", ".hidden/e", "f"):
        path = folder / f"{name}.glb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [each.relative_to(folder).as_posix() for each in avatars_in(folder, folder / "blender-library")]
    assert found == ["a_LOD0.glb", "deeper/c.glb", "f.glb"]


def test_a_library_elsewhere(tmp_path: Path, blender: Path) -> None:
    folder, out = tmp_path / "crowd", tmp_path / "libraries" / "people"
    put(folder, "a")
    assert build(folder, blender, out=out, run="People", levels=("run", "model")).place == out
    assert [each.name for each in out.glob("*.blend")] == ["a.blend"]
    assert json.loads((out / "a.blend").read_text())["catalogue"] == catalogue_id("People/starter")
    assert sorted(each.name for each in folder.iterdir()) == ["a.glb", "a.png"]


def test_two_of_one_name(tmp_path: Path, blender: Path) -> None:
    folder = tmp_path / "crowd"
    (folder / "one").mkdir(parents=True)
    put(folder, "ann")
    put(folder / "one", "Ann")
    assert build(folder, blender).made == 2
    assert {each.name for each in (folder / "blender-library").glob("*.blend")} == {"ann.blend", "Ann 2.blend"}


def test_refused_before_any_work(tmp_path: Path, blender: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        build(tmp_path / "nowhere", blender)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no \.glb"):
        build(tmp_path / "empty", blender)
    with pytest.raises(UsageError, match="no program there"):
        build(tmp_path / "empty", tmp_path / "none")
    with pytest.raises(UsageError, match="not known"):
        build(tmp_path / "empty", blender, levels=("run", "mood"))


def test_traits_are_those_of_the_person() -> None:
    engine = Engine(kept_persons=1)
    model = engine.model("starter")
    worn = engine.take_recipe({"seed": 3, "topology": "parts", "hair_style": "bob01", "garment": "male_elegantsuit01"})
    found = traits_of(worn, model)
    assert (found.hair, found.garment, found.topology) == ("Bob 01", "Male Elegantsuit 01", "parts")
    bald = engine.take_recipe({"seed": 3, "topology": "parts", "attributes": {"hair_bald": 6, "age": -3}})
    assert traits_of(bald, model).hair == "Bald" and traits_of(bald, model).age == "Young Adult"
    own = engine.take_recipe({"seed": 3, "topology": "parts"})
    assert all(vars(traits_of(own, model)).values()), "the model tells what the recipe leaves open"
    assert traits_of(own, None) == Traits("starter", "parts")
    assert traits_of(Recipe(seed=3, topology="shell", attributes={"age": 0.9}), None).age == "Elder"
    assert title("short01") == "Short 01" and title("bald") == "Bald"
