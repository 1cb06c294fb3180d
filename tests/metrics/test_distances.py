# SPDX-License-Identifier: Apache-2.0
"""The formulas against slow, obvious ones, against known answers, and for what they must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from portrait_core.metrics import distances
from portrait_core.metrics.distances import inception_score, kernel_distance, path_length, precision_recall
from portrait_core.metrics.persons import between_persons
from portrait_core.training.adversarial.figures import frechet


def rows(count: int, width: int, seed: int, *, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width)) * scale + shift


@pytest.mark.parametrize(("n", "m", "width"), [(50, 40, 6), (5, 7, 12), (40, 5, 9)])
@pytest.mark.parametrize("unbiased", [True, False])
def test_frechet_distance_is_that_of_the_definition(n: int, m: int, width: int, unbiased: bool) -> None:
    a, b = rows(n, width, 0), rows(m, width, 1, shift=0.5, scale=2)
    spread = [np.cov(each.T, ddof=int(unbiased)) for each in (a, b)]
    root = scipy.linalg.sqrtm(spread[0] @ spread[1]).real
    slow = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(spread[0] + spread[1] - 2 * root)
    # the oracle's root of a singular product has an error of about 1e-6 itself
    assert frechet(a, b, unbiased=unbiased) == pytest.approx(slow, rel=1e-5, abs=1e-5)


def test_frechet_distance_of_two_normal_distributions() -> None:
    """Along each axis (m1 - m2)^2 + (s1 - s2)^2; sets are made to have exactly these means and deviations."""
    base = rows(400, 3, 2)
    base -= base.mean(axis=0)
    base = base @ np.linalg.inv(np.linalg.cholesky(np.cov(base.T))).T
    a, b = base * [1, 2, 3] + [0, 0, 1], base * [2, 2, 0.5] + [1, 0, 0]
    assert frechet(a, b) == pytest.approx(1 + 0 + 1 + 1 + 0 + 2.5**2, rel=1e-9)
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(2, 3), (9, 7), (40, 40)])
def test_kernel_distance_is_the_mean_over_pairs(n: int, m: int) -> None:
    a, b = rows(n, 5, 3), rows(m, 5, 4, shift=0.3)

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return (float(np.dot(x, y)) / 5 + 1) ** 3

    slow = (
        np.mean([kernel(a[i], a[j]) for i in range(n) for j in range(n) if i != j])
        + np.mean([kernel(b[i], b[j]) for i in range(m) for j in range(m) if i != j])
        - 2 * np.mean([kernel(x, y) for x in a for y in b])
    )
    assert kernel_distance(a, b) == pytest.approx(slow, rel=1e-9)


def test_kernel_distance_has_no_bias_on_tiny_sets() -> None:
    """Means over many tiny sets of one distribution are 0 within their error; with the diagonal they would be 1.6."""
    rng = np.random.default_rng(5)
    found = [kernel_distance(rng.normal(size=(4, 3)), rng.normal(size=(4, 3))) for _ in range(2000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    assert np.std(found) / np.sqrt(len(found)) < 0.1


def test_kernel_distance_of_large_sets_is_that_of_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = rows(120, 4, 6), rows(90, 4, 7, shift=0.4)
    whole = kernel_distance(a, b)
    monkeypatch.setattr(distances, "SUBSET", 60)
    assert kernel_distance(a, b) != whole
    assert kernel_distance(a, b) == pytest.approx(whole, rel=0.2)
    assert kernel_distance(a, b) == kernel_distance(a, b, seed=0) != kernel_distance(a, b, seed=1)


@pytest.mark.parametrize("at_once", [3, 4096])
def test_precision_and_recall_by_brute_force(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(distances, "AT_ONCE", at_once)
    real, made = rows(30, 4, 8), rows(25, 4, 9, shift=0.8)

    def share(home: np.ndarray, asked: np.ndarray) -> float:
        radius = [sorted(np.linalg.norm(home - one, axis=1))[3] for one in home]
        return np.mean([any(np.linalg.norm(x - h) <= r for h, r in zip(home, radius, strict=True)) for x in asked])

    assert precision_recall(real, made) == pytest.approx((share(real, made), share(made, real)))
    assert 0 < share(real, made) < 1


def test_precision_and_recall_of_known_sets() -> None:
    real = rows(50, 3, 10)
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 100) == (0, 0)
    # one mode of two: all that is made is real, half of what is real is never made
    two = np.concatenate([real, real + 100])
    precision, recall = precision_recall(two, real)
    assert precision == 1 and recall == 0.5


def test_inception_score_of_known_classes() -> None:
    sure = np.eye(10)[np.arange(100) % 10]
    assert inception_score(sure, splits=2) == pytest.approx((10, 0))
    assert inception_score(np.full((100, 10), 0.1)) == pytest.approx((1, 0))
    p = np.random.default_rng(11).dirichlet(np.ones(5), size=40)
    slow = [
        np.exp(np.mean([sum(x * np.log(x / q) for x, q in zip(row, part.mean(0), strict=True)) for row in part]))
        for part in np.split(p, 4)
    ]
    assert inception_score(p, splits=4) == pytest.approx((np.mean(slow), np.std(slow)))


def test_path_length_leaves_out_both_ends() -> None:
    values = np.arange(1, 1001, dtype=np.float64)
    values[-1], values[0] = 1e9, -1e9
    kept = sorted(values)[9:991]  # what lies at the 1st and 99th percentile counts
    assert path_length(np.random.default_rng(12).permutation(values)) == pytest.approx(np.mean(kept))


def test_numbers_do_not_depend_on_the_order() -> None:
    a, b = rows(30, 6, 13), rows(30, 6, 14, shift=0.2)
    other = np.random.default_rng(15).permutation(30)
    for number in (frechet, kernel_distance, lambda x, y: precision_recall(x, y)[0]):
        assert number(a[other], b[other[::-1]]) == pytest.approx(number(a, b), rel=1e-6, abs=1e-9)


def test_variance_between_persons_has_no_bias() -> None:
    rng = np.random.default_rng(16)

    def drawn(apart: float) -> float:
        persons = rng.normal(size=(60, 1, 5)) * apart
        return between_persons(persons + rng.normal(size=(60, 6, 5)))

    assert np.mean([drawn(2.0) for _ in range(40)]) == pytest.approx(5 * 4, rel=0.1)
    assert np.mean([drawn(0.0) for _ in range(40)]) < 0.15  # means of six views alone would differ by 5 / 6


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: kernel_distance(rows(1, 3, 0), rows(5, 3, 0)), "1 rows of features; expected at least 2"),
        (lambda: kernel_distance(rows(4, 3, 0), rows(5, 2, 0)), "expected .N, d. and .M, d."),
        (lambda: precision_recall(rows(3, 3, 0), rows(9, 3, 0)), "expected at least 4"),
        (lambda: inception_score(np.ones((9, 1))), "expected at least 10"),
    ],
)
def test_too_few_rows_are_told(call: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        call()  # type: ignore[operator]
