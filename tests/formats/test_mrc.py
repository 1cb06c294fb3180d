# SPDX-License-Identifier: Apache-2.0
"""Volumes as MRC files, read back field by field as the format's specification places them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from portrait_core.errors import OutputError
from portrait_core.formats.mrc import write_mrc


def test_header_and_values(tmp_path: Path) -> None:
    volume = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4) - 5
    path = tmp_path / "a.mrc"
    write_mrc(path, volume, voxel=0.5, origin=(1.0, 2.0, 3.0))
    data = path.read_bytes()
    assert len(data) == 1024 + volume.nbytes
    assert struct.unpack_from("<10i", data) == (4, 3, 2, 2, 0, 0, 0, 4, 3, 2)
    assert struct.unpack_from("<6f", data, 40) == (2.0, 1.5, 1.0, 90.0, 90.0, 90.0)
    assert struct.unpack_from("<3i", data, 64) == (1, 2, 3)
    assert struct.unpack_from("<3f", data, 76) == (-5.0, 18.0, 6.5)
    assert struct.unpack_from("<i", data, 88) == (1,) and struct.unpack_from("<i", data, 108) == (20140,)
    assert struct.unpack_from("<3f", data, 196) == (1.0, 2.0, 3.0)
    assert data[208:214] == b"MAP \x44\x44"
    np.testing.assert_array_equal(np.frombuffer(data[1024:], "<f4").reshape(2, 3, 4), volume)


def test_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    with pytest.raises(OutputError, match="three axes"):
        write_mrc(path, np.zeros((2, 2), np.float32))
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        write_mrc(path, np.zeros((2, 2, 2), np.float32))
    assert path.read_bytes() == b"mine"
