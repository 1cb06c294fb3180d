# SPDX-License-Identifier: Apache-2.0
"""The progress watcher: it never runs backwards and measures the stages it hears of."""

from __future__ import annotations

from cli.show import Watcher


def test_progress_never_runs_backwards_and_stages_are_measured() -> None:
    drawn: list[tuple[float, str, str]] = []
    watcher = Watcher(lambda done, stage, title: drawn.append((done, stage, title)))
    for title in ("first", "second"):
        watcher.begin(title)
        for stage in ("lattice", "surface", "texture", "rig"):
            for fraction in (-0.1, 0.0, 0.5, 1.0, 1.7):
                watcher(stage, fraction)
        stages = watcher.finish()
        assert list(stages) == ["lattice", "surface", "texture", "rig"]
        assert all(seconds >= 0 for seconds in stages.values())
    places = [done for done, _, _ in drawn]
    assert places == sorted(places)
    assert places[-1] == 2
    assert {title for _, _, title in drawn} == {"first", "second"}
