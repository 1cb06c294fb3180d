# SPDX-License-Identifier: Apache-2.0
"""Which good avatars the quality score would throw out: ``python -m benchmarks.scores [--parts 64] [--bobs 24]``.

Avatars of parts of the first seeds, and whole busts of the first persons with a bob. What was measured stands in
``results/scores.json`` after each, and the same command goes on from there; ``--anew`` begins again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from portrait_core.batch.quality import measure
from portrait_core.models.load import load_model
from portrait_core.person import PersonOfParts
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe

PARTS: dict[str, Any] = {"topology": "parts", "texture_size": 512}
BUST: dict[str, Any] = {
    "topology": "shell", "texture_size": 512, "faces": 8000, "lattice": 160, "normal_map": False,
}  # fmt: skip


def bobs(model: Any, count: int) -> list[int]:
    """The first seeds whose strongest style is a bob."""
    found: list[int] = []
    seed = 0
    while len(found) < count:
        styles = cast(PersonOfParts, model.person(Recipe(seed=seed))).look.styles
        if max(styles, key=lambda name: styles[name]).startswith("bob"):
            found.append(seed)
        seed += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--parts", type=int, default=64, help="how many avatars of parts")
    parser.add_argument("--bobs", type=int, default=24, help="how many whole busts with a bob")
    parser.add_argument("--anew", action="store_true", help="measure all again")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "scores.json")
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    rows: list[dict[str, Any]] = []
    if given.out.exists() and not given.anew:
        rows = json.loads(given.out.read_text())["rows"]
    done = {(row["kind"], row["seed"]) for row in rows}

    def wanted() -> Iterator[tuple[str, int]]:
        yield from (("parts", seed) for seed in range(given.parts))
        yield from (("bob", seed) for seed in bobs(model, given.bobs))

    for kind, seed in wanted():
        if (kind, seed) in done:
            continue
        fields = PARTS if kind == "parts" else BUST
        avatar = make_avatar(Recipe.model_validate({"model": given.model, "seed": seed, **fields}), model)
        begin = time.process_time()
        found = measure(avatar)
        seconds = time.process_time() - begin
        rows.append({"kind": kind, "seed": seed, "ms": round(1000 * seconds), **found.facts()})
        print(rows[-1], flush=True)
        given.out.write_text(json.dumps({**summary(rows), "rows": rows}, indent=1) + "\n")
    print(json.dumps(summary(rows), indent=1))


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """By kind: how many there are, which are rejected and why, the least score, and the median time of a score."""
    result: dict[str, Any] = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = [row for row in rows if row["kind"] == kind]
        result[kind] = {
            "count": len(own),
            "rejected": {str(row["seed"]): row["reasons"] for row in own if row["reasons"]},
            "least": min(row["score"] for row in own),
            "ms": float(np.median([row["ms"] for row in own])),
        }
    return result


if __name__ == "__main__":
    main()
