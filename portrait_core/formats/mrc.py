# SPDX-License-Identifier: Apache-2.0
"""Volumes as MRC files (MRC2014, Cheng et al. 2015), which ChimeraX and others open; mode 2, 32-bit floats.

The published scripts write such files with unit voxels. Ours also say how large a voxel is and where the volume lies.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import OutputError
from portrait_core.files.whole_file import whole_file

HEADER_BYTES = 1024


def write_mrc(
    path: Path,
    volume: NDArray[np.float32],
    *,
    voxel: float = 1.0,
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    overwrite: bool = False,
) -> None:
    """Write ``volume`` (sections, rows, columns); the columns are MRC's x.

    ``voxel`` is the edge of a voxel and ``origin`` the place of the first one as (x, y, z), in any unit. Raises
    :class:`OutputError` when the file exists and ``overwrite`` is not set, or cannot be written.
    """
    if volume.ndim != 3 or not volume.size:
        raise OutputError(f"{path}: an MRC file holds a volume of three axes, got shape {volume.shape}.")
    sections, rows, columns = volume.shape
    header = bytearray(HEADER_BYTES)
    struct.pack_into("<10i", header, 0, columns, rows, sections, 2, 0, 0, 0, columns, rows, sections)
    struct.pack_into("<6f", header, 40, columns * voxel, rows * voxel, sections * voxel, 90.0, 90.0, 90.0)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    struct.pack_into("<3f", header, 76, float(volume.min()), float(volume.max()), float(volume.mean(dtype=np.float64)))
    struct.pack_into("<2i", header, 88, 1, 0)
    struct.pack_into("<i", header, 108, 20140)
    struct.pack_into("<3f", header, 196, *origin)
    header[208:212] = b"MAP "
    header[212:216] = bytes((0x44, 0x44, 0, 0))  # little-endian
    struct.pack_into("<f", header, 216, float(volume.std(dtype=np.float64)))
    with whole_file(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        file.write(header)
        for section in volume:
            file.write(np.ascontiguousarray(section, "<f4").tobytes())
