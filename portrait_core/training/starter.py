# SPDX-License-Identifier: Apache-2.0
"""Training of the starter weights on the procedural portrait world.

One loop, two jobs a step: the mapping network learns which code and which shape belong to a latent (a regression on
unlimited samples), and the canonical generator learns the fields of the bust from codes. Points of the canonical head
are described once; the truth of any identity at them is a few array operations, so no identity is ever seen twice.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.files.whole_file import whole_file
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.progress import Progress, silent
from portrait_core.training.starter_losses import starter_loss
from portrait_core.training.starter_setup import build_starter, encode_shapes, starter_file
from portrait_core.world.assets import find_assets
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.latent import NAMES, Z_DIM, Attributes, attributes, code
from portrait_core.world.training_points import TrainingPoints, Truth, load_training_points

_log = logging.getLogger("portraitkit")
_safe_open: Any = safetensors.safe_open  # it comes without types

STRIPED = 0.35
"""Share of the identities of a step whose clothing is made striped."""

MAPPING = ("backbone.mapping.", "identity_code.code.", "identity_code.warp.")
"""How the names of the mapping's parameters begin."""


@dataclass(frozen=True)
class StarterTrainingConfig:
    """How the starter is trained.

    Attributes:
        assets: folder of the CC0 data; None finds it.
        seed: of weights, latents and points.
        device: "cpu", "cuda" or "auto".
        threads: CPU threads; None leaves torch's number.
        steps: how many steps the schedule has.
        minutes: stop (with everything saved) after so much time; the schedule stays that of ``steps``.
        batch, points: identities a step and points of each.
        mapping_batch, mapping_repeats: latents a step of the mapping and how many such steps go with one.
        polish: steps of the mapping alone after the schedule, with ``polish_batch`` latents each,
            at a rate that falls from ``polish_rate`` to zero along a cosine.
        rate: learning rate of Adam; planes learn 2.5 times as fast, the mapping 2 times.
        point_scale: share of the usual number of prepared points (tests use little).
        save_minutes: how often the state is saved.
    """

    assets: Path | None = None
    seed: int = 0
    device: str = "auto"
    threads: int | None = None
    steps: int = 5500
    minutes: float | None = None
    batch: int = 6
    points: int = 4096
    mapping_batch: int = 512
    mapping_repeats: int = 3
    polish: int = 16_000
    polish_rate: float = 1e-2
    polish_batch: int = 1024
    rate: float = 4e-3
    point_scale: float = 1.0
    save_minutes: float = 4.0


