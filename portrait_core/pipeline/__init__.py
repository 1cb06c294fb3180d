# SPDX-License-Identifier: Apache-2.0
"""From a recipe to an avatar, through all rooms, in one direction. The only place that knows them all."""

from portrait_core.pipeline.bake import bake_avatar, bake_onto, bake_sets
from portrait_core.pipeline.make import make_avatar
from portrait_core.pipeline.provenance import provenance

__all__ = ["bake_avatar", "bake_onto", "bake_sets", "make_avatar", "provenance"]
