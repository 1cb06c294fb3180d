# SPDX-License-Identifier: Apache-2.0
"""A face's motion as a table: weights of shapes and turns of head and eyes over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FaceTable:
    """What a recording holds.

    Attributes:
        times: (T,) float64 seconds, growing strictly from 0 or later.
        weights: (T,) float64 from 0 at rest to 1 by the names of :data:`portrait_core.face.names.SHAPES`.
        turns: rotation vectors (T, 3) in radians of ``head``, ``left_eye`` and ``right_eye`` against what each sits
            on: +x looks down, +y to the person's own left, +z tilts to the own right shoulder.
        facts: what the file was taken for, in a few words each.
        notices: what is wrong with it and what was done, a line each.
    """

    times: Floats
    weights: Mapping[str, Floats]
    turns: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    facts: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What the file was taken for, in one line."""
        return "; ".join(self.facts)

    @property
    def seconds(self) -> float:
        """How long it is, from 0 to its last frame."""
        return float(self.times[-1])


@dataclass(frozen=True, eq=False)
class RawTable:
    """The same as a file says it: ``names`` of N columns as written, ``values`` (T, N) with NaN where nothing is said,
    ``clock`` with T cells of the column of time, which is called ``clock_name`` ("" for none); ``rate`` in frames a
    second where the file says it apart."""

    program: str
    names: tuple[str, ...]
    values: Floats
    clock: tuple[object, ...] = ()
    clock_name: str = ""
    rate: float | None = None
    comma: bool = False
    notices: tuple[str, ...] = ()


def rows_to_raw(
    program: str,
    rows: list[Mapping[str, float]],
    clock: list[object],
    clock_name: str,
    *,
    rate: float | None = None,
    notices: tuple[str, ...] = (),
) -> RawTable:
    """A raw table of frames that each name their own values; what a frame does not name is NaN there."""
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    values = np.full((len(rows), len(names)), np.nan)
    place = {name: number for number, name in enumerate(names)}
    for number, row in enumerate(rows):
        for name, value in row.items():
            values[number, place[name]] = value
    return RawTable(program, names, values, tuple(clock) if clock_name else (), clock_name, rate, notices=notices)
