# SPDX-License-Identifier: Apache-2.0
"""Photographs of every kind that people have: read upright and in the right colours, or refused in one line."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from portrait_core.photo import reading
from portrait_core.photo.reading import PhotographError, read_photograph

WIDE, HIGH = 96, 72


@pytest.fixture(scope="module")
def drawn() -> Image.Image:
    """A smooth picture with four different corners."""
    y, x = np.mgrid[0:HIGH, 0:WIDE] / [[[HIGH]], [[WIDE]]]
    return Image.fromarray(np.stack([255 * x, 255 * y, 255 * (1 - x) * (1 - y)], axis=2).astype(np.uint8))


def saved(path: Path, picture: Image.Image, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def far(one: np.ndarray, other: Any) -> float:
    return float(np.abs(one.astype(float) - np.asarray(other, float)).mean())


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tif", "ppm"])
def test_common_kinds(tmp_path: Path, drawn: Image.Image, ending: str) -> None:
    photograph = read_photograph(saved(tmp_path / f"a.{ending}", drawn))
    assert photograph.pixels.shape == (HIGH, WIDE, 3)
    assert photograph.pixels.dtype == np.uint8
    assert far(photograph.pixels, drawn) < 4
    assert (photograph.scale, photograph.notes) == (1.0, ())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turn_that_the_camera_noted_is_made(tmp_path: Path, drawn: Image.Image, orientation: int) -> None:
    """What lies in the file is the upright picture turned the other way."""
    way = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    held = drawn
    for each in way.get(orientation, []):
        held = held.transpose(each)
    exif = Image.Exif()
    exif[0x0112] = orientation
    photograph = read_photograph(saved(tmp_path / "a.png", held, exif=exif))
    assert far(photograph.pixels, drawn) == 0
    assert bool(photograph.notes) == (orientation > 1)


def test_broken_notes_of_a_camera_do_no_harm(tmp_path: Path, drawn: Image.Image) -> None:
    path = saved(tmp_path / "a.jpg", drawn, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 9)
    assert far(read_photograph(path).pixels, drawn) < 4


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path, drawn: Image.Image) -> None:
    grey = np.asarray(drawn.convert("L"))
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    for name in ("a.png", "a.tif"):
        photograph = read_photograph(saved(tmp_path / name, wide))
        assert far(photograph.pixels[..., 0], grey) < 1
        assert photograph.notes == ("more than 8 bits, scaled",)
    fractions = Image.fromarray(grey.astype(np.float32) / 255)
    assert far(read_photograph(saved(tmp_path / "f.tif", fractions)).pixels[..., 1], grey) < 1
    integers = Image.fromarray(grey.astype(np.int32) * 257 * 65536 // 128)
    assert read_photograph(saved(tmp_path / "i.tif", integers)).pixels.max() == 255


def test_sixteen_bits_a_colour(tmp_path: Path, drawn: Image.Image) -> None:
    """Written by the format's description, since Pillow writes none."""
    import zlib

    rows = np.asarray(drawn).astype(">u2") * 257
    raw = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDE, HIGH, 16, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )
    assert far(read_photograph(path).pixels, drawn) < 1


def test_other_modes(tmp_path: Path, drawn: Image.Image) -> None:
    assert far(read_photograph(saved(tmp_path / "cmyk.jpg", drawn.convert("CMYK"))).pixels, drawn) < 4
    assert far(read_photograph(saved(tmp_path / "cmyk.tif", drawn.convert("CMYK"))).pixels, drawn) < 4
    assert far(read_photograph(saved(tmp_path / "p.gif", drawn.quantize(256))).pixels, drawn) < 12
    grey = read_photograph(saved(tmp_path / "l.png", drawn.convert("L")))
    assert grey.pixels.shape == (HIGH, WIDE, 3)
    assert set(np.unique(read_photograph(saved(tmp_path / "1.png", drawn.convert("1"))).pixels)) == {0, 255}


