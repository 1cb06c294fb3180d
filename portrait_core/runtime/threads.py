# SPDX-License-Identifier: Apache-2.0
"""How many threads this process may keep busy: all that pay, unless it shares the machine with others of its kind."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from portrait_core.runtime.cores import available_cores

P = ParamSpec("P")
T = TypeVar("T")

TURN = 0.0005
"""Seconds that a thread holds Python's lock while others want it; five thousandths unless somebody says."""

_most: int | None = None
_own = threading.local()


def limit_threads(most: int | None) -> None:
    """From now on work in at most so many threads at once, in this process; None for no limit."""
    global _most  # noqa: PLW0603 - cores are shared by the whole process
    _most = most


def thread_count(wanted: int) -> int:
    """How many of ``wanted`` threads are allowed and have a core, at least one."""
    if getattr(_own, "alone", False):
        return 1
    return max(1, min(wanted, available_cores() if _most is None else _most))


def take_short_turns() -> None:
    """Have the threads of this process take turns every :data:`TURN`; for processes of our own.

    Kernels let go of Python's lock for a millisecond at a time, and there are a hundred of them in an avatar: each came
    back to wait for a thread that works in Python.
    """
    sys.setswitchinterval(TURN)


@contextmanager
def alone() -> Generator[None, None, None]:
    """What this thread does meanwhile it does by itself. For work of many small steps: threads that take turns at
    Python's lock cost a small picture half as much again."""
    before = getattr(_own, "alone", False)
    _own.alone = True
    try:
        yield
    finally:
        _own.alone = before


@contextmanager
def side_by_side(wanted: int) -> Generator[Executor, None, None]:
    """An executor of at most ``wanted`` threads; where one is allowed, everything is done at once by the caller's."""
    if thread_count(wanted) == 1:
        yield _AtOnce()
        return
    with ThreadPoolExecutor(thread_count(wanted)) as pool:
        yield pool


def in_pieces(function: Callable[[int, int], T], count: int, size: int) -> list[T]:
    """``function(begin, end)`` of pieces of ``size`` rows of ``count``, in order; in as many threads as are allowed.

    The pieces are the same for any number of threads, and so are the results. What one raises is raised here.
    """
    begins = range(0, count, size)

    def piece(begin: int) -> T:
        return function(begin, min(begin + size, count))

    threads = thread_count(len(begins))
    if threads == 1:
        return [piece(begin) for begin in begins]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(piece, begins))


class _AtOnce(Executor):
    """Does what is submitted before it returns."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            if not isinstance(error, Exception):
                raise
            future.set_exception(error)
        return future
