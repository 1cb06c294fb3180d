# SPDX-License-Identifier: Apache-2.0
"""Mutated copies of pose and motion files in all layouts: a value or one clean error each, nothing runs, nothing hangs.

``python -m benchmarks.motion_fuzz --count 2500`` writes benchmarks/results/motion_fuzz.json. Half of the copies are
files with changed bytes; of the other half the contents were changed before they were written again, so that damage
gets past the containers' checksums.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import fuzz

WAYS = ("flip", "cut", "splice", "insert", "repeat", "tree", "tree", "tree", "tree", "tree")


def mutated_bytes(data: bytes, way: str, draw: np.random.RandomState) -> bytes:
    """A copy of a file with changed bytes."""
    copy = bytearray(data)
    if way == "flip":
        for _ in range(draw.randint(1, 17)):
            copy[draw.randint(len(copy))] ^= 1 << draw.randint(8)
    elif way == "cut":
        del copy[draw.randint(len(copy)) :]
    elif way == "splice":
        begin, target = draw.randint(len(copy), size=2)
        copy[target : target + draw.randint(0, 400)] = copy[begin : begin + draw.randint(1, 400)]
    elif way == "insert":
        place = draw.randint(len(copy))
        copy[place:place] = draw.bytes(draw.randint(1, 13))
    else:
        place, length = draw.randint(len(copy)), draw.randint(1, 40)
        copy[place:place] = copy[place : place + length] * draw.randint(1, 200)
    return bytes(copy)


def mutated_tree(value: Any, draw: np.random.RandomState, chance: float = 0.15) -> Any:
    """A copy of plain data in which here and there something is different."""
    if draw.rand() < chance:
        return _changed(value, draw)
    if isinstance(value, dict):
        names = ("", "poses", "fps", "00001.jpg")
        return {
            (key if draw.rand() > 0.05 else names[draw.randint(4)]): mutated_tree(each, draw, chance)
            for key, each in value.items()
            if draw.rand() > 0.05
        }
    if isinstance(value, list):
        return [mutated_tree(each, draw, chance / 3) for each in value if draw.rand() > 0.03]
    return value


def _changed(value: Any, draw: np.random.RandomState) -> Any:
    others: list[Callable[[], Any]] = [
        lambda: None,
        lambda: "text",
        lambda: float("nan"),
        lambda: -1,
        lambda: [],
        lambda: {},
        lambda: [value, value],
        lambda: {"0": value},
        lambda: 1e308,
        lambda: np.zeros((0, 72)),
        lambda: np.array("x"),
        lambda: [[1, 2], [3]],
    ]
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or not value.size:
        return others[draw.randint(len(others))]()
    arrays: list[Callable[[], Any]] = [
        lambda: value[..., :-1],
        lambda: value[:-1],
        lambda: value[0],
        lambda: value[None],
        value.ravel,
        lambda: value.T,
        lambda: value.astype(np.int64),
        lambda: value.astype(np.complex128),
        lambda: value.astype(object),
        lambda: value.astype(np.float64) * 1e30,
        lambda: value.astype(np.float64) * 1e300,
        lambda: value * 0,
        lambda: value + np.where(draw.rand(*value.shape) < 0.01, np.nan, 0),
        lambda: value + np.where(draw.rand(*value.shape) < 0.01, np.inf, 0),
        lambda: draw.randn(*value.shape) * 3,
        lambda: np.concatenate([value, value]),
        lambda: np.repeat(value, 50, axis=0),
        value.tolist,
    ]
    return (arrays + others)[draw.randint(len(arrays) + len(others))]()


def read_copies(first: int, last: int) -> dict[str, Any]:
    """Read copies ``first`` to ``last``, as motions and as poses; how each way ended, and the worst of everything."""
    import torch  # reading a tensor would load it, which the canary would hear

    from portrait_core.body.poses import open_pose
    from portrait_core.body.recordings import FileHints
    from portrait_core.rig.motion_files import open_motion
    from tests.field import (
        motion_layouts_others,
        motion_layouts_programs,
        motion_layouts_siblings,
        motion_layouts_smpl,
        motion_writers,
    )
    from tests.field.motion_layouts import LAYOUTS

    assert motion_layouts_others and motion_layouts_programs and motion_layouts_siblings and motion_layouts_smpl
    torch.set_num_threads(1)
    files = [layout for layout in LAYOUTS if "." in layout.name]  # the others are folders

    def copied(folder: str, number: int) -> tuple[str, str, Path, FileHints]:
        """The way, the layout's name and the file of a copy, and what is said about it."""
        draw = np.random.RandomState(number)
        layout = files[draw.randint(len(files))]
        way = WAYS[number % len(WAYS)] if layout.content is not None else WAYS[number % 5]
        path = Path(folder) / layout.name
        if way == "tree":
            writers = [motion_writers.npz, motion_writers.pkl, motion_writers.joblib, motion_writers.npy]
            content = mutated_tree(layout.content, draw)
            writer = writers[draw.randint(len(writers))]
            if writer is motion_writers.npz and not (isinstance(content, dict) and all(map(_fits, content))):
                writer = motion_writers.pkl
            path = Path(folder) / f"copy{('.npz', '.pkl', '.joblib', '.npy')[writers.index(writer)]}"
            try:
                writer(path, content)
            except ValueError:  # lists that numpy takes for no array
                motion_writers.pkl(path, content)
        else:
            layout.write(path)
            path.write_bytes(mutated_bytes(path.read_bytes(), way, draw))
        return way, layout.name, path, FileHints(rate=30.0, person=("", "", "1")[draw.randint(3)])

    def readings(folder: str) -> Iterator[fuzz.Reading]:
        for number in range(first, last):
            way, name, path, hints = copied(folder, number)
            for read in (open_motion, open_pose):
                what = f"copy {number} ({way}, {name}, {read.__name__})"
                yield fuzz.Reading(way, what, partial(read, path, hints=hints), _judged)

    with tempfile.TemporaryDirectory() as folder:
        return fuzz.read_all(readings(folder))


def _fits(name: object) -> bool:
    return isinstance(name, str) and name not in ("", "file") and "/" not in name


def _judged(found: Any) -> str:
    return "read" if _sound(found) else "NOT FINITE"


def _sound(found: Any) -> bool:
    """Whether what was read is numbers that an avatar can take."""
    if hasattr(found, "pose"):
        return all(np.isfinite(turn).all() and turn.shape == (3,) for turn in found.pose.values())
    motion = found.motion
    moved = motion.translation is None or np.isfinite(motion.translation).all()
    return bool(moved and all(np.isfinite(each).all() for each in motion.rotations.values()))


if __name__ == "__main__":
    fuzz.main("motion_fuzz", count=2500)
