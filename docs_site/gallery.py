# SPDX-License-Identifier: Apache-2.0
"""The avatars of the gallery, made by the product's own commands.

    python -m docs_site.gallery [--only NAME,NAME]

`portrait batch` makes what docs_site/gallery.csv says into .cache/site/gallery, and goes on where it was; then each
avatar's file, picture and recipe are laid out for the site in .cache/site/gallery/shown, with what stands beside them.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from docs_site.places import GALLERY, HERE

TABLE = HERE / "gallery.csv"
COMMAND = ("batch", "--image-format", "jpeg", "--no-view")
"""`portrait`'s words for the whole gallery; the page shows them."""
PATIENCE = ("--time-limit", "1800")
"""Not shown, for it changes no avatar: on a busy machine one takes more than the two minutes that a batch gives it."""
PICTURE = 480


def rows(only: set[str] | None = None) -> list[dict[str, str]]:
    """The rows of the table, or those of some names."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if only is None or row["name"] in only]
    if only and (missing := only - {row["name"] for row in found}):
        raise SystemExit(f"{TABLE.name} has no {', '.join(sorted(missing))}")
    return found


def make(folder: Path, only: set[str] | None = None) -> list[dict[str, Any]]:
    """Make the avatars in ``folder`` and return the manifest's lines of them."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "gallery.csv"
    found = rows(only)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(found[0]))
    writer.writeheader()
    writer.writerows(found)
    table.write_text(text.getvalue(), encoding="utf-8")
    words = [sys.executable, "-m", "cli.main", *COMMAND, *PATIENCE, "--from", str(table), "--out", str(folder)]
    subprocess.run(words, check=True, cwd=HERE.parent)
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    latest = {line["name"]: line for line in lines if line["status"] == "made"}
    return [latest[row["name"]] for row in found]


def lay_out(folder: Path, records: list[dict[str, Any]], said: dict[str, dict[str, str]]) -> Path:
    """`shown`: NAME.glb, NAME.jpg, NAME.json (the recipe) and gallery.json (what stands beside each)."""
    shown = folder / "shown"
    new = folder / "shown.part"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    captions: list[dict[str, Any]] = []
    for record in records:
        name = str(record["name"])
        shutil.copyfile(folder / f"{name}.glb", new / f"{name}.glb")
        with Image.open(folder / f"{name}.png") as picture:
            small = picture.convert("RGB").resize((PICTURE, PICTURE), Image.Resampling.LANCZOS)
        small.save(new / f"{name}.jpg", quality=88)
        recipe = json.dumps(record["recipe"], indent=1, ensure_ascii=False)
        (new / f"{name}.json").write_text(recipe + "\n", encoding="utf-8")
        row = said[name]
        captions.append(
            {
                **{"name": name, "words": row["describe"], "seed": int(row["seed"]), "expression": row["expression"]},
                **{"bytes": (new / f"{name}.glb").stat().st_size, "triangles": record["faces"]},
            }
        )
    facts = {"command": " ".join(("portrait", *COMMAND)), "avatars": captions}
    (new / "gallery.json").write_text(json.dumps(facts), encoding="utf-8")
    shutil.rmtree(shown, ignore_errors=True)
    new.rename(shown)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs_site.gallery", description=__doc__)
    parser.add_argument("--only", help="names of the table, separated by commas")
    options = parser.parse_args()
    only = set(options.only.split(",")) if options.only else None
    records = make(GALLERY, only)
    said = {row["name"]: row for row in rows(only)}
    print(f"{lay_out(GALLERY, records, said)}: {len(records)} avatars")


if __name__ == "__main__":
    main()
