# SPDX-License-Identifier: Apache-2.0
"""How many points are worked on at a time: few on a processor, many on a graphics card."""

from __future__ import annotations

import torch

CARD = 1 << 18
"""On a graphics card every call has its price, and small ones leave most of the card idle."""


def at_once(device: torch.device, cached: int) -> int:
    """``cached`` points on a processor, whose caches then hold what belongs to them; more elsewhere."""
    return cached if device.type == "cpu" else max(cached, CARD)
