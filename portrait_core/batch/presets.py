# SPDX-License-Identifier: Apache-2.0
"""Sets of recipe fields by what an avatar is for."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "draft": {"faces": 5000, "texture_size": 512, "lattice": 128, "normal_map": False},
    "standard": {"faces": 20_000, "texture_size": 1024, "lattice": 256, "normal_map": True},
    "hero": {
        "faces": 60_000,
        "lods": (20_000, 5000),
        "texture_size": 4096,
        "lattice": 512,
        "normal_map": True,
        "occlusion": True,
    },
}
"""``draft`` for crowds and tries, ``standard`` for what one sees, ``hero`` for close-ups."""
