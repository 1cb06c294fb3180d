# SPDX-License-Identifier: Apache-2.0
"""The options about files of poses and motions: which person, which frame, which axes and units."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.body.recordings import FileHints

Say = Callable[[str], None]
Turns = dict[str, tuple[float, float, float]]

FRAME, PERSON, UP_AXIS, UNITS, RATE = "frame", "person", "up_axis", "units", "motion_rate"

_OPTIONS: dict[str, tuple[Any, Any]] = {
    FRAME: (
        0,
        Annotated[
            int,
            typer.Option("--frame", help="Which frame of a pose file, from 0; -1 is the last."),
        ],
    ),
    PERSON: (
        "",
        Annotated[
            str,
            typer.Option(
                "--person", metavar="ID", help="Who in a pose or motion file of several. [default: the first]"
            ),
        ],
    ),
    UP_AXIS: (
        "auto",
        Annotated[
            str,
            typer.Option(
                "--up-axis",
                metavar="auto|x|-x|y|-y|z|-z",
                help="The upward axis of a pose or motion file; auto goes by its data. A camera's is -y.",
            ),
        ],
    ),
    UNITS: (
        "auto",
        Annotated[
            str,
            typer.Option(
                "--units",
                metavar="auto|UNITS",
                help="What the file's numbers are, where it does not show: degrees, cm, mm, and others as degrees,cm.",
            ),
        ],
    ),
}
NAMES = tuple(_OPTIONS)


def parameters() -> dict[str, inspect.Parameter]:
    """The options as parameters of a command, by name."""
    return {
        name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (default, annotation) in _OPTIONS.items()
    }


def hints_of(values: Mapping[str, Any]) -> FileHints:
    """What the options in ``values`` say about a file.

    Raises:
        UsageError: an option that is not known, by its name.
    """
    from portrait_core.body.recordings import UNITS as KNOWN
    from portrait_core.body.recordings import UP_AXES, FileHints, units_of

    axis, units = values.get(UP_AXIS, "auto"), units_of(values.get(UNITS, "auto"))
    if axis not in UP_AXES:
        raise UsageError(f"--up-axis {axis!r} is not known; it is {', '.join(UP_AXES[:-1])} or {UP_AXES[-1]}.")
    for unit in sorted(units):
        if unit not in KNOWN:
            raise UsageError(f"--units {unit!r} is not known; there are {', '.join(KNOWN)}.")
    rate: float | None = values.get(RATE)
    if rate is not None and not 0 < rate <= 1000:
        raise UsageError(f"--motion-rate {rate:g} is out of range; it goes up to 1000 a second.")
    return FileHints(values.get(PERSON, ""), axis, units, rate)


def is_file(text: str | None) -> bool:
    """Whether what somebody gave as a pose is a file."""
    from portrait_core.body.poses import is_pose_file

    return text is not None and is_pose_file(text)


def pose_of(text: str | None, values: Mapping[str, Any], say: Say | None = None) -> Turns:
    """The pose that ``text`` writes or that the file ``text`` holds, radians by joint; what is odd goes to ``say``."""
    if text is None:
        return {}
    from portrait_core.body.poses import open_pose, parse_pose

    if not is_file(text):
        pose = parse_pose(text)
    else:
        read = open_pose(Path(text), frame=values.get(FRAME, 0), hints=hints_of(values))
        pose = read.pose
        if say is not None and read.line:
            say(f"{text}: {read.line}.")
    return {joint: (float(x), float(y), float(z)) for joint, (x, y, z) in pose.items()}


def fitted(pose: Mapping[str, Any], skeleton: str, what: str, say: Say | None = None) -> dict[str, Any]:
    """``pose`` of file ``what`` without the joints that a skeleton has not, which are told."""
    from portrait_core.rig.skeleton import has_joint, left_out_line

    left_out = [joint for joint in pose if not has_joint(skeleton, joint)]
    if left_out and say is not None:
        say(left_out_line(what, left_out, skeleton))
    return {joint: turn for joint, turn in pose.items() if joint not in left_out}
