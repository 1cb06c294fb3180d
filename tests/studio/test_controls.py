# SPDX-License-Identifier: Apache-2.0
"""Every control of the studio, moved by a page that speaks its protocol, against a server that runs: a table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("viser")

from studio.app import Studio, Wish
from tests.studio.visitor import CAMERA, Visitor, until

pytestmark = pytest.mark.sweep  # minutes on a busy machine; what can be tried without a server is in test_studio

if TYPE_CHECKING:
    from studio.tab import Tab


@dataclass(frozen=True)
class Row:
    """What is done on the page, what is seen of it there or in the recipe; and whether a mesh or a picture comes."""

    name: str
    act: Callable[[Visitor], Any]
    seen: Callable[[Visitor, Tab], Any]
    comes: str = "mesh"


def _seed(number: int) -> Callable[[Visitor, Tab], bool]:
    return lambda _page, tab: tab.recipe.seed == number


def _seen(page: Visitor, label: str) -> bool | None:
    """Whether a slider is seen; nothing while sliders are made anew."""
    try:
        return bool(page.control(label).props["visible"])
    except KeyError:
        return None


def _hidden(page: Visitor, _tab: Tab) -> bool:
    return _seen(page, "Age") is False and _seen(page, "Nose length") is True


def _waited(seconds: float) -> bool:
    """Where the page shows nothing that could be waited for; people are slower than this."""
    time.sleep(seconds)
    return True


def _same_recipe(page: Visitor, tab: Tab) -> bool:
    content = page.file(".json")
    return content is not None and json.loads(content)["recipe"] == json.loads(json.dumps(tab.recipe.facts()))


STARTER = (
    Row("seed", lambda v: v.set("Seed", 3), _seed(3)),
    Row("truncation", lambda v: v.set("Truncation", 0.8), lambda v, t: t.recipe.psi == 0.8),
    Row("search", lambda v: v.set("Find", "nose"), _hidden, ""),
    Row("no search", lambda v: v.set("Find", ""), lambda v, t: _seen(v, "Age"), ""),
    Row("attribute", lambda v: v.set("Nose length", 1.5), lambda v, t: t.recipe.attributes == {"nose_length": 1.5}),
    Row("as drawn", lambda v: v.press("Attributes as drawn"), lambda v, t: not t.recipe.attributes),
    Row(
        "expression",
        lambda v: v.set("Expression", "Smile"),
        lambda v, t: t.recipe.expression.get("mouthSmileLeft", 0) > 0.3,
    ),
    Row(
        "strength",
        lambda v: v.set("Strength", 0.1),
        lambda v, t: 0 < t.recipe.expression.get("mouthSmileLeft", 0) < 0.2,
    ),
    Row("shape", lambda v: v.set("Jaw open", 0.5), lambda v, t: t.recipe.expression.get("jawOpen", 0) == 0.5),
    Row("at rest", lambda v: v.press("Face at rest"), lambda v, t: not t.recipe.expression),
    Row(
        "neck",
        lambda v: v.set("Nod", 10.0, "Neck"),
        lambda v, t: abs(t.recipe.pose.get("neck", (0, 0, 0))[0] - 0.1745) < 1e-3,
    ),
    Row(
        "head",
        lambda v: v.set("Turn", -20.0, "Head"),
        lambda v, t: abs(t.recipe.pose.get("head", (0, 0, 0))[1] + 0.349) < 1e-3,
    ),
    Row("joint", lambda v: v.set("Joint", "Left collar"), lambda v, t: _waited(0.3), ""),
    Row(
        "its turn",
        lambda v: v.set("Tilt", 9.0, "Any other joint"),
        lambda v, t: t.recipe.pose.get("left_collar", (0, 0, 0))[2] > 0.1,
    ),
    Row("upright", lambda v: v.press("Upright"), lambda v, t: not t.recipe.pose),
    Row("keep A", lambda v: v.press("A", "Keep as"), lambda v, t: "Kept as A" in v.texts(), ""),
    Row("another", lambda v: v.press("Random person"), lambda v, t: t.recipe.seed != 3),
    Row("keep B", lambda v: v.press("B", "Keep as"), lambda v, t: "Kept as B" in v.texts(), ""),
    Row("walk", lambda v: v.set("Between", 0.5), lambda v, t: t.recipe.seed is None),
    Row("show A", lambda v: v.press("A", "Show"), _seed(3)),
    Row("back", lambda v: v.press("Back"), lambda v, t: t.recipe.seed != 3),
    Row("forward", lambda v: v.press("Forward"), lambda v, t: True),
    Row("clay", lambda v: v.set("Show", "Clay", "Look"), lambda v, t: b"KHR_materials_unlit" not in v.glbs[-1]),
    Row("normals", lambda v: v.set("Show", "Normals", "Look"), lambda v, t: b"COLOR_0" in v.glbs[-1]),
    Row("wireframe", lambda v: v.set("Show", "Wireframe", "Look"), lambda v, t: b'"mode":1' in v.glbs[-1]),
    Row("colours", lambda v: v.set("Show", "Colour", "Look"), lambda v, t: b"/maps/" in v.glbs[-1]),
    Row("light", lambda v: v.set("Light", "Evening"), lambda v, t: v.told["EnvironmentMapMessage"] == 2, ""),
    Row("background", lambda v: v.set("Background", "Paper"), lambda v, t: True, "picture"),
    Row("orbit", lambda v: v.look(position=(1.0, 0.1, 1.8)), lambda v, t: t.client.camera.position[0] == 1.0, ""),
    Row("camera", lambda v: v.press("From the front"), lambda v, t: v.told["SetCameraPositionMessage"] > 1, ""),
    Row("slice", lambda v: v.set("Show", "Density slice", "Pictures"), lambda v, t: True, "picture"),
    Row("plane", lambda v: v.set("Plane", "From above"), lambda v, t: True, "picture"),
    Row("place", lambda v: v.set("Place", 0.7), lambda v, t: True, "picture"),
    Row("mesh", lambda v: v.set("Show", "Mesh", "Pictures"), lambda v, t: True),
    Row("words", lambda v: v.set("In words", "an old man, bald, no beard, purple antlers"), lambda v, t: True, ""),
    Row("somebody new", lambda v: v.press("Somebody new"), lambda v, t: "**Not understood**: " in v.texts()),
    Row("more words", lambda v: v.set("In words", "younger"), lambda v, t: True, ""),
    Row("change", lambda v: v.press("Change this one"), lambda v, t: "Age -" in v.texts()),
    Row("no words", lambda v: v.set("In words", "qwrt zzkx"), lambda v, t: True, ""),
    Row("not a word", lambda v: v.press("Change this one"), lambda v, t: "That did not work" in "".join(v.notices), ""),
    Row("picture", lambda v: v.press("Picture (.png)"), lambda v, t: (v.file(".png") or b"")[:4] == b"\x89PNG", ""),
    Row("recipe", lambda v: v.press("Recipe (.json)"), _same_recipe, ""),
)
"""Order counts: rows go on from those before."""


def go(row: Row, page: Visitor, tab: Tab) -> None:
    """Do what a row says and wait for what it says is seen."""
    meshes, pictures = len(page.glbs), len(page.backgrounds)
    row.act(page)
    until(lambda: row.seen(page, tab))
    if row.comes == "mesh":
        until(lambda: len(page.glbs) > meshes)
    elif row.comes == "picture":
        until(lambda: len(page.backgrounds) > pictures)


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    running = Studio(Wish(port=0, seed=7))
    yield running
    running.stop()


def opened(studio: Studio) -> tuple[Visitor, Tab]:
    """A page, and what belongs to it; maps stay drafts."""
    known = {id(each) for each in studio.tabs}
    page = Visitor(studio.addresses[0])
    tab = until(lambda: next((each for each in studio.tabs if id(each) not in known), None))
    until(lambda: "Files" in tab.panels)
    tab.edge = 512
    until(lambda: page.glbs and tab.shown)
    return page, tab


@pytest.fixture(scope="module")
def page(studio: Studio) -> Iterator[tuple[Visitor, Tab]]:
    found = opened(studio)
    yield found
    found[0].close()


def test_every_control_of_the_starter(page: tuple[Visitor, Tab], tmp_path: Path) -> None:
    for row in STARTER:
        try:
            go(row, *page)
        except Exception as error:
            raise AssertionError(f"{row.name}: {page[1].status.content}") from error
    visitor, tab = page
    file = tmp_path / "somebody.json"
    file.write_text(json.dumps({"recipe": {"model": "starter", "seed": 11, "topology": "parts"}}))
    go(Row("open", lambda v: v.upload("Open a file", file), _seed(11)), visitor, tab)
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("nothing")
    visitor.upload("Open a file", wrong)
    until(lambda: "this page opens" in visitor.texts())
    assert tab.recipe.seed == 11


def test_a_second_page_has_a_person_of_its_own(studio: Studio, page: tuple[Visitor, Tab]) -> None:
    before = page[1].recipe
    other, tab = opened(studio)
    other.set("Gender", -1.0)
    until(lambda: tab.recipe.attributes == {"gender": -1.0})
    assert page[1].recipe == before
    other.close()
    until(lambda: tab not in studio.tabs)


def test_files_and_galleries(page: tuple[Visitor, Tab], tmp_path: Path) -> None:
    visitor, tab = page
    visitor.set("Maps", "512")
    visitor.press("Avatar (.glb)")
    content = until(lambda: visitor.file(".glb"), 300)
    assert content[:4] == b"glTF"
    visitor.press("Avatar (.vrm)")
    until(lambda: "no author is given" in visitor.texts())
    visitor.set("Author (.vrm)", "Somebody")
    visitor.press("Avatar (.vrm)")
    assert b"VRMC_vrm" in until(lambda: visitor.file(".vrm"), 300)
    person = tab.recipe
    visitor.press("More like this")
    until(lambda: len(tab.panels["People"].found) == 6 and tab.slow.idle, 300)
    visitor.press("2", "Take")
    until(lambda: tab.recipe == tab.panels["People"].found[1])
    file = tmp_path / "kept.glb"
    file.write_bytes(content)
    visitor.upload("Open a file", file)
    until(lambda: tab.recipe.seed == person.seed)
    visitor.press("Strangers")
    until(lambda: len({each.seed for each in tab.panels["People"].found}) == 6, 300)
    visitor.press("Once around (.mp4)")
    assert until(lambda: visitor.file(".mp4"), 600)[4:8] == b"ftyp"


PUBLISHED = (
    *(
        Row(kind, lambda v, kind=kind: v.set("Show", kind, "Pictures"), lambda v, t: True, "picture")
        for kind in ("Raw", "Depth", "Mask", "Normals", "Density slice", "Picture")
    ),
    Row("camera", lambda v: v.look(position=(0.8, 0.2, 1.9)), lambda v, t: True, "picture"),
    Row("truncation", lambda v: v.set("Truncation", 0.4), lambda v, t: t.recipe.psi == 0.4, "picture"),
    Row("samples", lambda v: v.set("Samples", 1), lambda v, t: True, "picture"),
    Row("noise", lambda v: v.set("Noise", value=False), lambda v, t: True, "picture"),
    Row("yaw", lambda v: v.set("Yaw", 60.0), lambda v, t: True, "picture"),
    Row("pitch", lambda v: v.set("Pitch", 10.0), lambda v, t: True, "picture"),
    Row("identical", lambda v: v.set("Seen", "identical"), lambda v, t: True, "picture"),
    Row("neck", lambda v: v.set("Turn", 20.0, "Neck"), lambda v, t: "neck" in t.recipe.pose, "picture"),
    Row("upright", lambda v: v.press("Upright"), lambda v, t: not t.recipe.pose, "picture"),
    Row("own pose", lambda v: v.press("Pose of the model's own"), lambda v, t: "head" in t.recipe.pose, "picture"),
    Row("another seed", lambda v: v.set("Seed of the other", 5), lambda v, t: True, ""),
    Row("mixing", lambda v: v.press("Mix"), lambda v, t: t.recipe.ws is not None, "picture"),
)


def test_every_control_of_published_models(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.published_model import install

    folder = tmp_path_factory.mktemp("models")
    running = Studio(Wish(port=0, model=str(install(folder))))
    try:
        page = Visitor(running.addresses[0])
        tab = until(lambda: running.tabs and running.tabs[0])
        panel = until(lambda: tab.panels.get("Pictures"))
        until(lambda: panel.fine_seconds)
        for row in PUBLISHED:
            try:
                go(row, page, tab)
            except Exception as error:
                raise AssertionError(f"{row.name}: {tab.status.content}") from error
        until(lambda: tab.slow.idle and tab.quick.idle)
        fine = len(panel.fine_seconds)
        for step in range(4):
            page.look(position=(0.3 + 0.02 * step, 0.1, 2.0))
        until(lambda: len(panel.fine_seconds) > fine)
        assert len(set(np.asarray(page.backgrounds[-1]).reshape(-1, 3)[:, 0].tolist())) > 20
        page.close()
    finally:
        running.stop()


def test_bad_cameras_do_not_reach_the_stage(page: tuple[Visitor, Tab]) -> None:
    visitor, tab = page
    before = tuple(tab.client.camera.position)
    visitor.say({**CAMERA, "position": (float("nan"), 0.0, 1.0)})
    visitor.say({**CAMERA, "wxyz": (0.0, 0.0, 0.0, 0.0)})
    visitor.set("Find", "nose")
    until(lambda: _hidden(visitor, tab))
    assert tuple(tab.client.camera.position) == before
