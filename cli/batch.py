# SPDX-License-Identifier: Apache-2.0
"""``portrait batch``: thousands of avatars unattended, with a manifest, a page and a report; run again, it goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import batch_plan, face_options, library, options, parse
from cli.describe import taken
from cli.lines import say_json
from cli.remedies import words
from cli.show import Show
from portrait_core.errors import UsageError
from portrait_core.runtime.stop_signals import stop_signals

if TYPE_CHECKING:
    from portrait_core.batch.costs import Cost
    from portrait_core.batch.face_cells import FaceFiles
    from portrait_core.batch.records import Record
    from portrait_core.batch.service import Batch
    from portrait_core.batch.word_cells import WordCells

Table = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="A .csv, .jsonl or .json of recipes; columns are recipe fields."),
]
Count = Annotated[int | None, typer.Option("--count", "-n", help="So many people drawn at random, or by --plan.")]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", metavar="TOML", help="Distributions of recipe fields, for --count.")
]
PlanSeed = Annotated[int | None, typer.Option("--plan-seed", help="Seed of the draws. [default: as in the plan, or 0]")]
Preset = Annotated[
    str | None, typer.Option("--preset", metavar="draft|standard|hero", help="Faces, maps, lattice and levels at once.")
]
Out = Annotated[
    str, typer.Option("--out", "-o", metavar="FOLDER|URL", help="Where all goes: a folder, or a URL such as s3://...")
]
Name = Annotated[
    str | None,
    typer.Option("--name", metavar="PATTERN", help="File names, of {model}, {seed:05d}, {index:05d} and {lod}."),
]
Folders = Annotated[bool, typer.Option("--folders", help="A folder for every avatar.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, max=256, help="Processes. [default: by cores, memory and graphics cards]"),
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, max=256, help="Threads of each worker. [default: cores / workers]")
]
EngineName = Annotated[str, typer.Option("--engine", metavar="local|ray", help="Processes here, or a Ray cluster.")]
RayAddress = Annotated[
    str | None, typer.Option("--ray-address", help="Of the cluster. [default: RAY_ADDRESS, or a new one here]")
]
Shard = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts, as in a SLURM array.")
]
MinQuality = Annotated[
    float, typer.Option("--min-quality", min=0.0, max=1.0, help="Reject avatars with a score below this.")
]
Replace = Annotated[int, typer.Option("--replace", min=0, max=100, help="Other seeds tried for a rejected avatar.")]
KeepRejected = Annotated[bool, typer.Option("--keep-rejected", help="Files of rejected avatars, into `rejected`.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan, its time and its space; make nothing.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out bad rows of the table, and tell them.")]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", min=1.0, help="Seconds an avatar may take. [default: by its settings]")
]
Retries = Annotated[int, typer.Option("--retries", min=0, max=10, help="Tries more after a crash or a hang.")]
MaxFailures = Annotated[
    int | None, typer.Option("--max-failures", min=0, help="Stop after more failures than this. [default: never]")
]
Check = Annotated[
    str | None,
    typer.Option(
        "--check", metavar="full|size", help="How finished files are looked at. [default: full; size for URLs]"
    ),
]
BreakLock = Annotated[bool, typer.Option("--break-lock", help="Take over a URL that a killed run has locked.")]
View = Annotated[bool, typer.Option("--view/--no-view", help="Data for the page's 3D view, about 0.4 MB an avatar.")]

_log = logging.getLogger("portraitkit")

FASTEST_LIMIT, LIMIT_FACTOR = 120.0, 30.0
"""An avatar's time limit: so many times what it should take, and no less than so many seconds."""


