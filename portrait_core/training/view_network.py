# SPDX-License-Identifier: Apache-2.0
"""Training of the small network that reads cameras off portraits (:mod:`portrait_core.photo.view_network`), on data of
the portrait world whose cameras and poses are known.

Resumable: the state is saved with the network, every batch follows from seed and step alone.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor, nn

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.files.whole_file import whole_file
from portrait_core.photo.bust_geometry import head_rotation
from portrait_core.photo.view_network import (
    OUTPUTS,
    SIGNS,
    SIZE,
    ViewFileFacts,
    ViewNetwork,
    prepared,
    save_view_network,
)
from portrait_core.progress import Progress, silent
from portrait_core.training.view_augmentation import Crops, other_crops, other_looks
from portrait_core.world.dataset_files import IMAGES, LABELS, MASKS, read_dataset_labels

STATE = ".state"
"""Ending of the file beside the network from which a training goes on."""
WEIGHTS = (1.0, 1.0, 4.0, 3.0, 2.0, 2.0, 2.0, 4.0, 4.0, 3.0)
"""Of the ten numbers' squared errors: a yaw counts as it is, what varies little more."""
MEASURED = 4
"""Crops of each held-out portrait on which the standard deviations are measured."""


@dataclass(frozen=True)
class ViewTraining:
    """How the network is trained: ``steps`` of ``batch`` portraits, the rate rising to ``rate`` and falling to nothing;
    one ``seed`` of weights and batches; every ``holds``-th person is held out and measured on."""

    steps: int = 12_000
    batch: int = 48
    rate: float = 2e-3
    decay: float = 0.02
    dropout: float = 0.3
    seed: int = 0
    holds: int = 20


@dataclass(frozen=True)
class ViewData:
    """``pictures`` [N, 3, 64, 64] and ``masks`` [N, 1, 64, 64] uint8, ``targets`` [N, 7] float32, ``persons`` (N,)."""

    pictures: Tensor
    masks: Tensor
    targets: Tensor
    persons: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> ViewData:
        """A part of it."""
        index = torch.as_tensor(np.flatnonzero(rows))
        return ViewData(self.pictures[index], self.masks[index], self.targets[index], self.persons[rows])


def read_view_data(folder: Path) -> ViewData:
    """What ``portrait train data`` wrote into a folder. Raises :class:`UsageError` for anything else."""
    labels = read_dataset_labels(folder / IMAGES)
    pictures: list[NDArray[np.uint8]] = []
    masks: list[NDArray[np.uint8]] = []
    try:
        with zipfile.ZipFile(folder / IMAGES) as images, zipfile.ZipFile(folder / MASKS) as covers:
            table: dict[str, Any] = json.loads(images.read(LABELS))
            for name in labels:
                pictures.append(_small(images.read(name), "RGB"))
                masks.append(_small(covers.read(name), "L")[..., None])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{folder}: is no whole data set of portraits ({error}); expected {IMAGES}, {MASKS}."
        ) from None
    poses: Mapping[str, Any] = dict(table.get("true_poses", []))
    persons: Mapping[str, Any] = dict(table.get("persons", []))
    targets = [_target(label, np.asarray(poses.get(name, label[25:]), np.float64)) for name, label in labels.items()]
    return ViewData(
        torch.as_tensor(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(),
        torch.as_tensor(np.stack(masks)).permute(0, 3, 1, 2).contiguous(),
        torch.tensor(np.array(targets), dtype=torch.float32),
        np.array([int(persons.get(name, number)) for number, name in enumerate(labels)]),
    )


def _small(data: bytes, mode: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        plain = picture.convert(mode)
        if plain.size != (SIZE, SIZE):
            plain = plain.resize((SIZE, SIZE), Image.Resampling.BOX)
        return np.array(plain)


def _target(label: NDArray[np.float32], pose: NDArray[np.float64]) -> list[float]:
    """sin and cos of the yaw, pitch, roll (there is none), head (3)."""
    x, y, z = (float(label[index]) for index in (3, 7, 11))
    yaw, pitch = np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))
    return [float(np.sin(yaw)), float(np.cos(yaw)), float(pitch), 0.0, *(float(each) for each in head_rotation(pose))]


