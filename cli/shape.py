# SPDX-License-Identifier: Apache-2.0
"""``portrait shape``: bare shapes: volumes and surfaces of official models, posed or not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli import generator_options, options
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing, take_target
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.models.portrait_gan.field import TrigridField
    from portrait_core.models.portrait_gan.shapes import Shape
    from portrait_core.person import Person, Pose, WholePerson
    from portrait_core.progress import Progress

FORMATS = ("mrc", "ply")
COUNT_RANGE = (32, 1024)


@options.takes_recipe("shape", after={"name": ("model",)})
def shape(
    wanted: options.Wanted,
    formats: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMATS", help="ply, a surface, mrc, a volume, or both: ply,mrc.")
    ] = "ply",
    resolution: Annotated[
        int, typer.Option("--resolution", metavar="N", help="Points along the longest edge, 32 to 1024.")
    ] = 512,
    level: Annotated[
        float | None, typer.Option("--level", help="Raw density of the surface. [default: 10; 15 with --raw]")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="As the published scripts write it: level, crop, axes, voxel units.")
    ] = False,
    cutoff: generator_options.Cutoff = None,
    out: options.OutFolder = Path("shapes"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Extract shapes of an official model as .ply surfaces and .mrc volumes. For avatars, see `portrait generate`."""
    show = Show(as_json=as_json, quiet=quiet)
    kinds = list(dict.fromkeys(part.strip().lower().removeprefix(".") for part in formats.split(",")))
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        raise UsageError(f"--format {unknown[0]!r} is not known; there are {', '.join(FORMATS)}.")
    if not COUNT_RANGE[0] <= resolution <= COUNT_RANGE[1]:
        low, high = COUNT_RANGE
        raise UsageError(f"--resolution {resolution} is out of range; it goes from {low} to {high}.")
    facts = generator_options.given_facts(None, None, cutoff, None, None, False)
    order = options.take_order(wanted, name=name, warn=show.note, rig=lambda _: "smpl24")
    posed = bool(order.recipes[0].pose)
    if posed and (raw or "mrc" in kinds):
        raise UsageError("--pose moves surfaces in metres; it does not go with --raw or --format mrc.")
    target = take_target(out, [f".{kind}" for kind in kinds], name_given="name" in wanted.given)
    order, out = target.named(order, "shapes"), target.folder
    files = {stem: {kind: out / f"{stem}.{kind}" for kind in kinds} for stem in order.names}
    refuse_existing((path for group in files.values() for path in group.values()), overwrite=overwrite)
    prepare_folder(out)
    with show.progress("loading", total=len(order.names)) as watcher:
        loaded = load(order.model, device, watcher)
        generator_options.set_options(loaded, facts)
        generator_options.require_pictures(loaded, "portrait shape")
        for recipe, stem in zip(order.recipes, order.names, strict=True):
            begin = time.perf_counter()
            watcher.begin(stem)
            watcher("latent", 0.0)
            person = loaded.person(recipe)
            told = _write(person, recipe.pose, files[stem], resolution, level, watcher, raw=raw, overwrite=overwrite)
            stages = watcher.finish()
            seconds = time.perf_counter() - begin
            for path, what in told.items():
                show.result(
                    f"{path}  {what}  {seconds:.1f} s",
                    {"event": "shape", "path": str(path), "recipe": recipe.facts(), "raw": raw, "what": what}
                    | {"seconds": round(seconds, 3), "stages": stages},
                )


def _write(
    person: Person,
    pose: Pose,
    files: dict[str, Path],
    count: int,
    level: float | None,
    watcher: Progress,
    *,
    raw: bool,
    overwrite: bool,
) -> dict[Path, str]:
    from dataclasses import replace

    import numpy as np

    from portrait_core.formats.mrc import write_mrc
    from portrait_core.models.portrait_gan import shapes
    from portrait_core.models.portrait_gan.legacy_grid import SIDE, blanked_volume, voxel_size

    field = cast("TrigridField", cast("WholePerson", person).whole_field)
    if level is not None:
        field = replace(field, level=level)
    told: dict[Path, str] = {}
    if raw or "mrc" in files:
        side = SIDE if raw else field.side
        volume = shapes.density_volume(field, count, side=side, progress=watcher)
        stored = blanked_volume(volume) if raw else volume
        if "mrc" in files:
            watcher("write", 0.0)
            voxel = 1.0 if raw else voxel_size(count, side)
            corner = 0.0 if raw else -side / 2
            # Ours lies as the world does: columns are x, rows y, sections z.
            kept = stored if raw else np.ascontiguousarray(stored.transpose(2, 1, 0))
            write_mrc(files["mrc"], kept, voxel=voxel, origin=(corner, corner, corner), overwrite=overwrite)
            told[files["mrc"]] = f"{count}^3 densities, {stored.min():.1f} to {stored.max():.1f}"
        if "ply" in files and raw:
            found = shapes.raw_mesh(stored, shapes.RAW_LEVEL if level is None else level)
            _write_ply(found, files["ply"], overwrite=overwrite)
            told[files["ply"]] = f"{len(found.faces)} triangles, {found.unit}"
    if "ply" in files and not raw:
        found = shapes.surface(field, count, progress=watcher)
        if pose:
            watcher("rig", 0.0)
            found = shapes.posed(found, person.template, pose)
        watcher("write", 0.0)
        _write_ply(found, files["ply"], overwrite=overwrite)
        told[files["ply"]] = f"{len(found.faces)} triangles, {found.unit}"
    return told


def _write_ply(shape: Shape, path: Path, *, overwrite: bool) -> None:
    from typing import Any

    import trimesh

    from portrait_core.files.whole_file import whole_file

    mesh: Any = trimesh.Trimesh(shape.vertices, shape.faces, process=False)
    with whole_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(mesh.export(file_type="ply"))
