# SPDX-License-Identifier: Apache-2.0
"""A thousand pictures into a data set by one command, killed again and again: nothing is lost, nothing is there twice.

    portrait train data --count 75 --views 4 --size 256 --first 930000 --seed 78 --out FOLDER
    python -m benchmarks.photo_dataset FOLDER --out WORK [--pictures 1000] [--kills 10] [--workers 2] [--result FILE]

The pictures are portraits of the world put before other backgrounds, altered copies of them (turned as by a camera,
CMYK, palettes, 16 bits, small, dark, blurred, compressed), copies that should be told as such, and files without
anybody or without a picture in them. The build's whole process group is killed -9 after a while, the command is given
again; at the end every photograph must have one record, and each must be kept or left out once, for a reason. A build
that nothing disturbs, of a tenth of the pictures, must give the same portraits.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from portrait_core.training.adversarial.data_files import PictureFiles

Pixels = NDArray[np.uint8]
NOBODY = 0.15
"""Share of files that show nobody."""
COPIES = 0.1
"""Share of files that are another file of the folder once more."""


def background(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Coarse colours, a gradient or fine noise."""
    cells = int(rng.choice([2, 6, 40]))
    coarse = rng.integers(0, 255, (cells, cells, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def placed(rng: np.random.Generator, picture: Pixels, mask: Pixels) -> Image.Image:
    """A portrait somewhere in a larger picture, of which it touches the lower edge as people in photographs do."""
    size = len(picture)
    side = int(size * rng.uniform(0.7, 1.6))
    width, height = int(side * rng.uniform(1.1, 1.9)), int(side * rng.uniform(1.0, 1.4))
    canvas = Image.fromarray(background(rng, height, width))
    person = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    cover = Image.fromarray(mask).resize((side, side), Image.Resampling.LANCZOS)
    canvas.paste(person, (int(rng.integers(0, width - side + 1)), height - side), cover)
    return canvas


def turned_by_camera(picture: Image.Image, path: Path) -> None:
    facts = Image.Exif()
    facts[0x0112] = 6  # shown a quarter turn clockwise
    picture.transpose(Image.Transpose.ROTATE_90).save(path.with_suffix(".jpg"), exif=facts)


def sixteen_bits(picture: Image.Image, path: Path) -> None:
    grey = np.asarray(picture.convert("L"), np.uint16) * 257
    Image.fromarray(grey).save(path.with_suffix(".png"))


SAVED: dict[str, Callable[[Image.Image, Path], None]] = {
    "plain": lambda picture, path: picture.save(path.with_suffix(".jpg"), quality=92),
    "png": lambda picture, path: picture.save(path.with_suffix(".png")),
    "turned": turned_by_camera,
    "cmyk": lambda picture, path: picture.convert("CMYK").save(path.with_suffix(".jpg")),
    "palette": lambda picture, path: picture.quantize(64).save(path.with_suffix(".png")),
    "grey": lambda picture, path: picture.convert("L").save(path.with_suffix(".jpg")),
    "16 bits": sixteen_bits,
    "webp": lambda picture, path: picture.save(path.with_suffix(".webp")),
    "small": lambda picture, path: picture.resize((picture.width // 4, picture.height // 4)).save(
        path.with_suffix(".png")
    ),
    "dark": lambda picture, path: ImageEnhance.Brightness(picture).enhance(0.2).save(path.with_suffix(".jpg")),
    "blurred": lambda picture, path: picture.filter(ImageFilter.GaussianBlur(6)).save(path.with_suffix(".jpg")),
    "compressed": lambda picture, path: picture.save(path.with_suffix(".jpg"), quality=12),
    "mirrored": lambda picture, path: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path.with_suffix(".jpg")),
    "cut": lambda picture, path: picture.crop((0, 0, picture.width, picture.height * 2 // 3)).save(
        path.with_suffix(".png")
    ),
}


def nobody(rng: np.random.Generator, path: Path) -> None:
    """A landscape of a kind, noise, a damaged file, an empty one, or one that is no picture."""
    kind = int(rng.integers(6))
    picture = Image.fromarray(background(rng, 300, 400))
    if kind == 0:
        path.with_suffix(".jpg").write_bytes(b"")
    elif kind == 1:
        path.with_suffix(".png").write_text("not a picture\n")
    elif kind == 2:
        stream = io.BytesIO()
        picture.save(stream, "JPEG")
        path.with_suffix(".jpg").write_bytes(stream.getvalue()[: int(rng.integers(20, 2000))])
    elif kind == 3:
        Image.fromarray(rng.integers(0, 255, (256, 256, 3), np.uint8)).save(path.with_suffix(".png"))
    else:
        picture.save(path.with_suffix(".jpg"))


def make_pictures(data: Path, folder: Path, count: int, seed: int = 5) -> dict[str, int]:
    """Fill ``folder``; returns how many there are of each kind."""
    rng = np.random.default_rng(seed)
    files, masks = PictureFiles(data / "images.zip"), PictureFiles(data / "masks.zip")
    names = [json.loads(line)["file"] for line in (data / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    kinds: Counter[str] = Counter()
    earlier: list[Path] = []
    for number in range(count):
        path = folder / f"{number // 100:02d}" / f"picture-{number:04d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw = rng.random()
        if draw < NOBODY:
            nobody(rng, path)
            kinds["nobody"] += 1
        elif draw < NOBODY + COPIES and earlier:
            again = earlier[int(rng.integers(len(earlier)))]
            shutil.copy(again, path.with_suffix(again.suffix))
            kinds["copy"] += 1
        else:
            name = names[int(rng.integers(len(names)))]
            kind = list(SAVED)[int(rng.integers(len(SAVED)))]
            SAVED[kind](placed(rng, files.pixels(name), masks.pixels(name)), path)
            kinds[kind] += 1
        if path.with_suffix(".jpg").exists():
            earlier.append(path.with_suffix(".jpg"))
    return dict(kinds)


def command(folder: Path, out: Path, workers: int) -> list[str]:
    """The command as users give it; unsure portraits are kept, so that they are counted."""
    words = [sys.executable, "-m", "cli.main", "dataset", "build", str(folder), "--out", str(out), "--quiet"]
    return [*words, "--size", "128", "--min-confidence", "0", "--min-pixels", "0", "--workers", str(workers)]


def build(folder: Path, out: Path, workers: int, killed_at: int | None = None, after: float = 0.0) -> int | None:
    """The exit status; None where the build was killed: ``after`` seconds beyond the moment when so many records were
    there, so that slow machines and quick ones are stopped as far in their work."""
    running = subprocess.Popen(command(folder, out, workers), start_new_session=True)
    while killed_at is not None and running.poll() is None:
        if records(out) >= killed_at:
            time.sleep(after)
            os.killpg(running.pid, signal.SIGKILL)
            return None if running.wait() == -signal.SIGKILL else running.returncode
        time.sleep(0.05)
    return running.wait()


def records(out: Path) -> int:
    """How many photographs have been looked at."""
    return len(list((out / ".records").glob("*.zip")))


def told(out: Path) -> tuple[dict[str, str], Counter[str]]:
    """Digests of the kept portraits by who they are, and how often each photograph is told of."""
    with zipfile.ZipFile(out / "images.zip") as archive, zipfile.ZipFile(out / "masks.zip") as masks:
        table: dict[str, Any] = json.loads(archive.read("dataset.json"))
        names = [name for name, _ in table["labels"]]
        assert sorted(archive.namelist()) == sorted([*names, "dataset.json"]) and sorted(masks.namelist()) == names
        kept = {who: f"{archive.getinfo(name).CRC:08x}{masks.getinfo(name).CRC:08x}" for name, who in table["sources"]}
    assert len(kept) == len(names), "nobody is there twice"
    with (out / "rejected.csv").open(encoding="utf-8", newline="") as stream:
        others = [row["photograph"] for row in csv.DictReader(stream)]
    assert not set(kept) & set(others), "kept and left out"
    assert len(set(others)) == len(others), "left out twice"
    return kept, Counter(who.partition("#")[0] for who in [*kept, *others])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, metavar="WORK")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--result", type=Path, default=None, metavar="FILE.json", help="what came out, as a file")
    words = parser.parse_args()
    folder, out = words.out / "photographs", words.out / "set"
    kinds = make_pictures(words.data, folder, words.pictures)
    print(json.dumps(kinds))
    pictures = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    rng = random.Random(3)
    begin, killed, crashes, counts = time.monotonic(), 0, 0, [0]
    share = words.pictures / (words.kills + 1)
    while killed < words.kills:
        # Each kill a share of the work after the one before, at any moment of a photograph.
        status = build(folder, out, words.workers, counts[-1] + round(share * rng.uniform(0.4, 1.1)), rng.random())
        counts.append(records(out))
        assert counts[-1] >= counts[-2], "a record is gone"
        crashes += status not in (None, 0)
        if status is not None:
            break
        killed += 1
    crashes += build(folder, out, words.workers) != 0
    minutes = (time.monotonic() - begin) / 60
    kept, times = told(out)
    lost = [name for name in pictures if times[name] == 0]
    print(f"{len(pictures)} pictures, {killed} kills, {crashes} crashes, {minutes:.1f} min")
    print(f"records at each kill: {counts[1:]}")
    print(f"{len(kept)} portraits kept; told of: {sum(map(bool, times.values()))}, lost: {lost}")
    print((out / "data.json").read_text(encoding="utf-8"))
    assert not lost and not crashes
    with tempfile.TemporaryDirectory() as other:
        some = Path(other, "photographs")
        for name in pictures[:: max(1, len(pictures) // 100)]:
            (some / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, some / name)
        assert build(some, Path(other, "set"), 1) == 0
        quiet, _ = told(Path(other, "set"))
    # Of copies another one may be kept where fewer are there.
    both = set(kept) & set(quiet)
    assert len(both) > 0.8 * len(quiet)
    different = [who for who in both if kept[who] != quiet[who]]
    assert not different, different
    print(f"{len(both)} of {len(quiet)} portraits of a build that nothing disturbed are there, bit by bit the same")
    if words.result:
        data: dict[str, Any] = json.loads((out / "data.json").read_text(encoding="utf-8"))
        facts = {
            "pictures": len(pictures),
            "kinds": kinds,
            "kills": killed,
            "records_at_each": counts[1:],
            "crashes": crashes,
            "lost": len(lost),
            "kept": len(kept),
            "left_out": data["left_out"],
            "undisturbed": {"portraits": len(quiet), "in_both": len(both), "different": len(different)},
            "minutes": round(minutes, 1),
        }
        words.result.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        print(words.result)


if __name__ == "__main__":
    main()
