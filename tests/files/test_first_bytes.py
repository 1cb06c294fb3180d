# SPDX-License-Identifier: Apache-2.0
"""Whoever wanted another file says what this one is: by one table, each in its own words."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from portrait_core.batch.sheet import text_of
from portrait_core.body.poses import load_pose
from portrait_core.errors import UsageError
from portrait_core.files.first_bytes import kind_of
from portrait_core.files.foreign import foreign_kind


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", "x")
    return made.getvalue()


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return made.getvalue()


REST = bytes(range(200))
FILES: dict[str, bytes] = {
    "zip": zipped(),
    "gzip": gzip.compress(b"x"),
    "bzip2": bz2.compress(b"x"),
    "xz": lzma.compress(b"x"),
    "zstd": b"\x28\xb5\x2f\xfd" + REST,
    "lz4": b"\x04\x22\x4d\x18" + REST,
    "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + REST,
    "rar": b"Rar!\x1a\x07\x01\x00" + REST,
    "tar": tarred(),
    "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + REST,
    "hdf5": b"\x89HDF\r\n\x1a\n" + REST,
    "npy": b"\x93NUMPY\x01\x00" + REST,
    "glb": b"glTF\x02\x00\x00\x00" + REST,
    "fbx": b"Kaydara FBX Binary  \x00\x1a\x00" + REST,
    "matlab": b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + REST,
    "gguf": b"GGUF\x03\x00\x00\x00" + REST,
    "png": b"\x89PNG\r\n\x1a\n" + REST,
    "jpeg": b"\xff\xd8\xff\xe0" + REST,
    "riff": b"RIFF\x24\x08\x00\x00WEBP" + REST,
    "mp4": b"\x00\x00\x00\x20ftypisom" + REST,
    "pdf": b"%PDF-1.7\n" + REST,
    "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
    "page": b"\r\n<!doctype HTML><html><title>Sign in</title>",
    "xml": b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
}


@pytest.mark.parametrize("key", FILES)
def test_every_kind_is_told_by_all_readers_in_one_line(tmp_path: Path, key: str) -> None:
    kind = kind_of(FILES[key])
    assert kind is not None and kind.key == key
    word = kind.name.split(" ")[1].split("-")[0] if " " in kind.name else kind.name
    model = tmp_path / "network.pkl"
    model.write_bytes(FILES[key])
    told = [foreign_kind(model) or ""]
    with pytest.raises(UsageError) as refused:
        text_of(tmp_path / "people.csv", FILES[key])
    told.append(str(refused.value))
    if key not in ("zip", "gzip", "bzip2", "xz", "npy"):  # which are read, or read into
        pose = tmp_path / "pose.npz"
        pose.write_bytes(FILES[key])
        with pytest.raises(UsageError) as refused:
            load_pose(pose)
        told.append(str(refused.value))
    for line in told:
        assert word in line or (key, line) == ("office", told[1]), line
        assert "\n" not in line and len(line) < 300


@pytest.mark.parametrize(
    "content",
    [
        b"", b"seed,age\n1,2\n", b"Exported 28.11.2026\nseed\n", b'{"seed": 1}', b"HIERARCHY\nROOT Hips",
        b"\x80\x04\x95\x00", "seed,age\n1,2\n".encode("utf-16"), b"x < y\n", b"<3 from Berlin\n", b"seed;ftyp\n",
    ],
)  # fmt: skip
def test_what_readers_know_is_no_foreign_kind(content: bytes) -> None:
    assert kind_of(content) is None
