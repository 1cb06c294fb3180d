# SPDX-License-Identifier: Apache-2.0
"""How right photographs are read: portraits of the world whose truth is known, from everywhere around.

    portrait train data --count 30 --views 4 --size 256 --first 930000 --seed 78 --out FOLDER
    python -m benchmarks.photo FOLDER [--limit N] [--out FILE.json] [--sheet FILE.jpg]

Each portrait is put into a larger picture, so that its crop is unknown, then read as a photograph. Errors are told by
the camera's distance from the front, beside those of the study that came before; the persons are none of those that
the network of cameras or the landmarks' places were learnt from. Needs ``portrait photo setup``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.imaging.images import encode_jpeg
from portrait_core.photo.bust_geometry import head_rotation
from portrait_core.photo.crop import Square
from portrait_core.photo.estimate import PortraitEstimate, estimate_portraits
from portrait_core.photo.overlay import overlay
from portrait_core.photo.person_mask import cut_mask
from portrait_core.photo.reading import Photograph, PhotographError
from portrait_core.training.adversarial.data_files import PictureFiles

BORDER = 0.25
"""What is added on each side, in sides of the portrait; the portrait's edge goes on there."""
BINS = ((0, 20), (20, 40), (40, 60), (60, 80), (80, 100), (100, 130), (130, 155), (155, 181))
STUDY = {
    (0, 20): (2.8, 5.8, 3.1, 10.3),
    (20, 40): (2.9, 5.6, 1.8, 10.7),
    (40, 60): (2.9, 7.3, 1.0, 9.3),
    (60, 80): (3.3, 7.6, 1.9, 9.8),
    (80, 100): (3.0, 5.6, 1.9, 9.5),
    (100, 130): (2.5, 8.9, 1.9, 9.9),
    (130, 155): (3.7, 13.5, 2.1, 12.7),
    (155, 181): (3.9, 13.8, 3.2, 14.3),
}
"""The study's network: median and 90th percentile of the yaw, medians of pitch and head, degrees; crops were known."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--sheet", type=Path, default=None)
    words = parser.parse_args()
    files, masks = PictureFiles(words.folder / "images.zip"), PictureFiles(words.folder / "masks.zip")
    lines = (words.folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = []
    drawn: list[NDArray[np.uint8]] = []
    for line in lines[: words.limit]:
        facts = json.loads(line)
        picture, mask = files.pixels(facts["file"]), masks.pixels(facts["file"])
        row, estimate, photograph = read_one(picture, mask, facts)
        rows.append(row)
        if estimate is not None and len(drawn) < 24:
            drawn.append(overlay(photograph.pixels, estimate, 320))
    report = summary(rows)
    print(table(report))
    if words.out:
        words.out.write_text(json.dumps({"summary": report, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    if words.sheet and drawn:
        wide = [np.concatenate(drawn[begin : begin + 6], axis=1) for begin in range(0, len(drawn) // 6 * 6, 6)]
        words.sheet.write_bytes(encode_jpeg(np.concatenate(wide or [np.concatenate(drawn, axis=1)])))


def read_one(
    picture: NDArray[np.uint8], mask: NDArray[np.uint8], facts: Mapping[str, Any]
) -> tuple[dict[str, Any], PortraitEstimate | None, Photograph]:
    """The errors of one portrait; ``found`` is false where it was refused."""
    size = len(picture)
    border = round(BORDER * size)
    photograph = Photograph(
        Path(str(facts["file"])), np.pad(picture, ((border, border), (border, border), (0, 0)), "edge")
    )
    camera = np.asarray(facts["camera"][:16]).reshape(4, 4)
    yaw = np.arctan2(camera[0, 3], camera[2, 3])
    pitch = np.arctan2(camera[1, 3], np.hypot(camera[0, 3], camera[2, 3]))
    begin = time.process_time()
    row: dict[str, Any] = {"file": facts["file"], "true_yaw": float(np.degrees(yaw)), "found": False}
    try:
        estimate = estimate_portraits(photograph, only=1)[0]
    except PhotographError as error:
        return row | {"reason": error.reason, "seconds": time.process_time() - begin}, None, photograph
    seconds = time.process_time() - begin
    middle = np.array([border + size / 2] * 2)
    aligned = Square((float(middle[0]), float(middle[1])), float(size))
    seen = cut_mask(estimate.mask, estimate.masked, aligned, size) > 0.5
    true = mask > 127
    head = Rotation.from_rotvec(head_rotation(np.asarray(facts["pose"])))
    found_head = Rotation.from_rotvec(estimate.view.head)
    return (
        row
        | {
            "found": True,
            "face": estimate.person.face is not None,
            "seconds": seconds,
            "yaw": float(np.degrees(turned(estimate.view.yaw - yaw))),
            "pitch": float(np.degrees(estimate.view.pitch - pitch)),
            "roll": float(np.degrees(estimate.view.roll)),
            "head": float(np.degrees((found_head * head.inv()).magnitude())),
            "prior": float(np.degrees(head.magnitude())),
            "shift": float(np.hypot(*(np.asarray(estimate.square.middle) - middle)) / size * 512),
            "scale": float(estimate.square.side / size - 1),
            "iou": float((seen & true).sum() / max((seen | true).sum(), 1)),
            "confidence": estimate.confidence.whole,
            "expected_yaw": float(np.degrees(estimate.spreads[0])),
        },
        estimate,
        photograph,
    )


def turned(angle: float) -> float:
    """An angle the short way round, radians."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Medians and percentiles by bins of the true yaw, and of all."""
    report: dict[str, dict[str, float]] = {}
    for low, high in (*BINS, (0, 181)):
        inside = [row for row in rows if low <= abs(row["true_yaw"]) < high]
        found = [row for row in inside if row["found"]]
        if not found:
            continue
        value = {name: np.abs([row[name] for row in found]) for name in ("yaw", "pitch", "head", "shift", "scale")}
        report["all" if (low, high) == (0, 181) else f"{low}-{high}"] = {
            "portraits": len(inside),
            "found": len(found) / len(inside),
            "faces": float(np.mean([row["face"] for row in found])),
            "yaw": float(np.median(value["yaw"])),
            "yaw_90": float(np.percentile(value["yaw"], 90)),
            "pitch": float(np.median(value["pitch"])),
            "head": float(np.median(value["head"])),
            "prior": float(np.median([row["prior"] for row in found])),
            "shift": float(np.median(value["shift"])),
            "scale": float(np.median(value["scale"])),
            "iou_10": float(np.percentile([row["iou"] for row in found], 10)),
            "seconds": float(np.mean([row["seconds"] for row in found])),
        }
    return report


def table(report: Mapping[str, Mapping[str, float]]) -> str:
    """A line a bin, the study's figures in brackets."""
    lines = [
        "yaw        n found face | yaw med/90 [study] | pitch | head (prior) | shift px | scale % | IoU p10 | CPU s"
    ]
    for name, row in report.items():
        low = int(name.partition("-")[0]) if name != "all" else -1
        study = next((each for (begin, _), each in STUDY.items() if begin == low), (3.3, 9.1, 2.3, 10.5))
        lines.append(
            f"{name:9} {row['portraits']:3.0f} {row['found']:4.0%} {row['faces']:4.0%} | "
            f"{row['yaw']:4.1f} / {row['yaw_90']:5.1f} [{study[0]} / {study[1]}] | {row['pitch']:4.1f} [{study[2]}] | "
            f"{row['head']:4.1f} ({row['prior']:.0f}) [{study[3]}] | {row['shift']:5.1f} | {100 * row['scale']:4.1f} | "
            f"{row['iou_10']:.3f} | {row['seconds']:.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
