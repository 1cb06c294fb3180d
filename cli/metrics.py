# SPDX-License-Identifier: Apache-2.0
"""``portrait metrics``: how good generators are, by numbers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.metrics_table import table_lines
from cli.options import AsJson, Device, Quiet
from cli.show import Show
from portrait_core.errors import UsageError
from portrait_core.metrics.names import MEASURES, OFFLINE, PUBLISHED, PUBLISHED_COUNT

if TYPE_CHECKING:
    from portrait_core.metrics.measure import Measured, MeasureOptions

STUDY_COUNT = 192
"""Pictures of a side where only stand-ins are measured: those of docs/metrics.md."""
POSES = {"G_predict": "generator", "D_predict": "discriminator"}
CHOICES = {
    "--poses": ("generator", "discriminator", "labels"),
    "--conditioning": ("identical", "separate", "both"),
    "--warp": ("exact", "lattice"),
}


def metrics(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL|RUN", help="Models, snapshots, or run folders (their last snapshot)."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="ZIP|FOLDER", help="Pictures to compare with, as for `train gan`."),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option("--masks", metavar="ZIP|FOLDER", help="The masks, where they do not lie beside the pictures."),
    ] = None,
    measures: Annotated[
        str,
        typer.Option(
            "--measures",
            metavar="NAMES",
            help=f"With commas: {', '.join(MEASURES)}. The first six need network files. "
            f"[default: {', '.join(OFFLINE)}]",
            show_default=False,  # without blanks it would be cut in a narrow terminal
        ),
    ] = ",".join(OFFLINE),
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", help="Generated pictures. [default: 192; 50000 with fid, kid, pr, is, ppl]"),
    ] = None,
    reals: Annotated[
        int | None,
        typer.Option("--reals", help="Pictures of the data set, at most. [default: 192; all with fid, kid, pr]"),
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", help="Side in pixels that the data is brought to. [default: the models']")
    ] = None,
    poses: Annotated[
        str,
        typer.Option(
            "--poses",
            metavar="generator|discriminator|labels",
            help="Where poses come from: pose branch (G_predict), read from the data (D_predict), or its labels.",
        ),
    ] = "generator",
    conditioning: Annotated[
        str,
        typer.Option(
            "--conditioning",
            metavar="identical|separate|both",
            help="Whether the mapping sees the camera and pose that are shown, or another draw's.",
        ),
    ] = "both",
    warp: Annotated[
        str, typer.Option("--warp", metavar="exact|lattice", help="How poses bend space; a lattice is quicker.")
    ] = "exact",
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Also half of the data's persons against the rest; noisy; blurred.")
    ] = False,
    every_snapshot: Annotated[
        bool, typer.Option("--every-snapshot", help="All snapshots of run folders, for curves.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Write metrics.json and metrics.png there."),
    ] = None,
    inception: Annotated[
        Path | None,
        typer.Option("--inception", metavar="FILE", help="Inception's weights, if not in the models folder."),
    ] = None,
    vgg: Annotated[
        Path | None, typer.Option("--vgg", metavar="FILE", help="VGG16's weights, if not in the models folder.")
    ] = None,
    lpips: Annotated[
        Path | None, typer.Option("--lpips", metavar="FILE", help="LPIPS's layers, if not in the models folder.")
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown-networks", help="Take weights whose digest is not the known one.")
    ] = False,
    torchscript: Annotated[
        list[str] | None,
        typer.Option(
            "--torchscript", metavar="SHA256", help="Run a TorchScript network that has this digest; may be repeated."
        ),
    ] = None,
    batch: Annotated[int, typer.Option("--batch", help="Pictures at a time; 0 for a number by size.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of everything that is drawn.")] = 0,
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; all of them if not given.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither keep nor use features of earlier runs.")
    ] = False,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure generators against the pictures of a data set: distances, poses, depths, masks, persons.

    lite0_kid, lite0_fd, pixel_distance and mask_iou need no file of yours and are what is measured if you name nothing;
    depth, pose and identity_spread need the portrait world's data. fid, fid_random, kid and is take Inception's
    weights, pr and ppl those of VGG16: docs/metrics.md says where to get them. Features are kept for the next time.
    """
    if data is None:
        raise UsageError("--data is missing: the zip or folder of the pictures to compare with.")
    if threads is not None and threads < 1:
        raise UsageError(f"--threads is {threads}; it must be above 0.")
    poses = POSES.get(poses, poses)
    for option, value in (("--poses", poses), ("--conditioning", conditioning), ("--warp", warp)):
        if value not in CHOICES[option]:
            raise UsageError(f"{option} {value!r} is not known; it is {', '.join(CHOICES[option])}.")
    names = tuple(each.strip() for each in measures.split(",") if each.strip())
    published = any(
        own in MEASURES and MEASURES[own].network in ("inception", "vgg", "lpips")
        for own in (PUBLISHED.get(each, each) for each in names)
    )
    ways: Any = ("identical", "separate") if conditioning == "both" else (conditioning,)
    chosen: dict[str, Any] = {"poses": poses, "warp": warp}
    # Of the processes that torchrun starts, the first one speaks.
    first = os.environ.get("RANK", "0") == "0"
    show = Show(as_json=as_json and first, quiet=quiet or not first)
    with show.progress("metrics") as watcher:
        watcher.begin("metrics")
        watcher("set-up", 0.0)
        import torch

        from portrait_core.metrics.measure import MeasureOptions, chosen_measures
        from portrait_core.metrics.network_files import NetworkPlaces, NoNetworkError
        from portrait_core.runtime.devices import choose_device
        from portrait_core.runtime.own_folders import cache_folder

        if threads is not None:
            torch.set_num_threads(threads)
        chosen_measures(names)  # a name that is none is told before anything else
        files = {"inception": inception, "vgg": vgg, "lpips": lpips}
        places: dict[Any, Path] = {name: path for name, path in files.items() if path is not None}
        options = MeasureOptions(
            measures=names,
            count=count or (PUBLISHED_COUNT if published else STUDY_COUNT),
            reals=reals or (None if published else STUDY_COUNT),
            size=size,
            conditionings=ways,
            baselines=baselines,
            together=batch,
            seed=seed,
            cache=None if no_cache else cache_folder() / "features",
            places=NetworkPlaces(places, unknown, tuple(torchscript or ())),
            **chosen,
        )
        try:
            measured = _measured(
                _models(models or [], every=every_snapshot), data, masks, options, choose_device(device), watcher
            )
        except NoNetworkError as error:
            raise UsageError(f"{error} Or name it by --{error.which}.") from None
        watcher.finish()
    if first:
        _tell(measured, show, out)


