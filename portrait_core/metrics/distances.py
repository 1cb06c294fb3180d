# SPDX-License-Identifier: Apache-2.0
"""Numbers about sets of features: kernel distance, manifolds of neighbours, inception score, path length.

Fréchet's distance is `portrait_core.training.adversarial.figures.frechet`, which trainings are steered by too.

Sources: docs/published/metrics.md; Bińkowski et al. 2018 (kernel), Kynkäänniemi et al. 2019 (precision and recall),
Salimans et al. 2016 (score), Karras et al. 2019 (path length).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Rows = NDArray[np.floating]

NEIGHBOURS = 3
"""Precision and recall: a picture's surroundings reach to its third neighbour."""
AT_ONCE = 4096
"""Rows whose distances are computed at a time."""
SPLITS = 10
"""The inception score is a mean over so many parts."""
KEPT = (1, 99)
"""Percentiles between which path lengths count."""
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


def precision_recall(real: Rows, made: Rows, *, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Share of made pictures near real ones, and of real pictures near made ones.

    Near is: within the distance of any picture of the other set to that one's own ``neighbours``-th neighbour. The
    published code computes distances in half precision; these are float32.

    Args:
        real, made: features (N, d) and (M, d), more than ``neighbours`` rows each.

    Raises:
        ValueError: too few rows, or other widths.
    """
    _check(real, made, at_least=neighbours + 1)
    a, b = (torch.as_tensor(np.ascontiguousarray(each, dtype=np.float32)) for each in (real, made))
    return _share_near(a, b, neighbours), _share_near(b, a, neighbours)


def _share_near(home: torch.Tensor, asked: torch.Tensor, neighbours: int) -> float:
    """Share of the rows ``asked`` that lie in the surroundings of a row of ``home``."""
    radius = torch.cat([torch.cdist(part, home).kthvalue(neighbours + 1).values for part in torch.split(home, AT_ONCE)])
    near = [(torch.cdist(part, home) <= radius).any(dim=1) for part in torch.split(asked, AT_ONCE)]
    return float(torch.cat(near).double().mean())


def inception_score(probabilities: Rows, *, splits: int = SPLITS) -> tuple[float, float]:
    """Mean and deviation over parts of exp(mean KL divergence of a picture's classes from those of the part).

    Args:
        probabilities: (N, classes), each row's sum 1; parts follow each other.
        splits: how many parts.

    Raises:
        ValueError: fewer rows than parts.
    """
    count = len(probabilities)
    if count < splits:
        raise ValueError(f"{count} rows; expected at least {splits}, one a part")
    scores: list[float] = []
    for part in range(splits):
        own = probabilities[part * count // splits : (part + 1) * count // splits].astype(np.float64)
        # What has no probability adds nothing: x log x goes to 0.
        ratio = np.log(np.maximum(own, 1e-300)) - np.log(np.maximum(own.mean(axis=0), 1e-300))
        scores.append(float(np.exp((own * ratio).sum(axis=1).mean())))
    return float(np.mean(scores)), float(np.std(scores))


def path_length(distances: Rows) -> float:
    """Mean of distances (N,) between their 1st and 99th percentile, both taken as values that occur."""
    low = np.percentile(distances, KEPT[0], method="lower")
    high = np.percentile(distances, KEPT[1], method="higher")
    return float(distances[(distances >= low) & (distances <= high)].astype(np.float64).mean())
