# SPDX-License-Identifier: Apache-2.0
"""Every shape is named once, groups leave none out, and mirroring twice changes nothing."""

from portrait_core.face.names import ARKIT, COMBINED, GROUPS, SHAPES, VISEMES, mirrored


def test_counts_are_those_of_their_sources() -> None:
    assert (len(ARKIT), len(VISEMES), len(COMBINED)) == (52, 15, 5)
    assert len(set(SHAPES)) == 72


def test_groups_hold_every_shape_once() -> None:
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(SHAPES)


def test_a_mirrored_shape_is_there_and_comes_back() -> None:
    for name in SHAPES:
        assert mirrored(name) in SHAPES
        assert mirrored(mirrored(name)) == name
    assert mirrored("jawLeft") == "jawRight" and mirrored("eyeLookInLeft") == "eyeLookInRight"


def test_combined_shapes_are_of_known_ones() -> None:
    assert all(set(shares) <= set(ARKIT) for shares in COMBINED.values())
