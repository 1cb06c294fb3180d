# SPDX-License-Identifier: Apache-2.0
"""The client's settings."""

from __future__ import annotations

from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch

LEAST_MEMORY = 256 * 1024 * 1024


def configure(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """Device, memory limit and models folder; what is not named stays, null resets it."""
    device = fields.text("device") if fields.given("device") else ("auto" if fields.named("device") else None)
    folder = fields.path("models_folder") if fields.given("models_folder") else None
    limit = engine.memory_limit
    if fields.named("memory_limit"):
        limit = None
        if fields.given("memory_limit"):
            limit = fields.count("memory_limit", low=LEAST_MEMORY, high=2**62)
    fields.done()
    engine.configure(device=device, models_folder=folder, reset_folder=fields.named("models_folder"))
    engine.memory_limit = limit
    return engine.settings()
