# SPDX-License-Identifier: Apache-2.0
"""What somebody says about a pose or motion file, where the file does not say it or says it wrongly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, cast

from portrait_core.errors import UsageError

Axis = Literal["x", "-x", "y", "-y", "z", "-z"]
AXES: tuple[Axis, ...] = ("y", "-y", "z", "-z", "x", "-x")
UP_AXES = ("auto", *AXES)
UNITS = ("radians", "degrees", "m", "cm", "mm", "rows", "columns", "wxyz", "xyzw")
"""Of angles; of lengths; what the six numbers of a 6D rotation are; the order of a quaternion's numbers."""
_EXCLUDING = (("radians", "degrees"), ("m", "cm", "mm"), ("rows", "columns"), ("wxyz", "xyzw"))
MOST_RATE = 1000.0


@dataclass(frozen=True)
class FileHints:
    """``person`` is an id, a name or a number from 0 ("" takes the first), ``up_axis`` the vertical axis of the file's
    world ("auto": by its data), ``units`` some of `UNITS`, ``rate`` the file's frames a second where it does not say.

    Raises:
        UsageError: an axis or a unit that is not known, units that exclude each other, or an impossible rate.
    """

    person: str = ""
    up_axis: str = "auto"
    units: frozenset[str] = frozenset()
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.up_axis not in UP_AXES:
            raise UsageError(f"the up axis {self.up_axis!r} is not known; it is one of {', '.join(UP_AXES)}")
        for unit in sorted(self.units):
            if unit not in UNITS:
                raise UsageError(f"the unit {unit!r} is not known; there are {', '.join(UNITS)}")
        for group in _EXCLUDING:
            if len(self.units.intersection(group)) > 1:
                raise UsageError(f"the units {' and '.join(self.units.intersection(group))} exclude each other")
        if self.rate is not None and not (math.isfinite(self.rate) and 0 < self.rate <= MOST_RATE):
            raise UsageError(f"the source rate must be above 0 and at most {MOST_RATE:g} a second, got {self.rate:g}")

    @property
    def axis(self) -> Axis | None:
        """The up axis that was said, if any."""
        return None if self.up_axis == "auto" else cast(Axis, self.up_axis)

    def one_of(self, *units: str) -> str | None:
        """Which of ``units`` was said, if any."""
        return next((unit for unit in units if unit in self.units), None)


def units_of(text: str) -> frozenset[str]:
    """``"degrees,cm"`` as a set; "" and "auto" are none."""
    parts = {part.strip().lower() for part in text.split(",")}
    return frozenset(parts - {"", "auto"})
