# SPDX-License-Identifier: Apache-2.0
"""What an avatar of parts costs beside a shell of the same person: seconds, processor seconds, bytes, in one run.

``python -m benchmarks.parts_speed --model FILE`` makes the seeds of each setting in turn, parts and shell by turns; the
first person of a process, who pays for what everybody shares, is told apart. ``--stages`` shows where the processor's
time goes, ``--bytes`` what the file is made of. On a busy machine believe the processor's seconds.
"""

from __future__ import annotations

import argparse
import json
import struct
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from portrait_core.engine.engine import warm_up
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.imaging.png import encode_map
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe
from portrait_core.runtime.heap import share_one_heap
from portrait_core.runtime.memory import resident_bytes
from portrait_core.runtime.threads import take_short_turns

RESULTS = Path(__file__).parent / "results" / "parts_speed.json"
SETTINGS: dict[str, dict[str, Any]] = {
    "draft": {"faces": 5000, "texture_size": 512, "lattice": 128, "normal_map": False},
    "standard": {"texture_size": 1024},
    "2048": {"texture_size": 2048},
}


class Stages:
    """Processor seconds between the stages that a pipeline tells of."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last, self._stage = time.process_time(), "begin"

    def __call__(self, stage: str, fraction: float = 0.0) -> None:
        now = time.process_time()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._last
        self._last, self._stage = now, stage


def made(model: PortraitModel, seed: int, topology: str, facts: dict[str, Any]) -> dict[str, Any]:
    """One avatar to the bytes of its file, and what it took."""
    stages = Stages()
    wall, processor = time.perf_counter(), time.process_time()
    avatar = make_avatar(Recipe.model_validate({"seed": seed, "topology": topology, **facts}), model, stages)
    stages("file")
    content = glb_bytes(avatar)
    if avatar.thumbnail is not None:
        encode_map(avatar.thumbnail)
    stages("end")
    return {
        "seconds": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "bytes": len(content),
        "faces": len(avatar.main.faces),
        "stages": {name: round(value, 3) for name, value in stages.seconds.items()},
        "made_of": made_of(content),
    }


def made_of(content: bytes) -> dict[str, int]:
    """The bytes of a .glb by what they hold."""
    size = struct.unpack_from("<I", content, 12)[0]
    tree = json.loads(content[20 : 20 + size])
    views = tree["bufferViews"]
    found: Counter[str] = Counter(JSON=size)
    for image in tree.get("images", []):
        found[f"image {image['name'].split('_', 1)[-1]}"] += views[image["bufferView"]]["byteLength"]
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            found["indices"] += views[tree["accessors"][primitive["indices"]]["bufferView"]]["byteLength"]
        for name, accessor in mesh["primitives"][0]["attributes"].items():
            found[name] += views[tree["accessors"][accessor]["bufferView"]]["byteLength"]
    return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seeds", type=int, default=4, help="persons of each kind after the first")
    parser.add_argument("--settings", default=",".join(SETTINGS))
    parser.add_argument("--topologies", default="parts,shell")
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS)
    words = parser.parse_args()
    share_one_heap()  # as the programs of the project do
    take_short_turns()
    warm_up()
    model = load_model(words.model, "cpu")
    table: dict[str, Any] = {}
    for setting in words.settings.split(","):
        facts = {"model": model.header.name, **SETTINGS[setting]}
        rows: dict[str, list[dict[str, Any]]] = {each: [] for each in words.topologies.split(",")}
        for number in range(1 + words.seeds):
            for topology, found in rows.items():
                found.append(made(model, 5000 + number, topology, facts))
        for topology, found in rows.items():
            warm = found[1:]
            middle = {name: median(each[name] for each in warm) for name in ("seconds", "processor", "bytes", "faces")}
            table[f"{setting} {topology}"] = {
                **{name: round(value, 3) for name, value in middle.items()},
                "first_processor": round(found[0]["processor"], 3),
                "stages": {k: round(median(each["stages"].get(k, 0.0) for each in warm), 3) for k in warm[0]["stages"]},
                "resident_mib": round((resident_bytes() or 0) / 2**20),
            }
            print(
                f"{setting:9} {topology:6} {middle['seconds']:6.2f} s {middle['processor']:6.2f} s of processors "
                f"(first {found[0]['processor']:.2f}) {middle['bytes'] / 1e6:5.2f} MB {middle['faces']:.0f} faces",
                flush=True,
            )
            if words.stages:
                print("   ", table[f"{setting} {topology}"]["stages"], flush=True)
            if words.bytes:
                print("   ", warm[0]["made_of"], flush=True)
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
