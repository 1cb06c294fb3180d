# SPDX-License-Identifier: Apache-2.0
"""Where a run reads and writes, and whether it may be resumed with what is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch

from portrait_core.errors import OutputError, UsageError
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.state import read_state

CONFIG, STATE = "config.json", "state.safetensors"
STOP = "stop"
"""A file of this name in a run's folder ends the run as Ctrl-C does; it is taken away when the run goes on."""
FREE = {"kimg", "kimg_per_tick", "snap", "image_snap"}
"""What may change when a run is resumed: nothing that a step depends on."""

CPU = torch.device("cpu")


@dataclass(frozen=True)
class RunOptions:
    """Where a training reads and writes.

    ``data`` and ``masks``: see `portrait_core.training.adversarial.data_files.open_data_set`. ``held_out``: a data set
    with true poses that is measured on. ``out``: the run's folder. ``resume``: go on with the run there. ``start``:
    another run's folder, whose networks are taken over. ``body``: a model whose body is bent. ``max_minutes``: stop
    after so long, with everything saved. ``device``: a torch device. ``command``: what the snapshots tell.
    """

    data: Path
    out: Path
    masks: Path | None = None
    held_out: Path | None = None
    resume: bool = False
    start: Path | None = None
    body: str = "starter"
    max_minutes: float | None = None
    device: torch.device = CPU
    command: str = ""


def stored_run(options: RunOptions) -> dict[str, Any] | None:
    """What ``config.json`` of the run to be resumed says; None for a new run."""
    path = options.out / CONFIG
    if not options.resume:
        if path.exists():
            raise OutputError(f"{options.out} holds a run already. Go on with it, or choose another folder.")
        return None
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(f"{options.out} holds no run ({CONFIG} is not there).") from None
    except ValueError as error:
        raise UsageError(f"{path} is damaged ({error}).") from None
    table = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    if not isinstance(table.get("config"), dict) or not isinstance(table.get("data"), dict):
        raise UsageError(f"{path} is not the configuration of a run.")
    return table


def agreed_config(config: TrainingConfig | None, stored: dict[str, Any] | None, options: RunOptions) -> TrainingConfig:
    """The configuration to train with; of a resumed run only the length may be another one."""
    if stored is None:
        if config is None:
            raise UsageError("no configuration is named; it is one of the table or a .toml file.")
        if options.start is not None and config.resume_kimg == 0:
            images = read_state(options.start / STATE)[0]["images"]
            config = replace(config, resume_kimg=images / 1000)
        return config
    before = TrainingConfig.from_dict(stored["config"])
    if config is None:
        return before
    ours, theirs = config.to_dict(), before.to_dict()
    ours["generator"] |= {"body": theirs["generator"]["body"]}
    ours["resume_kimg"] = ours["resume_kimg"] or theirs["resume_kimg"]
    other = [name for name in ours if name not in FREE and ours[name] != theirs[name]]
    if other:
        raise UsageError(
            f"{other[0]} is {_shown(ours[other[0]])} here and {_shown(theirs[other[0]])} in {options.out}. "
            "Leave the configuration out to go on as before, or start another run from its networks."
        )
    return replace(before, **{name: getattr(config, name) for name in FREE})


def _shown(value: object) -> str:
    return "another table" if isinstance(value, dict) else repr(value)
