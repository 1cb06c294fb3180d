# SPDX-License-Identifier: Apache-2.0
"""Photographs, and what becomes of them: saved, cut, covered, lit and turned in other ways, read beside the original.

    python -m benchmarks.photo_altered FILE... [--out FILE.json] [--sheet FOLDER]

Files are your own, of one person each, seen from in front or from the side. For every alteration it is told how many of
them are still read, how far camera and head are then from what the original says (turned and mirrored back where the
alteration turns or mirrors), what the confidence is, and which warnings are new. What is read far off has to be said to
be unsure, refused or warned of: that is counted as ``unsaid`` where it is not. ``--sheet`` draws what was understood.
Needs ``portrait photo setup``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from benchmarks.photo_dataset import SAVED
from portrait_core.imaging.images import encode_jpeg
from portrait_core.photo.estimate import UNSURE, PortraitEstimate, estimate_portraits
from portrait_core.photo.overlay import overlay
from portrait_core.photo.reading import PhotographError, read_photograph

FAR = np.radians(20.0)
"""From here on a camera or a head is read wrong."""

Altered = Callable[[Image.Image, NDArray[np.float64]], Image.Image]
"""A picture and its face's box (left, upper, right, lower) to another picture."""


def side_light(picture: Image.Image, face: NDArray[np.float64]) -> Image.Image:
    """One half of the face in the dark."""
    pixels = np.asarray(picture, np.float64)
    middle, width = (face[0] + face[2]) / 2, face[2] - face[0]
    lit = np.clip(0.5 + (np.arange(picture.width) - middle) / (0.5 * width), 0, 1) * 0.9 + 0.1
    return Image.fromarray((pixels * lit[None, :, None]).astype(np.uint8))


def covered(picture: Image.Image, face: NDArray[np.float64], upper: float, lower: float) -> Image.Image:
    """A dark band over part of the face's height (0 above, 1 below)."""
    done, high = picture.copy(), face[3] - face[1]
    box = (face[0], face[1] + upper * high, face[2], face[1] + lower * high)
    ImageDraw.Draw(done).rectangle(box, fill=(20, 22, 25))
    return done


