# SPDX-License-Identifier: Apache-2.0
"""What follows a slider while it moves: answered beside the jobs, so that it never waits for one."""

from __future__ import annotations

import base64
import time
from typing import Any

import numpy as np

from portrait_core.engine.engine import Engine
from portrait_core.latents.variations import attribute_values
from portrait_core.protocol import MAX_LINE, Message, ProtocolError
from portrait_core.worker.fields import Fields


def reshape(fields: Fields, engine: Engine) -> dict[str, Any]:
    """Where the vertices of an avatar of parts lie: little-endian float32 triples in base64, part by part.

    ``own`` is where its person stands on each attribute when none is set; empty where no latent says who it is.

    Raises :class:`ProtocolError` for a mesh that no line holds.
    """
    facts = fields.object("recipe")
    worn = fields.object("worn") if fields.given("worn") else None
    fields.done()
    begin = time.perf_counter()
    from portrait_core.pipeline.live import live_parts

    recipe = engine.take_recipe(facts)
    model = engine.model(recipe.model)
    like = None
    if worn is not None:
        other = engine.take_recipe(worn)
        like = other, engine.model(other.model).person(other)
    parts = live_parts(recipe, model.person(recipe), like)
    packed = [
        {"name": mesh.name, "vertices": len(mesh.vertices), "places": _packed(mesh.vertices.astype("<f4"))}
        for mesh in parts
    ]
    size = sum(len(str(each["places"])) for each in packed)
    if size > MAX_LINE * 0.9:
        raise ProtocolError(f"the places of this avatar take {size} bytes, and a line holds {MAX_LINE}")
    own = attribute_values(recipe.model_copy(update={"attributes": {}}), model.header)
    return {"parts": packed, "own": own, "seconds": round(time.perf_counter() - begin, 3)}


def warm(request: Message, engine: Engine) -> None:
    """After a :func:`reshape`: make ahead what the draft needs that is asked for when its slider is let go."""
    from portrait_core.pipeline.live import warm_drafts

    recipe = engine.take_recipe(Fields(request).object("recipe"))
    warm_drafts(recipe, engine.model(recipe.model).person(recipe))


def _packed(places: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(places).tobytes()).decode("ascii")