@options.takes_recipe(
    "batch",
    after={
        "seed": ("table", "count", "plan", "plan_seed", "recipe", "describe", "preset", "attributes"),
        "units": ("motion_rate",),
        "expression": ("face_motion", "lipsync", "lipsync_strength", "idle"),
        "lod_maps": ("lod_files",),
        "folders": ("model",),
    },
)
def batch(
    wanted: options.Wanted,
    table: Table = None,
    count: Count = None,
    plan: PlanFile = None,
    plan_seed: PlanSeed = None,
    recipe: options.RecipeSource = None,
    describe: options.Describe = None,
    preset: Preset = None,
    motion_rate: options.MotionRate = None,
    face_motion: face_options.FaceMotionFile = None,
    lipsync: face_options.Lipsync = None,
    lipsync_strength: face_options.Strength = 1.0,
    idle: face_options.Idle = None,
    lod_files: options.LodFiles = False,
    client: options.Client = None,
    formats: options.Formats = "glb",
    out: Out = "batch",
    name: Name = None,
    folders: Folders = False,
    workers: Workers = None,
    threads: Threads = None,
    engine: EngineName = "local",
    ray_address: RayAddress = None,
    shard: Shard = None,
    device: options.Device = "auto",
    min_quality: MinQuality = 0.0,
    replace: Replace = 0,
    keep_rejected: KeepRejected = False,
    time_limit: TimeLimit = None,
    retries: Retries = 1,
    max_failures: MaxFailures = None,
    skip_bad: SkipBad = False,
    check: Check = None,
    view: View = True,
    blend_library: library.BlendLibrary = False,
    library_author: library.Author = "",
    library_licence: library.Licence = "",
    catalogues: library.Catalogues = library.USUAL,
    break_lock: BreakLock = False,
    dry_run: DryRun = False,
    blender: options.Blender = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make many avatars: of a seed range, a table of recipes or a random plan. The same command again goes on.

    The folder gets the avatars, manifest.jsonl, index.html, contact-sheet.png and report.md.
    """
    show = Show(as_json=as_json, quiet=quiet)
    if engine not in ("local", "ray"):
        raise UsageError(f"--engine {engine!r} is not known; there are local and ray.")
    if check not in (None, "full", "size"):
        raise UsageError(f"--check {check!r} is not known; there are full and size.")
    models = batch_plan.Models()
    wanted = wanted.beside(motion_rate=motion_rate)
    client = options.client_for(client, formats)
    base = batch_plan.base_facts(wanted, recipe, preset, show.note, client)
    faces, lines = _faces(face_motion, lipsync, lipsync_strength, idle, motion_rate)
    for line in lines:
        show.note(line)
    words_of_all = _words(describe, wanted, changes=recipe is not None)
    people = _people(
        wanted, table, count, plan, plan_seed, base, models, faces, words_of_all, skip_bad=skip_bad, show=show
    )
    jobs = batch_plan.named_jobs(people, name, models, counted=table is not None or count is not None)

    from portrait_core.batch.costs import cost_of
    from portrait_core.batch.records import Outputs
    from portrait_core.batch.remote_store import is_url
    from portrait_core.batch.resources import Resources, parse_shard
    from portrait_core.batch.run import Limits
    from portrait_core.batch.service import Batch, check_names, looked_at
    from portrait_core.formats.blender import BLENDER_ENDINGS, find_blender
    from portrait_core.formats.write import ENDINGS

    check_names(jobs)
    endings = tuple(parse.parse_formats(options.formats_for(client, formats, wanted), ENDINGS))
    if ".vrm" in endings:
        from portrait_core.formats.vrm import needed_meta

        needed_meta()  # before hours of work, not after
        if any(job.face for job in jobs):
            show.note("a .vrm rests with its arms out: motions are not in it.")
    if any(ending in BLENDER_ENDINGS for ending in endings):
        find_blender(blender)
    words_of_library = {"author": library_author, "licence": library_licence, "catalogues": catalogues}
    assets = (
        library.for_batch(out, endings, sharded=shard is not None, blender=blender, **words_of_library)
        if blend_library
        else None
    )
    outputs = Outputs(endings, lod_files, folders, view, keep_rejected, min_quality, blender)
    slowest = max(cost_of(job.recipe, outputs).seconds for job in jobs)
    order = Batch(
        jobs=jobs,
        out=out,
        outputs=outputs,
        limits=Limits(
            time_limit=time_limit or max(FASTEST_LIMIT, LIMIT_FACTOR * slowest),
            retries=retries,
            max_failures=max_failures,
            replacements=replace,
            digests=(check or ("size" if is_url(out) else "full")) == "full",
        ),
        resources=Resources("ray" if engine == "ray" else "local", workers, threads, device, ray_address),
        pattern=name or (batch_plan.COUNTED_PATTERN if table or count else options.DEFAULT_NAME),
        shard=parse_shard(shard),
        break_lock=break_lock,
    )
    if dry_run:
        _dry_run(order, *looked_at(order), show)
        return
    with library.made_after(assets, show):
        _run(order, show)


def _words(text: str | None, wanted: options.Wanted, *, changes: bool) -> WordCells:
    """The description for all; raises :class:`UsageError` for one that is not understood."""
    from portrait_core.batch.word_cells import WordCells

    taken(text)
    return WordCells(text or "", changes, wanted.facts()["attributes"])


def _people(
    wanted: options.Wanted,
    table: Path | None,
    count: int | None,
    plan: Path | None,
    plan_seed: int | None,
    base: dict[str, Any],
    models: batch_plan.Models,
    faces: FaceFiles,
    descriptions: WordCells,
    *,
    skip_bad: bool,
    show: Show,
) -> list[Any]:
    seed: str | None = wanted.values["seed"]
    if sum(each is not None for each in (seed, table, count)) != 1:
        raise UsageError("say whom to make by one of --seeds 0-99, --from FILE and --count N (with --plan FILE).")
    if plan is not None and count is None:
        raise UsageError("--plan needs --count: how many to draw.")
    if seed is not None:
        seeded = batch_plan.seeded(seed, base, models)
        seeded = batch_plan.worded(seeded, descriptions, models, wanted.given, show.note)
        return [(*each, faces) for each in seeded]
    if table is not None:
        return batch_plan.tabled(
            table, base, models, wanted, faces=faces, words=descriptions, skip_bad=skip_bad, note=show.note
        )
    people = batch_plan.drawn(plan, count or 0, plan_seed, base, models)
    return [(*each, faces) for each in batch_plan.worded(people, descriptions, models, wanted.given, show.note)]


def _faces(
    face_motion: Path | None, lipsync: Path | None, strength: float, idle: float | None, rate: float | None
) -> tuple[FaceFiles, tuple[str, ...]]:
    """What moves the faces of all, and lines about its files."""
    from portrait_core.batch.face_cells import FaceCells, FaceFiles

    given: dict[str, object] = {"face_motion": face_motion, "lipsync": lipsync, "idle": idle}
    said = {
        name: str(value) if isinstance(value, Path) else value for name, value in given.items() if value is not None
    }
    return FaceCells(FaceFiles(lipsync_strength=strength, rate=rate)).of(said)


@contextmanager
def _wishes(show: Show) -> Generator[list[int], None, None]:
    """How often the user, or a cluster that wants its node back, asked to stop: once to finish, twice to drop."""
    asked = [0]

    def heard() -> None:
        asked[0] += 1
        if asked[0] == 1:
            show.note("finishing the avatars in work; Ctrl-C again drops them.")

    with stop_signals(heard):
        yield asked


def _run(order: Batch, show: Show) -> None:
    from portrait_core.batch.records import avatars
    from portrait_core.batch.remote_store import is_url
    from portrait_core.batch.service import run_batch

    begin = time.monotonic()
    done = [0, 0, 0]  # finished now, to make, there before

    with show.progress("checking", total=max(1, len(order.own_jobs()))) as watcher, _wishes(show) as asked:

        def begun(todo: int, kept: int) -> None:
            done[1], done[2] = todo, kept
            if kept:
                show.note(f"{avatars(kept)} {'is' if kept == 1 else 'are'} there already; {todo} to make.")
            for _ in range(kept):
                watcher.finish()

        def heard(record: Record) -> None:
            done[0] += record.status != "rejected" or record.replacement >= order.limits.replacements
            elapsed = time.monotonic() - begin
            left = elapsed / max(1, done[0]) * max(0, done[1] - done[0])
            watcher.begin(f"{done[0]} of {done[1]}, {_clock(left)} left")
            if record.status == "made":
                watcher.finish()
            stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in record.stages.items())
            _log.info("%s: %s, %.2f s (%s)", record.name, record.status, record.seconds, stages)
            _tell(record, show)

        summary, records = run_batch(
            order, progress=watcher, heard=heard, begun=begun, stop=lambda: asked[0], words=words
        )
    place = order.out if is_url(order.out) else str(Path(order.out))
    rate = f", {3600 * summary.made / summary.seconds:.0f} an hour" if summary.made and summary.seconds else ""
    failed = f", {summary.failed} failed" if summary.failed else ""
    rejected = f", {summary.rejected} rejected" if summary.rejected else ""
    show.result(
        f"{place}: {summary.made} made, {summary.kept} kept{rejected}{failed} in {_clock(summary.seconds)}{rate}. "
        "See index.html and report.md.",
        {"event": "batch", "out": place, "planned": len(order.jobs), "records": len(records), **vars(summary)},
    )
    if summary.interrupted:
        raise typer.Exit(130)
    if summary.failed:
        raise typer.Exit(1)


def _tell(record: Record, show: Show) -> None:
    """A line for what went wrong; with --json every record."""
    if show.as_json:
        say_json({"event": "avatar", **record.model_dump(mode="json")})
    elif record.status == "failed":
        show.note(f"{record.name} failed: {record.error.get('message', '')} {words(record.remedy)}".rstrip())
    elif record.status == "rejected":
        show.note(f"{record.name} rejected: {', '.join(record.reasons)} (quality {record.score:.2f})")


def _dry_run(order: Batch, left: list[Any], records: list[Any], show: Show) -> None:
    from portrait_core.batch.costs import estimate
    from portrait_core.batch.records import avatars
    from portrait_core.batch.remote_store import is_url

    cost: Cost = estimate(left, order.outputs, records)
    total = order.own_jobs()
    workers, threads = order.resources.count(max(1, len(left)), cost.memory_mib)
    # Workers of one thread make an avatar in less than twice the time of two; measured in docs/batch.md.
    seconds = cost.seconds * _threads_factor(threads) / workers
    free = None if is_url(order.out) else _free(Path(order.out))
    rows = [
        f"{avatars(len(total))} planned, {len(total) - len(left)} there, {len(left)} to make",
        f"time   about {_clock(seconds)} with {workers} workers of {threads} threads",
        f"space  about {cost.bytes / 1e9:.2f} GB" + ("" if free is None else f"; {free / 1e9:.1f} GB are free"),
        f"memory about {cost.memory_mib / 1024:.1f} GB each worker",
    ]
    facts = {
        "event": "plan",
        "planned": len(total),
        "to_make": len(left),
        "seconds": round(seconds, 1),
        "bytes": round(cost.bytes),
        "memory_mib": round(cost.memory_mib),
        "workers": workers,
        "threads": threads,
        "free_bytes": free,
        "first": [{"name": job.name, "recipe": job.recipe.facts()} for job in total[:5]],
    }
    rows += [f"  {job.name}  {_short(job.recipe.facts())}" for job in total[:5]]
    rows += ["  ..."] if len(total) > 5 else []
    show.result("\n".join(rows), facts)
    if free is not None and free < 1.1 * cost.bytes:
        show.note("there may not be enough space: make room, choose another --out, or smaller maps.")


def _threads_factor(threads: int) -> float:
    return 1.5 if threads == 1 else 1.0


def _short(facts: dict[str, Any]) -> str:
    named = {key: value for key, value in facts.items() if key in ("seed", "psi", "faces", "lods", "texture_size")}
    named |= {key: facts[key] for key in ("attributes", "pose") if facts.get(key)}
    text = ", ".join(f"{key} {value}" for key, value in named.items())
    return text if len(text) < 160 else text[:157] + "..."


def _free(out: Path) -> int:
    import shutil

    place = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    return shutil.disk_usage(place).free


def _clock(seconds: float) -> str:
    whole = round(seconds)
    days = f"{whole // 86400} d " if whole >= 86400 else ""
    return f"{days}{whole // 3600 % 24}:{whole // 60 % 60:02d}:{whole % 60:02d}"