def test_transparent_places_are_white(tmp_path: Path, drawn: Image.Image) -> None:
    clear = drawn.copy()
    clear.putalpha(Image.fromarray(np.repeat([[0] * (WIDE // 2) + [255] * (WIDE // 2)], HIGH, 0).astype(np.uint8)))
    photograph = read_photograph(saved(tmp_path / "a.png", clear))
    assert (photograph.pixels[:, : WIDE // 2] == 255).all()
    assert far(photograph.pixels[:, WIDE // 2 :], np.asarray(drawn)[:, WIDE // 2 :]) == 0
    assert photograph.notes == ("transparent places are white",)
    palette = drawn.quantize(16)
    index = int(np.asarray(palette)[0, 0])
    path = saved(tmp_path / "p.png", palette, transparency=index)
    assert (read_photograph(path).pixels[0, 0] == 255).all()


def test_colour_profiles(tmp_path: Path, drawn: Image.Image) -> None:
    """The profile of sRGB changes nothing, another one does; what is no profile is passed over."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert far(read_photograph(saved(tmp_path / "s.png", drawn, icc_profile=srgb)).pixels, drawn) < 1
    assert far(read_photograph(saved(tmp_path / "n.png", drawn, icc_profile=b"none")).pixels, drawn) == 0
    grey = drawn.convert("L")
    assert far(read_photograph(saved(tmp_path / "l.png", grey, icc_profile=srgb)).pixels[..., 0], grey) == 0


def test_of_several_frames_the_first(tmp_path: Path, drawn: Image.Image) -> None:
    other = Image.new("RGB", drawn.size)
    for name in ("a.gif", "a.webp", "a.tif"):
        path = saved(tmp_path / name, drawn, save_all=True, append_images=[other])
        photograph = read_photograph(path)
        assert far(photograph.pixels, drawn) < 20
        assert photograph.notes == ("of several frames, the first is taken",)


def test_large_pictures_are_brought_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: Image.Image) -> None:
    monkeypatch.setattr(reading, "LARGEST", 100)
    for name in ("a.png", "a.jpg"):
        photograph = read_photograph(saved(tmp_path / name, drawn.resize((4 * WIDE, 4 * HIGH)), quality=95))
        height, width = photograph.pixels.shape[:2]
        assert width == 100
        assert abs(height - 75) <= 1
        assert photograph.scale == pytest.approx(100 / (4 * WIDE))
        assert far(photograph.pixels, drawn.resize((width, height))) < 4
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(PhotographError, match="more than 178 million pixels"):
        read_photograph(tmp_path / "a.png")


def test_what_is_refused(tmp_path: Path, drawn: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, data: bytes | None, reason: str, words: str) -> None:
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(PhotographError, match=words) as caught:
            read_photograph(path)
        assert caught.value.reason == reason
        assert str(path) in str(caught.value)

    refused(tmp_path, None, "no picture", "is a folder")
    refused(tmp_path / "none.jpg", None, "not readable", "cannot be read")
    refused(tmp_path / "empty.jpg", b"", "no picture", "is empty")
    refused(tmp_path / "text.jpg", b"no picture at all", "no picture", "no picture of a known kind")
    refused(tmp_path / "a.pdf", b"%PDF-1.7 and so on", "no picture", "a document or a drawing")
    refused(tmp_path / "a.svg", b"<svg xmlns='...'>", "no picture", "a document or a drawing")
    refused(tmp_path / "a.CR2", b"II*\0" + bytes(99), "raw file", "needs developing")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(reading.importlib.util, "find_spec", lambda _name: None)
    refused(tmp_path / "a.heic", b"\0\0\0\x18ftypheic" + bytes(99), "HEIC", "pillow-heif")
    refused(saved(tmp_path / "small.png", drawn.resize((40, 90))), None, "too small", "is 40 x 90 pixels")


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif"])
def test_damaged_files_are_refused_in_one_way(tmp_path: Path, drawn: Image.Image, ending: str) -> None:
    stream = io.BytesIO()
    drawn.save(stream, "JPEG" if ending == "jpg" else ending.upper())
    data = stream.getvalue()
    path = tmp_path / f"a.{ending}"
    for share in (0.02, 0.2, 0.5, 0.8):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(PhotographError):
            read_photograph(path)
    rng = np.random.default_rng(4)
    for _ in range(40):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), 5):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            read_photograph(path)
        except PhotographError as error:
            assert "\n" not in str(error)
