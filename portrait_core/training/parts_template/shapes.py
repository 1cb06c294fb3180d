# SPDX-License-Identifier: Apache-2.0
"""The face's shapes of the template: read from the CC0 targets, and mended where they are clumsy.

Source: the repository extra-targets of the MakeHuman community, ``faceunits01`` (ARKit's 52, by Mika Suominen) and
``visemes02`` (the 15 of Oculus): CC0.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError, remedy
from portrait_core.face.names import ARKIT, VISEMES
from portrait_core.parts.controls import Controls
from portrait_core.parts.eyes import SIDES, EyesTemplate
from portrait_core.parts.fitted import Fitted
from portrait_core.parts.shape_targets import ShapeTargets, Target
from portrait_core.parts.skin import SkinTemplate
from portrait_core.training.parts_template.jaw import bites, build_jaw
from portrait_core.training.parts_template.mended_shapes import along_skin, corner_closing, mended, mouth_frame
from portrait_core.training.parts_template.mirrored_shapes import counterparts, evened
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import DECIMETRE, AssetFolders, read_target

FOLDERS = {ARKIT: Path("faceunits01/targets/faceunits"), VISEMES: Path("visemes02/targets/visemes")}
LEAST = 0.00002
"""Metres below which a displacement is left out."""
SIDEWAYS, UP, DOWN = (float(np.deg2rad(degrees)) for degrees in (25.0, 24.0, 24.0))
"""How far the shapes ``eyeLook...`` turn an eyeball; irises of the smallest go 4.5 millimetres by it."""


def read_shapes(assets: AssetFolders, count: int) -> dict[str, NDArray[np.float64]]:
    """(``count``, 3) metres for the base mesh's vertices by the names of ARKit's shapes and the visemes.

    Raises :class:`UsageError` where a target is missing.
    """
    found: dict[str, NDArray[np.float64]] = {}
    for names, folder in FOLDERS.items():
        for name in names:
            path = assets.shapes / folder / f"{name}.target"
            if not path.is_file():
                raise UsageError(
                    f"no target of the shape {name}: expected {path}, of the repository extra-targets of the MakeHuman "
                    "community, beside the other CC0 data.",
                    remedy=remedy("name_assets", variable="PORTRAITKIT_ASSETS"),
                )
            index, delta = read_target(path)
            found[name] = np.zeros((count, 3))
            found[name][index] = delta * DECIMETRE
    return found


def shape_targets(
    shapes: dict[str, NDArray[np.float64]],
    mesh: WholeMesh,
    controls: Controls,
    skin: SkinTemplate,
    eyes: EyesTemplate,
    brows: Iterable[Fitted],
) -> ShapeTargets:
    """The targets over ``controls`` of ``shapes`` (N, 3) by name, mended on the ``skin`` that they move."""
    shapes = evened(shapes, counterparts(mesh.rest))
    vertices = controls.index[skin.vertices]
    places = mesh.neutral[vertices]
    frame = mouth_frame(vertices, places, skin.quads, skin.regions, shapes["jawOpen"][vertices])
    under = np.unique(np.concatenate([np.unique(each.rows.indices) for each in brows]))
    begin = np.flatnonzero(np.isin(skin.vertices, under))
    closing: dict[str, NDArray[np.float64]] = {}
    for side in SIDES:
        lower = eyes.lids[side][eyes.lids[side] < len(vertices)]
        upper = np.setdiff1d(eyes.rims[side][eyes.rims[side] < len(vertices)], lower)
        closing[side] = corner_closing(places, skin.quads, upper, lower)
    better = mended(shapes, frame, along_skin(places, skin.quads, begin), closing)
    jaw, rest = build_jaw(better, mesh, frame)
    own = {name: rest.get(name, moves)[controls.index] for name, moves in better.items()}
    return ShapeTargets(
        targets={name: _target(moves) for name, moves in own.items()},
        looks=_looks(),
        bites=bites(better, jaw, mesh),
        jaw=jaw.over(controls),
    )


def _target(moves: NDArray[np.float64]) -> Target:
    rows = np.flatnonzero(np.sqrt(np.einsum("ci,ci->c", moves, moves)) > LEAST)
    return Target(rows, moves[rows])


def _looks() -> dict[str, NDArray[np.float64]]:
    """Turns (3,) of the eyeballs, axis-angle: up and down about +x, sideways about +y."""
    found: dict[str, NDArray[np.float64]] = {}
    for side, outwards in (("Left", 1.0), ("Right", -1.0)):
        found |= {
            f"eyeLookDown{side}": np.array([DOWN, 0.0, 0.0]),
            f"eyeLookIn{side}": np.array([0.0, -outwards * SIDEWAYS, 0.0]),
            f"eyeLookOut{side}": np.array([0.0, outwards * SIDEWAYS, 0.0]),
            f"eyeLookUp{side}": np.array([-UP, 0.0, 0.0]),
        }
    return found
