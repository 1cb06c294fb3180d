# SPDX-License-Identifier: Apache-2.0
"""What was found in one photograph, as a file of its own: a build that was stopped goes on after the last whole one.

Each photograph's record is a zip named by what decides it: the photograph's path, size and time, and the settings. It
holds ``record.json`` and the pictures of each portrait; a photograph that was refused has its reason instead.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.errors import ModelFileError, OutputError
from portrait_core.files.whole_file import whole_file
from portrait_core.photo.crop import Picture
from portrait_core.photo.estimate import PortraitEstimate, aligned_picture, estimate_portraits
from portrait_core.photo.portrait_files import label_of, portrait_pictures, result_entry
from portrait_core.photo.reading import ENDINGS, RAW, Photograph, PhotographError, read_photograph

RECORD = "record.json"
VERSION = 1
"""Of what is recorded: records of another one are made anew."""
HASH_EDGE = 16
HASH_STEP = 3
"""By so much of 255 at least: plain walls say nothing, however they were compressed."""


@dataclass(frozen=True)
class Source:
    """A photograph of the folder: its ``path``, and its ``name`` from the folder on."""

    path: Path
    name: str

    def key(self, size: int) -> str:
        """What its record is called for pictures of ``size`` pixels."""
        facts = self.path.stat()
        text = json.dumps([VERSION, self.name, facts.st_size, facts.st_mtime_ns, size])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def sources_in(folder: Path) -> list[Source]:
    """The photographs in a folder and below, by their names; files and folders that are hidden are left out."""
    found: list[Source] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts) or path.suffix.lower() not in (*ENDINGS, *RAW):
            continue
        if path.is_file():
            found.append(Source(path, name.as_posix()))
    return found


def make_record(source: Source, record: Path, size: int) -> None:
    """Look at one photograph and write its record. Nothing about a photograph stops a build: what goes wrong is its
    reason. Raises :class:`OutputError` where nothing can be written, :class:`ModelFileError` without the networks."""
    facts: dict[str, Any] = {"photograph": source.name, "portraits": []}
    pictures: dict[str, bytes] = {}
    try:
        photograph = read_photograph(source.path)
        for estimate in estimate_portraits(photograph):
            facts["portraits"].append(_facts(photograph, estimate))
            made = portrait_pictures(photograph, estimate, size)
            number = estimate.number
            pictures |= {f"{number}.png": made.picture, f"{number}-mask.png": made.mask, f"{number}.jpg": made.overlay}
    except PhotographError as error:
        facts |= {"reason": error.reason, "text": str(error)}
    except (ModelFileError, OutputError):
        raise
    except Exception as error:  # one odd photograph among thousands is its own affair
        record_failure(source, record, " ".join(f"{type(error).__name__}: {error}".split())[:200])
        return
    _write(record, facts, pictures)


def record_failure(source: Source, record: Path, why: str) -> None:
    """Write the record of a photograph that could not be looked at."""
    text = f"{source.path}: {why}"
    _write(record, {"photograph": source.name, "portraits": [], "reason": "failed", "text": text}, {})


def _write(record: Path, facts: dict[str, Any], pictures: Mapping[str, bytes]) -> None:
    with whole_file(record, overwrite=True) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(RECORD, json.dumps(facts))
        for name, content in pictures.items():
            archive.writestr(name, content)


def _facts(photograph: Photograph, estimate: PortraitEstimate) -> dict[str, Any]:
    crop = aligned_picture(photograph.pixels, estimate.square, 128)
    return result_entry(photograph, estimate) | {
        "label": label_of(estimate),
        "hash": picture_hash(crop),
        "yaw": float(estimate.view.yaw),
        "crop_pixels": round(estimate.square.side / photograph.scale, 1),
        "face": estimate.person.face is not None,
    }


def picture_hash(picture: Picture) -> str:
    """64 hexadecimal digits: for 16 x 16 places whether it grows clearly brighter to the right. Copies that were made
    smaller, compressed or toned have almost the same. Source: Krawetz, "Kind of like that" (difference hash, 2013)."""
    grey = Image.fromarray(picture).convert("L").resize((HASH_EDGE + 1, HASH_EDGE), Image.Resampling.BOX)
    values: NDArray[np.int16] = np.asarray(grey, np.int16)
    return np.packbits(values[:, 1:] - values[:, :-1] > HASH_STEP).tobytes().hex()


@dataclass(frozen=True)
class Portrait:
    """A portrait of a record: the ``photograph``'s name, its ``facts``, and where its pictures are."""

    photograph: str
    facts: dict[str, Any]
    record: Path

    @property
    def identity(self) -> str:
        """By which people accept and reject it."""
        return f"{self.photograph}#{self.facts['person']}"

    def pictures(self) -> tuple[bytes, bytes, bytes]:
        """The aligned crop and the mask as PNGs, the drawing as a JPEG."""
        number = self.facts["person"]
        with zipfile.ZipFile(self.record) as archive:
            return archive.read(f"{number}.png"), archive.read(f"{number}-mask.png"), archive.read(f"{number}.jpg")


@dataclass(frozen=True)
class Refused:
    """A photograph, or a portrait of one, that is not in the data set: who, a short reason, and a sentence."""

    identity: str
    reason: str
    text: str


def read_records(records: list[Path]) -> Iterator[Portrait | Refused]:
    """What records hold, in their order."""
    for path in records:
        with zipfile.ZipFile(path) as archive:
            facts: dict[str, Any] = json.loads(archive.read(RECORD))
        if "reason" in facts:
            yield Refused(facts["photograph"], facts["reason"], facts["text"])
        for portrait in facts["portraits"]:
            yield Portrait(facts["photograph"], portrait, path)
