# SPDX-License-Identifier: Apache-2.0
"""The assets of the starter model, measured as a technical artist would: one table.

    python -m benchmarks.assets [--first 0] [--count 32] [--part time,mesh,files,pictures,poses] [--out results.json]
                                [--merge other.json ...]

``time``: the whole way of one warm avatar (20,000 faces, 2048 texels, normal map), by stages, and peak memory.
``mesh``: closedness, volume; of the atlas charts, their widths, utilisation, densities. ``files``: every format
variant through the Khronos validator (needs Node and ``npm ci`` in tests/external). ``pictures``: the textured mesh
from 12 views against the generator's own images. ``poses``: head yaw, pitch and roll of 40 degrees, by the rig against
the generator's own posed images, with stretch and volume. Parts can run in separate processes; ``--merge`` joins their
results and measures nothing. The table also holds what benchmarks/surface.py and benchmarks/soak.py left in results/.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.assets_table import table
from benchmarks.atlas_measures import measure_atlas
from benchmarks.mesh_measures import stretch, view_error, volume, welded_faces
from portrait_core.avatar import Avatar
from portrait_core.cameras import Camera
from portrait_core.models.load import load_model
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.runtime.stage_clock import StageClock

SIZE = 192
VIEWS = 12
ANGLE = math.radians(40)
TURNS = {"yaw": (0.0, ANGLE, 0.0), "pitch": (ANGLE, 0.0, 0.0), "roll": (0.0, 0.0, ANGLE)}
RESULTS = Path(__file__).parent / "results"
VALIDATOR = Path(__file__).parents[1] / "tests" / "external" / "validate.mjs"
PARTS = ("time", "mesh", "files", "pictures", "poses")


def recipe(seed: int, **changes: Any) -> Recipe:
    """What the bars ask for."""
    return Recipe(**{"seed": seed, "faces": 20_000, "texture_size": 2048, "normal_map": True} | changes)


def measure_time(seed: int, model: CanonicalAvatarModel) -> dict[str, Any]:
    """Seconds of the whole way, the file included, by stages; peak memory of this process so far."""
    from portrait_core.formats.write import write_avatar

    clock, begin = StageClock(), time.perf_counter()
    avatar = make_avatar(recipe(seed), model, clock)
    clock.enter("write")
    with tempfile.TemporaryDirectory() as folder:
        write_avatar(avatar, Path(folder) / "avatar.glb")
    seconds = time.perf_counter() - begin
    stages = clock.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": seconds, "stages": stages, "peak_gib": peak}


def measure_mesh(avatar: Avatar) -> dict[str, Any]:
    """Is the surface closed, how large is it, and what the pipeline's own report says."""
    level = avatar.main
    faces = welded_faces(level.vertices, level.faces)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    return {
        "watertight": bool((uses == 2).all()),
        "faces": len(faces),
        "volume": volume(level.vertices, level.faces),
        "atlas": {**avatar.report["atlases"][0], **measure_atlas(avatar)},
        "report": dict(avatar.report),
    }


def measure_files(seed: int, model: CanonicalAvatarModel, avatar: Avatar) -> dict[str, Any]:
    """Errors and warnings of the Khronos validator for each format variant."""
    from portrait_core.formats.bones import rename_bones
    from portrait_core.formats.write import write_avatar
    from portrait_core.rig import BONE_NAMINGS, rename

    small = {"faces": 4000, "texture_size": 512, "lattice": 128}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_avatar(avatar, folder / "plain.glb")
        write_avatar(avatar, folder / "loose.gltf")
        for scheme in BONE_NAMINGS:
            write_avatar(rename_bones(avatar, rename(avatar.joint_names, scheme)), folder / f"{scheme}.glb")
        variants = {
            "lods": {"lods": (2000, 1000), "occlusion": True},
            "shared": {"lods": (2000,), "lod_maps": "shared"},
            "open": {"closed": False, "normal_map": False},
            "smpl24": {"skeleton": "smpl24", "pose": {"head": (0.1, 0.4, 0.0)}},
        }
        for label, changes in variants.items():
            write_avatar(make_avatar(recipe(seed, **small | changes), model), folder / f"{label}.glb")
        paths = sorted([*folder.glob("*.glb"), *folder.glob("*.gltf")])
        done = subprocess.run(["node", str(VALIDATOR), *map(str, paths)], capture_output=True, text=True, check=False)
        issues = [json.loads(line)["issues"] for line in done.stdout.splitlines()]
    if len(issues) != len(paths):
        raise SystemExit(f"the validator did not read all files:\n{done.stderr}")
    return {
        "variants": len(paths),
        "errors": sum(each["numErrors"] for each in issues),
        "warnings": sum(each["numWarnings"] for each in issues),
        "infos": sum(each["numInfos"] for each in issues),
    }


