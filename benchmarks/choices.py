# SPDX-License-Identifier: Apache-2.0
"""Own code against the library that could do the same, step by step, in one run: the numbers of docs/choices.md.

    python -m benchmarks.choices [--faces 20000] [--only unwrap,closest] [--model NAME]

Processor seconds of all threads, the best of two, so that what else the machine does hardly counts; the ratio is the
library's by ours (above 1: ours is faster). Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.gltf.reader import read_gltf
from portrait_core.formats.read_wavefront import read_obj
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.surface import Surface, inspect_surface
from portrait_core.models.load import load_model
from portrait_core.pipeline.levels import DENSITY
from portrait_core.recipe import Recipe
from portrait_core.shape import decimate, extract_surface
from portrait_core.shape.adaptive_sampling import sample_sparse_grid
from portrait_core.shape.grid import Lattice
from portrait_core.shape.isosurface import best_march, triangulate
from portrait_core.shape.marching_cubes import march_bricks
from portrait_core.shape.regions import Region, face_regions
from tests.textures.measures import stretches
from textures import Atlas, unwrap
from textures.pack import pack
from textures.xatlas_charts import xatlas_pack

Row = tuple[str, str, str, float, float, str]
"""Step, own, library, own seconds, the library's seconds, what else there is to say."""

SIZE, PADDING = 1024, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=20_000)
    parser.add_argument("--only", default="unwrap,march,files,closest")
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    steps = {"unwrap": unwrapping, "march": marching, "files": files, "closest": queries}
    model = load_model(options.model, "cpu")
    person = model.person(Recipe(model=options.model, seed=options.seed))
    field = person.field
    surface = extract_surface(field, 256)
    world = Surface(np.ascontiguousarray(field.place(surface.vertices), np.float32), surface.faces)
    few = decimate(world, options.faces)
    template = person.template
    head, neck = (template.joints[template.joint_names.index(joint)] for joint in ("head", "neck"))
    regions = face_regions(few.vertices, few.faces, head=head, neck=neck)
    print("| step | ours | library | ours, s | library, s | ratio | quality |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in options.only.split(","):
        for step, own, library, first, second, told in steps[name](field, world, few, regions):
            ratio = second / first
            print(f"| {step} | {own} | {library} | {first:.3g} | {second:.3g} | {ratio:.2g} | {told} |", flush=True)


def unwrapping(_field: Any, _world: Surface, few: Surface, regions: NDArray[np.int32]) -> Iterator[Row]:
    """A bust with known regions, by us and by xatlas; then our charts packed by both."""
    steering: dict[str, Any] = {"parts": regions, "density": {int(r): d for r, d in DENSITY.items()}}
    atlases: list[Atlas] = []
    seconds: list[float] = []
    for method in ("charts", "xatlas"):
        begin = time.process_time()
        atlases.append(
            unwrap(
                few.vertices,
                few.faces,
                resolution=SIZE,
                padding=PADDING,
                whole=[int(Region.FACE)],
                method=method,
                **steering,
            )
        )
        seconds.append(time.process_time() - begin)
    told = "; ".join(_atlas_words(name, each, few) for name, each in zip(("ours", "xatlas"), atlases, strict=True))
    yield "unwrap a bust", "textures.charts", "xatlas", *seconds, told
    own = atlases[0]
    chart = own.charts.astype(np.int64)
    free = np.zeros(own.chart_count, np.bool_)
    places = own.uvs.astype(np.float64)
    packed, first = _timed(
        lambda: pack(places.copy(), own.faces, chart, upright=free, resolution=SIZE, padding=PADDING), times=1
    )
    (_, glued, uvs), second = _timed(
        lambda: xatlas_pack(own.uvs, own.faces, own.charts, resolution=SIZE, padding=PADDING), times=1
    )
    one = Atlas(own.vertex_map, own.faces, packed.astype(np.float32), own.charts).utilisation
    two = Atlas(own.vertex_map, glued, uvs.astype(np.float32), own.charts).utilisation
    yield "pack our charts", "textures.pack", "xatlas", first, second, f"covered: ours {one:.3f}, xatlas {two:.3f}"


def _atlas_words(name: str, atlas: Atlas, surface: Surface) -> str:
    corners = surface.vertices[surface.faces].astype(np.float64)
    stretch = stretches(corners, atlas.uvs[atlas.faces].astype(np.float64))
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    mean = np.average(stretch[:, 0] / np.maximum(stretch[:, 1], 1e-12), weights=area)
    return f"{name} {atlas.chart_count} charts, covered {atlas.utilisation:.3f}, mean stretch {mean:.3f}"


def marching(field: Any, _world: Surface, _few: Surface, _regions: Any) -> Iterator[Row]:
    """The same sampled values as cells near the surface, and as a whole lattice."""
    lattice = Lattice.over(field.bounds, 256)
    bricks, _ = sample_sparse_grid(field, lattice, progress=lambda *_: None)
    (vertices, _), first = _timed(lambda: march_bricks(bricks))
    x, y, z = (np.arange(n + 1, dtype=np.float32) for n in lattice.cells)
    middle = np.asarray(lattice.cells, np.float32) / 2
    ball = 0.3 * middle.min() - np.sqrt(
        (x[:, None, None] - middle[0]) ** 2 + (y[:, None] - middle[1]) ** 2 + (z - middle[2]) ** 2
    )
    march = best_march()
    found, second = _timed(lambda: triangulate(ball.astype(np.float32), lattice, march))
    per = second / len(found.vertices) * len(vertices)
    yield (
        *("marching cubes at 256", "shape.marching_cubes (cells near the surface)", "PyMCubes (whole lattice)"),
        *(first, per, "same vertices on the same values (tests/shape); the library's time scaled to as many vertices"),
    )


def files(_field: Any, world: Surface, few: Surface, _regions: Any) -> Iterator[Row]:
    import pygltflib
    import trimesh

    mesh: Any = trimesh.Trimesh(few.vertices, few.faces, process=False)
    report, first = _timed(lambda: inspect_surface(world))

    def look() -> Any:
        other: Any = trimesh.Trimesh(world.vertices, world.faces, process=False)
        return other.is_watertight, other.is_winding_consistent, other.volume

    seen, second = _timed(look)
    same = report.watertight == (seen[0] and seen[1]) and abs(report.volume / seen[2] - 1) < 1e-6
    yield "is it closed", "geometry.surface", "trimesh", first, second, f"same verdict and volume: {same}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.obj"
        path.write_text(mesh.export(file_type="obj"), encoding="utf-8")
        _, first = _timed(lambda: read_obj(path))
        _, second = _timed(lambda: trimesh.load(path, process=False))
        yield "read .obj", "formats.read_wavefront", "trimesh", first, second, "ours names the damaged line"
        glb = Path(folder) / "a.glb"
        glb.write_bytes(trimesh.Scene(mesh).export(file_type="glb"))
        _, first = _timed(lambda: read_gltf(glb).array(0))
        library: Any = pygltflib.GLTF2
        _, second = _timed(lambda: library().load(str(glb)))
        told = "crashes on 200 damaged files: ours {}, pygltflib {}".format(*_crashes(glb.read_bytes(), Path(folder)))
        yield "read .glb", "formats.gltf.reader", "pygltflib", first, second, told
    corners = few.vertices[few.faces]

    def by_hand() -> bytes:
        kind = [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]
        records: Any = np.zeros(len(corners), np.dtype(kind))
        records["normal"] = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        records["corners"] = corners
        return bytes(80) + records.tobytes()

    _, first = _timed(by_hand)
    _, second = _timed(lambda: trimesh.Trimesh(few.vertices, few.faces, process=False).export(file_type="stl"))
    yield "write .stl", "formats.stl", "trimesh", first, second, "ours has the recipe's digest in the head"


def _crashes(content: bytes, folder: Path) -> tuple[int, int]:
    """How many of 200 files with foreign bytes end in another error than the one for bad files, or in none but that."""
    import pygltflib

    dice = random.Random(0)
    own = other = 0
    path = folder / "b.glb"
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(4):
            damaged[dice.randrange(12, 1200)] = dice.randrange(256)
        path.write_bytes(damaged)
        try:
            gltf = read_gltf(path)
            for index in range(len(gltf.entries("accessors"))):
                gltf.array(index)
        except UsageError:
            pass
        except Exception:
            own += 1
        library: Any = pygltflib.GLTF2
        try:
            library().load(str(path))
        except Exception:
            other += 1
    return own, other


def queries(_field: Any, world: Surface, few: Surface, _regions: Any) -> Iterator[Row]:
    """Closest points and first hits on the dense surface, from points of the decimated one."""
    rng = np.random.default_rng(0)
    points = np.repeat(few.vertices, 10, axis=0)
    points = np.ascontiguousarray(points + rng.normal(0, 0.005, points.shape), np.float32)
    inwards = -points / np.linalg.norm(points, axis=1, keepdims=True)
    starts = np.ascontiguousarray(points - 0.5 * inwards, np.float32)
    own = MeshQueries(world.vertices, world.faces)
    near, first = _timed(lambda: own.closest(points))
    hit, cast = _timed(lambda: own.first_hits(starts, inwards))
    if importlib.util.find_spec("point_cloud_utils"):
        pcu: Any = importlib.import_module("point_cloud_utils")
        found, second = _timed(lambda: pcu.closest_points_on_mesh(points, world.vertices, world.faces))
        apart = np.abs(found[0] - near.distance).max() * 1e6
        told = f"largest difference {apart:.2f} micrometres; 45 MB against 392"
        yield "closest points", "geometry (warp)", "point-cloud-utils", first, second, told
        found, second = _timed(lambda: pcu.ray_mesh_intersection(world.vertices, world.faces, starts, inwards))
        same = float(((np.asarray(found[0]) >= 0) == (hit.face >= 0)).mean())
        yield "first hits of rays", "geometry (warp)", "point-cloud-utils", cast, second, f"same answer: {same:.5f}"
    if importlib.util.find_spec("igl"):
        igl: Any = importlib.import_module("igl")
        wide = points.astype(np.float64), world.vertices.astype(np.float64), world.faces.astype(np.int64)
        found, second = _timed(lambda: igl.point_mesh_squared_distance(*wide))
        apart = np.abs(np.sqrt(found[0]) - near.distance).max() * 1e6
        told = f"largest difference {apart:.2f} micrometres; 16 MB"
        yield "closest points", "geometry (warp)", "libigl", first, second, told
    if importlib.util.find_spec("embreex"):
        ray: Any = importlib.import_module("trimesh.ray.ray_pyembree")
        trimesh: Any = importlib.import_module("trimesh")
        caster = ray.RayMeshIntersector(trimesh.Trimesh(world.vertices, world.faces, process=False))
        found, second = _timed(lambda: caster.intersects_first(starts, inwards))
        same = float(((np.asarray(found) >= 0) == (hit.face >= 0)).mean())
        yield (
            "first hits of rays",
            "geometry (warp)",
            "trimesh, embreex",
            cast,
            second,
            f"same answer: {same:.5f}; 45 MB",
        )


def _timed(call: Callable[[], Any], times: int = 2) -> tuple[Any, float]:
    best, answer = float("inf"), None
    for _ in range(times):
        begin = time.process_time()
        answer = call()
        best = min(best, time.process_time() - begin)
    return answer, max(best, 1e-6)


if __name__ == "__main__":
    main()
