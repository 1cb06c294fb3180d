# SPDX-License-Identifier: Apache-2.0
"""The starter's body template: the decimated surface of its mean avatar's body with SMPL skin weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.settled import settled
from portrait_core.models.starter.field import CanonicalField, chunked
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.shape.decimate import decimate
from portrait_core.shape.isosurface import extract_surface
from portrait_core.weights.checkpoint import PARTS_PREFIX, load_weights, save_model
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.identity import load_identity_space

FACES = 6000
LATTICE = 192


@dataclass(frozen=True)
class _BodyField(CanonicalField):
    """The body without hair and without the shoulder cut."""

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the body's surface (N,), metres."""

        def depth(identity: Identity, p: torch.Tensor) -> torch.Tensor:
            return self.model.canonical_sample(identity, p).body[0]

        return settled(-chunked(self.identity, points, depth))


def bust_template(model: CanonicalGenerator, assets: AssetFolders) -> dict[str, torch.Tensor]:
    """Tensors ``vertices`` (V, 3), ``faces`` (F, 3), ``joints`` (24, 3), ``weights`` (V, 24), canonical, metres.

    The surface is the model's own, of its mean avatar (truncation 0). The weights are those of the base mesh's closest
    point; joints are the mean identity's, in canonical place.
    """
    with torch.no_grad():
        ws = model.mapping(torch.zeros(1, model.config.z_dim), psi=0.0)
        identity = model.identity(ws)
    surface = decimate(extract_surface(_BodyField(model, identity), LATTICE), FACES)
    base, space = load_base_mesh(assets), load_identity_space(assets)
    own = np.asarray(space.matrix @ base.weights, np.float32)
    hits = MeshQueries(space.vertices, space.triangles).closest(surface.vertices)
    weights = hits.interpolated(own, space.triangles)
    weights = np.clip(weights, 0, None) / weights.sum(axis=1, keepdims=True)
    return {
        "vertices": torch.as_tensor(surface.vertices),
        "faces": torch.as_tensor(surface.faces),
        "joints": torch.as_tensor(space.landmarks(base.neutral)[:24].astype(np.float32)),
        "weights": torch.as_tensor(weights.astype(np.float32)),
    }


def renew_template(path: Path, assets: Path | None = None) -> tuple[int, int]:
    """Make the template of a weights file again and write the file anew, whole or not at all.

    Returns how many vertices and faces the template has. Raises ModelFileError for a file that is no starter.
    """
    loaded = load_weights(path)
    model = CanonicalAvatarModel(loaded, torch.device("cpu"))
    template = bust_template(model.network, find_assets(assets))
    kept = loaded.network() | {PARTS_PREFIX + name: tensor for name, tensor in loaded.parts().items()}
    tensors = kept | {f"template.{name}": tensor for name, tensor in template.items()}
    save_model(path, tensors, loaded.header)
    return len(template["vertices"]), len(template["faces"])
