# SPDX-License-Identifier: Apache-2.0
"""All that a training has to remember, as one file that runs no code; and the snapshots that users open.

A state holds networks, averages and the optimisers' moments. There is no random state in it: every random number
follows from seed, process and iteration (`portrait_core.training.adversarial.phases`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.files.whole_file import whole_file
from portrait_core.models.portrait_gan.importer import DISCRIMINATOR_PREFIX
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.moments import Moment
from portrait_core.training.adversarial.networks import Networks
from portrait_core.training.adversarial.phases import Phases
from portrait_core.weights.checkpoint import save_model
from portrait_core.weights.header import Latent, ModelHeader, PosePrediction, Training

_safe_open: Any = safetensors.safe_open  # it comes without types

KEY = "adversarial"
AUGMENTATION = "A."
MEMORY = "M."
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True)
class Reached:
    """How far a training is: ``iteration`` counts steps of this run, ``images`` all that were shown."""

    iteration: int
    images: int


def save_state(path: Path, networks: Networks, phases: Phases, config: TrainingConfig, reached: Reached) -> None:
    """Write everything that :func:`restore_state` needs, whole or not at all."""
    tensors = {
        f"{room}.{name}": tensor.detach().cpu().contiguous().clone()
        for room, module in networks.named().items()
        for name, tensor in module.state_dict().items()
    }
    for label, optimiser, names in _optimisers(networks, phases):
        for parameter, moments in optimiser.state.items():
            for moment in _MOMENTS:
                tensors[f"{label}.{moment}.{names[parameter]}"] = moments[moment].detach().cpu().contiguous().clone()
    if phases.memory is not None:
        tensors |= {f"{MEMORY}{name}": each for name, each in phases.memory.state().items()}
    if phases.augmentation is not None:
        tensors |= {f"{AUGMENTATION}{name}": each for name, each in phases.augmentation.state().items()}
    facts = {"iteration": reached.iteration, "images": reached.images, "config": config.to_dict()}
    with whole_file(path, overwrite=True) as temporary:
        try:
            save_file(tensors, temporary, metadata={KEY: json.dumps(facts)})
        except SafetensorError as error:
            # safetensors wraps the system's errors into its own; say them as what they are
            raise OSError(None, str(error)) from error


def restore_state(path: Path, networks: Networks, phases: Phases) -> Reached:
    """Go on from what :func:`save_state` wrote. Raises ModelFileError when it does not fit these networks."""
    facts, tensors = read_state(path)
    load_networks(path, tensors, networks)
    try:
        for label, optimiser, names in _optimisers(networks, phases):
            for parameter, name in names.items():
                if f"{label}.step.{name}" not in tensors:
                    continue
                moments = {moment: tensors[f"{label}.{moment}.{name}"] for moment in _MOMENTS}
                optimiser.state[parameter] = {
                    key: tensor if key == "step" else tensor.to(parameter.device) for key, tensor in moments.items()
                }
        if phases.memory is not None:
            phases.memory.restore(_under(MEMORY, tensors))
    except (KeyError, RuntimeError) as error:
        raise ModelFileError(f"{path}: the state of another training ({error}).") from error
    if phases.augmentation is not None:
        phases.augmentation.restore(_under(AUGMENTATION, tensors))
    return Reached(int(facts["iteration"]), int(facts["images"]))


def read_state(path: Path) -> tuple[dict[str, Any], Mapping[str, Tensor]]:
    """Facts and tensors of a state file. Raises ModelFileError in plain words."""
    try:
        tensors = load_file(path)
        with _safe_open(path, "pt") as file:
            facts = json.loads(file.metadata()[KEY])
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist: there is no run to go on with.") from None
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path}: not the state of an adversarial training ({error}).") from error
    return facts, tensors


def load_networks(path: Path, tensors: Mapping[str, Tensor], networks: Networks, *, grow: bool = False) -> None:
    """Take over the networks of a state file. Raises ModelFileError when their sizes or names are others.

    With ``grow`` a discriminator may be larger than the file's: blocks for larger pictures begin anew, and the one that
    took the pictures before takes what the new ones make of them.
    """
    for room, module in networks.named().items():
        own = _under(f"{room}.", tensors)
        if room == "P" and own.keys() != module.state_dict().keys():
            continue  # another way of poses: its correction begins anew
        if grow and room.startswith("D"):
            own = _grown(own, module.state_dict())
        try:
            module.load_state_dict(own)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelFileError(f"{path}: networks of other sizes than the configuration's ({reason}).") from error


def _grown(smaller: Mapping[str, Tensor], larger: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A smaller discriminator's tensors and the larger one's for what it lacks; whatever does not fit is left to be
    told."""
    top = max(map(_side, smaller), default=0)
    new = {name: each for name, each in larger.items() if _side(name) > top}
    if not new:
        return dict(smaller)
    return new | {name: each for name, each in smaller.items() if not name.startswith(f"b{top}.fromrgb.")}


def _side(name: str) -> int:
    """Of the pictures that a block takes; 0 for what is no block of them."""
    head = name.partition(".")[0].removeprefix("b")
    return int(head) if head.isdigit() else 0


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {name[len(prefix) :]: each for name, each in tensors.items() if name.startswith(prefix)}


def save_snapshot(
    path: Path, networks: Networks, config: TrainingConfig, reached: Reached, facts: Mapping[str, Any]
) -> None:
    """Write averaged generator, with its body, and averaged discriminator as a model file.

    Raises ModelFileError for weights that are not finite: the training has diverged.
    """
    moment = Moment.of(config, reached.images)
    tensors = dict(networks.generator_average.state_dict())
    tensors |= {DISCRIMINATOR_PREFIX + name: each for name, each in networks.discriminator_average.state_dict().items()}
    architecture = config.generator.to_dict() | {"neural_resolution": moment.resolution}
    header = ModelHeader(
        family="portrait_gan",
        name=path.stem,
        description=f"Trained adversarially with the configuration {config.name}",
        licence=str(facts.get("licence") or "that of its training data"),
        config=architecture,
        discriminator=config.discriminator.to_dict(),
        pose_prediction=PosePrediction(
            blur_sigma=moment.sigma,
            neural_resolution=moment.resolution,
            filter_mode=config.discriminator.resize_mode,
        ),
        latent=Latent(z_dim=config.generator.z_dim),
        training=Training(
            data=str(facts.get("data", "")),
            command=str(facts.get("command", "")),
            metrics={"kimg": reached.images / 1000, "pose_way": config.pose_way},
        ),
    )
    save_model(path, tensors, header)


def _optimisers(networks: Networks, phases: Phases) -> list[tuple[str, torch.optim.Optimizer, dict[Any, str]]]:
    """Each optimiser with its label in files, and the names of its parameters."""
    names: dict[Any, str] = {
        parameter: f"{room}.{name}"
        for room in ("G", "D", "P")
        for name, parameter in networks.named()[room].named_parameters()
    }
    found: list[tuple[str, torch.optim.Optimizer, dict[Any, str]]] = []
    for label, optimiser, own in (
        ("opt_G", phases.generator_optimiser, phases.of_generator),
        ("opt_D", phases.discriminator_optimiser, phases.of_discriminator),
        ("opt_R", phases.reading_optimiser, phases.of_reading),
    ):
        if optimiser is None:
            continue
        found.append((label, optimiser, {parameter: names[parameter] for parameter in own}))
    return found
