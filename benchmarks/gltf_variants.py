# SPDX-License-Identifier: Apache-2.0
"""One mesh in two hundred glTF files, baked onto each: the same maps, or a refusal by name.

``python -m benchmarks.gltf_variants --count 200`` writes benchmarks/results/gltf_variants.json. The files differ in
transforms (mirrored and nested ones too), quantisation, texture transforms, index types, interleaving, sparse parts,
scenes, strips and fans, skins with scaled binds, shape keys; see tests/field/gltf_variants.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh
from portrait_core.formats.read_mesh import read_mesh, read_meshes
from portrait_core.formats.write import write_avatar
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.bake import Baked, sets_onto
from portrait_core.pipeline.make import THREADS, begin
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.runtime.threads import side_by_side
from tests.field.gltf_variants import differences, make_variant
from textures.raster import Placement

RESULTS = Path(__file__).parent / "results" / "gltf_variants.json"
FURTHEST = {"places": 3e-5, "uvs": 5e-5, "normals": 0.1}
"""Metres, squares and degrees by which a corner may differ: sixteen bits over half a metre, in 32-bit matrices."""
LEVELS = 2
"""Of 255, by which a texel may differ from the same mesh baked without a file in between.

Whole numbers move a corner by micrometres, and the border of an iris is as sharp as a step: a few texels fall on its
other side. So a map that differs from the plain mesh's by more is compared with that of the mesh that the file's
numbers say, rounded in the same way but read by nobody: what remains is the reader's fault.
"""


def compare(baked: Baked, plain: Baked, inside: NDArray[np.bool_]) -> dict[str, Any]:
    """The largest difference of each map in texels that lie ``inside`` (S, S) of the charts, and how many exceed it."""
    found: dict[str, Any] = {}
    assert len(baked.sets) == 1, "more sets of maps than the plain mesh has"
    for name, image in plain.sets[0].maps.items():
        step = len(inside) // len(image)
        seen = inside[::step, ::step]
        away = np.abs(image.astype(int) - baked.sets[0].maps[name]).max(axis=2)[seen]
        found[name] = {"most": int(away.max()), "beyond": int((away > LEVELS).sum()), "texels": int(seen.sum())}
    return found


def counts_of(maps: dict[str, Any]) -> dict[str, str]:
    """Of maps with texels beyond: how many, and by how much."""
    return {name: f"{each['beyond']}, most {each['most']}" for name, each in maps.items()}


def inner_texels(mesh: EditedMesh, size: int) -> NDArray[np.bool_]:
    """(size, size) texels whose eight neighbours are covered too: a chart's border may move by a rounding."""
    covered = np.pad(Placement(mesh.faces, mesh.uvs, size).paint((0, size, 0, size)) >= 0, 1)
    inside = np.ones((size, size), np.bool_)
    for dy in range(3):
        for dx in range(3):
            inside &= covered[dy : dy + size, dx : dx + size]
    return inside


def run(count: int, size: int, first: int) -> dict[str, Any]:
    """Make, read and bake onto ``count`` variants."""
    recipe = Recipe(seed=7, faces=4000, texture_size=size, lattice=96)
    model = load_model("starter")
    ends: Counter[str] = Counter()
    traits: Counter[str] = Counter()
    worst: dict[str, float] = {}
    most: dict[str, dict[str, int]] = {}
    wrong: list[str] = []
    by_rounding: list[dict[str, Any]] = []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, side_by_side(THREADS) as pool:
        path, *_ = write_avatar(make_avatar(recipe, model), Path(folder) / "plain.glb", thumbnail=False)
        mesh = read_mesh(path)
        work = begin(recipe, model, silent, pool)
        plain = sets_onto(work, [mesh])
        inside = inner_texels(mesh, size)
        for seed in range(first, first + count):
            variant = make_variant(mesh, Path(folder), seed)
            traits.update(trait.split(" 1")[0].split(" 0")[0].split(" -")[0] for trait in variant.traits)
            try:
                baked = sets_onto(work, read_meshes(variant.path))
            except UsageError as error:
                end = "refused by name" if variant.refused and variant.refused in str(error) else "REFUSED"
                ends[end] += 1
                if end == "REFUSED":
                    wrong.append(f"variant {seed} {variant.traits}: {error}")
                continue
            away = differences(baked.mesh, mesh)
            maps = compare(baked, plain, inside)
            fits = all(away[key] <= limit for key, limit in FURTHEST.items()) and not variant.refused
            moved = fits and any(each["beyond"] for each in maps.values())
            read = compare(baked, sets_onto(work, [variant.held]), inside) if moved else maps
            same = fits and not any(each["beyond"] for each in read.values())
            ends["same maps but for whole numbers" if same and moved else "same maps" if same else "OTHER"] += 1
            if not same:
                wrong.append(f"variant {seed} {variant.traits}: {away} {maps} {read}")
            if moved:
                by_rounding.append({"variant": seed, "plain": counts_of(maps), "as the file says": counts_of(read)})
            for key, value in away.items():
                worst[key] = max(worst.get(key, 0.0), value)
            for name, each in maps.items():
                row = most.setdefault(name, {"most": 0, "beyond": 0, "beyond_in_one": 0, "texels": 0})
                row["most"] = max(row["most"], each["most"])
                row["beyond_in_one"] = max(row["beyond_in_one"], each["beyond"])
                row["beyond"] += each["beyond"]
                row["texels"] += each["texels"]
    return {
        "variants": count,
        "texture_size": size,
        "ends": dict(sorted(ends.items())),
        "wrong": wrong,
        "largest_difference": {key: float(f"{value:.3g}") for key, value in worst.items()},
        "levels_of_255": most,
        "moved_by_whole_numbers": by_rounding,
        "traits": dict(sorted(traits.items())),
        "seconds": round(time.perf_counter() - began),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    result = run(options.count, options.size, options.first)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    sys.exit(bool(result["wrong"]))


if __name__ == "__main__":
    main()