def _models(names: list[str], *, every: bool) -> list[tuple[str, Path]]:
    """Names for reports and files; of runs the last snapshot, or every one."""
    from portrait_core.weights.registry import find_model

    found: list[tuple[str, Path]] = []
    for name in names:
        last = find_model(name)
        run = Path(name).expanduser()
        if not run.is_dir():
            found.append((last.stem, last))
            continue
        snapshots = sorted(run.glob("snapshot-*.safetensors")) if every else [last]
        found += [(f"{run.resolve().name} {_kimg(each)}", each) for each in snapshots]
    return found


def _kimg(snapshot: Path) -> str:
    """Thousands of images by a snapshot's name, without the zeros that sort it."""
    number = snapshot.stem.removeprefix("snapshot-")
    return f"{float(number):.3f}" if number.replace(".", "", 1).isdigit() else number


def _measured(
    models: list[tuple[str, Path]], data: Path, masks: Path | None, options: MeasureOptions, device: Any, watcher: Any
) -> Measured:
    from portrait_core.metrics.measure import measure
    from portrait_core.training.adversarial.processes import joined, own_device

    device = own_device(device)
    with joined(device) as processes:
        return measure(models, data, masks, options, device, processes=processes, progress=watcher)


def _tell(measured: Measured, show: Show, out: Path | None) -> None:
    """One table, and files where they are asked for."""
    from portrait_core.metrics.report import drawn_figures, write_report

    if show.as_json:
        for row in measured.rows:
            show.result("", {"event": "metrics", "name": row.name, **row.facts, "figures": row.figures})
    else:
        rows = [(row.name, row.figures) for row in measured.rows]
        for line in table_lines(rows, drawn_figures(measured.rows), shutil.get_terminal_size().columns):
            show.result(line, {})
    if out is not None:
        table, plot = write_report(out, measured)
        show.result(f"{table}\n{plot}", {"event": "report", "table": str(table), "plot": str(plot)})
