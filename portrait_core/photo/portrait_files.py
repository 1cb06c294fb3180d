# SPDX-License-Identifier: Apache-2.0
"""The published folder of aligned portraits: pictures, masks, drawings of what was understood, cameras and poses.

``aligned_images/NAME_1.png``, ``mask/`` and ``visualization/`` under the same names; ``result.json`` with ``bbox`` (x,
y, side, side in pixels of the upright photograph), ``camera_pose`` (4 x 4), ``smpl_pose`` (72 numbers) and
``raw_image_name``; ``dataset.json`` with the labels of 31 numbers. Beside what is published: ``confidence``,
``warnings`` and ``person`` in ``result.json``, and ``poses/NAME_1.json``, which every ``--pose`` takes. Source:
docs/published/data-processing.md 4.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.files.whole_file import whole_file
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.estimate import PortraitEstimate, aligned_picture
from portrait_core.photo.overlay import overlay
from portrait_core.photo.person_mask import cut_mask
from portrait_core.photo.reading import Photograph

SIZE = 512
IMAGES, MASKS, OVERLAYS, POSES = "aligned_images", "mask", "visualization", "poses"
RESULT, LABELS = "result.json", "dataset.json"
SMPL_NECK, SMPL_HEAD = 12, 15
"""SMPL's numbers of the joints, the root counted."""


@dataclass(frozen=True)
class PortraitPictures:
    """PNGs of one portrait as they are written: ``picture`` and ``mask``; the drawing as a JPEG."""

    picture: bytes
    mask: bytes
    overlay: bytes


def portrait_pictures(photograph: Photograph, estimate: PortraitEstimate, size: int = SIZE) -> PortraitPictures:
    """The aligned crop, its mask (255 where the person is) and the drawing, ``size`` pixels a side."""
    picture = aligned_picture(photograph.pixels, estimate.square, size)
    mask = cut_mask(estimate.mask, estimate.masked, estimate.square, size)
    return PortraitPictures(
        _encoded(picture, "PNG"),
        _encoded(np.where(mask > 0.5, 255, 0).astype(np.uint8), "PNG"),
        _encoded(overlay(photograph.pixels, estimate), "JPEG", quality=88),
    )


def _encoded(pixels: NDArray[np.uint8], kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def result_entry(photograph: Photograph, estimate: PortraitEstimate) -> dict[str, Any]:
    """An entry of ``result.json``."""
    square, scale = estimate.square, photograph.scale
    corner = (np.asarray(square.middle) - square.side / 2) / scale
    side = square.side / scale
    pose = np.zeros(72)
    for joint, name in ((SMPL_NECK, "neck"), (SMPL_HEAD, "head")):
        pose[3 * joint : 3 * joint + 3] = estimate.view.pose[name]
    sure = estimate.confidence
    return {
        "bbox": [_rounded(each) for each in (*corner, side, side)],
        "camera_pose": [[float(f"{each:.9g}") for each in row] for row in estimate.view.camera.cam2world.tolist()],
        "smpl_pose": [_rounded(each) for each in pose],
        "raw_image_name": photograph.path.name,
        "person": estimate.number,
        "confidence": {"whole": sure.whole, "person": sure.person, "camera": sure.camera, "head": sure.head}
        | {"crop": sure.crop},
        "expected_error_degrees": expected_errors(estimate.spreads),
        "warnings": list(estimate.warnings),
    }


def expected_errors(spreads: FloatArray) -> dict[str, float]:
    """Standard deviations in degrees of yaw, pitch and roll, and of the head's rotation as a whole."""
    degrees = np.degrees(spreads)
    named = {"yaw": degrees[0], "pitch": degrees[1], "roll": degrees[2], "head": np.linalg.norm(degrees[3:6])}
    return {name: round(min(float(value), 180.0), 1) for name, value in named.items()}


def label_of(estimate: PortraitEstimate) -> list[float]:
    """The 31 numbers: camera, then neck and head."""
    pose = estimate.view.pose
    camera = [float(f"{each:.9g}") for each in estimate.view.camera.label.tolist()]
    return [*camera, *(_rounded(each) for joint in ("neck", "head") for each in pose[joint])]


def save_portraits(
    folder: Path,
    found: Sequence[tuple[str, Photograph, PortraitEstimate]],
    *,
    size: int = SIZE,
    overwrite: bool = False,
) -> list[Path]:
    """Write portraits by their names (without ending) into the published folder; the pictures' paths.

    Entries of a ``result.json`` that is there already stay, unless a portrait of the same name takes their place.
    Raises :class:`portrait_core.errors.OutputError` for files that exist, and where nothing can be written.
    """
    results, labels = _present(folder)
    paths: list[Path] = []
    for name, photograph, estimate in found:
        pictures = portrait_pictures(photograph, estimate, size)
        path = folder / IMAGES / f"{name}.png"
        files = {
            path: pictures.picture,
            folder / MASKS / f"{name}.png": pictures.mask,
            folder / OVERLAYS / f"{name}.jpg": pictures.overlay,
            folder / POSES / f"{name}.json": _pose_file(estimate),
        }
        for each, content in files.items():
            with whole_file(each, overwrite=overwrite) as temporary:
                temporary.write_bytes(content)
        results[path.name] = result_entry(photograph, estimate)
        labels[path.name] = label_of(estimate)
        paths.append(path)
    # Both lists last: what they name is there.
    for name, table in ((RESULT, results), (LABELS, {"labels": [[each, labels[each]] for each in labels]})):
        with whole_file(folder / name, overwrite=True) as temporary:
            temporary.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return paths


def planned_files(folder: Path, names: Sequence[str]) -> list[Path]:
    """What :func:`save_portraits` writes for portraits of these names, the lists left out."""
    endings = ((IMAGES, "png"), (MASKS, "png"), (OVERLAYS, "jpg"), (POSES, "json"))
    return [folder / room / f"{name}.{ending}" for name in names for room, ending in endings]


def _pose_file(estimate: PortraitEstimate) -> bytes:
    pose = {joint: [_rounded(each) for each in turn] for joint, turn in estimate.view.pose.items()}
    return (json.dumps({"unit": "radians", **pose}, indent=1) + "\n").encode()


def _present(folder: Path) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """What the lists in a folder hold; a list that is none is written anew."""
    try:
        results: Any = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        labels: Any = json.loads((folder / LABELS).read_text(encoding="utf-8"))["labels"]
        return dict(results), {str(name): list(numbers) for name, numbers in labels}
    except (OSError, ValueError, KeyError, TypeError):
        return {}, {}


def _rounded(value: float) -> float:
    return round(float(value), 6)
