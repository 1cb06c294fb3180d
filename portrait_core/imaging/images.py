# SPDX-License-Identifier: Apache-2.0
"""Pictures as bytes and as files that are written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.files.whole_file import whole_file


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """The PNG file of an (H, W, 3) sRGB, (H, W, 4) sRGB with alpha, or (H, W) grey image, uint8.

    Raises ``ValueError`` for another shape or type.
    """
    return _encode(image, "PNG", {"compress_level": 6})


def encode_jpeg(image: NDArray[np.uint8], quality: int = 92) -> bytes:
    """The JPEG file of an (H, W, 3) uint8 sRGB image, without colour subsampling. Raises ``ValueError`` otherwise."""
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"a JPEG needs an image of shape (H, W, 3), got {image.shape}")
    return _encode(image, "JPEG", {"quality": quality, "subsampling": 0})


def write_png(image: NDArray[np.uint8], path: Path, *, overwrite: bool = False) -> Path:
    """Write ``image`` (see :func:`encode_png`) to ``path`` and return it.

    Raises :class:`portrait_core.errors.OutputError` when the file exists and ``overwrite`` is false, and when the
    folder is read-only or full; no partial file stays.
    """
    content = encode_png(image)
    with whole_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)
    return path


def _encode(image: NDArray[np.uint8], kind: str, options: dict[str, int]) -> bytes:
    from PIL import Image

    proper = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if image.dtype != np.uint8 or not proper or image.size == 0:
        raise ValueError(f"expected an (H, W), (H, W, 3) or (H, W, 4) uint8 image, got {image.shape} {image.dtype}")
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return stream.getvalue()
