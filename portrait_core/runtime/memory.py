# SPDX-License-Identifier: Apache-2.0
"""Memory: what this process holds, and what programs could take now."""

from __future__ import annotations

import psutil


def resident_bytes() -> int | None:
    """Bytes of this process in memory now, or None where the system does not tell."""
    try:
        return psutil.Process().memory_info().rss
    except (psutil.Error, OSError):
        return None


def free_memory_mib() -> float | None:
    """Memory that programs could take now, MiB, or None where the system does not tell."""
    try:
        return psutil.virtual_memory().available / 2**20
    except (psutil.Error, OSError):
        return None
