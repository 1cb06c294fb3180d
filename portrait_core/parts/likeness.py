# SPDX-License-Identifier: Apache-2.0
"""What a photograph adds to a person of a model: colours, a picture of the face in the skin's layout, and a small move.

All of it is in a recipe, as one text, so that the avatar can be made again without the photograph. It knows nothing of
photographs: a picture with its place in the layout, places on the bust and how far each moves.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from portrait_core.errors import UsageError
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.parts.close_crop import CloseCrop
from portrait_core.parts.person_look import PersonLook

VERSION = 1
QUALITY = 88
"""Of the stored picture (WebP): its file is smaller than a tenth of what it shows."""
UNIT = 1e-5
"""Metres of a step of the stored places and moves."""
LARGEST_MOVE = 0.015
"""Metres that a place moves at most."""
REACH = 0.045
"""Metres from the nearest place of the face at which nothing moves any more."""
SMOOTHING = 3e-3
"""Metres: how much a place may be off for its neighbours' sake; lips and lids stay smooth."""
EYE_REACH = (1.25, 2.2)
"""Radii of an eyeball from its middle: so near the lids keep their distance from it wholly, so far not at all."""
IN_PICTURE = "picture"
"""Instead of a style of brows: they are in the face's picture, and so are its lashes."""
TONES = (0.5, 2.0)
"""How much darker and lighter a face becomes at most where the skin that it was matched with is another one."""
BAND = 128
"""Rows of a map that are painted at a time."""


def _no_colours() -> Mapping[str, tuple[float, float, float]]:
    return {}


@dataclass(frozen=True, eq=False)
class Likeness:
    """What makes a person look like somebody.

    Attributes:
        colours: sRGB by names of :attr:`PersonLook.palette`, instead of the person's own, and ``brows``.
        skin: the palette's sRGB that ``picture`` was matched with; with another skin it is tinted.
        picture: (H, W, 4) uint8, sRGB and how much of it counts; None for none.
        box: left, bottom, right and top of the picture in the skin's layout, 0 to 1.
        places, moves: (N, 3) metres: where the face moves, on the person before, and how far.
        brows: (H, W) uint8, how much the card of ``brow_style`` covers, in its own layout; None for as it is.
        brow_style: a style of brows; :data:`IN_PICTURE` for none, since ``picture`` has some.
        source: SHA-256 of the photograph; of several, of their digests one after another.
        photographs: how many it was made from.
        crop: hair that is cut close, where a recipe asks for no other; None for none.
    """

    colours: Mapping[str, tuple[float, float, float]] = field(default_factory=_no_colours)
    skin: tuple[float, float, float] = (0.8, 0.6, 0.5)
    picture: NDArray[np.uint8] | None = None
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    places: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    moves: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    brows: NDArray[np.uint8] | None = None
    brow_style: str = ""
    source: str = ""
    crop: CloseCrop | None = None
    photographs: int = 1

    def to_text(self) -> str:
        """One line of JSON, as recipes hold it."""
        facts: dict[str, Any] = {
            "version": VERSION,
            "source": self.source,
            "skin": [round(float(each), 5) for each in self.skin],
            "colours": {name: [round(float(each), 5) for each in rgb] for name, rgb in self.colours.items()},
        }
        if self.photographs > 1:
            facts |= {"photographs": self.photographs}
        if len(self.places):
            facts |= {"places": _packed(self.places), "moves": _packed(self.moves)}
        if self.picture is not None:
            facts |= {"box": [round(each, 7) for each in self.box], "picture": _encoded(self.picture)}
        if self.brows is not None:
            facts |= {"brows": _encoded(np.repeat(self.brows[:, :, None], 3, axis=2))}
        if self.brow_style:
            facts |= {"brow_style": self.brow_style}
        if self.crop is not None:
            facts |= {"crop": [self.crop.style, round(self.crop.length, 4)]}
        return json.dumps(facts, separators=(",", ":"), sort_keys=True)

    @classmethod
    @lru_cache(maxsize=4)  # an avatar asks for it several times, and the picture in it takes a while
    def from_text(cls, text: str) -> Likeness:
        """Raises :class:`UsageError` for a text that is none."""
        try:
            facts = json.loads(text)
            if facts["version"] != VERSION:
                raise UsageError(f"likeness: of version {facts['version']!r}; expected {VERSION}. Update Portraitkit.")
            colours = {str(name): _three(rgb) for name, rgb in facts["colours"].items()}
            places, moves = (_unpacked(facts.get(name, "")) for name in ("places", "moves"))
            picture = _picture(facts["picture"], "RGBA") if "picture" in facts else None
            brows = _picture(facts["brows"], "L") if "brows" in facts else None
            crop = CloseCrop(str(facts["crop"][0]), float(facts["crop"][1])) if "crop" in facts else None
            left, bottom, right, top = (float(each) for each in facts.get("box", (0, 0, 1, 1)))
            whole = cls(
                colours=colours,
                skin=_three(facts["skin"]),
                picture=picture,
                box=(left, bottom, right, top),
                places=places,
                moves=moves,
                brows=brows,
                brow_style=str(facts.get("brow_style", "")),
                crop=crop,
                source=str(facts["source"]),
                photographs=int(facts.get("photographs", 1)),
            )
            if places.shape != moves.shape or not (0 <= left < right <= 1 and 0 <= bottom < top <= 1):
                raise ValueError("places and moves, or the box, do not fit")
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            why = " ".join(str(error).split())[:80]
            raise UsageError(f"likeness: damaged ({why}); make it again from the photograph.") from None
        return whole

    def look(self, look: PersonLook, controls: NDArray[np.float64]) -> PersonLook:
        """``look`` with the colours, the eyes' places and the moves (C, 3) of its ``controls`` (C, 3)."""
        own = {name: np.array(rgb, np.float64) for name, rgb in self.colours.items()}
        palette = {**look.palette, **own}
        if not len(self.places):
            return replace(look, palette=palette)
        names = [f"{side}_eye" for side in ("left", "right")]
        eyes = np.stack([look.landmarks[name] for name in names])
        fronts = np.stack([look.landmarks[f"{name}_front"] for name in names])
        # An eyeball keeps its size and its depth: it goes where the opening of its lids goes.
        shifts = self._at(fronts) * (1.0, 1.0, 0.0)
        moves = self._at(controls)
        for eye, front, shift in zip(eyes, fronts, shifts, strict=True):
            moves = _around(controls, moves, eye, float(np.linalg.norm(front - eye)), shift)
        moves = bounded(moves)
        moved = {name: eye + shift for name, eye, shift in zip(names, eyes, shifts, strict=True)}
        moved |= {f"{name}_front": front + shift for name, front, shift in zip(names, fronts, shifts, strict=True)}
        return replace(look, palette=palette, landmarks={**look.landmarks, **moved}, moves=moves)

    def _at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 3): how far points (N, 3) of the un-posed person move."""
        result = np.zeros_like(points)
        away = cKDTree(self.places).query(points)[0]
        near = np.flatnonzero(away < REACH)
        if len(near) == 0:
            return result
        spline = RBFInterpolator(self.places, self.moves, kernel="linear", smoothing=SMOOTHING)
        # Beyond the places the spline goes on as it ends; it is bounded, and fades.
        found = bounded(spline(points[near]))
        share = 1.0 - np.asarray(away)[near] / REACH
        result[near] = found * (share * share * (3 - 2 * share))[:, None]
        return result

    def painted(self, colour: NDArray[np.uint8], skin: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
        """The skin's map (S, S, 3) sRGB of a person whose palette says ``skin``, with the face in it."""
        if self.picture is None:
            return colour
        size = len(colour)
        left, bottom, right, top = (each * size for each in self.box)
        first_row, last_row = int(np.floor(size - top)), int(np.ceil(size - bottom))
        first, last = int(np.floor(left)), int(np.ceil(right))
        first_row, first = max(first_row, 0), max(first, 0)
        last_row, last = min(last_row, size), min(last, size)
        # Where the corners of the part that is painted lie in the stored picture.
        height, width = self.picture.shape[:2]
        scale = width / (right - left), height / (top - bottom)
        corners = (first - left) * scale[0], (first_row - (size - top)) * scale[1]
        ends = (last - left) * scale[0], (last_row - (size - top)) * scale[1]
        box = (max(corners[0], 0.0), max(corners[1], 0.0), min(ends[0], width), min(ends[1], height))
        whole = Image.fromarray(self.picture).convert("RGBa")
        fitted = whole.resize((last - first, last_row - first_row), Image.Resampling.BICUBIC, box=box)
        shown = np.asarray(fitted.convert("RGBA"))
        then, now = (srgb_to_linear(np.asarray(each, np.float32)) for each in (self.skin, np.clip(skin, 0, 1)))
        tint = np.clip(now / np.maximum(then, 1e-4), *TONES)
        result = colour.copy()
        part = result[first_row:last_row, first:last]
        # Light in floats takes many times the map's own memory, and a photograph's maps are large.
        for row in range(0, len(part), BAND):
            own, seen = part[row : row + BAND], shown[row : row + BAND]
            share = seen[:, :, 3:].astype(np.float32) / 255
            face = linear_to_srgb(
                np.clip(srgb_to_linear(seen[:, :, :3].astype(np.float32) / 255) * tint, 0, 1).astype(np.float32)
            )
            own[:] = np.rint(own * (1 - share) + face * 255 * share).clip(0, 255).astype(np.uint8)
        return result


