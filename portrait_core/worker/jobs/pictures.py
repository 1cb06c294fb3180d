# SPDX-License-Identifier: Apache-2.0
"""Quick pictures of recipes for a gallery."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, cast

from portrait_core.engine.engine import Engine
from portrait_core.files.whole_file import prepare_folder, whole_file
from portrait_core.protocol import MAX_RECIPES
from portrait_core.runtime.own_folders import offer
from portrait_core.runtime.threads import alone
from portrait_core.worker.answers import PREVIEW_RANGE
from portrait_core.worker.estimate import Step, model_steps
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch

if TYPE_CHECKING:
    from portrait_core.pipeline.quick import View

VIEWS = ("bust", "head")
"""What pictures may show, the usual first: those of :data:`portrait_core.pipeline.quick.View`."""

STEPS = [Step("latent", 0.1), Step("surface", 0.35), Step("rig", 0.1), Step("texture", 0.15), Step("thumbnail", 0.35)]

PARTS_STEPS = [Step("latent", 0.1), Step("shape", 0.2), Step("texture", 0.3), Step("thumbnail", 0.4)]


def preview(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """A small picture of each recipe, sent as soon as it is there."""
    facts = fields.objects("recipes", most=MAX_RECIPES)
    folder = fields.path("folder")
    size = fields.count("size", 256, low=PREVIEW_RANGE[0], high=PREVIEW_RANGE[1])
    view = cast("View", fields.text("framing", VIEWS[0], among=VIEWS))
    fields.done()
    recipes = [engine.take_recipe(each) for each in facts]
    offer(prepare_folder(folder))
    begin = time.perf_counter()
    paths: list[str] = []
    from portrait_core.imaging.png import encode_map
    from portrait_core.pipeline.quick import quick_picture

    for number, recipe in enumerate(recipes):
        with watch.piece(number, len(recipes)):
            own = PARTS_STEPS if recipe.topology == "parts" else STEPS
            watch.plan([*model_steps(loaded=engine.is_loaded(recipe.model)), *own])
            watch("model", 0.0)
            model = engine.model(recipe.model)
            with alone():
                image = quick_picture(recipe, model, size, watch, view)
            watch.check()
            path = folder / f"preview-{secrets.token_hex(8)}.png"
            with whole_file(path) as temporary:
                temporary.write_bytes(encode_map(image, picture=True))
        paths.append(str(path))
        watch.item(number, path=str(path), recipe=recipe.facts())
    return {"paths": paths, "seconds": round(time.perf_counter() - begin, 3)}
