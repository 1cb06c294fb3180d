# SPDX-License-Identifier: Apache-2.0
"""A folder of photographs into the published data set: zips of aligned portraits and masks with their labels.

Each photograph becomes a record of its own (:mod:`portrait_core.photo.dataset_records`), made once, by several
processes; from the records the files of the data set are put together anew each time, so that wishes and decisions may
change without another look at the photographs. A build that was killed has lost the photographs that it was looking at
then, and nothing else.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from portrait_core.errors import OutputError, UsageError, remedy
from portrait_core.files.whole_file import prepare_folder, whole_file
from portrait_core.files.zip_files import add_file, stored
from portrait_core.photo.dataset_filter import Wishes, chosen, read_decisions
from portrait_core.photo.dataset_page import dataset_page, yaw_plot
from portrait_core.photo.dataset_records import (
    Portrait,
    Refused,
    Source,
    make_record,
    read_records,
    record_failure,
    sources_in,
)
from portrait_core.photo.networks.published import NAMES
from portrait_core.photo.networks.store import load_network
from portrait_core.photo.portrait_files import OVERLAYS, RESULT
from portrait_core.progress import Progress, silent
from portrait_core.runtime.stop_signals import leave_stopping_to_parent

IMAGES, MASKS, LABELS, CARD = "images.zip", "masks.zip", "dataset.json", "data.json"
REJECTED, DECISIONS, PAGE, PLOT = "rejected.csv", "decisions.json", "index.html", "yaws.svg"
KIND = "photographs"
WORK = ".records"
LOCK = "lock"
NEEDED = NAMES[:6]
"""The networks that look at photographs."""
STANDARD = Wishes()


@dataclass(frozen=True)
class Built:
    """What became of a folder: how many ``photographs``, the ``portraits`` in the data set, and how many were left out
    for which reason."""

    photographs: int
    portraits: int
    left_out: dict[str, int]


def build_dataset(
    folder: Path,
    out: Path,
    *,
    size: int = 512,
    wishes: Wishes = STANDARD,
    workers: int = 1,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Built:
    """Make or go on with the data set ``out`` of the photographs in ``folder``.

    Raises :class:`UsageError` for a folder without photographs, :class:`OutputError` where something else lies in
    ``out`` or nothing can be written, and :class:`portrait_core.errors.ModelFileError` without the networks.
    """
    sources = sources_in(folder)
    if not sources:
        raise UsageError(f"{folder}: holds no photographs, nor do its folders.")
    _refuse_others(out, overwrite=overwrite)
    for name in NEEDED:
        load_network(name)
    work = prepare_folder(out) / WORK
    work.mkdir(exist_ok=True)
    try:
        with FileLock(work / LOCK, timeout=0):
            for left in (*out.glob(".*.part*"), *work.glob(".*.part*")):
                left.unlink(missing_ok=True)
            records = {source: work / f"{source.key(size)}.zip" for source in sources}
            missing = [source for source in sources if not records[source].is_file()]
            done = len(sources) - len(missing)

            def tell(count: int) -> None:
                progress("photographs", (done + count) / len(sources))

            _make(missing, records, size, workers, tell)
            progress("put together", 0.0)
            return _put_together(folder, out, sources, [records[source] for source in sources], size, wishes)
    except Timeout:
        raise OutputError(f"{out}: another build is at work in it; wait for it, or choose another folder.") from None


def _refuse_others(out: Path, *, overwrite: bool) -> None:
    """Files of another kind of data set are somebody's work."""
    if overwrite or not (out / IMAGES).exists():
        return
    try:
        kind = json.loads((out / CARD).read_text(encoding="utf-8")).get("kind")
    except (OSError, ValueError, AttributeError):
        kind = None
    if kind != KIND:
        raise OutputError(f"{out}: holds another data set ({IMAGES}).", remedy=remedy("overwrite"))