def _together(parts: Sequence[ViewData]) -> ViewData:
    """Several data sets as one; a person is the same in all of them."""
    return ViewData(
        torch.cat([each.pictures for each in parts]),
        torch.cat([each.masks for each in parts]),
        torch.cat([each.targets for each in parts]),
        np.concatenate([each.persons for each in parts]),
    )


def train_view_network(
    config: ViewTraining,
    data: Sequence[Path],
    out: Path,
    *,
    resume: bool = False,
    minutes: float | None = None,
    progress: Progress = silent,
) -> dict[str, float]:
    """Train on the data sets in the folders ``data`` and write ``out``; returns what was measured on held-out persons.

    Stops after ``minutes`` with everything saved. Raises :class:`UsageError` for data that is none, and
    :class:`ModelFileError` for a state that does not belong to it.
    """
    known = _together([read_view_data(each) for each in data])
    every = np.unique(known.persons)
    held = np.isin(known.persons, every[:: config.holds])
    if held.all() or not held.any():
        where = ", ".join(map(str, data))
        raise UsageError(f"{where}: {len(every)} persons; at least 2 are needed, to learn from and to measure on.")
    learnt, measured = known.of(~held), known.of(held)
    network = ViewNetwork(config.dropout)
    _begun(network, config.seed)
    optimiser = torch.optim.AdamW(network.parameters(), config.rate, weight_decay=config.decay)
    state_path = out.with_name(out.name + STATE)
    step = _restored(state_path, config, network, optimiser) if resume else 0
    begin = saved = time.monotonic()
    weights = torch.tensor(WEIGHTS)
    while step < config.steps:
        network.train()
        rng = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = config.rate * _share_of_rate(step / config.steps)
        values, wanted = _batch(learnt, config.batch, rng)
        loss = ((network(values, rng) - wanted) * weights).square().mean()
        optimiser.zero_grad()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimiser.step()  # pyright: ignore[reportUnknownMemberType]
        step += 1
        progress("training", step / config.steps)
        now = time.monotonic()
        if now - saved > 60:
            _save_state(state_path, config, network, optimiser, step)
            saved = now
        if minutes is not None and now - begin > 60 * minutes:
            break
    _save_state(state_path, config, network, optimiser, step)
    progress("measuring", 0.0)
    report, sure, unsure = measure(network, measured)
    facts = {"done": step, "portraits": len(learnt.pictures), **asdict(config), "measured": report}
    save_view_network(out, network, ViewFileFacts(training=facts, sure=tuple(sure), unsure=tuple(unsure)))
    if step >= config.steps:
        state_path.unlink(missing_ok=True)
    return report | {"steps": float(step)}


