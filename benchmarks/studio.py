# SPDX-License-Identifier: Apache-2.0
"""How soon the studio answers: ``python -m benchmarks.studio [--published FILE]``.

A page that speaks viser's protocol (`tests.studio.visitor`) moves sliders of the starter and the camera before a
published model; time runs from the message that is sent to the mesh or picture that has come. Bars: a moved slider 300
ms median, 5 coarse pictures a second, the fine one within 3 s of rest. Without a browser: what it draws comes on top.
Results: benchmarks/results/studio.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from studio.app import Studio, Wish
from tests.studio.visitor import Visitor, until

RESULTS = Path(__file__).parent / "results" / "studio.json"
MOVES = 30
"""Moves of a slider, as far apart as somebody drags."""
SECONDS = 6.0
"""How long the camera moves."""
STEP = 0.05
"""Seconds between two cameras of a page that moves."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--published", type=Path, help="a published model's file; without it the tests' small one")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found: dict[str, Any] = {"threads": options.threads, "load_before": round(os.getloadavg()[0], 2)}
    found["starter"] = starter()
    with tempfile.TemporaryDirectory() as folder:
        path = options.published
        if path is None:
            from tests.published_model import install

            path = install(Path(folder))
        found["published"] = published(path)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def starter() -> dict[str, float]:
    """Seconds from a slider that is moved to the mesh that came, and to the first mesh of a page."""
    begin = time.perf_counter()
    running = Studio(Wish(port=0, seed=7))
    page = Visitor(running.addresses[0])
    until(lambda: page.glbs, 120)
    first = time.perf_counter() - begin
    tab = running.tabs[0]
    until(lambda: tab.slow.idle, 120)
    taken: list[float] = []
    for number in range(MOVES):
        count, sent = len(page.glbs), time.perf_counter()
        page.set("Nose length" if number % 2 else "Jaw width", 0.1 * (number % 17) + 0.05)
        until(lambda seen=count: len(page.glbs) > seen)
        taken.append(time.perf_counter() - sent)
        time.sleep(0.05)
    page.close()
    running.stop()
    taken.sort()
    return {
        "first_mesh_s": round(first, 2),
        "slider_to_mesh_median_ms": round(1000 * statistics.median(taken), 1),
        "slider_to_mesh_p90_ms": round(1000 * taken[int(0.9 * len(taken))], 1),
    }


def published(path: Path) -> dict[str, float]:
    """Coarse pictures a second while the camera moves, and seconds from rest to the fine one."""
    running = Studio(Wish(port=0, model=str(path)))
    page = Visitor(running.addresses[0])
    tab = until(lambda: running.tabs and running.tabs[0], 120)
    panel = until(lambda: tab.panels.get("Pictures"), 120)
    until(lambda: panel.fine_seconds, 120)
    until(lambda: tab.slow.idle and tab.quick.idle, 120)
    begin, count, step = time.perf_counter(), len(page.backgrounds), 0
    while time.perf_counter() - begin < SECONDS:
        step += 1
        page.look(position=(0.6 * ((step % 40) / 20 - 1), 0.1, 1.9))
        time.sleep(STEP)
    coarse = (len(page.backgrounds) - count) / (time.perf_counter() - begin)
    rest, fine = time.perf_counter(), len(panel.fine_seconds)
    until(lambda: len(panel.fine_seconds) > fine, 120)
    taken = time.perf_counter() - rest
    page.close()
    running.stop()
    return {"coarse_pictures_a_second": round(coarse, 1), "fine_after_rest_s": round(taken, 2)}


if __name__ == "__main__":
    main()