def bounded(moves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moves (N, 3), those of more than :data:`LARGEST_MOVE` brought down to it."""
    length = np.linalg.norm(moves, axis=1, keepdims=True)
    return moves * np.minimum(1.0, LARGEST_MOVE / np.maximum(length, 1e-9))


def _around(
    controls: NDArray[np.float64],
    moves: NDArray[np.float64],
    eye: NDArray[np.float64],
    radius: float,
    shift: NDArray[np.float64],
) -> NDArray[np.float64]:
    """``moves`` (C, 3) of ``controls`` with which lids stay as far from an eyeball that moves as they were."""
    way = controls - eye
    far = np.linalg.norm(way, axis=1)
    share = np.clip((EYE_REACH[1] - far / radius) / (EYE_REACH[1] - EYE_REACH[0]), 0, 1)
    near = np.flatnonzero(share > 0)
    then = way[near] + moves[near] - shift
    kept = then * (far[near] / np.maximum(np.linalg.norm(then, axis=1), 1e-9))[:, None] + shift - way[near]
    weight = share[near, None] ** 2 * (3 - 2 * share[near, None])
    result = moves.copy()
    result[near] += weight * (kept - moves[near])
    return result


def _packed(places: NDArray[np.float64]) -> str:
    return _base64(np.rint(places / UNIT).astype("<i2").tobytes())


def _unpacked(text: str) -> NDArray[np.float64]:
    values = np.frombuffer(base64.b64decode(text, validate=True), "<i2")
    return values.reshape(-1, 3).astype(np.float64) * UNIT


def _encoded(picture: NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY, method=4, exact=True)
    return _base64(stream.getvalue())


def _picture(text: str, mode: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["WEBP"]) as image:
        return np.array(image.convert(mode))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _three(values: object) -> tuple[float, float, float]:
    red, green, blue = (float(each) for each in cast("list[float]", values))
    if not all(0 <= each <= 1 for each in (red, green, blue)):
        raise ValueError("a colour is out of range")
    return red, green, blue
