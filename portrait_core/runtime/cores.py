# SPDX-License-Identifier: Apache-2.0
"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where a container on Linux finds its share: microseconds of work in a period, and that period."""


def available_cores() -> int:
    """Cores that this process may use, at least one; no more than a container's share."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = container_share(QUOTA)
    return allowed if share is None else max(1, min(allowed, math.ceil(share)))


@cache
def container_share(quota: Path) -> float | None:
    """Cores' worth of time that the file ``quota`` grants, or None for no limit; read once."""
    try:
        work, period = quota.read_text(encoding="ascii").split()
        return None if work == "max" else float(work) / float(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
