# SPDX-License-Identifier: Apache-2.0
"""Every control of the studio, moved through the page in Chromium against a server that runs: a table.

Only where a browser is named: ``PORTRAITKIT_CHROMIUM=/usr/bin/chromium pytest -m sweep tests/studio/test_browser.py``.
Pictures of the page go into the folder ``PORTRAITKIT_PICTURES``, to be looked at. A photograph is dropped where the
networks that read photographs are at hand.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("viser")

from docs_site import samples
from studio.app import Studio, Wish
from tests.studio.browser import Browser, Page
from tests.studio.visitor import until

PROGRAM = os.environ.get("PORTRAITKIT_CHROMIUM", "")
PICTURES = os.environ.get("PORTRAITKIT_PICTURES", "")
pytestmark = [
    pytest.mark.sweep,
    pytest.mark.skipif(not PROGRAM, reason="PORTRAITKIT_CHROMIUM names no browser"),
    pytest.mark.timeout(1800),
]

if TYPE_CHECKING:
    from studio.tab import Tab


@dataclass
class Seat:
    """Somebody before the page: the page, what the studio has for it, and the folder of their downloads."""

    page: Page
    tab: Tab
    downloads: Path

    def file(self, ending: str) -> bytes | None:
        """What was downloaded last under such a name, once it is whole."""
        there = [path for path in self.downloads.iterdir() if path.suffix == ending]
        return max(there, key=lambda path: path.stat().st_mtime).read_bytes() if there else None

    def says(self, text: str) -> bool:
        """Whether the page shows a text."""
        return bool(self.page.say("has", text))

    def keep(self, name: str) -> None:
        """A picture of the page, where somebody wants to look at them."""
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.picture(Path(PICTURES) / f"{name}.png")


@dataclass(frozen=True)
class Row:
    """In a tab of the controls, what is done, and what is seen then."""

    tab: str
    name: str
    act: Callable[[Page], Any]
    seen: Callable[[Seat], Any]
    picture: bool = False


def typed(label: str, value: object, number: int = 0) -> Callable[[Page], None]:
    """Write into a field, or the number beside a slider."""
    return lambda page: page.say("type", label, str(value), number)


def pressed(label: str, number: int = 0) -> Callable[[Page], None]:
    return lambda page: page.press(label, number)


def chosen(label: str, option: str) -> Callable[[Page], None]:
    return lambda page: page.choose(label, option)


def turned(page: Page) -> None:
    page.drag((250, 300), (330, 290))


def wheeled(page: Page) -> None:
    page.do("Input.dispatchMouseEvent", type="mouseWheel", x=250, y=300, deltaX=0, deltaY=-200)


def somewhere_else(seat: Seat) -> bool:
    return abs(seat.tab.client.camera.position[0] - 0.532) > 0.05


def shape(seat: Seat, name: str) -> float:
    return seat.tab.recipe.expression.get(name, 0.0)


def turn(seat: Seat, joint: str, axis: int) -> float:
    return seat.tab.recipe.pose.get(joint, (0.0, 0.0, 0.0))[axis]


def rested(seat: Seat) -> bool:
    return seat.tab.slow.idle and seat.tab.quick.idle


def found(seat: Seat) -> list[Any]:
    """The people of the gallery."""
    return seat.tab.panels["People"].found


def looked(name: str) -> Callable[[Seat], bool]:
    return lambda seat: seat.tab.look == name and rested(seat)


STARTER = (
    Row("Person", "seed", typed("Seed", 3), lambda s: s.tab.recipe.seed == 3),
    Row("Person", "truncation", typed("Truncation", 0.8), lambda s: s.tab.recipe.psi == 0.8),
    Row("Person", "find", typed("Find", "nose"), lambda s: s.says("Nose length") and not s.says("Muscle"), True),
    Row("Person", "attribute", typed("Nose length", 1.5), lambda s: s.tab.recipe.attributes == {"nose_length": 1.5}),
    Row("Person", "find nothing", typed("Find", ""), lambda s: s.page.say("clear", "Muscle"), True),
    Row("Person", "as drawn", pressed("Attributes as drawn"), lambda s: not s.tab.recipe.attributes),
    Row("Face", "expression", chosen("Expression", "Smile"), lambda s: shape(s, "mouthSmileLeft") > 0.3, True),
    Row("Face", "strength", typed("Strength", 0.1), lambda s: 0 < shape(s, "mouthSmileLeft") < 0.2),
    Row("Face", "folder", pressed("Jaw"), lambda s: s.says("Jaw open")),
    Row("Face", "shape", typed("Jaw open", 0.5), lambda s: shape(s, "jawOpen") == 0.5, True),
    Row("Face", "at rest", pressed("Face at rest"), lambda s: not s.tab.recipe.expression),
    Row("Pose", "neck", typed("Nod", 10), lambda s: abs(turn(s, "neck", 0) - 0.1745) < 1e-3),
    Row("Pose", "head", typed("Turn", -20, 1), lambda s: abs(turn(s, "head", 1) + 0.349) < 1e-3, True),
    Row("Pose", "folder", pressed("Any other joint"), lambda s: s.says("Joint")),
    Row("Pose", "joint", chosen("Joint", "Left collar"), rested),
    Row("Pose", "its tilt", typed("Tilt", 9, 2), lambda s: turn(s, "left_collar", 2) > 0.1),
    Row("Pose", "upright", pressed("Upright"), lambda s: not s.tab.recipe.pose),
    Row("People", "keep A", pressed("A"), lambda s: "A" in s.tab.panels["People"].ends),
    Row("Person", "random", pressed("Random person"), lambda s: s.tab.recipe.seed != 3),
    Row("People", "keep B", pressed("B"), lambda s: "B" in s.tab.panels["People"].ends),
    Row("People", "walk", typed("Between", 0.5), lambda s: s.tab.recipe.seed is None and rested(s), True),
    Row("People", "show A", pressed("A", 1), lambda s: s.tab.history.step(0).seed == 3 and rested(s)),
    Row("People", "back", pressed("Back"), lambda s: s.tab.recipe.seed != 3),
    Row("People", "forward", pressed("Forward"), lambda s: s.tab.recipe.seed == 3 and rested(s)),
    Row("People", "more like this", pressed("More like this"), lambda s: len(found(s)) == 6, True),
    Row("People", "take", pressed("2"), lambda s: s.tab.recipe == found(s)[1] and rested(s)),
    Row("People", "strangers", pressed("Strangers"), lambda s: len({each.seed for each in found(s)}) == 6),
    Row("Look", "clay", chosen("Show", "Clay"), looked("Clay"), True),
    Row("Look", "normals", chosen("Show", "Normals"), looked("Normals"), True),
    Row("Look", "wireframe", chosen("Show", "Wireframe"), looked("Wireframe"), True),
    Row("Look", "colour", chosen("Show", "Colour"), looked("Colour")),
    Row("Look", "light", chosen("Light", "Evening"), rested, True),
    Row("Look", "light again", chosen("Light", "Soft box"), rested),
    Row("Look", "background", chosen("Background", "Paper"), rested, True),
    Row("Look", "maps", chosen("Maps at rest", "512"), lambda s: s.tab.edge == 512 and rested(s)),
    Row("Look", "mouse", turned, somewhere_else, True),
    Row("Look", "wheel", wheeled, rested, True),
    Row("Look", "from the front", pressed("From the front"), lambda s: not somewhere_else(s)),
    Row("Pictures", "slice", chosen("Show", "Density slice"), rested, True),
    Row("Pictures", "plane", chosen("Plane", "From above"), rested),
    Row("Pictures", "place", typed("Place", 0.7), rested, True),
    Row("Pictures", "mesh", chosen("Show", "Mesh"), rested),
    Row("Person", "words", typed("In words", "an old man, bald, no beard, purple antlers"), rested),
    Row("Person", "somebody new", pressed("Somebody new"), lambda s: s.says("antlers, purple") and rested(s), True),
    Row("Person", "more words", typed("In words", "younger"), rested),
    Row("Person", "change", pressed("Change this one"), lambda s: s.says("Age -") and rested(s)),
    Row("Person", "no words", typed("In words", "qwrt zzkx"), rested),
    Row("Person", "not a word", pressed("Change this one"), lambda s: s.says("That did not work"), True),
    Row("Files", "recipe", pressed("Recipe (.json)"), lambda s: s.file(".json")),
    Row("Files", "maps", chosen("Maps", "512"), lambda s: s.tab.panels["Files"].edge.value == "512"),
    Row("Files", "glb", pressed("Avatar (.glb)"), lambda s: (s.file(".glb") or b"")[:4] == b"glTF", True),
    Row("Files", "no author", pressed("Avatar (.vrm)"), lambda s: s.says("no author is given")),
    Row("Files", "author", typed("Author (.vrm)", "Somebody"), rested),
    Row("Files", "vrm", pressed("Avatar (.vrm)"), lambda s: b"VRMC_vrm" in (s.file(".vrm") or b"")),
    Row("Look", "png", pressed("Picture (.png)"), lambda s: (s.file(".png") or b"")[:4] == b"\x89PNG"),
)
"""Order counts: rows go on from those before."""


def go(rows: tuple[Row, ...], seat: Seat, kind: str) -> None:
    """Do what each row says, one after the other, and wait for what it says is seen."""
    at = ""
    for number, row in enumerate(rows):
        begin = time.monotonic()
        try:
            if row.tab != at:
                seat.page.press(row.tab)
                at = row.tab
            row.act(seat.page)
            # The page itself makes that picture, and draws it on the processor here.
            with seat.page.seen() if row.name == "png" else nullcontext():
                until(lambda row=row: row.seen(seat), 300)
        except Exception as error:
            seat.keep(f"{kind}-failed")
            raise AssertionError(f"{row.tab}, {row.name}: {seat.tab.status.content}") from error
        assert seat.page.errors == [], row.name
        print(f"{row.tab:9} {row.name:16} {time.monotonic() - begin:5.1f} s", flush=True)
        if row.picture:
            until(lambda: rested(seat))
            time.sleep(1.2)
            seat.keep(f"{kind}-{number:02}-{row.name.replace(' ', '-')}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser(PROGRAM, 960, 860)
    yield running
    running.close()


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    running = Studio(Wish(port=0, seed=7))
    yield running
    running.stop()


def opened(browser: Browser, studio: Studio, downloads: Path) -> Seat:
    """A page with its controls and its person."""
    known = {id(each) for each in studio.tabs}
    page = browser.open(studio.addresses[0], downloads)
    tab = until(lambda: next((each for each in studio.tabs if id(each) not in known), None))
    seat = Seat(page, tab, downloads)
    until(lambda: page.say("has", "Attributes as drawn") and page.say("has", "Files"))
    until(lambda: tab.panels and (tab.shown or "pictures" in tab.capabilities) and rested(seat))
    time.sleep(2.0)  # controls come one by one, and push each other about
    return seat


@pytest.fixture(scope="module")
def seat(browser: Browser, studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Seat:
    return opened(browser, studio, tmp_path_factory.mktemp("downloads"))


def test_every_control_of_the_starter(seat: Seat) -> None:
    go(STARTER, seat, "starter")
    with Image.open(io.BytesIO(seat.file(".png") or b"")) as picture:
        assert np.asarray(picture.convert("L")).std() > 20  # somebody is on it
    told = json.loads(seat.file(".json") or b"")
    assert told["recipe"]["attributes"] and told["recipe"]["model"] == "starter"


def test_files_are_opened_and_dropped(seat: Seat, tmp_path: Path) -> None:
    file = tmp_path / "somebody.json"

    def written(seed: int) -> Path:
        file.write_text(json.dumps({"recipe": {"model": "starter", "seed": seed, "topology": "parts"}}))
        return file

    seat.page.give(written(11))
    until(lambda: seat.tab.recipe.seed == 11)
    if seat.file(".glb") is None:  # the table has saved one, where it ran
        seat.page.press("Files")
        seat.page.choose("Maps", "512")
        seat.page.press("Avatar (.glb)")
        until(lambda: seat.file(".glb"), 300)
    kept = tmp_path / "kept.glb"
    kept.write_bytes(seat.file(".glb") or b"")
    seat.page.drop(written(12))
    until(lambda: seat.tab.recipe.seed == 12)
    seat.page.drop(kept)
    until(lambda: seat.tab.recipe.seed != 12)
    after = seat.tab.recipe
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("nothing")
    seat.page.drop(wrong)
    until(lambda: seat.says("this page opens"))
    assert seat.tab.recipe == after and seat.page.errors == []
    until(lambda: rested(seat))


@pytest.mark.skipif("PORTRAITKIT_PHOTO" not in os.environ, reason="the networks that read photographs are elsewhere")
def test_a_photograph_is_dropped(seat: Seat, tmp_path: Path) -> None:
    assert samples.prepare("me.jpg", tmp_path) == ""
    until(lambda: rested(seat) and not seat.says("That did not work"))
    seat.page.drop(tmp_path / "me.jpg")
    until(lambda: seat.says("hair like") or seat.says("That did not work"), 600)
    until(lambda: rested(seat))
    time.sleep(1.2)
    assert seat.says("hair like"), seat.tab.status.content  # it stays, also once the person is drawn
    assert seat.tab.shown is not None and seat.tab.shown.recipe.likeness is not None
    seat.keep("starter-photograph")
    assert seat.page.errors == []


def test_a_film_is_downloaded_and_plays(seat: Seat, tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    seat.page.press("Look")
    seat.page.press("Once around (.mp4)")
    content = until(lambda: seat.file(".mp4"), 900)
    assert content[4:8] == b"ftyp"
    film = tmp_path / "film.mp4"
    film.write_bytes(content)
    frames = imageio_ffmpeg.read_frames(str(film))
    facts = next(frames)
    width, height = facts["size"]
    pictures = [np.frombuffer(each, np.uint8).reshape(height, width, 3) for each in frames]
    print(f"{len(pictures)} pictures, {facts['duration']} s, {width} x {height}, {facts['codec']}", flush=True)
    assert facts["codec"] == "h264" and facts["duration"] > 2
    assert len(pictures) == pytest.approx(facts["fps"] * facts["duration"], abs=2)
    # Once around: half way is the back of the head, and the end is nearly the beginning.
    first, back, last = (pictures[at].astype(np.float32) for at in (0, len(pictures) // 2, -1))
    assert np.abs(first - back).mean() > 2 * np.abs(first - last).mean()
    if PICTURES:
        sheet = np.concatenate([pictures[at * len(pictures) // 6] for at in range(6)], axis=1)
        Image.fromarray(sheet).save(Path(PICTURES) / "film.png")
    assert seat.page.errors == []


def test_a_second_page_has_a_person_of_its_own(browser: Browser, studio: Studio, seat: Seat) -> None:
    before = seat.tab.recipe
    other = opened(browser, studio, seat.downloads)
    assert other.tab.recipe.seed == 7
    other.page.say("type", "Gender", "-1")
    until(lambda: other.tab.recipe.attributes == {"gender": -1.0} and rested(other))
    assert seat.tab.recipe == before
    other.keep("second-page")
    assert other.page.errors == []
    other.page.leave()
    until(lambda: other.tab not in studio.tabs)


PUBLISHED = (
    *(
        Row("Pictures", kind.lower(), chosen("Show", kind), rested, True)
        for kind in ("Raw", "Depth", "Mask", "Normals", "Density slice", "Picture")
    ),
    Row("Pictures", "mouse", turned, lambda s: somewhere_else(s) and rested(s), True),
    Row("Pictures", "samples", typed("Samples", 1), rested),
    Row("Pictures", "noise", lambda p: p.say("tick", "Noise"), lambda s: not s.tab.panels["Pictures"].noise.value),
    Row("Pictures", "yaw", typed("Yaw", 60), lambda s: s.tab.panels["Pictures"].yaw.value == 60 and rested(s)),
    Row("Pictures", "pitch", typed("Pitch", 10), lambda s: s.tab.panels["Pictures"].pitch.value == 10 and rested(s)),
    Row("Pictures", "seen", chosen("Seen", "identical"), rested, True),
    Row("Person", "truncation", typed("Truncation", 0.4), lambda s: s.tab.recipe.psi == 0.4 and rested(s)),
    Row("Pose", "neck", typed("Turn", 20), lambda s: turn(s, "neck", 1) > 0.3 and rested(s)),
    Row("Pose", "upright", pressed("Upright"), lambda s: not s.tab.recipe.pose),
    Row("Pose", "own pose", pressed("Pose of the model's own"), lambda s: "head" in s.tab.recipe.pose, True),
    Row("Pictures", "other seed", typed("Seed of the other", 5), rested),
    Row("Pictures", "mix", pressed("Mix"), lambda s: s.tab.recipe.ws is not None and rested(s), True),
    # The weights of the tests' model are random: of some of its fields there is no surface, and the page says so.
    Row("Pictures", "mesh", chosen("Show", "Mesh"), lambda s: s.tab.shown is not None or s.says("has no surface")),
)


def test_every_control_of_published_models(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.published_model import install

    running = Studio(Wish(port=0, model=str(install(tmp_path_factory.mktemp("models")))))
    try:
        seat = opened(browser, running, tmp_path_factory.mktemp("downloads"))
        panel = seat.tab.panels["Pictures"]
        until(lambda: panel.fine_seconds)
        go(PUBLISHED, seat, "published")
        seat.page.leave()
    finally:
        running.stop()