def measure_pictures(person: CanonicalPerson, avatar: Avatar) -> dict[str, Any]:
    """PSNR inside both silhouettes and their overlap, from 12 views around."""
    errors, overlaps = [], []
    for view in range(VIEWS):
        camera = Camera.orbit(2 * math.pi * view / VIEWS, 0.2 * math.sin(view))
        error, overlap = view_error(avatar, camera, person.render(camera, {}, SIZE))
        errors.append(error)
        overlaps.append(overlap)
    decibels = -10 * math.log10(float(np.mean(errors)))
    return {"psnr": decibels, "iou": float(np.mean(overlaps)), "least_iou": min(overlaps)}


def measure_poses(person: CanonicalPerson, avatar: Avatar) -> dict[str, Any]:
    """Overlap with the generator's own posed images, longest stretch of an edge, change of volume; the worst of six."""
    from dataclasses import replace

    worst = {"iou": 1.0, "stretch": 0.0, "volume": 0.0}
    rest = volume(avatar.main.vertices, avatar.main.faces)
    for turn in TURNS.values():
        for sign in (1.0, -1.0):
            pose = {"head": tuple(sign * angle for angle in turn)}
            posed = replace(avatar, pose=pose)
            vertices, _ = posed.posed()
            camera = Camera.orbit(0.4)
            _, overlap = view_error(posed, camera, person.render(camera, pose, SIZE))
            worst["iou"] = min(worst["iou"], overlap)
            worst["stretch"] = max(worst["stretch"], stretch(avatar.main.vertices, vertices, avatar.main.faces))
            worst["volume"] = max(worst["volume"], abs(volume(vertices, avatar.main.faces) / rest - 1))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--part", default=",".join(PARTS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--merge", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    parts = set(options.part.split(",")) - {""}
    rows: dict[int, dict[str, Any]] = {}
    for path in options.merge:
        for row in json.loads(path.read_text())["seeds"]:
            rows.setdefault(row["seed"], {"seed": row["seed"]}).update(row)
    if options.count and not options.merge:
        model = load_model("starter", "cpu")
        make_avatar(recipe(options.first, texture_size=256, lattice=96), model)  # compiles kernels, fills caches
        for seed in range(options.first, options.first + options.count):
            row: dict[str, Any] = {"seed": seed}
            if "time" in parts:
                row["time"] = measure_time(seed, model)
            if parts & {"mesh", "files", "pictures", "poses"}:
                avatar, person = make_avatar(recipe(seed), model), model.person(recipe(seed))
                if "mesh" in parts:
                    row["mesh"] = measure_mesh(avatar)
                if "files" in parts:
                    row["files"] = measure_files(seed, model, avatar)
                if "pictures" in parts:
                    row["pictures"] = measure_pictures(person, avatar)
                if "poses" in parts:
                    row["poses"] = measure_poses(person, avatar)
            rows[seed] = row
            print(json.dumps(row), file=sys.stderr, flush=True)
    extras = {name: RESULTS / f"{name}.json" for name in ("surface", "soak")}
    others = {name: json.loads(path.read_text()) for name, path in extras.items() if path.is_file()}
    print(table([rows[seed] for seed in sorted(rows)], **others))
    if options.out:
        options.out.write_text(json.dumps({"seeds": [rows[seed] for seed in sorted(rows)]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
