# SPDX-License-Identifier: Apache-2.0
"""Sparse systems factorised, where there is room for it.

SuperLU asks for what it may need, and where it does not get that goes on with less, and a little more each time: with
little memory it works for minutes on what takes a moment, or ends the process. So the room is asked for first.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from scipy.sparse import linalg

FILL = 30
"""SuperLU's own guess: so many entries of the factors for each of the matrix."""

_ENTRY = 2 * (8 + 4)
"""Bytes of an entry of both factors: the number and its row."""


def factorised(matrix: Any, **options: Any) -> Any:
    """``scipy.sparse.linalg.splu`` of a square matrix of finite numbers; the answer solves by ``solve(right)``.

    Raises:
        MemoryError: there is no room for the factors.
        FloatingPointError: the matrix holds numbers that are not finite, of which nothing can be solved.
    """
    columns = matrix.tocsc()
    if not bool(np.isfinite(columns.data).all()):
        raise FloatingPointError("a sparse system holds numbers that are not finite")
    np.empty(FILL * _ENTRY * max(columns.nnz, columns.shape[0]), np.uint8)  # asked for, never touched
    return cast("Any", linalg.splu(columns, **options))
