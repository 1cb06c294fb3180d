# SPDX-License-Identifier: Apache-2.0
"""The options that several commands share, and the recipes they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import parse
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.models.header import ModelHeader
    from portrait_core.recipe import Recipe

Seeds = Annotated[
    str | None, typer.Option("--seed", "--seeds", "-s", metavar="SEEDS", help="Who: 7, 0-9 or 1,5,8. [default: 0]")
]
LatentFile = Annotated[
    Path | None,
    typer.Option("--latent", metavar="FILE", help="Instead of a seed: a JSON list of the latent's numbers."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=NUMBER",
        help="An attribute in standard deviations, such as age=+1.5; repeatable. See `portrait models info`.",
    ),
]
Psi = Annotated[
    float, typer.Option("--psi", help="Towards the mean person (0), as drawn (1), exaggerated (above 1).")
]
Pose = Annotated[
    str | None,
    typer.Option("--pose", metavar="POSE", help="Joint angles in degrees, 'head=0,20,0;neck=5,0,0', or a pose file."),
]
Faces = Annotated[int, typer.Option("--faces", help="Triangles of the mesh, 500 to 200000.")]
TextureSize = Annotated[int, typer.Option("--texture-size", help="Edge of the colour texture in pixels.")]
LatticeSize = Annotated[int, typer.Option("--lattice", help="Cells along the longest edge of the extraction box.")]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="MODEL", help="A name from `portrait models list`, or a file's path.")
]
OutFolder = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files go; made if missing.")]
NamePattern = Annotated[
    str, typer.Option("--name", metavar="PATTERN", help="File name without ending; {model} and {seed} are filled in.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda|mps", help="Where the networks run.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]

DEFAULT_NAME = "{model}-{seed}"


@dataclass(frozen=True)
class Order:
    """What a command was asked to make: recipes checked against their model, and their names."""

    model: Path
    header: ModelHeader
    recipes: tuple[Recipe, ...]
    names: tuple[str, ...]


def take_order(
    *,
    model: str,
    seeds: str | None,
    latent: Path | None,
    settings: list[str] | None,
    pose: str | None,
    name: str,
    **recipe: Any,
) -> Order:
    """Parse and check everything that can be checked before work begins; torch is not needed for it."""
    if seeds is not None and latent is not None:
        raise UsageError("give --seed or --latent, not both.")
    numbers = [] if latent is not None else parse.parse_seeds("0" if seeds is None else seeds)
    parse.check_pattern(name, many=len(numbers) > 1)
    recipe["attributes"] = parse.parse_settings(settings or [])
    recipe["pose"] = parse.parse_pose(pose)

    from portrait_core.models.header import read_header
    from portrait_core.models.registry import find_model, is_path
    from portrait_core.recipe import Recipe

    if latent is not None:
        recipes = [Recipe(model=model, latent=tuple(parse.read_latent(latent)), **recipe)]
    else:
        recipes = [Recipe(model=model, seed=seed, **recipe) for seed in numbers]
    path = find_model(model)
    header = read_header(path)
    recipes[0].check(header)
    if is_path(model):
        # A path of this machine means nothing in a file that travels; the model's digest goes with it.
        recipes = [each.model_copy(update={"model": header.name}) for each in recipes]
    names = [parse.fill_pattern(name, model=header.name, seed=each.label()) for each in recipes]
    return Order(path, header, tuple(recipes), tuple(names))
