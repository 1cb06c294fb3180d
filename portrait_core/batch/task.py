# SPDX-License-Identifier: Apache-2.0
"""One avatar of a batch, from its recipe to whole files and a record: what a worker does, wherever it runs."""

from __future__ import annotations

import datetime
import gc
import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import portrait_core
from portrait_core.batch.face_cells import FaceFiles
from portrait_core.batch.records import Outputs, Record
from portrait_core.batch.resume import described, view_name
from portrait_core.engine.engine import Engine
from portrait_core.engine.faults import fault_of
from portrait_core.errors import OutputError
from portrait_core.files.names import plain_stem
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.runtime.memory import resident_bytes
from portrait_core.runtime.stage_clock import StageClock

if TYPE_CHECKING:
    from portrait_core.avatar import Avatar

REJECTED = "rejected"
CHUNKS = (1.0, 0.25)
"""Shares of the usual number of points at a time: a graphics card whose memory is full is asked for less, then left."""

_log = logging.getLogger("portraitkit")


@dataclass(frozen=True)
class Task:
    """What a worker is sent: plain data, so that it can travel as JSON.

    ``folder`` is the batch's folder, or empty with ``url``. ``name`` may hold ``{lod}``; ``slot`` is the planned name.
    """

    index: int
    slot: str
    name: str
    fingerprint: str
    recipe: dict[str, Any]
    folder: str
    url: str = ""
    model: str = ""
    replacement: int = 0
    attempts: int = 1
    face: dict[str, Any] = field(default_factory=dict[str, Any])
    """What moves its face, the facts of :class:`portrait_core.batch.face_cells.FaceFiles`; empty for nothing."""
    outputs: Outputs = field(default_factory=Outputs)

    def facts(self) -> dict[str, Any]:
        """Plain JSON data; :meth:`of` is the way back."""
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Task:
        """The task of :meth:`facts`."""
        outputs: dict[str, Any] = dict(facts["outputs"])
        outputs["endings"] = tuple(outputs["endings"])
        rest: dict[str, Any] = {key: value for key, value in facts.items() if key != "outputs"}
        return cls(**rest, outputs=Outputs(**outputs))


