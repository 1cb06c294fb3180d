# SPDX-License-Identifier: Apache-2.0
"""How close the starter comes to the portrait world on latents that it never saw.

    python -m benchmarks.starter_quality [--model starter] [--count 64] [--first 0] [--out results.json]
                                         [--eyes eyes.png]

For each held-out latent the world builds the true bust and the model its own; measured are the mean distances between
the two surfaces (both ways), the albedo at corresponding points (PSNR in sRGB), silhouettes from 12 views, and where
the eyeballs are. Needs the CC0 data (see ``portrait train starter --help``).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.geometry.directions import sphere_directions
from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.geometry.normals import vertex_normals
from portrait_core.imaging.colour_space import linear_to_srgb
from portrait_core.models.load import load_model
from portrait_core.models.starter.field import CanonicalField
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.recipe import Recipe
from portrait_core.shape import extract_surface
from portrait_core.world.appearance import hair_distance, hair_sites
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.canonical_body import CUT_X, CUT_Y
from portrait_core.world.portraits import camera_rays, render_portrait

FIRST_HELD_OUT = 900_000
POINTS = 24_000
VIEWS = 12
SILHOUETTE = 160


def held_out_latent(number: int, z_dim: int) -> NDArray[np.float64]:
    """Latents of seeds that the training, which draws from another generator, never sees."""
    return np.random.RandomState(FIRST_HELD_OUT + number).randn(z_dim)


@dataclass(frozen=True)
class TrueSurface:
    """Points on the visible surface of a bust: places, sRGB albedo, which belong to the face."""

    place: NDArray[np.float32]
    colour: NDArray[np.float32]
    face: NDArray[np.bool_]


def true_surface(world: PortraitWorld, bust: Bust, rng: np.random.Generator) -> TrueSurface:
    """Area-uniform points of the union of the parts, within the shoulder cut."""
    places: list[NDArray[np.float32]] = []
    colours: list[NDArray[np.float32]] = []
    areas = {name: _areas(part.vertices, part.triangles) for name, part in bust.parts.items()}
    total = sum(a.sum() for a in areas.values())
    scene = joined(bust)
    for name, part in bust.parts.items():
        count = int(POINTS * 1.6 * areas[name].sum() / total)
        hits = scatter(areas[name], count, rng)
        canonical = hits.interpolated(part.canonical, part.triangles).astype(np.float32)
        place = hits.interpolated(part.vertices, part.triangles).astype(np.float32)
        if name == "hair":
            seen = hits.interpolated(part.values["above"], part.triangles) > 0.0005
        else:
            seen = hair_distance(hair_sites(world.hair, canonical), bust.look)[0] > 0.0005
        normal = hits.interpolated(vertex_normals(part.vertices, part.triangles), part.triangles)
        seen &= visible(scene, place, normal)
        kept = seen & (place[:, 1] > CUT_Y + 0.004) & (np.abs(place[:, 0]) < CUT_X - 0.004)
        hits = hits.take(kept)
        places.append(place[kept])
        colours.append(world.paint(bust, name, hits))
    place = np.concatenate(places)
    eyes = (bust.landmarks["left_eye"] + bust.landmarks["right_eye"]) / 2
    x, y, z = (place - eyes).T
    on_skin = np.concatenate([np.full(len(p), n == 0) for n, p in enumerate(places)])
    face = (np.abs(x) < 0.07) & (y > -0.12) & (y < 0.05) & (z > -0.06) & on_skin
    return TrueSurface(place, np.concatenate(colours), face)


def joined(bust: Bust) -> MeshQueries:
    """All parts of a bust in one scene."""
    starts = np.cumsum([0, *(len(part.vertices) for part in bust.parts.values())])
    triangles = [part.triangles + start for part, start in zip(bust.parts.values(), starts, strict=False)]
    return MeshQueries(np.concatenate([part.vertices for part in bust.parts.values()]), np.concatenate(triangles))


def visible(
    scene: MeshQueries, place: NDArray[np.float32], normal: NDArray[np.float32], directions: int = 48
) -> NDArray[np.bool_]:
    """Which points can be seen from somewhere, at 70 degrees from their normal at most.

    The backs of the eyeballs, the insides of the lids and of the nostrils are part of the meshes, but nobody sees them.
    """
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    start = (place + normal * 0.0003).astype(np.float32)
    seen = np.zeros(len(place), bool)
    for direction in sphere_directions(directions):
        asked = np.flatnonzero(~seen & (normal @ direction > 0.34))
        towards = np.broadcast_to(direction, (len(asked), 3))
        seen[asked] = scene.first_hits(start[asked], towards, 1.0).face < 0
    return seen


def _areas(vertices: NDArray[np.float32], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    a, b, c = (vertices[triangles[:, k]].astype(np.float64) for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def scatter(areas: NDArray[np.float64], count: int, rng: np.random.Generator) -> Hits:
    """``count`` points spread evenly over triangles of these areas."""
    face = rng.choice(len(areas), count, p=areas / areas.sum()).astype(np.int32)
    r, t = np.sqrt(rng.random(count)), rng.random(count)
    bary = np.stack([1 - r, r * (1 - t), r * t], -1).astype(np.float32)
    return Hits(face, bary, np.zeros(count, np.float32))


def measure(world: PortraitWorld, model: CanonicalAvatarModel, z: NDArray[np.float64], number: int) -> dict[str, Any]:
    """All figures of one latent, and the picture of its eyes."""
    rng = np.random.default_rng(number)
    bust = world.build(z)
    truth = true_surface(world, bust, rng)
    person = model.person(Recipe(latent=tuple(map(float, z))))
    field = person.field
    lattice = extract_surface(field, 256)
    vertices, faces = field.place(lattice.vertices), lattice.faces.astype(np.int64)
    scene = MeshQueries(vertices, faces)
    there = scene.closest(truth.place)

    spread = scatter(_areas(vertices, faces), POINTS, rng)
    own = spread.interpolated(vertices, faces)
    inner = (own[:, 1] > CUT_Y + 0.004) & (np.abs(own[:, 0]) < CUT_X - 0.004)
    back = np.min(
        [MeshQueries(p.vertices, p.triangles).closest(own[inner]).distance for p in bust.parts.values()], axis=0
    )
    found = linear_to_srgb(field.colour(there.interpolated(lattice.vertices, faces).astype(np.float32)))
    error = np.square(found - truth.colour).mean(axis=1)
    identity = person.identity
    eyes = identity.landmarks[list(model.network.options.eye_landmarks)].cpu().numpy()
    true_eyes = np.stack([bust.landmarks["left_eye"], bust.landmarks["right_eye"]])
    return {
        "surface_mm": float(there.distance.mean() * 1e3),
        "surface_p95_mm": float(np.percentile(there.distance, 95) * 1e3),
        "back_mm": float(back.mean() * 1e3),
        "face_mm": float(there.distance[truth.face].mean() * 1e3),
        "mse": float(error.mean()),
        "face_mse": float(error[truth.face].mean()),
        "iou": silhouettes(world, bust, scene),
        "eye_mm": float(np.linalg.norm(eyes - true_eyes, axis=1).max() * 1e3),
        "picture": eye_picture(field, lattice.vertices, vertices, faces, eyes.mean(axis=0)),
    }


def silhouettes(world: PortraitWorld, bust: Bust, scene: MeshQueries) -> float:
    """Mean intersection over union of the masks from cameras around the bust."""
    found: list[float] = []
    for view in range(VIEWS):
        camera = Camera.orbit(yaw=2 * np.pi * view / VIEWS)
        cam2world, intrinsics = np.asarray(camera.cam2world, np.float64), np.asarray(camera.intrinsics, np.float64)
        true = render_portrait(world, bust, cam2world, intrinsics, SILHOUETTE, samples=1, mask_only=True).mask
        origin, direction = camera_rays(cam2world, intrinsics, SILHOUETTE)
        own = (scene.first_hits(origin, direction).face >= 0).reshape(SILHOUETTE, SILHOUETTE)
        found.append(float((true & own).sum() / (true | own).sum()))
    return float(np.mean(found))


def eye_picture(
    field: CanonicalField,
    canonical: NDArray[np.float32],
    vertices: NDArray[np.float32],
    faces: NDArray[np.int64],
    middle: NDArray[np.float32],
    width: int = 200,
    height: int = 80,
) -> NDArray[np.uint8]:
    """The region of both eyes from the front, ten centimetres wide, softly shaded, without perspective."""
    step = 0.10 / width
    x = (np.arange(width * 2) + 0.5) * step / 2 - 0.05
    y = 0.02 - (np.arange(height * 2) + 0.5) * step / 2
    gx, gy = np.meshgrid(x, y)
    origin = np.stack([gx + middle[0], gy + middle[1], np.full_like(gx, 0.5)], -1).reshape(-1, 3)
    hits = MeshQueries(vertices, faces).first_hits(origin, np.broadcast_to([0.0, 0.0, -1.0], origin.shape))
    seen = hits.face >= 0
    there = hits.take(seen)
    normal = there.interpolated(vertex_normals(vertices, faces), faces)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    light = 0.55 + 0.5 * np.clip(normal @ (np.array([-0.4, 0.5, 0.77])), 0, 1)
    image = np.full((len(origin), 3), 0.8, np.float32)
    image[seen] = field.colour(there.interpolated(canonical, faces).astype(np.float32)) * light[:, None]
    image = image.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    return (linear_to_srgb(image) * 255).round().astype(np.uint8)


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Means over the latents; PSNR from the mean squared errors."""

    def mean(name: str) -> float:
        return float(np.mean([row[name] for row in rows]))

    return {
        "latents": len(rows),
        "surface_mm": round(mean("surface_mm"), 4),
        "surface_p95_mm": round(mean("surface_p95_mm"), 4),
        "model_to_truth_mm": round(mean("back_mm"), 4),
        "face_mm": round(mean("face_mm"), 4),
        "albedo_psnr_db": round(-10 * float(np.log10(mean("mse"))), 3),
        "face_albedo_psnr_db": round(-10 * float(np.log10(mean("face_mse"))), 3),
        "silhouette_iou": round(mean("iou"), 5),
        "eye_centre_mm": round(mean("eye_mm"), 4),
        "eye_centre_worst_mm": round(max(row["eye_mm"] for row in rows), 4),
        "surface_worst_mm": round(max(row["surface_mm"] for row in rows), 4),
    }


def main() -> None:
    """Measure and print; write JSON and the picture of the eyes where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--eyes", type=Path)
    arguments = parser.parse_args()
    world, model = PortraitWorld(), load_model(arguments.model, "cpu")
    rows: list[dict[str, Any]] = []
    for number in range(arguments.first, arguments.first + arguments.count):
        rows.append(measure(world, model, held_out_latent(number, model.header.latent.z_dim), number))
        shown = {k: round(v, 4) for k, v in rows[-1].items() if k != "picture"}
        print(number, json.dumps(shown), flush=True)
    print(json.dumps(summary(rows), indent=1))
    if arguments.out:
        table = [{k: v for k, v in row.items() if k != "picture"} for row in rows]
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps({"summary": summary(rows), "latents": table}, indent=1) + "\n")
    if arguments.eyes:
        pictures = [row["picture"] for row in rows]
        columns = 8
        pictures += [np.full_like(pictures[0], 255)] * (-len(pictures) % columns)
        lines = [np.concatenate(pictures[i : i + columns], axis=1) for i in range(0, len(pictures), columns)]
        Image.fromarray(np.concatenate(lines)).save(arguments.eyes)


if __name__ == "__main__":
    main()
