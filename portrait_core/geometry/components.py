# SPDX-License-Identifier: Apache-2.0
"""Connected components of an undirected graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def component_labels(count: int, start: NDArray[np.integer], end: NDArray[np.integer]) -> NDArray[np.int64]:
    """Label of each of ``count`` nodes, given the edges ``start[i]`` to ``end[i]``; labels count up from zero."""
    return graph_labels(coo_matrix((np.ones(len(start), np.int8), (start, end)), shape=(count, count)))


def graph_labels(graph: Any) -> NDArray[np.int64]:
    """Label of each node of a sparse (N, N) matrix, whose entries are edges whatever their direction."""
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
