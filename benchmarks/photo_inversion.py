# SPDX-License-Identifier: Apache-2.0
"""Persons who were never trained on, looked for in a small published model: how near their pictures come.

    python -m benchmarks.photo_inversion MODEL DATA [--persons 6] [--steps 500] [--tune 350] [--out sheet.png]

DATA is a folder of `portrait train data` (images.zip, masks.zip, truth.jsonl), of persons that MODEL has not seen, with
several views of each. The first view that shows a face is inverted by its true camera and pose; a second view, at most
60 degrees away, is not shown and tells whether what came out is somebody or a picture. Rows: the mean person, the
nearest of 16 seeds, W+, pivotal tuning. PSNR within the true mask (dB, pictures of 0 to 1), overlap of masks, and
processor seconds.
"""

from __future__ import annotations

import argparse
import io
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from portrait_core.cameras import Camera
from portrait_core.models.load import load_model
from portrait_core.models.portrait_gan.model import PublishedAvatarModel
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.networks.discriminator import Portraits
from portrait_core.photo.inversion.comparison import Comparison, Name, weighted, weights_of
from portrait_core.photo.inversion.invert import InversionOptions, invert
from portrait_core.photo.inversion.picture_comparisons import ColourComparison, MaskComparison, TrunkComparison
from portrait_core.photo.inversion.sight import Sight, frugal
from portrait_core.photo.inversion.styles import style_statistics
from portrait_core.photo.inversion.target import Target
from portrait_core.photo.inversion.tuning import TuningOptions, tune

SEEDS = 16
FACE = np.radians(45.0)
APART = np.radians(60.0)
Row = dict[str, float]


