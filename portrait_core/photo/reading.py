# SPDX-License-Identifier: Apache-2.0
"""Photographs as they come from phones, scanners and the web, read into upright 8-bit sRGB, or refused by name.

What Pillow leaves to its callers is done here: the turn that a camera only notes, colour profiles, 16 bits (scaled, not
cut off), palettes, transparency, pictures of several frames, and files of a size that no portrait needs.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from portrait_core.errors import PortraitError
from portrait_core.photo.crop import Picture

LARGEST = 6000
"""Edge in pixels to which larger pictures are brought: a crop of 1024 still has all its own pixels."""
SMALLEST = 64
"""No portrait is smaller, in pixels of an edge."""
MOST_BYTES = 1 << 30

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif", ".jp2", ".ppm")
"""What files of pictures are called; the contents decide what they are."""
RAW = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw")
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


class PhotographError(PortraitError):
    """A photograph that is refused: ``reason`` is a short name of why, for lists and counts; the text says it all."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Photograph:
    """``pixels`` (H, W, 3) sRGB, upright; ``scale`` of them to one of the file's; what was done to it, in ``notes``."""

    path: Path
    pixels: Picture
    scale: float = 1.0
    notes: tuple[str, ...] = ()


def read_photograph(path: Path) -> Photograph:
    """The photograph in a file. Raises :class:`PhotographError` for what is none, and for what cannot be read."""
    data = _bytes_of(path)
    _refuse_others(path, data)
    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's of large pictures and odd tags: our own limits are below
            with Image.open(io.BytesIO(data)) as opened:
                picture, scale = _loaded(path, opened, notes)
    except PhotographError:
        raise
    except UnidentifiedImageError:
        raise PhotographError(
            "no picture", f"{path}: no picture of a known kind; expected JPEG, PNG or WebP."
        ) from None
    except Image.DecompressionBombError:
        raise PhotographError("too large", f"{path}: has more than 178 million pixels; make it smaller.") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever they meet in a damaged file
        why = " ".join(str(error).split())[:120] or type(error).__name__
        text = f"{path}: the picture is damaged or cut off ({why}). Get it again."
        raise PhotographError("damaged", text) from None
    return Photograph(path, picture, scale, tuple(notes))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise PhotographError("no picture", f"{path}: is a folder; expected a picture.")
        if path.stat().st_size > MOST_BYTES:
            raise PhotographError("too large", f"{path}: is larger than 1 GB; expected a photograph.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PhotographError("not readable", f"{path}: cannot be read ({why}).") from None


def _refuse_others(path: Path, data: bytes) -> None:
    """Files that people take for pictures, and what to do with them."""
    if not data:
        raise PhotographError("no picture", f"{path}: is empty; expected a picture.")
    if path.suffix.lower() in RAW:
        text = f"{path}: is a camera's raw file, which needs developing; save it as JPEG or PNG."
        raise PhotographError("raw file", text)
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS and not _reads_heif():
        text = f"{path}: HEIC is not read without the package pillow-heif; install it, or save the picture as JPEG."
        raise PhotographError("HEIC", text)
    if data[:5] == b"%PDF-" or data.lstrip()[:5].lower() in (b"<svg ", b"<?xml"):
        raise PhotographError("no picture", f"{path}: is a document or a drawing; expected a photograph.")


def _reads_heif() -> bool:
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    heif: Any = importlib.import_module("pillow_heif")
    heif.register_heif_opener()
    return True


def _loaded(path: Path, opened: Image.Image, notes: list[str]) -> tuple[Picture, float]:
    width, height = opened.size
    if min(width, height) < SMALLEST:
        text = f"{path}: is {width} x {height} pixels; expected at least {SMALLEST} each way."
        raise PhotographError("too small", text)
    if getattr(opened, "n_frames", 1) > 1:
        notes.append("of several frames, the first is taken")
        opened.seek(0)
    # JPEG alone can be decoded at a half, a quarter, an eighth: what is much too large is never held whole.
    opened.draft(None, (LARGEST, LARGEST))
    opened.load()
    picture = _turned(opened, notes)
    picture = _plain(_of_eight_bits(picture, notes), notes)
    if max(picture.size) > LARGEST:
        picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS, reducing_gap=3.0)
    scale = max(picture.size) / max(width, height)
    if scale < 1:
        notes.append(f"brought from {max(width, height)} to {max(picture.size)} pixels")
    return np.ascontiguousarray(np.asarray(picture)), scale


def _turned(picture: Image.Image, notes: list[str]) -> Image.Image:
    """Upright, as the camera noted that it was held."""
    try:
        turn = picture.getexif().get(0x0112, 1)
        if turn in range(2, 9):
            notes.append("turned as the camera noted")
            return ImageOps.exif_transpose(picture)
    except Exception:  # notes of cameras are often broken; the picture is not
        notes.append("the camera's notes cannot be read")
    return picture


def _of_eight_bits(picture: Image.Image, notes: list[str]) -> Image.Image:
    """Pictures of 16 bits, 32 bits or fractions, scaled: Pillow would cut everything above 255 off."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values: NDArray[np.float64] = np.asarray(picture).astype(np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).clip(0.0, None)
    most = float(values.max(initial=0.0))
    if picture.mode.startswith("F"):
        whole = next((each for each in (1.0, 255.0, 65535.0) if most <= each), most)
    else:
        whole = 65535.0 if most <= 65535 else most
    notes.append("more than 8 bits, scaled")
    return Image.fromarray(np.round(values / whole * 255.0).astype(np.uint8))


def _plain(picture: Image.Image, notes: list[str]) -> Image.Image:
    """RGB in sRGB, on white where there is nothing."""
    clear = picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info
    profile = picture.info.get("icc_profile")
    if clear:
        notes.append("transparent places are white")
        drawn = picture.convert("RGBA")
        under = Image.new("RGBA", drawn.size, (255, 255, 255, 255))
        plain = Image.alpha_composite(under, drawn).convert("RGB")
        return _in_srgb(plain, profile) if picture.mode == "RGBA" else plain
    if picture.mode in ("RGB", "CMYK", "L"):
        return _in_srgb(picture, profile)
    return picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """By the colour profile that the file has; as it is where it has none, or one that is of another kind."""
    if profile:
        profiles: Any = ImageCms  # Pillow's types leave its results open
        try:
            source = profiles.ImageCmsProfile(io.BytesIO(profile))
            converted = profiles.profileToProfile(picture, source, profiles.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return picture.convert("RGB")
