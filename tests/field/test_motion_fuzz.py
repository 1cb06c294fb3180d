# SPDX-License-Identifier: Apache-2.0
"""A sample of `benchmarks.motion_fuzz`: damaged files of all layouts end as a value or as one line."""

from __future__ import annotations

import numpy as np

from benchmarks.motion_fuzz import WAYS, mutated_bytes, mutated_tree, read_copies
from tests.field.motion_truth import flat


def test_damaged_files_end_as_a_value_or_as_one_line() -> None:
    found = read_copies(0, 200)
    assert found["wrong"] == []
    ends = {key.split(": ")[1] for key in found["ends"]}
    assert ends == {"read", "refused"}
    assert sum(found["ends"].values()) == 400


def test_copies_are_damaged_and_the_same_each_time() -> None:
    data = bytes(range(256)) * 4
    for way in WAYS[:5]:
        first, again = (mutated_bytes(data, way, np.random.RandomState(5)) for _ in range(2))
        assert first == again != data
    trees = [mutated_tree({"poses": flat(), "fps": 30}, np.random.RandomState(seed), 0.9) for seed in range(20)]
    assert any(not isinstance(tree, dict) for tree in trees)
