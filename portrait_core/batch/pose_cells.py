# SPDX-License-Identifier: Apache-2.0
"""The pose of a row of a table: written out, or out of a file with what the row says about the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from portrait_core.body.poses import PoseFile, is_pose_file, parse_pose, pose_contents, pose_in
from portrait_core.body.recordings import FileHints, units_of
from portrait_core.errors import UsageError
from portrait_core.recipe_fields import Kind
from portrait_core.rig.skeleton import has_joint, left_out_line

HINT_COLUMNS: dict[str, Kind] = {
    "person": "text",
    "frame": "count",
    "up_axis": "text",
    "units": "text",
    "motion_rate": "number",
}
"""Columns about the pose file of a row, which are no recipe fields, and the kind of their cells."""

Turns = dict[str, list[float]]


@dataclass
class PoseCells:
    """Reads the poses of rows.

    ``file``, ``frame`` and ``hints`` are those of the whole batch, which hold where a row says nothing: a row that
    says no pose but a frame has that frame of ``file``.
    """

    file: str = ""
    frame: int = 0
    hints: FileHints = field(default_factory=FileHints)
    _path: str = ""
    _content: Any = None
    """Of the file that was read last: rows often take frame after frame of one."""

    def turns(self, pose: object, said: Mapping[str, object], skeleton: str) -> tuple[object, tuple[str, ...]]:
        """The pose of a row as a recipe takes it, and lines about its file; None where the row says nothing.

        Args:
            pose: what stands in the column ``pose``: a text as on the command line, a file's name, or joints.
            said: the row's cells of :data:`HINT_COLUMNS`.
            skeleton: of the row's recipe; joints that it lacks are left out of a file's pose.

        Raises:
            UsageError: a file that cannot be read so, or columns about a file where there is none.
        """
        text = self.file if pose is None and said else pose
        if isinstance(text, str) and is_pose_file(text):
            read = self._read(text, said)
            lacking = [joint for joint in read.pose if not has_joint(skeleton, joint)]
            lines = (f"{text}: {read.line}.",) if read.line else ()
            lines += (left_out_line(text, lacking, skeleton),) if lacking else ()
            return _plain({joint: turn for joint, turn in read.pose.items() if joint not in lacking}), lines
        if said:
            raise UsageError(f"{min(said)}: there is no pose file that it is about; name one in the column pose.")
        return (_plain(parse_pose(text)) if isinstance(text, str) else text), ()

    def _read(self, text: str, said: Mapping[str, object]) -> PoseFile:
        frame = said.get("frame", self.frame)
        if not isinstance(frame, int) or isinstance(frame, bool):
            raise UsageError(f"frame: expected a whole number, got {frame!r}.")
        hints = self._hints(said)
        if text != self._path:
            self._path, self._content = "", None
            self._content = pose_contents(Path(text))
            self._path = text
        return pose_in(self._content, Path(text), frame=frame, hints=hints)

    def _hints(self, said: Mapping[str, object]) -> FileHints:
        rate = said.get("motion_rate", self.hints.rate)
        if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float)):
            raise UsageError(f"motion_rate: expected a number, got {rate!r}.")
        person = said.get("person", self.hints.person)
        if not isinstance(person, str | int) or isinstance(person, bool):
            raise UsageError(f"person: expected an id or a number, got {person!r}.")
        axis = said.get("up_axis", self.hints.up_axis)
        if not isinstance(axis, str):
            raise UsageError(f"up_axis: expected a text such as z or -y, got {axis!r}.")
        units = said.get("units")
        if isinstance(units, list):
            units = ",".join(str(each) for each in cast("list[object]", units))
        if units is not None and not isinstance(units, str):
            raise UsageError(f"units: expected a text such as degrees,cm, got {units!r}.")
        known = self.hints.units if units is None else units_of(units)
        return FileHints(str(person), axis.strip().lower(), known, None if rate is None else float(rate))


def _plain(pose: Mapping[str, Any]) -> Turns:
    return {joint: [float(each) for each in turn] for joint, turn in pose.items()}
