# SPDX-License-Identifier: Apache-2.0
"""Forty kinds of files that are no portrait, given to ``portrait photo FILE``: one clear line each, nothing made."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from portrait_core.photo import estimate
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Square
from tests.cli.conftest import Run
from tests.photo.busts import PaintedReader, painted, person_of

VIEW, SQUARE = View(1.3, 0.0, 0.0, (0.0, 0.0, 0.0)), Square((150.0, 150.0), 200.0)
NOBODY = "no face and no body is found in it."
UNKNOWN = "no picture of a known kind; expected JPEG, PNG or WebP."
Made = Callable[[], bytes]


def wall(mode: str = "RGB", size: tuple[int, int] = (96, 80)) -> Image.Image:
    return Image.new("RGB", size, (90, 90, 90)).convert(mode)


def saved(kind: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    (picture or wall()).save(stream, kind, **options)
    return stream.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved("JPEG", exif=exif)


def png_of(width: int, height: int) -> bytes:
    """A PNG that says that it is so large, and has no pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def frames(kind: str) -> bytes:
    return saved(kind, save_all=True, append_images=[Image.new("RGB", (96, 80), (200, 90, 90))])


def sixteen() -> Image.Image:
    return Image.fromarray(np.full((80, 96), 20_000, np.uint16))


def noise(mode: str) -> bytes:
    values = np.random.default_rng(3).integers(80, 100, (80, 96, 4), np.uint8)
    return saved("PNG", Image.fromarray(values, "RGBA").convert(mode))


KINDS: dict[str, tuple[Made, str]] = {
    "empty.jpg": (lambda: b"", "is empty; expected a picture."),
    "one-byte.jpg": (lambda: b"\xff", UNKNOWN),
    "text.jpg": (lambda: b"this is no picture", UNKNOWN),
    "page.png": (lambda: b"<!doctype html><title>404</title>", UNKNOWN),
    "zeros.jpg": (lambda: bytes(5000), UNKNOWN),
    "archive.jpg": (lambda: b"PK\x03\x04" + bytes(60), UNKNOWN),
    "film.jpg": (lambda: b"\0\0\0\x20ftypisom" + bytes(60), UNKNOWN),
    "program.png": (lambda: b"\x7fELF" + bytes(60), UNKNOWN),
    "avatar.png": (lambda: b"glTF\x02\0\0\0" + bytes(60), UNKNOWN),
    "letter.pdf": (lambda: b"%PDF-1.7\n", "is a document or a drawing"),
    "drawing.svg": (lambda: b"<svg xmlns='x'/>", "is a document or a drawing"),
    "drawing.jpg": (lambda: b"<?xml version='1.0'?><svg/>", "is a document or a drawing"),
    "camera.CR2": (lambda: b"II*\0" + bytes(60), "a camera's raw file"),
    "camera.dng": (lambda: b"II*\0" + bytes(60), "a camera's raw file"),
    "camera.NEF": (lambda: b"MM\0*" + bytes(60), "a camera's raw file"),
    "cut.jpg": (lambda: saved("JPEG")[:200], "cut off"),
    "cut.png": (lambda: noise("RGB")[:400], "damaged or cut off"),
    "cut.webp": (lambda: saved("WEBP", lossless=True)[:40], "damaged or cut off"),
    "cut.gif": (lambda: saved("GIF")[:40], "damaged or cut off"),
    "cut.tif": (lambda: saved("TIFF")[:300], "."),
    "cut.bmp": (lambda: saved("BMP")[:300], "damaged or cut off"),
    "wrong-sum.png": (lambda: noise("RGB").replace(b"IHDR", b"IHDX"), "."),
    "dot.png": (lambda: saved("PNG", wall(size=(1, 1))), "is 1 x 1 pixels; expected at least 64"),
    "line.png": (lambda: saved("PNG", wall(size=(400, 3))), "is 400 x 3 pixels"),
    "stamp.jpg": (lambda: saved("JPEG", wall(size=(63, 63))), "is 63 x 63 pixels"),
    "huge.png": (lambda: png_of(60_000, 60_000), "more than 178 million pixels"),
    "huge-line.png": (lambda: png_of(2_000_000_000, 64), "."),
    "nothing.png": (lambda: png_of(0, 0), "."),
    "wall.jpg": (lambda: saved("JPEG"), NOBODY),
    "film.gif": (lambda: frames("GIF"), NOBODY),
    "film.png": (lambda: frames("PNG"), NOBODY),
    "pages.tif": (lambda: frames("TIFF"), NOBODY),
    "print.jpg": (lambda: saved("JPEG", wall("CMYK")), NOBODY),
    "grey.jpg": (lambda: saved("JPEG", wall("L")), NOBODY),
    "one-bit.png": (lambda: saved("PNG", Image.new("1", (96, 80))), NOBODY),
    "palette.png": (lambda: saved("PNG", Image.new("P", (96, 80))), NOBODY),
    "clear-palette.png": (lambda: saved("PNG", Image.new("P", (96, 80)), transparency=0), NOBODY),
    "glass.png": (lambda: noise("RGBA"), NOBODY),
    "grey-glass.png": (lambda: noise("LA"), NOBODY),
    "sixteen.png": (lambda: saved("PNG", sixteen()), NOBODY),
    "sixteen.tif": (lambda: saved("TIFF", sixteen()), NOBODY),
    "fractions.tif": (lambda: saved("TIFF", wall("F")), NOBODY),
    "lab.tif": (lambda: saved("TIFF", wall("LAB")), NOBODY),
    "wrong-name.jpg": (lambda: saved("PNG"), NOBODY),
    "no-name": (lambda: saved("PNG"), NOBODY),
    "profile.jpg": (lambda: saved("JPEG", icc_profile=b"no profile at all"), NOBODY),
    **{f"turned-{k}.jpg": (lambda k=k: turned(k), NOBODY) for k in (3, 6, 9)},
}


