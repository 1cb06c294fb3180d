# SPDX-License-Identifier: Apache-2.0
"""What people type -> what the engine takes; every mistake is a :class:`UsageError` that quotes it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from portrait_core.errors import UsageError
from portrait_core.files.names import check_pattern as _check_pattern
from portrait_core.files.names import fill_pattern

__all__ = [
    "check_pattern",
    "fill_pattern",
    "parse_formats",
    "parse_lods",
    "parse_numbers",
    "parse_pose",
    "parse_seeds",
    "parse_settings",
    "parse_words",
]

MAX_SEED = 2**32 - 1
MAX_SEEDS = 100_000


def check_pattern(pattern: str, *, many: bool) -> None:
    """As :func:`portrait_core.files.names.check_pattern`, of the option ``--name``."""
    _check_pattern(pattern, many=many, what="--name")


def parse_seeds(text: str) -> list[int]:
    """``7``, ``0-9``, ``1,5,8`` or a mixture, in the order given and without repetitions."""
    seeds: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if match is None:
            raise UsageError(f"seeds {text!r}: {part.strip()!r} is not a seed. Write 7, 0-9 or 1,5,8.")
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if max(first, last) > MAX_SEED:
            raise UsageError(f"seed {max(first, last)} is out of range; seeds go from 0 to {MAX_SEED}.")
        if last < first:
            raise UsageError(f"seeds {text!r}: the range {first}-{last} runs backwards.")
        if last - first >= MAX_SEEDS or len(seeds) + last - first >= MAX_SEEDS:
            raise UsageError(f"seeds {text!r}: more than {MAX_SEEDS} at once.")
        seeds.update(dict.fromkeys(range(first, last + 1)))
    return list(seeds)


def parse_settings(settings: Sequence[str]) -> dict[str, float]:
    """``age=+1.5`` a time; the last one of a name holds."""
    values: dict[str, float] = {}
    for setting in settings:
        name, equals, number = setting.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not name.strip() or not equals or not math.isfinite(value):
            raise UsageError(f"--set {setting!r} is not of the form NAME=NUMBER, such as age=+1.5.")
        values[name.strip()] = value
    return values


def parse_numbers(text: str, what: str) -> list[float]:
    """A comma-separated list of finite numbers, such as ``-30,0,30``."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = [math.nan]
    if not all(math.isfinite(number) for number in numbers):
        raise UsageError(f"{what} {text!r}: expected numbers separated by commas, such as -30,0,30.")
    return numbers


def parse_lods(text: str | None) -> tuple[int, ...]:
    """``8000,2000``: faces of the coarser levels of detail."""
    if text is None or not text.strip():
        return ()
    if not re.fullmatch(r"\s*\d{1,9}\s*(,\s*\d{1,9}\s*)*", text):
        raise UsageError(f"--lods {text!r}: expected numbers of faces separated by commas, such as 8000,2000.")
    return tuple(int(part) for part in text.split(","))


def parse_words(text: str | None) -> tuple[str, ...]:
    """``skin,eyes,hair``: words, whose meaning the recipe checks."""
    return () if text is None else tuple(part.strip().lower() for part in text.split(",") if part.strip())


def parse_formats(text: str, known: Sequence[str]) -> list[str]:
    """``glb,obj`` -> endings ``.glb``, ``.obj``, without repetitions; ``known`` are the endings there are."""
    endings = list(dict.fromkeys("." + part.strip().lower().removeprefix(".") for part in text.split(",")))
    for ending in endings:
        if ending not in known:
            names = ", ".join(each.removeprefix(".") for each in known)
            raise UsageError(f"--format {ending.removeprefix('.')!r} is not known; there are {names}.")
    return endings


def parse_pose(text: str | None) -> dict[str, tuple[float, float, float]]:
    """``head=0,20,0;neck=5,0,0`` in degrees, or the path of a pose file; in radians by joint name."""
    if text is None:
        return {}
    from cli.pose_options import pose_of

    return pose_of(text, {})
