# SPDX-License-Identifier: Apache-2.0
"""How the memory that a process frees is kept for its threads."""

from __future__ import annotations

import ctypes
import sys

_MOST_HEAPS = -8
"""``M_ARENA_MAX`` of glibc's ``malloc.h``."""


def share_one_heap() -> None:
    """Have all threads of this process take memory from one heap; for processes of our own, before their threads.

    glibc gives each thread its own, and what one has freed no other can use: an avatar held a quarter more memory for
    the same speed. Where there is no glibc nothing happens.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).mallopt(_MOST_HEAPS, 1)
    except (OSError, AttributeError):  # another C library
        return
