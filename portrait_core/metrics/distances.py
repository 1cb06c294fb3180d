# SPDX-License-Identifier: Apache-2.0
"""Distances between two sets of features: Fréchet's, the polynomial kernel's, and the manifolds of neighbours.

Sources: docs/published/metrics.md; Heusel et al. 2017 (Fréchet), Bińkowski et al. 2018 (kernel), Kynkäänniemi et al.
2019 (precision and recall), Salimans et al. 2016 (score).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating]

SUBSETS, SUBSET = 100, 1000
"""The kernel distance is a mean over so many subsets of so many rows, as published."""


def kernel_distance(a: Rows, b: Rows, *, seed: int = 0) -> float:
    """Squared distance of means in the space of the kernel (x.y / d + 1)^3, without bias: about 0 for equal sets.

    Of all rows where both sets have at most `SUBSET`, else the mean over `SUBSETS` subsets of equal size.

    Args:
        a, b: features (N, d) and (M, d), at least two rows each.
        seed: of the subsets.

    Raises:
        ValueError: a set has fewer than two rows, or the widths differ.
    """
    _check(a, b, at_least=2)
    if max(len(a), len(b)) <= SUBSET:
        return _kernel_distance(a, b)
    rng, size = np.random.default_rng(seed), min(len(a), len(b), SUBSET)
    found = [
        _kernel_distance(a[rng.choice(len(a), size, replace=False)], b[rng.choice(len(b), size, replace=False)])
        for _ in range(SUBSETS)
    ]
    return float(np.mean(found))


def _kernel_distance(a: Rows, b: Rows) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    n, m = len(a), len(b)
    own_a, own_b = _kernel(a, a), _kernel(b, b)
    among_a = (own_a.sum() - np.trace(own_a)) / (n * (n - 1))
    among_b = (own_b.sum() - np.trace(own_b)) / (m * (m - 1))
    return float(among_a + among_b - 2 * _kernel(a, b).mean())


def _kernel(a: Rows, b: Rows) -> Rows:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _check(a: Rows, b: Rows, *, at_least: int) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"features of shapes {a.shape} and {b.shape}; expected (N, d) and (M, d)")
    if min(len(a), len(b)) < at_least:
        raise ValueError(f"{min(len(a), len(b))} rows of features; expected at least {at_least}")


def parts(count: int, size: int) -> Iterator[slice]:
    """``range(count)`` cut into slices of at most ``size``."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
