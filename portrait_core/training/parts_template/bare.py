# SPDX-License-Identifier: Apache-2.0
"""Where the skin is to be bare of what the decoder paints on it: see :mod:`portrait_core.parts.skin_places`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.parts.skin import REGIONS, SkinTemplate
from portrait_core.parts.skin_places import BARE, SkinPlaces
from portrait_core.training.parts_template.crop import Crop
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import DECIMETRE, AssetFolders, fit_mhclo
from portrait_core.world.canonical_body import EYE_MIDDLE, CanonicalBody

BROW = np.array([(0.006, 0.062), (0.010, 0.040), (-0.06, 0.08)])
"""From where to where brows may be, metres from the middle of the eyes: aside (of either side), up, forwards."""
SOFT = 0.005
"""Metres in which it fades."""
LASH = 0.0025
"""Metres from the edge of the lids within which lash lines are painted."""
LINE = 0.0026
"""Metres from the line of the mouth within which it is painted."""
SHORT = ("short01", "short02", "short03", "afro01")
SCALP = 0.010
"""Styles whose hair lies on the scalp, and how near, metres."""


def skin_places(
    skin: SkinTemplate, mesh: WholeMesh, cropped: Crop, assets: AssetFolders, body: CanonicalBody
) -> SkinPlaces:
    """Those of a skin that was cropped from the base ``mesh``."""
    canonical = np.asarray(skin.fine.matrix @ mesh.neutral[cropped.vertices])
    hair = np.concatenate([_hair(mesh, assets, style) for style in SHORT])
    at = canonical - EYE_MIDDLE
    regions = _of_vertices(skin, len(canonical))
    near = cKDTree(body.vertices[: body.skins].astype(np.float64)).query(canonical)[1]
    mouth, sockets = (regions == REGIONS.index(name) for name in ("mouth", "sockets"))
    brow = np.ones(len(at))
    for value, (low, high) in zip((np.abs(at[:, 0]), at[:, 1], at[:, 2]), BROW, strict=True):
        brow *= np.clip(np.minimum(value - low, high - value) / SOFT + 1, 0, 1)
    front = (np.abs(at[:, 0]) < 0.045) & (at[:, 1] > -0.12) & (at[:, 1] < -0.03) & (at[:, 2] > -0.06)
    columns = {
        "scalp": np.clip(2 - cKDTree(hair).query(canonical)[0] / SCALP, 0, 1),
        "brow": brow,
        "lash": np.exp(-((body.lid[near] / LASH) ** 2)),
        "mouth": mouth.astype(np.float64),
        "lips": np.where(mouth, 1.0, np.exp(-((body.mouth[near] / LINE) ** 2)) * front),
        "socket": sockets.astype(np.float64),
    }
    columns["scalp"][mouth | sockets] = 0
    return SkinPlaces(canonical.astype(np.float32), np.stack([columns[name] for name in BARE], 1).astype(np.float32))


def _hair(mesh: WholeMesh, assets: AssetFolders, style: str) -> NDArray[np.float64]:
    """The vertices (H, 3) of a hair mesh on the canonical body."""
    file = assets.hair / style / f"{style}.mhclo"
    return np.asarray(fit_mhclo(file, mesh.neutral / DECIMETRE) * DECIMETRE, np.float64)


def _of_vertices(skin: SkinTemplate, count: int) -> NDArray[np.int64]:
    """(V1,) the region of each vertex: inside, only where all around is."""
    result = np.full(count, -1)
    order = [name for name in REGIONS if name not in ("mouth", "sockets")]
    for name in ("mouth", "sockets", *order):
        quads = skin.fine.quads[np.repeat(skin.regions == REGIONS.index(name), 4)]
        result[quads.ravel()] = REGIONS.index(name)
    return result
