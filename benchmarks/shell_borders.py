# SPDX-License-Identifier: Apache-2.0
"""How far the borders of whole busts' colours are from the closed form: ``python -m benchmarks.shell_borders
[--model NAME] [--first N] [--seeds N]``.

Places are strewn over the bust's surface on both sides of a border. Roughness tells what is shown there: cloth is
rougher than skin, and eyes are smoother. Where that differs from what the formula of the neckline says, or the opening
of the canonical lids, the way to the border (the height over a neckline) is the fault. With each person stands what the
decoder alone shows.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from portrait_core.models.load import load_model
from portrait_core.models.starter.clothing import neckline_distance
from portrait_core.models.starter.decoder import CLOTH_ROUGHNESS, EYE_ROUGHNESS, SKIN_ROUGHNESS
from portrait_core.models.starter.eye_opening import beyond_opening
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.recipe import Recipe
from portrait_core.training.parts_template.neck_curve import height_over_neckline

FIRST = 9000
"""The first of the seeds that nothing was tuned on."""

POINTS = 6_000
"""Places strewn around a border."""

NEAR_NECK, NEAR_EYE = 0.012, 0.003
"""Metres to both sides of a border within which places are strewn."""

STEPS, OUT = 8, 0.014
"""How many steps lead to the surface, from how far outside the canonical body, metres."""

CREDIT = 0.0001
"""Metres within which a border may be softly either."""

MOST = 99.9
"""Per cent of the faults that the fault of a person stands for."""

LIMITS = {"neckline_mm": 1.0, "eyes_mm": 0.3}
"""A person with more is frayed."""


def neckline_fault(network: CanonicalGenerator, identity: Identity, clothing: Tensor, seed: int = 0) -> float:
    """Millimetres from the border of the formula, with the numbers ``clothing`` (3,), to the farthest place on its
    wrong side."""
    warp, eyes = network.identity_warp, torch.tensor(network.options.eye_place)
    middle = eyes * torch.tensor([0.0, 1.0, 1.0])
    vertices, triangles = warp.vertices, warp.triangles.long()
    low = vertices[triangles][..., 1].amax(1) < middle[1] - 0.06
    inside = (vertices[triangles].mean(1)[:, 0].abs() < 0.2) & low
    points, normals = _strewn(vertices, triangles[inside], POINTS * 6, seed)
    near = neckline_distance(points - middle, normals, clothing[0], clothing[1]).abs() < NEAR_NECK
    points, normals = (each[near][:POINTS] for each in (points, normals))
    surface = _onto_surface(network, identity, points, normals)
    decoder = network.point_decoder(identity)
    sample = decoder(network.normalised(surface))
    bare = ((sample.hair - sample.body)[0] > 0.003) & (network.cut(identity, surface, sample.distance()[0]) < -0.004)
    surface = surface[bare]
    foot = warp.foot(surface)[0] - middle
    distance = torch.as_tensor(height_over_neckline(foot.double().numpy(), float(clothing[0]), float(clothing[1])))
    shown = network.materials(identity, surface)[1] > (SKIN_ROUGHNESS + CLOTH_ROUGHNESS) / 2
    return _fault(distance, shown)


def eyes_fault(network: CanonicalGenerator, identity: Identity) -> float:
    """Millimetres from the opening of the canonical lids to the farthest place on its wrong side, of a left eye."""
    opening = network.lid_border()
    assert opening is not None
    eye = torch.tensor(network.options.eye_place)
    axis = torch.linspace(-1.0, 1.0, 90)
    y, x = torch.meshgrid(axis * 0.6, axis, indexing="ij")
    way = torch.stack([x.ravel().sin(), y.ravel().sin(), x.ravel().cos() * y.ravel().cos()], 1)
    way = way / way.square().sum(1, keepdim=True).sqrt()
    beyond = beyond_opening(opening, way)
    way, beyond = (each[beyond.abs() < NEAR_EYE] for each in (way, beyond))
    decoder = network.point_decoder(identity)
    place = eye + 0.019 * way
    for _ in range(STEPS):
        place = place - way * decoder.distance(network.normalised(place))[:, None].clamp(-0.001, 0.003)
    met = decoder.distance(network.normalised(place)).abs() < 2e-4
    shown = network.materials(identity, place[met])[1] < (SKIN_ROUGHNESS + EYE_ROUGHNESS) / 2
    return _fault(beyond[met], shown)


def _fault(distance: Tensor, shown: Tensor) -> float:
    """Millimetres: ``distance`` (N,) metres to a border, negative where it should be ``shown`` (N,)."""
    wrong = distance[(distance < 0) != shown].abs()
    wrong = wrong[wrong > CREDIT]
    return float(np.percentile(wrong.numpy(), MOST)) * 1e3 if len(wrong) else 0.0


def _strewn(vertices: Tensor, triangles: Tensor, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Places (count, 3) evenly over triangles (F, 3), and the triangles' unit normals there."""
    rng = torch.Generator().manual_seed(seed)
    corner = vertices[triangles]
    normal = torch.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0], dim=1)
    area = normal.square().sum(1).sqrt()
    face = torch.multinomial(area, count, replacement=True, generator=rng)
    share = torch.rand(count, 2, generator=rng)
    root = share[:, :1].sqrt()
    weights = torch.cat([1 - root, root * (1 - share[:, 1:]), root * share[:, 1:]], 1)
    unit = normal / area[:, None].clamp_min(1e-12)
    return (corner[face] * weights[..., None]).sum(1), unit[face]


def _onto_surface(network: CanonicalGenerator, identity: Identity, points: Tensor, normals: Tensor) -> Tensor:
    """(N, 3) the bust's surface over places (N, 3) of the bare canonical body."""
    decoder = network.point_decoder(identity)
    place = points + OUT * normals
    for _ in range(STEPS):
        place = place - normals * decoder.distance(network.normalised(place))[:, None].clamp(-0.003, OUT)
    return place


def faults(person: CanonicalPerson, *, alone: bool = False) -> dict[str, float]:
    """Both faults of a person; ``alone``: of what the decoder shows without the formulas."""
    network, identity = person.network, person.identity
    clothing = identity.clothing
    if clothing is None:
        raise SystemExit(f"{person.header.name}: its header does not say where its clothing's numbers stand")
    if alone:
        identity = replace(identity, clothing=None)
    with torch.no_grad():
        return {
            "neckline_mm": neckline_fault(network, identity, clothing),
            "eyes_mm": eyes_fault(network, identity),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "shell_borders.json")
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    rows: list[dict[str, Any]] = []
    for seed in range(given.first, given.first + given.seeds):
        person = cast(CanonicalPerson, model.person(Recipe(model=given.model, seed=seed)))
        rows.append({"seed": seed, "shown": faults(person), "alone": faults(person, alone=True)})
        print(json.dumps(rows[-1]), flush=True)
    result = {
        kind: {
            name: {
                "median": round(float(np.median([row[kind][name] for row in rows])), 3),
                "worst": round(max(row[kind][name] for row in rows), 3),
                "frayed": sum(row[kind][name] > limit for row in rows),
            }
            for name, limit in LIMITS.items()
        }
        for kind in ("shown", "alone")
    }
    given.out.write_text(json.dumps({"limits": LIMITS, "persons": len(rows), **result}, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
