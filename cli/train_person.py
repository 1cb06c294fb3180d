# SPDX-License-Identifier: Apache-2.0
"""``portrait train person``: the encoder that tells from a photograph who somebody is, made anew."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Overwrite, Quiet
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError

LEAST = 100
"""Persons of whom anything is learnt."""


def person(
    data: Annotated[
        Path,
        typer.Option("--data", metavar="FOLDER", help="Where heads to learn from are kept; those missing are made."),
    ] = Path("runs/persons"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The weights file to write.")] = Path(
        "runs/person_encoder.safetensors"
    ),
    count: Annotated[int, typer.Option("--count", "-n", help="How many persons; half a second of a core each.")] = 4000,
    model: Annotated[str, typer.Option("--model", help="Whose persons are learnt.")] = "starter",
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; all of them if not given.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the light and the company that heads are put into.")] = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train the encoder that tells gender, age, face and hair at a glance, on persons of a model with parts.

    A run that was stopped goes on when the same command is given again.
    """
    if count < LEAST:
        raise UsageError(f"--count is {count}; of fewer than {LEAST} persons nothing is learnt.")
    if threads is not None and threads < 1:
        raise UsageError(f"--threads is {threads}; it must be above 0.")
    if not 0 <= seed < 2**32:
        raise UsageError(f"seed {seed} is out of range; seeds go from 0 to {2**32 - 1}.")
    if out.suffix != ".safetensors":
        raise UsageError(f"--out {out} must end in .safetensors.")
    refuse_existing([out], overwrite=overwrite)
    prepare_folder(out.parent)
    prepare_folder(data)
    show = Show(as_json=as_json, quiet=quiet)
    begin = time.perf_counter()
    with show.progress("training") as watcher:
        watcher.begin("training")
        watcher("set-up", 0.0)
        import torch

        from portrait_core.models.load import load_model
        from portrait_core.training.person_data import make_person_data
        from portrait_core.training.person_encoder import PersonTraining, train_person_encoder

        if threads is not None:
            torch.set_num_threads(threads)
        loaded = load_model(model, "cpu")
        if "parts" not in loaded.capabilities:
            raise UsageError(f"--model {model} has no parts; an encoder is learnt from persons that are made of parts.")
        heads = make_person_data(loaded, data, count, watcher)
        report = train_person_encoder(PersonTraining(seed=seed), heads, loaded.header.name, out, watcher)
        watcher.finish()
    seconds = time.perf_counter() - begin
    told = "  ".join(f"{name} {value:.2f}" for name, value in report.items())
    show.result(
        f"{out}  {out.stat().st_size / 1e6:.2f} MB  {seconds:.0f} s\n  {told}",
        {"event": "person_encoder", "path": str(out), "measured": report, "seconds": round(seconds, 3)},
    )
