# SPDX-License-Identifier: Apache-2.0
"""A folder of avatars as an asset library of Blender."""

from __future__ import annotations

import time
from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.runtime.own_folders import offer
from portrait_core.worker.estimate import Step
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch

STEPS = [Step("read", 0.05), Step("library", 0.95)]


def library(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """Make or complete a library; an item for each avatar as soon as its file is there, or has failed."""
    from portrait_core.pipeline.asset_library import USUAL, LibraryRecord, LibraryWish, Maker, build_library

    wish = LibraryWish(
        folder=fields.path("folder"),
        out=fields.path("out") if fields.given("out") else None,
        run=fields.text("run", ""),
        author=fields.text("author", ""),
        licence=fields.text("licence", ""),
        tags=tuple(fields.texts("tags")),
        levels=tuple(fields.texts("catalogues", USUAL)),
        blender=fields.text("blender") if fields.given("blender") else None,
        addon=str(fields.path("addon")) if fields.given("addon") else "",
    )
    fields.done()
    offer(wish.folder)
    watch.plan(STEPS)
    count = 0

    def heard(record: LibraryRecord) -> None:
        nonlocal count
        facts = {"name": record.name, "status": record.status, "path": str(record.path)}
        watch.item(count, **facts, **({"error": record.why} if record.why else {}))
        count += 1

    begin = time.monotonic()
    done = build_library(wish, Maker(engine.take_recipe, engine.model), watch, heard)
    counts = {"made": done.made, "kept": done.kept, "failed": done.failed}
    return {"folder": str(done.place), **counts, "seconds": round(time.monotonic() - begin, 3)}
