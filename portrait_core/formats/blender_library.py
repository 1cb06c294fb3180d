# SPDX-License-Identifier: Apache-2.0
"""Avatars' .glb files into .blend files of an asset library, by one Blender in a child process for many of them."""

from __future__ import annotations

import contextlib
import json
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from portrait_core.errors import OutputError
from portrait_core.formats.blender import TIMEOUT, started

LINE = "PORTRAITKIT "
FALLS = 3
"""A Blender that falls so many times without having finished one avatar is given up."""
_SCRIPT = Path(__file__).with_name("blender_library_script.py")
_WAIT = 0.25
_LAST_LINES = 20


@dataclass(frozen=True)
class AssetOrder:
    """One avatar: its file, its picture (or none), the .blend to write, and what the Asset Browser tells of it.

    ``addon`` is the folder of the Portraitkit add-on that brings it in, or nothing.
    """

    name: str
    source: str
    picture: str
    target: str
    catalogue: str
    author: str
    licence: str
    copyright: str
    description: str
    tags: tuple[str, ...]
    addon: str = ""


@dataclass(frozen=True)
class AssetOutcome:
    """What became of the order at a place; ``why`` is empty where its file was written."""

    place: int
    why: str = ""


def write_assets(orders: Sequence[AssetOrder], blender: list[str], tick: Callable[[], None]) -> Iterator[AssetOutcome]:
    """Write each order's ``target``, one after the other; ``blender`` is :func:`find_blender`'s answer.

    ``tick`` is called several times a second and may raise to stop: Blender is killed then. Where Blender falls, the
    order that it was at has failed, and another Blender goes on. Raises :class:`OutputError` where it cannot be
    started, and where it falls again and again.
    """
    left, falls = list(range(len(orders))), 0
    while left:
        before, fallen = len(left), "it ended without a word"
        for outcome in _one_blender([(place, orders[place]) for place in left], blender, tick):
            if isinstance(outcome, str):
                fallen = outcome
                continue
            left.remove(outcome.place)
            yield outcome
        if not left:
            return
        falls = falls + 1 if len(left) == before else 1
        if falls >= FALLS:
            raise OutputError(f"Blender ({blender[0]}) ended {falls} times without having made an avatar: {fallen}")
        yield AssetOutcome(left.pop(0), fallen)


def _one_blender(
    orders: list[tuple[int, AssetOrder]], blender: list[str], tick: Callable[[], None]
) -> Iterator[AssetOutcome | str]:
    """Outcomes as they come, and a text where Blender ended before the last one."""
    with tempfile.TemporaryDirectory(prefix="portraitkit-", ignore_cleanup_errors=True) as folder:
        listed = Path(folder) / "orders.json"
        listed.write_text(json.dumps([asdict(order) for _, order in orders]), encoding="utf-8")
        try:
            with started([*blender, str(_SCRIPT), "--", str(listed)], Path(folder)) as child:
                assert child.stdout is not None and child.stderr is not None
                said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
                complaints: list[str] = []
                for target, stream in ((said.put, child.stdout), (complaints.append, child.stderr)):
                    threading.Thread(target=_read, args=(stream, target), daemon=True).start()
                open_orders = len(orders)
                for facts in _lines(said, tick):
                    if facts is None:
                        child.kill()
                        yield f"Blender did not finish an avatar within {TIMEOUT:.0f} s"
                        return
                    if "done" in facts or "failed" in facts:
                        place, _ = orders[int(facts.get("done", facts.get("failed", 0)))]
                        open_orders -= 1
                        yield AssetOutcome(place, str(facts.get("why", "")))
                child.wait(TIMEOUT)
                if open_orders:
                    lines = [line.strip() for line in complaints[-_LAST_LINES:] if line and line.strip()]
                    yield lines[-1] if lines else f"Blender ended with status {child.returncode}"
        except OSError as error:
            raise OutputError(f"{blender[0]} cannot be started: {error.strerror or error}.") from error


def _read(stream: IO[str], take: Callable[[Any], None]) -> None:
    with contextlib.suppress(ValueError):  # closed while Blender is being killed
        for line in stream:
            take(line)
    take(None)


def _lines(said: queue.SimpleQueue[str | None], tick: Callable[[], None]) -> Iterator[dict[str, Any] | None]:
    """What the script says; None where it has been silent for too long."""
    silent = 0.0
    while True:
        tick()
        try:
            line = said.get(timeout=_WAIT)
        except queue.Empty:
            silent += _WAIT
            if silent > TIMEOUT:
                yield None
                return
            continue
        if line is None:
            return
        if line.startswith(LINE):
            silent = 0.0
            yield dict(json.loads(line[len(LINE) :]))