def carry_out(task: Task, engine: Engine, progress: Progress = silent, worker: str = "") -> Record:
    """Make the avatar of ``task`` and write it. Never raises for what went wrong: the record tells."""
    begin = time.perf_counter()
    clock = StageClock()

    def stages(stage: str, fraction: float) -> None:
        clock.enter(stage)
        progress(stage, fraction)

    facts: dict[str, Any] = {
        "index": task.index,
        "slot": task.slot,
        "name": plain_stem(task.name),
        "fingerprint": task.fingerprint,
        "recipe": task.recipe,
        "attempts": task.attempts,
        "replacement": task.replacement,
        "worker": worker or f"{socket.gethostname()}-{os.getpid()}",
        "version": portrait_core.__version__,
    }
    try:
        recipe = Recipe.model_validate(task.recipe)
        header = engine.header(task.model or recipe.model)
        recipe.check(header)
        facts["model_digest"] = header.digest
        avatar, device = _made(task, recipe, engine, stages)
        if task.face:
            avatar, lines = FaceFiles(**task.face).moved(avatar, recipe.seed)
            for line in lines:
                _log.warning("%s: %s", task.slot, line)
        levels = [len(each.faces) for each in avatar.levels]
        facts |= {"device": device, "faces": levels[0], "levels": levels}
        facts |= _written(task, avatar, recipe, stages)
    except Exception as error:
        fault = fault_of(error)
        facts["status"] = "failed"
        facts["error"] = {"code": fault.code, "message": fault.message, "advice": fault.advice}
        facts["remedy"] = {} if fault.remedy is None else fault.remedy.facts()
    facts["seconds"] = round(time.perf_counter() - begin, 4)
    facts["stages"] = clock.close()
    facts["memory_mib"] = round((resident_bytes() or 0) / 2**20, 1)
    facts["when"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Record.model_validate(facts)


def _made(task: Task, recipe: Recipe, engine: Engine, progress: Progress) -> tuple[Avatar, str]:
    """The avatar and the device that made it. A full graphics card is asked for less at a time, then left."""
    from portrait_core.pipeline import make_avatar
    from portrait_core.runtime import devices

    name = plain_stem(task.name)
    device = str(devices.choose_device(engine.device))
    for share in CHUNKS if device != "cpu" else (1.0,):
        devices.set_chunk_share(share)
        try:
            return make_avatar(recipe, engine.model(task.model or recipe.model), progress, name=name), device
        except Exception as error:
            if device == "cpu" or fault_of(error).code != "memory":
                raise
            _log.warning("%s: the memory of %s is full at %g of the usual chunks", name, device, share)
        engine.forget_persons()
        gc.collect()
        devices.free_memory()
    devices.set_chunk_share(1.0)
    usual = engine.device
    engine.device = "cpu"
    try:
        return make_avatar(recipe, engine.model(task.model or recipe.model), progress, name=name), "cpu"
    finally:
        engine.device = usual


def _written(task: Task, avatar: Avatar, recipe: Recipe, progress: Progress) -> dict[str, Any]:
    from portrait_core.batch.quality import measure

    progress("score", 0.0)
    quality = measure(avatar)
    rejected = quality.score < task.outputs.min_quality
    with _place(task) as folder:
        if rejected:
            files, thumbnail = _rejected(task, avatar, recipe, folder), f"{REJECTED}/{avatar.name}.png"
            named = {"thumbnail": thumbnail, "view": ""}
        else:
            files, named = _finished(task, avatar, recipe, folder, progress)
        progress("sync", 0.0)
        for path in files:
            _through(path)
        written = tuple(described(path, folder) for path in files)
        if task.url:
            _send(task, files, folder)
    return {"status": "rejected" if rejected else "made", "quality": quality.facts(), "files": written, **named}


def _finished(
    task: Task, avatar: Avatar, recipe: Recipe, folder: Path, progress: Progress
) -> tuple[list[Path], dict[str, str]]:
    from portrait_core.batch.view import view_script
    from portrait_core.files.whole_file import whole_file
    from portrait_core.pipeline.export import export_avatar

    outputs = task.outputs
    files: list[Path] = []
    view = ""
    if outputs.view:
        progress("view", 0.0)
        view = view_name(avatar.name)
        with whole_file(folder / view, overwrite=True) as temporary:
            temporary.write_bytes(view_script(avatar, avatar.name))
        files.append(folder / view)
    stem = folder / outputs.folder_of(avatar.name) / task.name
    done = export_avatar(
        avatar,
        [stem.with_name(stem.name + ending) for ending in outputs.endings],
        recipe,
        progress,
        overwrite=True,
        lod_files=outputs.lod_files,
        blender=outputs.blender,
    )
    files += done.files
    thumbnail = "" if done.thumbnail is None else done.thumbnail.relative_to(folder).as_posix()
    return files, {"thumbnail": thumbnail, "view": view}


def _rejected(task: Task, avatar: Avatar, recipe: Recipe, folder: Path) -> list[Path]:
    """The picture of a rejected avatar, and its files where they are wanted; nothing under a final name."""
    from portrait_core.files.whole_file import whole_file
    from portrait_core.imaging.png import encode_map
    from portrait_core.pipeline.export import export_avatar

    place = folder / REJECTED
    if task.outputs.keep_rejected:
        stem = place / task.name
        paths = [stem.with_name(stem.name + ending) for ending in task.outputs.endings]
        lod_files, blender = task.outputs.lod_files, task.outputs.blender
        return list(export_avatar(avatar, paths, recipe, overwrite=True, lod_files=lod_files, blender=blender).files)
    assert avatar.thumbnail is not None  # make_avatar always paints one
    with whole_file(place / f"{avatar.name}.png", overwrite=True) as temporary:
        temporary.write_bytes(encode_map(avatar.thumbnail))
    return [place / f"{avatar.name}.png"]


@contextmanager
def _place(task: Task) -> Generator[Path, None, None]:
    """The folder that files are written into; for a URL a temporary one."""
    if not task.url:
        folder = Path(task.folder)
        if not folder.is_dir():
            # Made anew it would hold avatars that no manifest knows.
            raise OutputError(f"{folder}: the folder was removed while the batch ran.")
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="portrait-batch-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _send(task: Task, files: list[Path], folder: Path) -> None:
    from portrait_core.batch.remote_store import RemoteStore

    remote = RemoteStore(task.url)
    # Avatars last: whoever sees one finds the rest there.
    for path in sorted(files, key=lambda path: path.suffix in task.outputs.endings):
        remote.send(path, path.relative_to(folder).as_posix())


def _through(path: Path) -> None:
    """Have the system write a file to the disk: a record must not outlive its files when the power fails."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
