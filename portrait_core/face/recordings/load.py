# SPDX-License-Identifier: Apache-2.0
"""A recording of a face out of a file, told by its contents and not by its name."""

from __future__ import annotations

from pathlib import Path

from .arrays import is_arrays, read_arrays
from .cleaned import cleaned
from .delimited import is_delimited
from .faults import FaceFileError
from .json_layouts import read_tree, tree_of
from .table import FaceTable, RawTable
from .tables import read_text_table
from .texts import text_of

MOST_BYTES = 1 << 29

_OTHERS = (
    (b"glTF", "a .glb file"),
    (b"RIFF", "a sound"),
    (b"Kaydara FBX", "an FBX file; export its shapes as a table"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"ftyp", "a film"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound"),
)


def read_recording(path: Path, rate: float | None = None) -> FaceTable:
    """The recording in a file; see :func:`recording_of`. Raises :class:`FaceFileError`."""
    return recording_of(bytes_of(path), rate)


def recording_of(data: bytes, rate: float | None = None) -> FaceTable:
    """The recording in the bytes of a file.

    Args:
        data: Live Link Face's CSV, MediaPipe's or ARKit's JSON, tables of shapes, .npy or .npz.
        rate: frames a second, where the file does not say it, or says it wrong.

    Raises :class:`FaceFileError` where nothing can be used.
    """
    return cleaned(_raw(data), rate)


def bytes_of(path: Path) -> bytes:
    """What is in a file. Raises :class:`FaceFileError` where it cannot be read."""
    try:
        if path.is_dir():
            raise FaceFileError("it is a folder; give the file in it")
        if path.stat().st_size > MOST_BYTES:
            raise FaceFileError(f"it has {path.stat().st_size >> 20} MB; recordings of a face have some megabytes")
        data = path.read_bytes()
    except FileNotFoundError:
        raise FaceFileError("the file does not exist") from None
    except OSError as error:
        raise FaceFileError(f"it cannot be read ({error.strerror or error})") from error
    if not data.strip():
        raise FaceFileError("the file is empty")
    for magic, name in _OTHERS:
        if data.startswith(magic) or data[4:8] == magic:
            raise FaceFileError(f"it is {name}")
    return data


def _raw(data: bytes) -> RawTable:
    if is_arrays(data):
        return read_arrays(data)
    text = text_of(data)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return read_tree(tree_of(text))
    if not is_delimited(text):
        raise FaceFileError(f"it is no table and no JSON; it begins with {text.lstrip()[:24]!r}")
    return read_text_table(text)
