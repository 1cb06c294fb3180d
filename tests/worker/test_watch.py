# SPDX-License-Identifier: Apache-2.0
"""What a watched job tells of itself."""

from __future__ import annotations

from typing import Any

from portrait_core.worker.estimate import Step
from portrait_core.worker.watch import Watch


def test_the_end_is_told_however_quick_the_last_stage_was() -> None:
    told: list[dict[str, Any]] = []
    watch = Watch("r1", told.append)
    watch.plan([Step("texture", 3.0), Step("write", 1.0)])
    watch("texture", 0.0)
    for share in range(1, 100):
        watch("texture", share / 100)
    assert len(told) < 20, "what comes in between is thinned out"
    watch("write", 0.0)
    watch("write", 1.0)
    assert [each["overall"] for each in told][-2:] == [0.75, 1.0]


def test_pieces_share_the_bar() -> None:
    told: list[dict[str, Any]] = []
    watch = Watch("r1", told.append)
    for number in range(4):
        with watch.piece(number, 4):
            watch.plan([Step("write", 1.0)])
            watch("write", 0.0)
            watch("write", 1.0)
    assert [each["overall"] for each in told][1::2] == [0.25, 0.5, 0.75, 1.0]
