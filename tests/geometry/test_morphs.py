# SPDX-License-Identifier: Apache-2.0
"""Morph targets of a part and of a whole move what they say, and nothing else."""

import numpy as np
import pytest

from portrait_core.geometry.morphs import Morph, joined_morphs, morphed


def _morph(name: str, rows: list[int], seed: int) -> Morph:
    draw = np.random.default_rng(seed)
    moves, turns = draw.normal(size=(2, len(rows), 3)).astype(np.float32)
    return Morph(name, np.array(rows, np.int32), moves, turns)


def test_of_some_vertices_is_what_the_whole_has_there() -> None:
    kept = np.array([0, 2, 3, 7])
    morph = _morph("smile", [1, 2, 6, 7, 8], 0)
    few = morph.taken(kept)
    assert few.rows.tolist() == [1, 3]
    assert np.array_equal(few.dense(4), morph.dense(9)[kept])


def test_of_several_meshes_is_that_of_each_behind_the_other() -> None:
    one, two, other = _morph("smile", [0, 3], 1), _morph("smile", [1], 2), _morph("blink", [0], 3)
    joined = {each.name: each for each in joined_morphs([(0, [one]), (4, [two, other])])}
    assert list(joined) == ["smile", "blink"]
    assert np.array_equal(joined["smile"].dense(6), np.concatenate([one.dense(4), two.dense(2)]))
    assert joined["blink"].rows.tolist() == [4]


def test_pulled_places_are_the_sum_of_the_dense_ones() -> None:
    rest = np.random.default_rng(4).normal(size=(9, 3)).astype(np.float32)
    one, two = _morph("a", [1, 2], 5), _morph("b", [2, 8], 6)
    pulled = morphed(rest, [one, two], {"a": 0.5, "b": -1.0, "c": 3.0})
    assert np.allclose(pulled, rest + 0.5 * one.dense(9) - two.dense(9), atol=1e-6)
    assert np.array_equal(morphed(rest, [one, two], {}), rest)


@pytest.mark.parametrize("rows", [[2, 1], [1, 1], [-1, 2]])
def test_rows_that_do_not_grow_are_refused(rows: list[int]) -> None:
    with pytest.raises(ValueError, match="rows must grow"):
        _morph("a", rows, 8)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Morph("a", np.array([0], np.int32), np.full((1, 3), np.nan, np.float32))
