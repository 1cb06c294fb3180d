# SPDX-License-Identifier: Apache-2.0
"""Photographs by the worker: what is refused at once, how somebody is seen, and an avatar that resembles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portrait_core.photo.networks.published import MEDIAPIPE, NETWORKS
from portrait_core.photo.networks.store import available
from tests.worker.client import Worker

there = {network.name for network in NETWORKS if network.package is MEDIAPIPE} <= set(available())
with_networks = pytest.mark.skipif(not there, reason="`portrait photo setup` has not run")


@pytest.fixture(scope="module")
def portrait(shared: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of somebody of the model, seen from the front, with room about the shoulders."""
    folder = tmp_path_factory.mktemp("portrait")
    recipe = {"seed": 3, "topology": "parts", "texture_size": 512}
    (path,) = shared.ask("preview", recipes=[recipe], folder=str(folder), size=512)["paths"]
    seen = Image.open(path).convert("RGBA")
    whole = Image.new("RGBA", (900, 800), (176, 182, 190, 255))
    whole.alpha_composite(seen, (194, 288))
    whole.convert("RGB").save(folder / "portrait.png")
    return folder / "portrait.png"


def test_the_client_hears_whether_photographs_are_read(shared: Worker) -> None:
    told = shared.ask("capabilities")
    assert "photo" in told["features"] and told["photographs"] == {"ready": there, "megabytes": 39}


def test_what_cannot_be_is_refused_before_anything_is_looked_at(shared: Worker, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("no picture")
    for do in ("photo", "photo_view"):
        assert shared.refuse(do, path=str(tmp_path / "none.jpg"))["code"] == "usage"
        assert "no picture" in shared.refuse(do, path=str(tmp_path / "no.png"))["message"]
        assert shared.refuse(do, path="relative.png")["code"] == "bad_request"
        assert shared.refuse(do, path=str(tmp_path / "no.png"), person=0)["code"] == "usage"
    who = shared.refuse("photo", path=str(tmp_path / "no.png"), recipe={"seed": 4})
    assert who["code"] == "bad_request" and "a seed says who it is" in who["message"]
    assert shared.refuse("photo", path=str(tmp_path / "no.png"), texture="mine")["code"] == "usage"


@with_networks
def test_how_somebody_is_seen(shared: Worker, portrait: Path) -> None:
    found = shared.ask("photo_view", path=str(portrait))
    cam2world = np.array(found["camera"]["cam2world"])
    assert np.abs(cam2world[:3, :3] @ cam2world[:3, :3].T - np.eye(3)).max() < 1e-5
    assert np.linalg.norm(cam2world[:3, 3]) == pytest.approx(2.7, abs=0.05) and cam2world[2, 3] > 2.3, "from the front"
    assert set(found["pose"]) == {"neck", "head"} and (found["person"], found["persons"]) == (1, 1)
    assert "no number 2" in shared.refuse("photo_view", path=str(portrait), person=2)["message"]


@with_networks
@pytest.mark.sweep
def test_an_avatar_that_resembles(shared: Worker, portrait: Path, tmp_path: Path) -> None:
    wanted = {"topology": "parts", "texture_size": 512, "faces": 4000}
    found = shared.ask("photo", path=str(portrait), recipe={**wanted, "hair": "mesh", "hair_style": "auto"})
    recipe = found["recipe"]
    assert recipe["likeness"] and "seed" not in recipe and {name: recipe[name] for name in wanted} == wanted
    assert found["hair"] and set(found["sure"]) >= {"face", "shape", "hair", "texture"}
    made = shared.ask("generate", recipe=recipe, path=str(tmp_path / "Ada.glb"))
    assert made["recipe"]["likeness"] == recipe["likeness"]
    plain = shared.ask("photo", path=str(portrait), recipe={**wanted, "hair": "none"}, texture="model", move=False)
    assert plain["recipe"]["hair"] == "none" and len(plain["recipe"]["likeness"]) < len(recipe["likeness"]) / 4
