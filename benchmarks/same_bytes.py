# SPDX-License-Identifier: Apache-2.0
"""The same recipe, the same bytes: digests of every part of avatars made with other threads and as on other processors.

``python -m benchmarks.same_bytes --seeds 16`` makes each avatar once a setting, each setting in a process of its own,
and writes benchmarks/results/same_bytes.json. Settings of other processors are stand-ins: libraries told to leave out
instructions, so that their sums run in another order. On threads all parts must be equal; between processors those that
decide what an artist paints on: counts, faces, UVs, seams.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from portrait_core.person import StyledPerson

RESULTS = Path(__file__).parent / "results" / "same_bytes.json"
LIMIT = "PORTRAIT_BENCHMARK_THREADS"
POOLS: tuple[str, ...] = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", LIMIT)
NO_VECTORS = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL X86_V3 X86_V4"
THREADS: dict[str, dict[str, str]] = {f"{count} threads": dict.fromkeys(POOLS, str(count)) for count in (1, 2, 4)}
PROCESSORS: dict[str, dict[str, str]] = {
    "torch without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "torch's convolutions with SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "MKL, compatible": {"MKL_CBWR": "COMPATIBLE"},
    "NumPy without AVX2": {"NPY_DISABLE_CPU_FEATURES": NO_VECTORS},
    "OpenBLAS of 2004": {"OPENBLAS_CORETYPE": "Prescott"},
}


def parts_of(seed: int, texture: int) -> dict[str, str]:
    """Digests of what one avatar is made of, in the order of the pipeline, and of its file."""
    from portrait_core import Recipe, load_model, make_avatar, write_glb

    model = load_model("starter")
    recipe = Recipe(seed=seed, texture_size=texture, occlusion=True)
    person = cast("StyledPerson", model.person(recipe))
    avatar = make_avatar(recipe, model)
    level = avatar.main
    arrays: dict[str, Any] = {"styles": person.styles, "joints": person.template.joints}
    arrays |= {name: getattr(level, name) for name in ("vertices", "faces", "uvs", "normals")}
    arrays |= {"weights": level.skin.weights, "tangents": level.data["tangents"]}
    arrays |= {name: image for name, image in level.maps.items()}
    digests = {name: _digest(np.ascontiguousarray(each).tobytes()) for name, each in arrays.items()}
    with tempfile.TemporaryDirectory() as folder:
        digests["file"] = _digest(write_glb(avatar, Path(folder) / "a.glb").read_bytes())
    return {"count": str(len(level.vertices)), **digests}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def child(seeds: list[int], texture: int) -> None:
    """What runs in a setting's own process: a line of JSON for each seed."""
    most = os.environ.get(LIMIT)
    if most:
        from portrait_core.runtime.threads import limit_threads

        limit_threads(int(most))
    for seed in seeds:
        print(json.dumps(parts_of(seed, texture)), flush=True)


def digests_in(setting: dict[str, str], seeds: list[int], texture: int) -> list[dict[str, str]]:
    """:func:`parts_of` each of ``seeds`` in a process with the environment variables ``setting``."""
    words = [sys.executable, "-m", "benchmarks.same_bytes", "--child", *map(str, seeds), "--texture", str(texture)]
    environment = {**{name: value for name, value in os.environ.items() if name not in POOLS}, **setting}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--texture", type=int, default=512)
    parser.add_argument("--child", type=int, nargs="*", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.child:
        child(words.child, words.texture)
        return
    seeds = list(range(words.seeds))
    base: list[dict[str, str]] = []
    rows: dict[str, dict[str, int]] = {}
    for name, setting in {**THREADS, **PROCESSORS}.items():
        found = digests_in(setting, seeds, words.texture)
        base = base or found
        others = [sum(a[part] != b[part] for a, b in zip(base, found, strict=True)) for part in base[0]]
        rows[name] = dict(zip(base[0], others, strict=True))
        told = {part: count for part, count in rows[name].items() if count}
        print(f"{name}: {f'other in so many avatars: {told}' if told else 'all parts equal'}", flush=True)
        # after every setting: one takes minutes, and what is stopped keeps what it has
        facts = {"seeds": len(seeds), "texture": words.texture, "other than with 1 thread": rows, "with 1 thread": base}
        RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
