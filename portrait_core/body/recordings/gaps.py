# SPDX-License-Identifier: Apache-2.0
"""Frames without a person (NaN): short gaps are bridged, ends cut off, long gaps refused by their frames."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from portrait_core.errors import UsageError

Floats = NDArray[np.float64]

LONGEST = 0.5
"""Seconds of a gap that is bridged."""


@dataclass(frozen=True)
class Whole:
    """Rotations and translation without NaN, ``first`` frames shorter at the beginning, and what was done."""

    rotations: dict[str, Floats]
    translation: Floats | None
    first: int
    facts: tuple[str, ...]


def bridged(rotations: Mapping[str, Floats], translation: Floats | None, rate: float, name: str) -> Whole:
    """``rotations`` (T, 3) each and ``translation`` (T, 3) with gaps of up to half a second at ``rate`` frames a second
    bridged: rotations along the shortest arc, the translation straight.

    Raises:
        UsageError: a longer gap, or no frame with a person; ``name`` is the field.
    """
    parts = [*rotations.values(), *([] if translation is None else [translation])]
    missing = np.zeros(len(parts[0]), np.bool_)
    for part in parts:
        missing |= ~np.isfinite(part).all(axis=1)
    if not missing.any():
        return Whole(dict(rotations), translation, 0, ())
    there = np.flatnonzero(~missing)
    if not len(there):
        more = " and in all others" if len(missing) > 1 else ""
        raise UsageError(f"{name} holds NaN or infinity in frame 0{more}, expected finite numbers")
    first, last = int(there[0]), int(there[-1]) + 1
    facts: list[str] = []
    if first:
        facts.append(f"{_frames(0, first - 1)} without a person, cut off")
    for before, after in itertools.pairwise(there.tolist()):
        length = after - before - 1
        if not length:
            continue
        if length / rate > LONGEST + 1e-9:
            raise UsageError(
                f"{name} holds NaN or infinity in {_frames(before + 1, after - 1)}, {length / rate:.1f} s without a "
                f"person; up to {LONGEST:g} s are bridged. Cut the file there"
            )
        facts.append(f"{_frames(before + 1, after - 1)} without a person, bridged")
    if last < len(missing):
        facts.append(f"{_frames(last, len(missing) - 1)} without a person, cut off")
    if len(facts) > 4:
        facts = [*facts[:3], f"{len(facts) - 3} more gaps bridged or cut off"]
    times = np.arange(first, last, dtype=np.float64)
    keys = there.astype(np.float64)
    made = {joint: _turned(rows[there], keys, times) for joint, rows in rotations.items()}
    moved = None
    if translation is not None:
        columns: list[NDArray[np.float64]] = [np.interp(times, keys, translation[there, axis]) for axis in range(3)]
        moved = np.stack(columns, axis=1)
    return Whole(made, moved, first, tuple(facts))


def _turned(rows: Floats, keys: Floats, times: Floats) -> Floats:
    """Axis-angle ``rows`` at ``keys`` -> at ``times``; where there is a key it stays as it is, to the bit."""
    result = np.empty((len(times), 3))
    known = np.isin(times, keys)
    result[known] = rows
    if not known.all():
        result[~known] = Slerp(keys, Rotation.from_rotvec(rows))(times[~known]).as_rotvec()
    return result


def _frames(first: int, last: int) -> str:
    return f"frame {first}" if first == last else f"frames {first} to {last}"
