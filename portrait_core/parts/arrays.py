# SPDX-License-Identifier: Apache-2.0
"""Plain arrays by name, and sparse matrices among them: what a template is stored as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
"""Names without the part before the room's, such as ``mean``, to arrays."""

Sparse: TypeAlias = Any
"""A ``scipy.sparse.csr_matrix`` of float64."""

MOST_COLUMNS = 1 << 15
"""Columns are stored in 16 bits with a sign."""


def sparse_arrays(name: str, matrix: Sparse) -> dict[str, NDArray[Any]]:
    """A matrix (R, C) as ``name.values`` float32, ``name.columns`` int16, ``name.counts`` (R,) uint8 of how many values
    each row has, and ``name.width``; where a row has more than 255, ``name.starts`` int32 instead of the counts.

    Raises ``ValueError`` for a matrix of more than 32768 columns.
    """
    rows = sparse.csr_matrix(matrix)
    rows.sum_duplicates()
    if rows.shape[1] > MOST_COLUMNS:
        raise ValueError(f"{name}: {rows.shape[1]} columns; at most {MOST_COLUMNS} can be stored")
    counts = np.diff(rows.indptr)
    few = int(counts.max(initial=0)) <= np.iinfo(np.uint8).max
    return {
        f"{name}.values": rows.data.astype(np.float32),
        f"{name}.columns": rows.indices.astype(np.int16),
        **({f"{name}.counts": counts.astype(np.uint8)} if few else {f"{name}.starts": rows.indptr.astype(np.int32)}),
        f"{name}.width": np.asarray([rows.shape[1]], np.int32),
    }


def sparse_from(arrays: Arrays, name: str) -> Sparse:
    """The matrix of :func:`sparse_arrays`, in float64."""
    counts = arrays.get(f"{name}.counts")
    if counts is None:
        starts = arrays[f"{name}.starts"].astype(np.int64)
    else:
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    columns = arrays[f"{name}.columns"].astype(np.int64)
    values = arrays[f"{name}.values"].astype(np.float64)
    return sparse.csr_matrix((values, columns, starts), (len(starts) - 1, int(arrays[f"{name}.width"][0])))


def below(arrays: Arrays, name: str) -> dict[str, NDArray[Any]]:
    """The arrays whose names begin with ``name.``, by the rest of their names."""
    return {key[len(name) + 1 :]: value for key, value in arrays.items() if key.startswith(f"{name}.")}


def named(name: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The same arrays with ``name.`` before their names."""
    return {f"{name}.{key}": value for key, value in arrays.items()}


def groups(arrays: Arrays) -> tuple[str, ...]:
    """The first words of the names, sorted."""
    return tuple(sorted({key.partition(".")[0] for key in arrays}))
