# SPDX-License-Identifier: Apache-2.0
"""Torch on one thread at a time, so that its sums have one order, and its waiting threads fight with nobody.

A product of matrices is cut up by the number of threads, and where it is cut the last bits change: the same recipe gave
other vertices with other threads. And the threads that torch keeps spin while they wait for the next small product:
beside another busy program everything took four times as long. Work that pays is shared out in pieces of a fixed size
instead, to Python's threads, each with torch's product in one (:func:`portrait_core.runtime.threads.in_pieces`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.runtime.threads import in_pieces

_lock = threading.Lock()
_here = threading.local()
_inside = 0
_outside = 1


@contextmanager
def one_torch_thread() -> Generator[None, None, None]:
    """Within it torch computes in the calling thread only; afterwards as before. Works as a decorator too.

    May be nested, and entered by several threads at once. A thread that is started within enters it for itself: torch
    keeps a number for each thread, and one for those to come.
    """
    global _inside, _outside  # noqa: PLW0603 - torch's number of threads belongs to the process
    depth: int = getattr(_here, "depth", 0)
    if depth == 0:
        with _lock:
            if _inside == 0:
                _outside = torch.get_num_threads()
            _inside += 1
            torch.set_num_threads(1)
    _here.depth = depth + 1
    try:
        yield
    finally:
        _here.depth = depth
        if depth == 0:
            with _lock:
                _inside -= 1
                torch.set_num_threads(_outside)


def over_rows(
    function: Callable[[NDArray[Any]], NDArray[Any]], rows: NDArray[Any], size: int, device: torch.device
) -> NDArray[Any]:
    """``function`` of ``rows`` (N, ...), whose results (n, ...) belong to the rows: on a processor in pieces of
    ``size``, each in a thread with torch to itself; elsewhere all at once."""

    def piece(begin: int, end: int) -> NDArray[Any]:
        with one_torch_thread():
            return function(rows[begin:end])

    if device.type != "cpu" or len(rows) <= size:
        return piece(0, len(rows))
    return np.concatenate(in_pieces(piece, len(rows), size))