@pytest.fixture(autouse=True)
def a_reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody in profile in each photograph that is no plain wall."""

    class Reader(PaintedReader):
        def __init__(self) -> None:
            super().__init__([person_of(VIEW, SQUARE, faced=False)])

        def persons(self, picture: np.ndarray) -> list[Any]:
            return super().persons(picture) if picture.std() > 20 else []

    monkeypatch.setattr(estimate, "NetworkReader", Reader)
    monkeypatch.setattr(estimate, "FILE", Path("nowhere"))
    monkeypatch.setenv("PORTRAITKIT_CONFIG", str(tmp_path / "config"))


@pytest.mark.parametrize(
    "names", [sorted(KINDS)[::4], pytest.param(sorted(KINDS), marks=pytest.mark.sweep)], ids=["some", "all"]
)
def test_each_is_refused_in_a_line(run: Run, tmp_path: Path, names: list[str]) -> None:
    assert len(KINDS) >= 40
    for name in names:
        made, words = KINDS[name]
        path = tmp_path / name
        path.write_bytes(made())
        refused(run, tmp_path, path, words)


def refused(run: Run, tmp_path: Path, path: Path, words: str, *more: object) -> None:
    done = run("photo", path, "--out", tmp_path / "out", *more)
    assert done.code == 1, path
    said = [line for line in done.err.splitlines() if line.startswith("portrait: error: ")]
    assert len(said) == 1 and said[0].startswith(f"portrait: error: {path}"), done.err
    assert words in said[0], said[0]
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists(), path


def test_files_that_are_none(run: Run, tmp_path: Path) -> None:
    refused(run, tmp_path, tmp_path, "is a folder")
    refused(run, tmp_path, tmp_path / "none.jpg", "cannot be read")
    (tmp_path / "heic.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    refused(run, tmp_path, tmp_path / "heic.heic", ".")


def test_persons_whose_faces_are_not_seen(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "aside.png"
    Image.fromarray(painted([(VIEW, SQUARE)])).save(path)
    refused(run, tmp_path, path, "no face is seen, in profile or from behind")
    refused(run, tmp_path, path, "person", "--person", 7)