def beside(picture: Image.Image, _face: NDArray[np.float64]) -> Image.Image:
    """The person twice, the second one smaller."""
    small = picture.resize((picture.width * 2 // 3, picture.height * 2 // 3))
    both = Image.new("RGB", (picture.width + small.width, picture.height), (120, 130, 140))
    both.paste(picture, (0, 0))
    both.paste(small, (picture.width, picture.height - small.height))
    return both


def far_away(picture: Image.Image, _face: NDArray[np.float64]) -> Image.Image:
    """In the middle of a picture three times as wide and high."""
    wide = Image.new("RGB", (picture.width * 3, picture.height * 3), (150, 160, 170))
    wide.paste(picture, (picture.width, picture.height * 2))
    return wide


def face_alone(picture: Image.Image, face: NDArray[np.float64]) -> Image.Image:
    """Cut to the face and a third of its size around it: no shoulders."""
    grown = (face[2] - face[0]) / 3
    left, upper, right, lower = (int(each) for each in (*(face[:2] - grown), *(face[2:] + grown)))
    return picture.crop((left, upper, right, lower))


CHANGED: dict[str, Altered] = {
    "side light": side_light,
    "dark glasses": lambda picture, face: covered(picture, face, 0.22, 0.45),
    "covered mouth": lambda picture, face: covered(picture, face, 0.55, 1.0),
    "hat": lambda picture, face: covered(picture, face, -0.35, 0.12),
    "face alone": face_alone,
    "second person": beside,
    "far away": far_away,
    "rolled by 15 degrees": lambda picture, _: picture.rotate(-15, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128)),
    "upside down": lambda picture, _: picture.rotate(180),
    "high contrast": lambda picture, _: ImageEnhance.Contrast(picture).enhance(2.5),
    "overexposed": lambda picture, _: ImageEnhance.Brightness(picture).enhance(2.2),
    "negative": lambda picture, _: Image.fromarray(255 - np.asarray(picture)),
    "edges": lambda picture, _: picture.filter(ImageFilter.FIND_EDGES),
    "drawn wide": lambda picture, _: picture.resize((picture.width * 3 // 2, picture.height)),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--sheet", type=Path, default=None)
    words = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        for path in words.files:
            for row in of_one(path, Path(folder), words.sheet):
                rows.append(row)
                print(json.dumps(row), flush=True)
    table = [summed(name, [row for row in rows if row["alteration"] == name]) for name in ("none", *SAVED, *CHANGED)]
    print("\n".join(json.dumps(each) for each in table))
    if words.out is not None:
        told = {"photographs": len(words.files), "alterations": table}
        words.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def of_one(path: Path, folder: Path, sheet: Path | None) -> list[dict[str, Any]]:
    """A row for every alteration of a photograph."""
    original = estimate_portraits(read_photograph(path), only=1)[0]
    found = original.person.face
    if found is None:
        raise SystemExit(f"{path}: no face is found in the original.")
    picture = Image.fromarray(read_photograph(path).pixels)
    points = np.asarray(found.points, np.float64)[:, :2]
    face = np.concatenate([points.min(axis=0), points.max(axis=0)])
    places: dict[str, Path] = {"none": path}
    for name, save in SAVED.items():
        stem = folder / f"{path.stem}-{name.replace(' ', '-')}"
        save(picture, stem)
        places[name] = next(folder.glob(f"{stem.name}.*"))
    for name, change in CHANGED.items():
        places[name] = folder / f"{path.stem}-{name.replace(' ', '-')}.png"
        change(picture, face).save(places[name])
    return [read(name, each, original, sheet) | {"file": path.name} for name, each in places.items()]


def read(name: str, path: Path, original: PortraitEstimate, sheet: Path | None) -> dict[str, Any]:
    """What is read of an altered photograph beside the original."""
    begun = time.process_time()
    try:
        photograph = read_photograph(path)
        seen = estimate_portraits(photograph, only=1)[0]
    except PhotographError as error:
        return {"alteration": name, "refused": error.reason}
    spent = time.process_time() - begun
    if sheet is not None:
        sheet.mkdir(parents=True, exist_ok=True)
        (sheet / f"{path.stem}.jpg").write_bytes(encode_jpeg(overlay(photograph.pixels, seen, 384), 88))
    side = -1.0 if name == "mirrored" else 1.0
    ours, theirs = seen.view, original.view
    yaw = abs((ours.yaw - side * theirs.yaw + np.pi) % (2 * np.pi) - np.pi)
    turn = abs(ours.head[1] - side * theirs.head[1])
    new = sorted(set(seen.warnings) - set(original.warnings))
    wrong = max(yaw, turn) > FAR
    return {
        "alteration": name,
        "yaw_deg": round(float(np.degrees(yaw)), 1),
        "pitch_deg": round(float(np.degrees(abs(ours.pitch - theirs.pitch))), 1),
        "turn_deg": round(float(np.degrees(turn)), 1),
        "confidence": round(seen.confidence.whole, 2),
        "warnings": new,
        "unsaid": bool(wrong and seen.confidence.whole >= UNSURE and not new),
        "cpu_s": round(spent, 2),
    }


def summed(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """An alteration's rows as one."""
    seen = [row for row in rows if "refused" not in row]
    refused = {str(row["refused"]) for row in rows if "refused" in row}
    told = sorted({str(each) for row in seen for each in row["warnings"]} | refused)
    names = ("yaw_deg", "turn_deg") if seen else ()
    middle = {key: round(float(np.median([row[key] for row in seen])), 1) for key in names}
    return {
        "alteration": name,
        "read": f"{len(seen)} of {len(rows)}",
        **middle,
        "confidence": round(float(np.median([row["confidence"] for row in seen])), 2) if seen else None,
        "unsaid": sum(row["unsaid"] for row in seen),
        "told": told,
    }


if __name__ == "__main__":
    main()
