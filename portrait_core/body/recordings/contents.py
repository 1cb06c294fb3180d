# SPDX-License-Identifier: Apache-2.0
"""A file's contents as plain data, whatever program wrote it: told by its first bytes, not by its name.

Nothing in a file is executed: `portrait_core.safe_pickle` reads pickles, joblib's dumps, numpy's and torch's files.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from portrait_core.errors import UsageError
from portrait_core.files.first_bytes import kind_of
from portrait_core.safe_pickle import npy, torch_file
from portrait_core.safe_pickle.arrays import read_pickle
from portrait_core.safe_pickle.compressed import MOST_BYTES, decompressed

RECORDING_FILES = (".npz", ".npy", ".pkl", ".pk", ".p", ".pickle", ".joblib", ".pt", ".pth", ".json", ".bvh", ".smpl")

FRAME_FILES = (".json", ".npz", ".pkl")
"""Files that a folder may hold one of for each frame."""
MOST_FILES = 100_000

_INSTEAD = {
    "page": "no file of numbers: the download did not give the file itself",
    "xml": "no file of numbers: the download did not give the file itself, or it is to be exported as .bvh",
    "lfs": "the file itself is still to be fetched (git lfs pull)",
    "fbx": "export it as .bvh",
    "glb": "export the motion as .bvh",
    "hdf5": "save its arrays as .npz",
    "matlab": "save its arrays as .npz",
    "office": "save its numbers as .npz or .json",
}
"""What to do about a file of another kind."""


class Bvh(str):
    """The text of a BVH file."""

    __slots__ = ()


def read_contents(path: Path) -> Any:
    """Plain data (dictionaries, lists, arrays, numbers, texts), or `Bvh`.

    Raises:
        UsageError: no such file, one that is damaged, or one of a kind that is not read.
    """
    if path.is_dir():
        return _folder(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"it has {path.stat().st_size >> 20} MB; motions have some megabytes")
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError("the file does not exist") from None
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror or error})") from error
    if not data:
        raise UsageError("the file is empty; get it again")
    return _contents(decompressed(data), path.suffix.lower())


def _folder(path: Path) -> dict[str, Any]:
    """The files of a folder by name: EasyMocap and SMPLer-X write one a frame."""
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in FRAME_FILES)
    if not 0 < len(files) <= MOST_FILES:
        raise UsageError(f"the folder holds {len(files)} files that may be frames, expected 1 to {MOST_FILES}")
    return {each.name: read_contents(each) for each in files}


def _contents(data: bytes, suffix: str) -> Any:
    if data.startswith(npy.MAGIC):
        return npy.read_npy(data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data)
    if data.startswith(b"\x80"):
        return torch_file.read_torch_stream(data) if torch_file.is_torch_stream(data) else read_pickle(data)
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"["):
        return _json(data)
    if text[:9].upper() == b"HIERARCHY":
        return Bvh(text.decode("utf-8", errors="replace"))
    kind = kind_of(data)
    if kind is not None:
        other = "unpack it first" if kind.group == "packed" else "no file of numbers"
        raise UsageError(f"it is {kind.name}; {_INSTEAD.get(kind.key, other)}")
    if suffix == ".json":
        raise UsageError("cannot be read as JSON: it begins with neither { nor [")
    if suffix in (".pkl", ".pk", ".p", ".pickle", ".joblib"):
        return read_pickle(data)  # says what is wrong with it
    raise UsageError(f"it is damaged or no {suffix} file: it begins with {data[:8]!r}")


def _zipped(data: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if torch_file.is_torch_zip(archive):
                if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                    raise UsageError(f"it unpacks to more than {MOST_BYTES >> 20} MB, which no motion has")
                return torch_file.read_torch_zip(archive, len(data))
            fields = npy.read_npz(archive)
            if not fields:
                names = ", ".join(archive.namelist()[:6]) or "nothing"
                raise UsageError(f"it is a zip archive of {names}; unpack it first")
            return fields
    except npy.BROKEN as error:
        raise UsageError(f"it is damaged or cut short ({str(error)[:100]}); get the file again") from error


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"cannot be read as JSON ({str(error)[:200]})") from error
