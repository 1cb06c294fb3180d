# SPDX-License-Identifier: Apache-2.0
"""Training of a starter's bare skin and of the codes that parts read: on a network that stays as it is.

Points lie on the skin of the parts template, half of them as often as its texture layout shows them. The truth is the
portrait world's skin without what is painted on it for want of parts, also where hair and clothing would hide it. The
rest of the network, and so every whole bust, keeps its weights.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import Tensor

import portrait_core
from portrait_core.errors import ModelFileError
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.starter.bare_skin import BareSkin
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.parts_template import template_of
from portrait_core.networks.initialise import initialise
from portrait_core.parts.character import prepared
from portrait_core.parts.template import PartsTemplate
from portrait_core.progress import Progress, silent
from portrait_core.runtime.torch_threads import one_torch_thread
from portrait_core.training.code_refinement import CodeRefinementTraining, train_refinement
from portrait_core.weights.checkpoint import LoadedWeights, load_weights, save_model
from portrait_core.weights.header import Training
from portrait_core.world.appearance import Look, SkinSites, bare_skin_colour, skin_sites
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.canonical_body import BodyDistance, load_canonical_body
from portrait_core.world.hair_volumes import load_hair_volumes
from portrait_core.world.latent import Z_DIM, Attributes, attributes, code

_log = logging.getLogger("portraitkit")

BRANCHES = ("bare_skin.", "code_refinement.")
FACE_SHARE = 0.5
"""Share of the points that are drawn by area in the texture layout, where the face is finest; the rest on the skin."""
SQUARED = 4.0
"""Weight of the squared error beside the absolute one, which is content with the middle of speckles."""


@dataclass(frozen=True)
class BareSkinTraining:
    """``seed`` of weights, points and latents; ``steps`` of Adam at ``rate``, which falls to nothing along a cosine;
    ``batch`` identities a step with ``points`` of ``pool`` prepared ones each; ``width`` of the branch."""

    seed: int = 0
    steps: int = 3000
    rate: float = 4e-3
    batch: int = 8
    points: int = 4096
    pool: int = 600_000
    width: int = 64


class SkinPoints:
    """Canonical points (N, 3) on a template's skin, metres, with what the truth needs of them."""

    def __init__(
        self, template: PartsTemplate, count: int, assets: AssetFolders, seed: int, face_share: float = FACE_SHARE
    ) -> None:
        rng = np.random.default_rng([seed, 2])
        self.points = points_on_skin(template, count, rng, face_share)
        body, hair = BodyDistance(load_canonical_body(assets), load_base_mesh(assets)), load_hair_volumes(assets)
        found: list[SkinSites] = []
        for part in np.array_split(self.points, max(1, count // 100_000)):
            _, weights, face = body(part)
            found.append(skin_sites(body, hair, weights, face))
        self.sites = SkinSites(
            **{f.name: np.concatenate([getattr(each, f.name) for each in found]) for f in fields(SkinSites)}
        )

    def truth(self, index: NDArray[np.int64], a: Attributes) -> NDArray[np.float32]:
        """sRGB (B, M, 3) of the bare skin of B identities at points ``index`` (B, M)."""
        flat = self.sites[index.ravel()]
        shaped = {f.name: np.asarray(getattr(flat, f.name), np.float32) for f in fields(SkinSites)}
        shaped = {name: value.reshape(index.shape + value.shape[1:]) for name, value in shaped.items()}
        return np.asarray(bare_skin_colour(SkinSites(**shaped), Look(a)), np.float32)


def points_on_skin(
    template: PartsTemplate, count: int, rng: np.random.Generator, face_share: float = FACE_SHARE
) -> NDArray[np.float32]:
    """``count`` canonical points (N, 3) on a template's skin, in no order, none in the mouth or behind the lids; the
    share ``face_share`` of them as often as the texture layout shows them."""
    fine = prepared(template).skin[1]
    where, inside = (values[fine.welded] for values in (template.skin_places.canonical, template.skin_places.inside))
    faces = fine.faces[inside.max(axis=1)[fine.faces].max(axis=1) <= 0]
    spread = where[faces]
    areas = np.linalg.norm(np.cross(spread[:, 1] - spread[:, 0], spread[:, 2] - spread[:, 0]), axis=1)
    flat = fine.uvs[faces]
    a, b = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    texels = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    chance = face_share * texels / texels.sum() + (1 - face_share) * areas / areas.sum()
    face = rng.choice(len(faces), count, p=chance / chance.sum())
    r, t = np.sqrt(rng.random(count)), rng.random(count)
    corners = np.stack([1 - r, r * (1 - t), r * t], -1)
    return np.einsum("nc,ncx->nx", corners, spread[face]).astype(np.float32)


class BareSkinTrainer:
    """The branch of a ``network``, which has one, and its optimiser."""

    def __init__(self, network: CanonicalGenerator, points: SkinPoints, config: BareSkinTraining) -> None:
        assert network.bare_skin is not None
        self.network, self.branch, self.points, self.config = network, network.bare_skin, points, config
        self.optimiser = torch.optim.Adam(self.branch.parameters(), lr=config.rate, betas=(0.9, 0.99))

    def advance(self, step: int) -> float:
        """One step; every random number follows from seed and step. The mean absolute error, sRGB."""
        config = self.config
        rng = np.random.default_rng([config.seed, 3, step])
        a = attributes(rng.normal(size=(config.batch, Z_DIM)))
        index = rng.integers(0, len(self.points.points), (config.batch, config.points))
        falling = 0.5 + 0.5 * np.cos(np.pi * step / config.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = config.rate * min(1.0, (step + 1) / 30) * falling + 1e-6
        self.optimiser.zero_grad(set_to_none=True)
        found = self.colours(a, index)
        error = found - torch.as_tensor(self.points.truth(index, a))
        loss = error.abs().mean() + SQUARED * error.square().mean()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        self.optimiser.step()  # pyright: ignore[reportUnknownMemberType]
        return float(error.detach().abs().mean())

    def colours(self, a: Attributes, index: NDArray[np.int64]) -> Tensor:
        """sRGB (B, M, 3) that the branch gives for identities with attributes ``a`` at points ``index`` (B, M)."""
        network = self.network
        with torch.no_grad():
            known = torch.as_tensor(code(a).astype(np.float32))
            style, palette = network.identity_code.style(known), network.identity_code.palette(known)
            places = network.normalised(torch.as_tensor(self.points.points[index]))
            hidden = network.decoder.first_hidden(network.planes_of_style(style), places, style)
        return self.branch(hidden, style, palette)[0]


def train_bare_skin(
    path: Path,
    out: Path,
    config: BareSkinTraining | None = None,
    codes: CodeRefinementTraining | None = None,
    assets: Path | None = None,
    *,
    progress: Progress = silent,
) -> Mapping[str, float]:
    """Give the starter in ``path``, which has a parts template, its bare skin and write the whole model to ``out``, or
    nothing; says the mean absolute error of the last steps (sRGB).

    Raises :class:`ModelFileError` for a file without a parts template and :class:`UsageError` where the CC0 data is not
    found. The same file, data and settings give the same weights on the same machine.
    """
    config = config or BareSkinTraining()
    progress("prepare", 0.0)
    loaded = load_weights(path)
    template = template_of(loaded)
    if template is None:
        raise ModelFileError(f"{path}: it has no parts template, on which the skin lies. Its parts are made first.")
    codes = codes or CodeRefinementTraining(seed=config.seed)
    with one_torch_thread():
        network = with_branch(loaded, config)
        share = train_refinement(network, codes, progress)
        _log.info("codes: %.3f of the squared error is left", share)
        trainer = BareSkinTrainer(network, SkinPoints(template, config.pool, find_assets(assets), config.seed), config)
        errors: list[float] = []
        for step in range(config.steps):
            progress("train", step / config.steps)
            errors.append(trainer.advance(step))
            if step % 100 == 99:
                _log.info("step %d: %.5f", step + 1, float(np.mean(errors[-100:])))
    report = {"error": round(float(np.mean(errors[-100:])), 5), "code_error_left": round(share, 4)}
    _write(loaded, network, out, {"bare_skin": {**asdict(config), **report}, "codes": asdict(codes)})
    return report


def with_branch(loaded: LoadedWeights, config: BareSkinTraining) -> CanonicalGenerator:
    """The network of a file with a new branch, whose weights follow from the seed, and nothing else to learn."""
    old = GeneratorConfig.from_dict(loaded.header.config)
    assert old.canonical is not None
    network = CanonicalGenerator(replace(old, canonical=replace(old.canonical, bare_width=config.width)))
    branch = network.bare_skin
    assert isinstance(branch, BareSkin)
    initialise(branch, torch.Generator().manual_seed(config.seed))
    with torch.no_grad():
        # Modulation near one, even colours.
        branch.film.weight.mul_(0.2)
        branch.out.weight.mul_(0.3)
    state = {name: t.float() if t.is_floating_point() else t for name, t in loaded.network().items()}
    own = {name: tensor for name, tensor in network.state_dict().items() if name.startswith(BRANCHES)}
    network.load_state_dict({**{n: t for n, t in state.items() if not n.startswith(BRANCHES)}, **own})
    network.eval().requires_grad_(False)
    branch.requires_grad_(True)
    return network


def _write(loaded: LoadedWeights, network: CanonicalGenerator, out: Path, facts: Mapping[str, object]) -> None:
    branch = {n: t.detach().half() for n, t in network.state_dict().items() if n.startswith(BRANCHES)}
    tensors = {n: t for n, t in loaded.tensors.items() if not n.startswith(BRANCHES)} | branch
    header = loaded.header
    metrics = {**json.loads(json.dumps(header.training.metrics)), **json.loads(json.dumps(facts))}
    training = _trained_on(
        header.training, metrics, command=f"portrait train skin (portraitkit {portrait_core.__version__})"
    )
    header = header.model_copy(update={"config": network.config.to_dict(), "training": training, "digest": ""})
    save_model(out, tensors, header, overwrite=True)


def _trained_on(training: Training, metrics: Mapping[str, JsonValue], *, command: str) -> Training:
    """The facts of a training and of one after it; the same command twice is told once."""
    before = [each for each in training.command.split("; ") if each != command]
    return training.model_copy(update={"metrics": metrics, "command": "; ".join([*before, command])})