class StarterTrainer:
    """Network, average, optimiser and random state of a training run; all of it can be saved and restored."""

    def __init__(self, config: StarterTrainingConfig) -> None:
        self.config = config
        if config.threads is not None:
            torch.set_num_threads(config.threads)
        self.device = _device(config.device)
        self.assets = find_assets(config.assets)
        self.base = load_base_mesh(self.assets)
        self.points: TrainingPoints = load_training_points(self.assets, config.point_scale)
        self.model, self.shape_code = build_starter(self.assets, seed=config.seed)
        self.model.to(self.device).train()
        self.average: dict[str, Tensor] = {n: p.detach().clone() for n, p in self.model.named_parameters()}
        self.optimiser = torch.optim.Adam(self._groups(), lr=config.rate, betas=(0.9, 0.99))
        self.polisher = torch.optim.Adam(self.mapping_parameters().values(), lr=config.rate, betas=(0.9, 0.99))
        self.step = 0
        deviation = self.model.identity_warp.basis.square().sum(1).mean(0).sqrt() * 1e3
        self.shape_weight = deviation.to(self.device)

    def _groups(self) -> list[dict[str, Any]]:
        quick = ("decoder.static_planes", "plane_basis.mean", "plane_basis.basis", "backbone.synthesis.b4.const")
        kinds: dict[float, list[torch.nn.Parameter]] = {1.0: [], 2.5: [], 2.0: []}
        for name, parameter in self.model.named_parameters():
            factor = 2.5 if name in quick else 2.0 if name.startswith(MAPPING) else 1.0
            kinds[factor].append(parameter)
        return [{"params": parameters, "factor": factor} for factor, parameters in kinds.items()]

    def advance(self) -> dict[str, float]:
        """One step; every random number follows from seed and step."""
        config = self.config
        rng = np.random.default_rng([config.seed, self.step])
        done = self.step / config.steps
        cosine = 1.0 if done < 0.4 else 0.5 * (1 + np.cos(np.pi * (done - 0.4) / 0.6))
        rate = config.rate * min(1.0, (self.step + 1) / 30) * max(cosine, 0.004)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        beta = 0.004 * (0.0008 / 0.004) ** min(1.0, done / 0.6)

        self.optimiser.zero_grad(set_to_none=True)
        report = {"mapping": self._mapping_gradient(rng)}
        z = rng.normal(size=(config.batch, Z_DIM))
        # Striped clothing is rare, and a plain mean of both colours a tempting answer: show it more often.
        striped = rng.random(config.batch) < STRIPED
        z[striped, NAMES.index("clothing_stripes")] = rng.uniform(1.0, 2.2, int(striped.sum()))
        a = attributes(z)
        index = self.points.draw(a.style.astype(np.float32), config.points, rng)
        truth = self._tensors(self.points.known.truth(index, a))
        where = torch.as_tensor(self.points.known.points[index]).to(self.device)
        known = torch.as_tensor(code(a).astype(np.float32)).to(self.device)
        identity_code = self.model.identity_code
        style = identity_code.style(known)
        planes = self.model.planes_of_style(style)
        sample = self.model.decoder(planes, self.model.normalised(where), style, identity_code.palette(known))
        loss, parts = starter_loss(sample, truth, beta)
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        for group in self.optimiser.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], 5.0)
        self.optimiser.step()  # pyright: ignore[reportUnknownMemberType]
        self.step += 1
        decay = min(0.995, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                self.average[name].lerp_(parameter, 1 - decay)
        return report | parts | {"loss": float(loss.detach())}

    def _mapping_gradient(self, rng: np.random.Generator) -> float:
        total = 0.0
        for _ in range(self.config.mapping_repeats):
            z = rng.normal(size=(self.config.mapping_batch, Z_DIM))
            a = attributes(z)
            loss = self.mapping_loss(z, a) / self.config.mapping_repeats
            loss.backward()  # pyright: ignore[reportUnknownMemberType]
            total += float(loss.detach())
        return total

    def mapping_loss(self, z: NDArray[np.float64], a: Attributes) -> Tensor:
        """Squared error of code (in deviations; colours and style logits count more) and shape (in millimetres)."""
        model, head = self.model, self.model.identity_code
        w = model.backbone.mapping.single(torch.as_tensor(z.astype(np.float32)).to(self.device))
        shape = torch.as_tensor(encode_shapes(self.base, self.shape_code, a)).to(self.device)
        known = torch.as_tensor(code(a).astype(np.float32)).to(self.device)
        target = (known - head.code_mean) / head.code_deviation
        weight = torch.ones_like(target[0])
        weight[: 3 * head.layout.colours] = 3.0
        weight[-head.layout.styles :] = 4.0
        code_error = ((head.code(w) - target).square() * weight).mean()
        shape_error = ((head.warp(w) - shape) * self.shape_weight).square().sum(1).mean()
        return code_error + 0.1 * shape_error

    def polish(self) -> float:
        """One step of the mapping alone, after the schedule, with a small and falling rate; the loss."""
        config = self.config
        done = self.step - config.steps
        rng = np.random.default_rng([config.seed, 1, done])
        falling = 0.5 + 0.5 * np.cos(np.pi * done / config.polish)
        rate = config.polish_rate * min(1.0, (done + 1) / 30) * falling + 1e-6
        for group in self.polisher.param_groups:
            group["lr"] = rate
        z = rng.normal(size=(config.polish_batch, Z_DIM))
        self.polisher.zero_grad(set_to_none=True)
        loss = self.mapping_loss(z, attributes(z))
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        self.polisher.step()  # pyright: ignore[reportUnknownMemberType]
        self.step += 1
        with torch.no_grad():
            for name, parameter in self.mapping_parameters().items():
                self.average[name].lerp_(parameter, 0.005 if done > 100 else 0.1)
        return float(loss.detach())

    def mapping_parameters(self) -> dict[str, torch.nn.Parameter]:
        """Parameters of the mapping and its two heads."""
        return {n: p for n, p in self.model.named_parameters() if n.startswith(MAPPING)}

    def _tensors(self, truth: Truth) -> dict[str, Tensor]:
        return {name: torch.as_tensor(np.asarray(v, np.float32)).to(self.device) for name, v in vars(truth).items()}

    def averaged(self) -> CanonicalGenerator:
        """A copy of the network with averaged weights, for evaluation and for the weights file."""
        model, _ = build_starter(self.assets, seed=self.config.seed)
        state = self.model.state_dict() | self.average
        model.load_state_dict({name: value.cpu() for name, value in state.items()})
        model.eval()
        rng = np.random.default_rng(5)
        with torch.no_grad():
            z = torch.as_tensor(rng.normal(size=(20_000, Z_DIM)).astype(np.float32))
            model.backbone.mapping.w_avg.copy_(model.backbone.mapping.single(z).mean(0))
        return model

    def save(self, path: Path) -> None:
        """Write everything that :meth:`restore` needs, whole or not at all."""
        tensors = {f"model.{n}": p.detach().cpu() for n, p in self.model.named_parameters()}
        tensors |= {f"average.{n}": p.cpu() for n, p in self.average.items()}
        by_parameter = {id(p): n for n, p in self.model.named_parameters()}
        for parameter, state in self.optimiser.state.items():
            name = by_parameter[id(parameter)]
            tensors[f"first.{name}"] = state["exp_avg"].cpu()
            tensors[f"second.{name}"] = state["exp_avg_sq"].cpu()
        for name, parameter in self.mapping_parameters().items():
            if parameter in self.polisher.state:
                tensors[f"polish1.{name}"] = self.polisher.state[parameter]["exp_avg"].cpu()
                tensors[f"polish2.{name}"] = self.polisher.state[parameter]["exp_avg_sq"].cpu()
        facts = {"step": self.step, "seed": self.config.seed, "steps": self.config.steps}
        with whole_file(path, overwrite=True) as temporary:
            save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, metadata={"run": json.dumps(facts)})

    def restore(self, path: Path) -> None:
        """Go on from what :meth:`save` wrote; raises ModelFileError when it does not fit this network."""
        try:
            tensors = load_file(path)
            with _safe_open(path, "pt") as file:
                facts = json.loads(file.metadata()["run"])
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path}: not the state of a training run ({error}). Start again without it."
            raise ModelFileError(message) from error
        try:
            with torch.no_grad():
                for name, parameter in self.model.named_parameters():
                    parameter.copy_(tensors[f"model.{name}"])
                    self.average[name].copy_(tensors[f"average.{name}"])
                    if f"first.{name}" in tensors:
                        self.optimiser.state[parameter] = {
                            "step": torch.tensor(float(facts["step"])),
                            "exp_avg": tensors[f"first.{name}"].to(parameter),
                            "exp_avg_sq": tensors[f"second.{name}"].to(parameter),
                        }
                for name, parameter in self.mapping_parameters().items():
                    if f"polish1.{name}" in tensors:
                        self.polisher.state[parameter] = {
                            "step": torch.tensor(float(int(facts["step"]) - self.config.steps)),
                            "exp_avg": tensors[f"polish1.{name}"].to(parameter),
                            "exp_avg_sq": tensors[f"polish2.{name}"].to(parameter),
                        }
        except (KeyError, RuntimeError) as error:
            raise ModelFileError(f"{path}: the state of another network ({error}). Start again without it.") from error
        self.step = int(facts["step"])