def pairs(data: Path, count: int) -> list[tuple[Target, Target]]:
    """Two views of each person: one that shows a face, and another one."""
    lines = [json.loads(line) for line in (data / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    found: list[tuple[Target, Target]] = []
    with zipfile.ZipFile(data / "images.zip") as images, zipfile.ZipFile(data / "masks.zip") as masks:
        for seed in dict.fromkeys(line["seed"] for line in lines):
            own = [line for line in lines if line["seed"] == seed]
            front = [line for line in own if abs(_yaw(line)) < FACE]
            other = [each for each in own if front and each is not front[0] and abs(_turn(each, front[0])) < APART]
            if front and other:
                found.append(
                    (_target(front[0], images, masks), _target(max(other, key=lambda x: abs(_yaw(x))), images, masks))
                )
            if len(found) == count:
                break
    return found


def _yaw(line: dict[str, Any]) -> float:
    place = np.asarray(line["camera"][:16]).reshape(4, 4)[:3, 3]
    return float(np.arctan2(place[0], place[2]))


def _turn(a: dict[str, Any], b: dict[str, Any]) -> float:
    return float((_yaw(a) - _yaw(b) + np.pi) % (2 * np.pi) - np.pi)


def _target(line: dict[str, Any], images: zipfile.ZipFile, masks: zipfile.ZipFile) -> Target:
    picture = np.asarray(Image.open(io.BytesIO(images.read(line["file"]))).convert("RGB"))
    mask = np.asarray(Image.open(io.BytesIO(masks.read(line["file"]))).convert("L"), np.float32) / 255
    pose = np.asarray(line["pose"], np.float32)
    return Target.of(picture, mask, Camera.from_label(line["camera"][:25]), pose)


def near(seen: Portraits, target: Target) -> Row:
    """PSNR within the mask and the masks' overlap."""
    apart = ((seen.image.clamp(-1, 1) - target.image) / 2).square().mean(dim=1, keepdim=True)
    error = float((apart * target.mask).sum() / target.mask.sum())
    cover = torch.nn.functional.interpolate(seen.mask, target.mask.shape[2:], mode="bilinear") > 0.5
    wanted = target.mask > 0.5
    overlap = float((cover & wanted).sum() / (cover | wanted).sum())
    return {"psnr": -10 * float(np.log10(error)), "iou": overlap}


def of_person(
    model: PublishedAvatarModel, shown: Target, hidden: Target, args: argparse.Namespace
) -> tuple[dict[str, Row], list[NDArray[np.uint8]]]:
    """The rows of one person, and pictures for the sheet: both views as they are and as each way has them."""
    network = frugal(model.network)
    pictures = PictureOptions(samples=args.samples)
    size = network.config.neural_resolution
    makers: dict[Name, Callable[[], Comparison]] = {
        "trunk": lambda: TrunkComparison(model.judge, shown, size),
        "colours": lambda: ColourComparison(shown),
        "mask": lambda: MaskComparison(shown, size),
    }
    comparison = weighted(weights_of(args.compare), makers)
    sights = [Sight(network, each.label, each.six, PictureOptions()) for each in (shown, hidden)]
    rows: dict[str, Row] = {}
    sheet = [_bytes(shown.image), _bytes(hidden.image)]

    def told(name: str, ws: Tensor, seconds: float, own: Any = network) -> None:
        with torch.no_grad():
            views = [sight.of(own, ws) for sight in sights]
        a, b = (near(view, target) for view, target in zip(views, (shown, hidden), strict=True))
        rows[name] = {**a, "other_psnr": b["psnr"], "other_iou": b["iou"], "seconds": seconds}
        sheet.extend(_bytes(view.image) for view in views)

    mean = style_statistics(network, shown.six).rows(network.num_ws)
    told("mean", mean, 0.0)
    with torch.no_grad():
        label = torch.as_tensor(Camera.orbit().label)[None]
        drawn = [torch.tensor(np.random.RandomState(k).randn(1, network.config.z_dim)).float() for k in range(SEEDS)]
        people = [network.mapping(z, label) for z in drawn]
        nearest = min(people, key=lambda ws: float(comparison(sights[0](ws))[0]))
    told("nearest seed", nearest, 0.0)
    begin = time.process_time()
    found = invert(network, shown, comparison, InversionOptions(steps=args.steps, peak=args.peak, pictures=pictures))
    told("W+", torch.tensor(found.styles)[None], time.process_time() - begin)
    if args.tune:
        begin = time.process_time()
        options = TuningOptions(steps=args.tune, kept=args.kept, rate=args.rate, pictures=pictures)
        tuned = tune(network, found.styles, shown, comparison, options)
        told("tuned", torch.tensor(found.styles)[None], time.process_time() - begin, tuned.network)
    return rows, sheet


def _bytes(image: Tensor) -> NDArray[np.uint8]:
    values = (image[0].clamp(-1, 1) + 1) * 127.5
    return values.permute(1, 2, 0).round().to(torch.uint8).cpu().numpy()


def _table(rows: Sequence[dict[str, Row]]) -> list[str]:
    lines = [
        "| | PSNR | mask IoU | other view PSNR | other view IoU | CPU s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in rows[0]:
        mean = {key: float(np.mean([each[name][key] for each in rows])) for key in rows[0][name]}
        lines.append(
            f"| {name} | {mean['psnr']:.1f} | {mean['iou']:.3f} | {mean['other_psnr']:.1f} | {mean['other_iou']:.3f} | "
            f"{mean['seconds']:.0f} |"
        )
    return lines


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("--persons", type=int, default=6)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--peak", type=float)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--tune", type=int, default=350, help="steps of pivotal tuning; 0 for none")
    parser.add_argument("--kept", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--compare", default="trunk,colours,mask")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    model = cast(PublishedAvatarModel, load_model(args.model, "cpu"))
    rows: list[dict[str, Row]] = []
    sheets: list[NDArray[np.uint8]] = []
    for shown, hidden in pairs(args.data, args.persons):
        own, sheet = of_person(model, shown, hidden, args)
        rows.append(own)
        print(json.dumps(own), flush=True)
        sheets.append(np.concatenate([np.concatenate(sheet[0::2], axis=1), np.concatenate(sheet[1::2], axis=1)]))
    print("\n".join(_table(rows)))
    if args.out is not None:
        whole = np.concatenate(sheets)
        Image.fromarray(whole).resize((whole.shape[1] * 3, whole.shape[0] * 3), Image.Resampling.BICUBIC).save(args.out)


if __name__ == "__main__":
    main()