def _make(
    missing: Sequence[Source], records: dict[Source, Path], size: int, workers: int, tell: Callable[[int], None]
) -> None:
    """Make the records that are missing; ``tell`` hears how many are done."""
    if workers == 1 or len(missing) < 2 * workers:
        for count, source in enumerate(missing):
            tell(count)
            make_record(source, records[source], size)
        return
    pool = _pool(workers)
    try:
        waiting = [pool.submit(make_record, source, records[source], size) for source in missing]
        for count, future in enumerate(as_completed(waiting), start=1):
            future.result()
            tell(count)
    except BrokenProcessPool:
        pool.shutdown(wait=True, cancel_futures=True)
        left = [source for source in missing if not records[source].is_file()]
        tell(len(missing) - len(left))
        _one_by_one(left, records, size)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(left: Sequence[Source], records: dict[Source, Path], size: int) -> None:
    """Some photograph ends the process that looks at it: each has one to itself, and that one is left out."""
    for source in left:
        pool = _pool(1)
        try:
            pool.submit(make_record, source, records[source], size).result()
        except BrokenProcessPool:
            record_failure(source, records[source], "the process that looked at it ended, as where memory runs out.")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, get_context("spawn"), _start_worker)


def _start_worker() -> None:
    import torch

    torch.set_num_threads(1)
    leave_stopping_to_parent()


def _put_together(
    folder: Path, out: Path, sources: Sequence[Source], records: list[Path], size: int, wishes: Wishes
) -> Built:
    decisions = read_decisions(out / DECISIONS)
    portraits: list[Portrait] = []
    refused: list[Refused] = []
    for each in read_records(records):
        if isinstance(each, Portrait):
            portraits.append(each)
        else:
            refused.append(each)
    kept, others = chosen(portraits, wishes, decisions)
    refused = sorted([*refused, *others], key=lambda each: each.identity)
    names = [f"portrait-{number:06d}" for number in range(len(kept))]
    (out / CARD).unlink(missing_ok=True)  # until it is there again, the files belong to different builds
    _write_pictures(out, kept, names)
    results = {f"{name}.png": _published(portrait) for name, portrait in zip(names, kept, strict=True)}
    left_out = dict(sorted(Counter(each.reason for each in refused).items()))
    card = {
        "format_version": 1,
        "kind": KIND,
        "config": {"size": size, **asdict(wishes)},
        "photographs": len(sources),
        "portraits": len(kept),
        "left_out": left_out,
    }
    title = f"{folder.name or 'photographs'}: portraits"
    texts = {
        RESULT: json.dumps(results, indent=1) + "\n",
        REJECTED: _table(refused),
        PLOT: yaw_plot([float(portrait.facts["yaw"]) for portrait in kept]),
        PAGE: dataset_page(title, kept, names, refused, decisions),
        CARD: json.dumps(card, indent=1) + "\n",
    }
    for name, text in texts.items():
        with whole_file(out / name, overwrite=True) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
    return Built(len(sources), len(kept), left_out)


def _write_pictures(out: Path, kept: Sequence[Portrait], names: Sequence[str]) -> None:
    """Both zips, and the drawings; those of an earlier build go."""
    drawings = out / OVERLAYS
    with (
        whole_file(out / IMAGES, overwrite=True) as image_path,
        whole_file(out / MASKS, overwrite=True) as mask_path,
        stored(image_path) as images,
        stored(mask_path) as masks,
    ):
        for name, portrait in zip(names, kept, strict=True):
            picture, mask, drawing = portrait.pictures()
            add_file(images, f"{name}.png", picture)
            add_file(masks, f"{name}.png", mask)
            with whole_file(drawings / f"{name}.jpg", overwrite=True) as temporary:
                temporary.write_bytes(drawing)
        labels = [[f"{name}.png", portrait.facts["label"]] for name, portrait in zip(names, kept, strict=True)]
        sources = [[f"{name}.png", portrait.identity] for name, portrait in zip(names, kept, strict=True)]
        add_file(images, LABELS, json.dumps({"labels": labels, "sources": sources}).encode())
    known = {f"{name}.jpg" for name in names}
    for path in drawings.glob("portrait-*.jpg"):
        if path.name not in known:
            path.unlink(missing_ok=True)


def _published(portrait: Portrait) -> dict[str, Any]:
    """An entry of result.json: what was recorded without what only the builder needs."""
    own = ("label", "hash", "yaw", "crop_pixels", "face")
    return {name: value for name, value in portrait.facts.items() if name not in own}


def _table(refused: Sequence[Refused]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["photograph", "reason", "text"])
    writer.writerows([each.identity, each.reason, each.text] for each in refused)
    return stream.getvalue()