def train_starter(
    config: StarterTrainingConfig, out: Path, *, resume: bool = False, progress: Progress = silent
) -> None:
    """Train the starter and write ``out``, with the run's state and log beside it.

    Args:
        config: see :class:`StarterTrainingConfig`.
        out: the weights file; ``out.state.safetensors`` and ``out.log.jsonl`` are written beside it.
        resume: go on from the state beside ``out`` if it is there.
        progress: hears of the stages "prepare" and "train"; cancelling leaves the last saved state.
    """
    progress("prepare", 0.0)
    trainer = StarterTrainer(config)
    state, log = out.with_suffix(".state.safetensors"), out.with_suffix(".log.jsonl")
    if resume and state.exists():
        trainer.restore(state)
        _log.info("resuming at step %d of %d", trainer.step, config.steps)
    started = saved = time.monotonic()
    recent: list[dict[str, float]] = []
    total = config.steps + config.polish
    while trainer.step < total:
        progress("train", trainer.step / total)
        polishing = trainer.step >= config.steps
        recent.append({"mapping": trainer.polish()} if polishing else trainer.advance())
        now = time.monotonic()
        if trainer.step % 50 == 0:
            names = recent[-1].keys()
            line = {n: round(float(np.mean([r[n] for r in recent if n in r])), 5) for n in names}
            _append(log, {"step": trainer.step, "seconds": round(now - started, 1)} | line)
            recent = []
        late = config.minutes is not None and now - started > config.minutes * 60
        if now - saved > config.save_minutes * 60 or late:
            trainer.save(state)
            saved = now
        if late:
            break
    trainer.save(state)
    progress("train", 1.0)
    settings = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(config).items() if k != "assets"}
    starter_file(trainer.averaged(), trainer.assets, out, {"steps_done": trainer.step, "settings": settings})


def _append(path: Path, line: dict[str, float]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + os.linesep)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
