# SPDX-License-Identifier: Apache-2.0
"""Memory: what this process holds, and what programs could take now."""

from __future__ import annotations

import errno

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


_WORDS = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "not enough memory",
    "unable to allocate",
    "memory allocation",
)
"""What libraries say when there is no more; torch and warp raise RuntimeError for it."""

_DOUBTFUL = (ImportError, SystemError, RuntimeError, OSError, ValueError)
"""What libraries raise as well where a part of them found no room; then the limit itself has to be looked at."""

_NOT_MAPPED = "failed to map segment from shared object"
"""What the loader says of a library larger than what is left, however much that is; other reasons it adds."""

_TIGHT = 512 << 20
"""Bytes of address space: with less than this left, a library may not find room for its code or a thread's stack."""


def address_space_limit() -> int | None:
    """Bytes that this process may map (``ulimit -v``), or None where there is no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit: int = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error``, or what it came of, says that there was no more memory. torch's classes are told by name."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        if isinstance(each, MemoryError) or type(each).__name__ == "OutOfMemoryError":
            return True
        if isinstance(each, OSError) and each.errno == errno.ENOMEM:
            return True
        if isinstance(each, _DOUBTFUL) and any(words in str(each).lower() for words in _WORDS):
            return True
        each = each.__cause__ or each.__context__
    unmapped = str(error).endswith(_NOT_MAPPED) and address_space_limit() is not None
    return isinstance(error, _DOUBTFUL) and (unmapped or _no_room_left())


def _no_room_left() -> bool:
    limit = address_space_limit()
    if limit is None:
        return False
    try:
        return limit - psutil.Process().memory_info().vms < _TIGHT
    except (psutil.Error, OSError, MemoryError):
        return True
