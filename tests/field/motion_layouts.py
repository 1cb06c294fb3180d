# SPDX-License-Identifier: Apache-2.0
"""The motion of `tests.field.motion_truth` in the layouts of many programs, and what has to come of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.field import motion_writers
from tests.field.motion_truth import (
    FRAMES,
    METRES,
    TO_CAMERA,
    TO_Z_UP,
    flat,
    turned,
    walk,
)

Write = Callable[[Path], None]


@dataclass(frozen=True)
class Layout:
    """``write`` makes the file ``name``. It is read with the truth in it (``root`` and ``metres`` where the layout has
    them), a line with ``says`` in it and ``rate`` frames a second stated; or refused with ``refuses``."""

    name: str
    write: Write
    says: str = ""
    refuses: str = ""
    root: bool = True
    metres: float | None = METRES
    rate: float | None = 30.0
    frames: int = FRAMES
    person: str = ""
    content: Any = None


LAYOUTS: list[Layout] = []


def add(name: str, writer: Callable[[Path, Any], None], content: Any, **more: Any) -> None:
    LAYOUTS.append(Layout(name, lambda path: writer(path, content), content=content, **more))


def squeezed(pack: Callable[[bytes], bytes]) -> Callable[[Path, Any], None]:
    """joblib's dump, compressed."""
    return lambda path, content: path.write_bytes(pack(motion_writers.joblib_bytes(content))) and None


def other(rows: np.ndarray) -> np.ndarray:
    """Somebody else: the head turns the other way."""
    rows = rows.copy()
    rows[:, 45:48] *= -0.5
    return rows


def ragged(items: list[Any]) -> np.ndarray:
    """An array of objects."""
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


npz, npy, pkl, joblib, pt, js = (
    motion_writers.npz,
    motion_writers.npy,
    motion_writers.pkl,
    motion_writers.joblib,
    motion_writers.pt,
    motion_writers.as_json,
)
smpl, smplh, smplx = flat(24), flat(52), flat(55)
z_smpl, z_smplh, z_smplx = (turned(each, TO_Z_UP) for each in (smpl, smplh, smplx))
cam, cam_way = turned(smpl, TO_CAMERA), TO_CAMERA.apply(walk()) + np.array([0, 1.0, 5.0])
way, z_way = walk(), TO_Z_UP.apply(walk())
f4 = np.float32
BETAS = np.zeros(10)
