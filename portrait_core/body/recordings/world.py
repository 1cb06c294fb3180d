# SPDX-License-Identifier: Apache-2.0
"""The file's world, judged by its data: which axis is up, and what unit its lengths are in.

A body stands most of the time, so the root's own +y, which is up at rest, points along the world's vertical; a standing
body's root is about 0.9 m above the floor, and nobody moves by 25 m a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.recordings.hints import AXES, Axis, FileHints
from portrait_core.errors import UsageError, remedy

Floats = NDArray[np.float64]

_CLEAR = 0.8
_ALWAYS = 0.3
"""Mean and least cosine between the body's own up and an axis for it to be the world's vertical."""
_STANDING = (0.55, 1.6)
"""Metres of a root above the floor."""
FASTEST = 25.0
"""Metres a second; the world's fastest sprinter runs at 12.4."""
_SCALES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_WORDS = {"cm": "centimetres", "mm": "millimetres"}


@dataclass(frozen=True)
class World:
    """The up axis, the factor from the file's lengths to metres, and what to say about them."""

    up_axis: Axis
    scale: float
    facts: tuple[str, ...]


def judged(
    root: Floats | None,
    moves: Floats | None,
    rate: float | None,
    *,
    amass: bool,
    camera: bool,
    name: str,
    hints: FileHints,
) -> World:
    """The world of a recording with ``root`` (T, 3) axis-angle and translation ``moves`` (T, 3), no NaN in them.

    ``amass`` and ``camera`` are what the names of the fields say; they decide where the data do not. ``name`` is the
    translation's field.

    Raises:
        UsageError: lengths of an unknown unit.
    """
    ups = None if root is None else np.asarray(Rotation.from_rotvec(root).apply([0.0, 1.0, 0.0]), np.float64)
    axis, facts = _up_axis(ups, moves, amass, camera, hints)
    scale, unit = _scale(moves, axis, rate, name, hints)
    return World(axis, scale, (*facts, *unit))


def _up_axis(
    ups: Floats | None, moves: Floats | None, amass: bool, camera: bool, hints: FileHints
) -> tuple[Axis, tuple[str, ...]]:
    if hints.axis is not None:
        return hints.axis, (f"{hints.axis} up, as given",)
    usual: Axis = "z" if amass else "-y" if camera else "y"
    if ups is None:
        return usual, ((f"{usual} up",) if moves is not None else ())
    clear = _clear_axis(ups)
    if clear is not None and (clear == usual or not _contradicted(clear, usual, moves, amass)):
        return clear, (f"{clear} up",)
    lies = float(np.mean(ups @ vector(usual))) < 0.5
    return usual, (f"{usual} up, though the body does not stand in it" if lies else f"{usual} up",)


def _clear_axis(ups: Floats) -> Axis | None:
    """The axis that the body's own up (T, 3) points along over the whole file, if there is one."""
    for axis in AXES:
        along = ups @ vector(axis)
        if float(np.mean(along)) > _CLEAR and float(np.quantile(along, 0.05)) > _ALWAYS:
            return axis
    return None


def _contradicted(clear: Axis, usual: Axis, moves: Floats | None, amass: bool) -> bool:
    """Whether the translation says that the body lies in the usual world, rather than stands in another."""
    seldom = clear in ("x", "-x", "-z")  # nobody's world has x up, unless the body stands on its floor
    if moves is None:
        return seldom
    along, height = moves @ vector(clear), moves @ vector(usual)
    if _stands(along) and float(np.ptp(along)) < 0.5 * float(np.median(along)):
        return seldom and _stands(height)
    if seldom:
        return True
    if amass:
        return _stands(height) or clear not in ("y", "-y")
    lies = -0.1 < float(np.median(height)) < 0.5 and float(np.ptp(height)) < 0.3
    return clear == "z" and lies and bool(np.any(np.abs(height) > 0.02))


def _stands(heights: Floats) -> bool:
    """Whether heights are those of a standing body's root, in metres, centimetres or millimetres."""
    middle = float(np.median(heights))
    return any(_STANDING[0] < middle * scale < _STANDING[1] for scale in _SCALES.values())


def _scale(
    moves: Floats | None, axis: Axis, rate: float | None, name: str, hints: FileHints
) -> tuple[float, tuple[str, ...]]:
    """Metres of one unit of ``moves``, and what to say about it."""
    if moves is None:
        return 1.0, ()
    given = hints.one_of(*_SCALES)
    if given is not None:
        return _SCALES[given], ((f"{name} in {_WORDS[given]}, as given",) if given != "m" else ())
    height = float(np.median(moves @ vector(axis)))
    for unit in ("cm", "mm"):
        if 0.4 < height * _SCALES[unit] < 2.5 and height > 30:
            return _SCALES[unit], (f"{name} in {_WORDS[unit]}, made metres",)
    speed = 0.0
    if len(moves) > 1:
        speed = float(np.median(np.linalg.norm(np.diff(moves, axis=0), axis=1))) * (rate or 30.0)
    if speed > FASTEST or (abs(height) > 10 and float(np.ptp(moves @ vector(axis))) < 3):
        what = f"moves {speed:.0f} a second" if speed > FASTEST else f"is {height:.0f} high"
        raise UsageError(
            f"{name} {what}, which is not in metres for a body; its unit does not show.",
            remedy=remedy("give_units", units="cm"),
        )
    return 1.0, ()


def vector(axis: Axis) -> Floats:
    """The unit vector (3,) along an axis."""
    made = np.zeros(3)
    made["xyz".index(axis[-1])] = -1.0 if axis.startswith("-") else 1.0
    return made
