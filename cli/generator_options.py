# SPDX-License-Identifier: Apache-2.0
"""The options of pictures that only models of the published architecture know, for several commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.portrait_model import PictureModel, PortraitModel

PANEL = "Official models"
CONDITIONINGS = ("separate", "identical")
PRECISIONS = ("fp32", "tf32", "bf16", "fp16")

Samples = Annotated[
    int | None,
    typer.Option(
        "--samples",
        metavar="1|2|4",
        help="Times the 48+48 samples a ray of the training. [default: 2, as published for poses and videos]",
        rich_help_panel=PANEL,
    ),
]
NeuralResolution = Annotated[
    int | None,
    typer.Option(
        "--neural-resolution",
        metavar="PIXELS",
        help="Side of the picture before super-resolution. [default: the model's own]",
        rich_help_panel=PANEL,
    ),
]
Cutoff = Annotated[
    int | None,
    typer.Option(
        "--cutoff", metavar="ROWS", help="Style rows that --psi touches. [default: all]", rich_help_panel=PANEL
    ),
]
Conditioning = Annotated[
    str | None,
    typer.Option(
        "--conditioning",
        metavar="separate|identical",
        help="Whether the mapping sees the frontal camera at rest, or what is rendered. [default: separate]",
        rich_help_panel=PANEL,
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="What rays being rendered may take, such as 500M or 4G. [default: 1G]",
        rich_help_panel=PANEL,
    ),
]
PrecisionOption = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="fp32|tf32|bf16|fp16",
        help="Of convolutions; all but fp32 pay on graphics cards only, for about a grey level. [default: fp32]",
        rich_help_panel=PANEL,
    ),
]
Compiled = Annotated[
    bool,
    typer.Option(
        "--compile",
        help="Compile the super-resolution first: for many pictures on a graphics card; needs a compiler.",
        rich_help_panel=PANEL,
    ),
]
Plain = Annotated[
    bool,
    typer.Option("--plain", help="The slow path, step by step as documented, for comparison.", rich_help_panel=PANEL),
]


def given_facts(
    samples: int | None,
    neural_resolution: int | None,
    cutoff: int | None,
    conditioning: str | None,
    memory: str | None,
    plain: bool,
    precision: str | None = None,
    compiled: bool = False,
) -> dict[str, Any]:
    """The fields of `PictureOptions` that somebody gave, checked."""
    facts: dict[str, Any] = {}
    if samples is not None:
        if not 1 <= samples <= 8:
            raise UsageError(f"--samples {samples}: 1 to 8.")
        facts["samples"] = samples
    if neural_resolution is not None:
        if not 16 <= neural_resolution <= 512:
            raise UsageError(f"--neural-resolution {neural_resolution}: 16 to 512 pixels.")
        facts["neural_resolution"] = neural_resolution
    if cutoff is not None:
        if not 0 <= cutoff <= 64:
            raise UsageError(f"--cutoff {cutoff}: 0 to 64 rows.")
        facts["cutoff"] = cutoff
    if conditioning is not None:
        if conditioning not in CONDITIONINGS:
            raise UsageError(f"--conditioning {conditioning!r} is not known; it is separate or identical.")
        facts["conditioning"] = conditioning
    if memory is not None:
        facts["memory"] = parse_memory(memory)
    if precision is not None:
        if precision not in PRECISIONS:
            raise UsageError(f"--precision {precision!r} is not known; it is {', '.join(PRECISIONS)}.")
        facts["precision"] = precision
    if compiled:
        facts["compiled"] = True
    if plain:
        facts["quick"] = False
    return facts


def parse_memory(text: str) -> int:
    """``500M`` or ``4G`` in bytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([MG])(?:i?B)?\s*", text, re.IGNORECASE)
    if match is None or not float(match[1]):
        raise UsageError(f"--memory {text!r}: expected a size such as 500M or 4G.")
    return int(float(match[1]) * (1 << (20 if match[2].upper() == "M" else 30)))


def set_options(model: PortraitModel, facts: dict[str, Any], **defaults: Any) -> None:
    """Give a loaded model its options; ``defaults`` hold where ``facts`` say nothing.

    Raises :class:`UsageError` when somebody gave options that this model does not know.
    """
    if "picture_options" in model.capabilities:
        cast("PictureModel", model).set_picture_options({**defaults, **facts})
    elif facts:
        option = {"quick": "plain", "compiled": "compile"}.get(min(facts), min(facts)).replace("_", "-")
        raise UsageError(f"--{option} is for official models; {model.header.name} is none.")


def require_pictures(model: PortraitModel, what: str) -> None:
    """Raise :class:`UsageError` for a model that is not made for pictures, as the published architecture is."""
    if "pictures" not in model.capabilities:
        raise UsageError(
            f"{what} needs a model of the published architecture; {model.header.name} is none. "
            "Import an official checkpoint with `portrait models import`."
        )
