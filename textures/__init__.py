# SPDX-License-Identifier: Apache-2.0
"""UV unwrapping and baking. A leaf: it knows arrays, images and a callable "colour at points", and nothing of ours."""

from textures.atlas import Atlas, Method, unwrap
from textures.bake import bake_colour, bake_image, bake_materials
from textures.colour_space import linear_to_srgb, srgb_to_linear
from textures.raster import Texels, cover_texels
from textures.views import View, bake_views

__all__ = [
    "Atlas",
    "Method",
    "Texels",
    "View",
    "bake_colour",
    "bake_image",
    "bake_materials",
    "bake_views",
    "cover_texels",
    "linear_to_srgb",
    "srgb_to_linear",
    "unwrap",
]
