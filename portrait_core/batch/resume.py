# SPDX-License-Identifier: Apache-2.0
"""Is an avatar there, whole, and of the recipe that is wanted? And what crashes left behind, swept away."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from portrait_core.batch.records import Job, Outputs, Record, Written
from portrait_core.errors import PortraitError
from portrait_core.files.exchange import take_back_left
from portrait_core.files.names import plain_stem

_LEFT = re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{8}\.part(\.\w+)?")


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def described(path: Path, folder: Path) -> Written:
    """A file's size and digest, with its place in ``folder``."""
    return Written(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=file_digest(path))


def is_whole(record: Record, folder: Path, *, digests: bool = True) -> bool:
    """Whether every file of a record is there with its size, and with its digest unless that is not asked for."""
    try:
        for each in record.files:
            path = folder / each.path
            if path.stat().st_size != each.bytes or (digests and file_digest(path) != each.sha256):
                return False
    except OSError:
        return False
    return bool(record.files)


def recovered(job: Job, outputs: Outputs, folder: Path) -> Record | None:
    """A record for files that are there without one: the run was killed between the two, or the manifest was damaged.

    Only of .glb files, which hold the recipe, the model's digest and their own length. They appear whole or not at all.
    """
    if set(outputs.endings) != {".glb"}:
        return None
    from portrait_core.formats.gltf import read_gltf
    from portrait_core.formats.read_recipe import read_recipe
    from portrait_core.formats.write import main_files, picture_path

    name = plain_stem(job.name)
    place = folder / outputs.folder_of(name)
    main = place / f"{job.name}.glb"
    levels = 1 + len(job.recipe.lods)
    paths = main_files(main, levels, lod_files=outputs.lod_files)
    picture = picture_path(main)
    try:
        for path in paths:
            read_gltf(path)
            stored = read_recipe(path)
            if stored.recipe != job.recipe.facts() or stored.model_digest() != job.digest or stored.warnings:
                return None
        view = folder / view_name(name)
        if not picture.is_file() or (outputs.view and not view.is_file()):
            return None
        files = [described(path, folder) for path in (*paths, picture, *([view] if outputs.view else []))]
    except (PortraitError, OSError):
        return None
    return Record(
        index=job.index,
        slot=name,
        name=name,
        status="made",
        fingerprint=job.fingerprint(outputs),
        recipe=job.recipe.facts(),
        model_digest=job.digest,
        files=tuple(files),
        thumbnail=picture.relative_to(folder).as_posix(),
        view=view_name(name) if outputs.view else "",
        worker="recovered",
    )


def view_name(name: str) -> str:
    """Where the data of the page's 3D view of an avatar lies."""
    return f"view/{name}.js"


def sweep(folder: Path, names: Collection[str] | None = None) -> int:
    """Remove what killed processes left under temporary names; with ``names`` only of these avatars.

    Only while the folder's lock is held: whoever works there has such files as well.
    """
    removed = 0
    places = [folder, *(each for each in folder.glob("*") if each.is_dir() and not each.is_symlink())]
    for place in places:
        with contextlib.suppress(OSError):
            take_back_left(place)
        for path in place.glob(".*.part*"):
            match = _LEFT.fullmatch(path.name)
            if match is None or not (names is None or plain_stem(_root(match["stem"])) in names):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
            removed += 1
    return removed


def _root(stem: str) -> str:
    return re.sub(r"[_\-. ]?LOD\d+$", "", stem)
