# SPDX-License-Identifier: Apache-2.0
"""From a recipe to an avatar, through all rooms, in one direction. The only place that knows them all."""

from portrait_core.pipeline.bake import bake_avatar, bake_onto
from portrait_core.pipeline.make import make_avatar, provenance
from portrait_core.portrait_model import AvatarModel, RenderingModel

__all__ = ["AvatarModel", "RenderingModel", "bake_avatar", "bake_onto", "make_avatar", "provenance"]
