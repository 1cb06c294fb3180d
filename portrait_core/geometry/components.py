# SPDX-License-Identifier: Apache-2.0
"""Connected components of an undirected graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as _sparse
import scipy.sparse.csgraph as _csgraph
from numpy.typing import NDArray

_csgraph_any: Any = _csgraph  # scipy ships no types for it
_sparse_any: Any = _sparse


def component_labels(count: int, start: NDArray[np.integer], end: NDArray[np.integer]) -> NDArray[np.int64]:
    """Label of each of ``count`` nodes, given the edges ``start[i]`` to ``end[i]``; labels count up from zero."""
    weight = np.ones(len(start), np.int8)
    graph = _sparse_any.coo_matrix((weight, (start, end)), shape=(count, count))
    return np.asarray(_csgraph_any.connected_components(graph, directed=False)[1], np.int64)
