# SPDX-License-Identifier: Apache-2.0
"""Torch on one thread within, and as it was outside, whoever else is inside at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch

from portrait_core.runtime.threads import in_pieces, limit_threads
from portrait_core.runtime.torch_threads import one_torch_thread


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_one_within_and_three_again() -> None:
    with one_torch_thread():
        assert torch.get_num_threads() == 1
        with one_torch_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with pytest.raises(KeyError), one_torch_thread():
        raise KeyError
    assert torch.get_num_threads() == 3


def test_threads_that_overlap_leave_each_other_alone() -> None:
    meet = Barrier(2)

    def first() -> list[int]:
        seen = [torch.get_num_threads()]
        with one_torch_thread():
            meet.wait()  # both are inside
            meet.wait()  # the second has left
            seen.append(torch.get_num_threads())
        return [*seen, torch.get_num_threads()]

    def second() -> list[int]:
        with one_torch_thread():
            meet.wait()
        meet.wait()
        return [torch.get_num_threads()]

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(first), pool.submit(second)
        assert one.result()[1:] == [1, 3] and two.result() == [3]
    assert torch.get_num_threads() == 3


def test_pieces_come_in_order_whatever_the_threads() -> None:
    try:
        for most in (1, 2, 4):
            limit_threads(most)
            assert in_pieces(lambda begin, end: (begin, end), 10, 4) == [(0, 4), (4, 8), (8, 10)]
    finally:
        limit_threads(None)
    assert in_pieces(lambda begin, end: (begin, end), 0, 4) == []
    with pytest.raises(ZeroDivisionError):
        in_pieces(lambda begin, _: 1 // begin, 10, 5)
