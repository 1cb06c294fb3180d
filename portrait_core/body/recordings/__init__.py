# SPDX-License-Identifier: Apache-2.0
"""Recordings of poses and motions as other programs write them, read as data; see docs/motions.md.

A file's contents (`contents`) are searched for persons (`people`, `fields`, `names`), whose rotations (`rotations`) are
checked (`doubts`), made whole (`gaps`) and placed in a world (`world`); BVH files have a skeleton of their own (`bvh`).
"""

from portrait_core.body.recordings.contents import RECORDING_FILES
from portrait_core.body.recordings.hints import UNITS, UP_AXES, Axis, FileHints, units_of
from portrait_core.body.recordings.load import line_of, load_recording, recording_of
from portrait_core.body.recordings.recording import Recording

__all__ = [
    "RECORDING_FILES",
    "UNITS",
    "UP_AXES",
    "Axis",
    "FileHints",
    "Recording",
    "line_of",
    "load_recording",
    "recording_of",
    "units_of",
]