def _begun(network: ViewNetwork, seed: int) -> None:
    """Weights from a generator of their own, by He's rule; nothing beside them."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                inputs = layer.weight[0].numel()
                layer.weight.normal_(0.0, (2.0 / inputs) ** 0.5, generator=rng)
                if layer.bias is not None:
                    layer.bias.zero_()
        last = network.told[-1]
        assert isinstance(last, nn.Linear)
        last.weight.mul_(0.1)


def _share_of_rate(done: float) -> float:
    """Up along a line in the first twentieth, then down along a cosine."""
    return min(1.0, done * 20 + 0.01) * 0.5 * (1 + float(np.cos(np.pi * done))) + 1e-4


def _batch(data: ViewData, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    rows = torch.randint(len(data.pictures), (count,), generator=rng)
    pictures, masks = data.pictures[rows].float() / 255, data.masks[rows].float() / 255
    pictures, masks, wanted = other_crops(pictures, masks, data.targets[rows], rng)
    pictures, masks = other_looks(pictures, masks, rng)
    return prepared(pictures, masks), wanted


@torch.inference_mode()
def measure(network: ViewNetwork, data: ViewData) -> tuple[dict[str, float], list[float], list[float]]:
    """Errors on portraits in other crops, and in one half other looks: medians and 90th percentiles in degrees, and
    standard deviations (9,) by the length of the answer, where it is 1 and where it is 0."""
    network.eval()
    found: list[Tensor] = []
    wanted: list[Tensor] = []
    for number in range(MEASURED):
        rng = torch.Generator().manual_seed(number)
        pictures, masks, target = other_crops(
            data.pictures.float() / 255, data.masks.float() / 255, data.targets, rng, Crops(0.1, 0.06, 0.1)
        )
        if number % 2:
            pictures, masks = other_looks(pictures, masks, rng)
        values = prepared(pictures, masks)
        signs = torch.tensor(SIGNS)
        parts: list[Tensor] = [values[begin : begin + 256] for begin in range(0, len(values), 256)]
        found.append(torch.cat([(network(part) + network(torch.flip(part, [3])) * signs) / 2 for part in parts]))
        wanted.append(target)
    plain = _errors(torch.cat(found[::2]), torch.cat(wanted[::2]))
    every = _errors(torch.cat(found), torch.cat(wanted))
    length: NDArray[np.float32] = np.linalg.norm(torch.cat(found)[:, :2].numpy(), axis=1)
    far = np.clip(1 - length, 0.0, 1.0)
    sure: list[float] = []
    unsure: list[float] = []
    for column in every.T:
        # The absolute error as a line over the length, by least squares; a normal error is 1.25 times its mean.
        error, spread = np.abs(column), far - far.mean()
        slope = float((spread * error).sum() / max(float((spread**2).sum()), 1e-12))
        base = float(error.mean()) - slope * float(far.mean())
        floor = 0.5 * float(np.median(np.abs(column)))
        sure.append(1.2533 * max(base, floor, 1e-4))
        unsure.append(1.2533 * max(base + slope, floor, 1e-4))
    degrees = np.degrees(np.abs(plain[:, :3]))
    head = np.degrees(np.linalg.norm(plain[:, 3:6], axis=1))
    report = {
        **{f"yaw_{name}": float(np.percentile(degrees[:, 0], share)) for name, share in (("median", 50), ("p90", 90))},
        **{f"looks_yaw_{name}": float(np.degrees(np.percentile(np.abs(every[len(plain) :, 0]), share)))
           for name, share in (("median", 50), ("p90", 90))},
        "pitch_median": float(np.median(degrees[:, 1])),
        "head_median": float(np.median(head)),
        "shift_median": float(np.median(np.hypot(plain[:, 6], plain[:, 7]))),
        "scale_median": float(np.median(np.abs(plain[:, 8]))),
        "length_median": float(np.median(length)),
    }  # fmt: skip
    return report, sure, unsure


def _errors(found: Tensor, wanted: Tensor) -> NDArray[np.float64]:
    """(N, 9): of the yaw the short way round, of the other numbers as they are; the head's as differences."""
    a, b = found.double().numpy(), wanted.double().numpy()
    yaw = np.arctan2(a[:, 0], a[:, 1]) - np.arctan2(b[:, 0], b[:, 1])
    yaw = (yaw + np.pi) % (2 * np.pi) - np.pi
    return np.concatenate([yaw[:, None], (a - b)[:, 2:OUTPUTS]], axis=1)


def _save_state(
    path: Path, config: ViewTraining, network: ViewNetwork, optimiser: torch.optim.Optimizer, step: int
) -> None:
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    facts = json.dumps({"step": step, "config": asdict(config)}, sort_keys=True)
    with whole_file(path, overwrite=True) as temporary:
        save_file(tensors, temporary, metadata={"state": facts})


def _restored(path: Path, config: ViewTraining, network: ViewNetwork, optimiser: torch.optim.Optimizer) -> int:
    """Put everything back as it was saved; the step to go on with."""
    import safetensors

    opened: Any = safetensors.safe_open
    try:
        with opened(str(path), "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
        facts: dict[str, Any] = json.loads(metadata.get("state", "{}"))
        tensors = load_file(path)
        if facts.get("config") != asdict(config):
            raise ModelFileError(f"{path}: was saved by another configuration; go on with that one, or begin anew.")
        network.load_state_dict(
            {name.removeprefix("network."): each for name, each in tensors.items() if name.startswith("network.")}
        )
        whole = optimiser.state_dict()
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, number, field = name.split(".")
                whole["state"].setdefault(int(number), {})[field] = value
        optimiser.load_state_dict(whole)
        return int(facts["step"])
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFileError(f"{path}: no state to go on from, or damaged ({error}). Begin anew.") from None
