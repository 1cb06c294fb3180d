# SPDX-License-Identifier: Apache-2.0
"""Pictures come back as they were, and never over somebody's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portrait_core.errors import OutputError
from portrait_core.imaging.images import encode_jpeg, encode_png, write_png


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_png_comes_back(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    path = write_png(image, tmp_path / "picture.png")
    with Image.open(path) as read:
        np.testing.assert_array_equal(np.asarray(read), image)
    with pytest.raises(OutputError, match="exists"):
        write_png(image, path)
    write_png(image, path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


def test_other_arrays_are_refused() -> None:
    for bad in (
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ):
        with pytest.raises(ValueError, match="uint8 image"):
            encode_png(bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="JPEG"):
        encode_jpeg(np.zeros((4, 4), np.uint8))
