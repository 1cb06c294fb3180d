# SPDX-License-Identifier: Apache-2.0
"""Where a data set's pictures and labels lie (zip or folder), and what is wrong with them, told before the first step.

The published form is a zip of pictures with ``dataset.json`` and a second one of masks of the same names; a folder of
each is read as well, and so is a folder that `portrait train data` wrote. Source: docs/published/training.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.world.dataset_files import IMAGES, LABEL_SIZE, LABELS, MASKS

CAMERA = 25
ZIP_OR_FOLDER = "a zip or a folder of pictures with dataset.json, or a folder of the portrait world's data"


class PictureFiles:
    """Files by name in a zip or below a folder; may be read by several threads."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError for what is neither."""
        self.path = path
        self._lock = threading.Lock()
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            self.names = {each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()}
            return
        if not path.exists():
            raise UsageError(f"data set: {path} does not exist; expected {ZIP_OR_FOLDER}.")
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UsageError(f"data set: {path} cannot be read as a zip ({error}); expected {ZIP_OR_FOLDER}.") from None
        self.names = set(self._zip.namelist())

    def read(self, name: str) -> bytes:
        """The content of a file. Raises UsageError when it cannot be read."""
        try:
            if self._zip is None:
                return (self.path / name).read_bytes()
            with self._lock:
                return self._zip.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise UsageError(f"data set: {self.path}: {name} cannot be read ({error}).") from None

    def digest(self, names: Iterable[str]) -> str:
        """A digest of the content of files: of a zip by the sums that it keeps, else of all bytes."""
        sha = hashlib.sha256()
        for name in names:
            if self._zip is None:
                sha.update(hashlib.sha256(self.read(name)).digest())
            else:
                entry = self._zip.getinfo(name)
                sha.update(f"{entry.CRC}:{entry.file_size};".encode())
        return sha.hexdigest()

    @contextmanager
    def opened(self, name: str) -> Generator[Image.Image, None, None]:
        """A picture whose pixels are decoded when asked for. Raises UsageError for what is no picture."""
        try:
            with Image.open(io.BytesIO(self.read(name))) as picture:
                yield picture
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise UsageError(f"data set: {self.path}: {name} is no picture ({error}).") from None

    def pixels(self, name: str) -> NDArray[np.uint8]:
        """Decoded pixels, (H, W, 3) of a colour picture and (H, W) of a mask."""
        with self.opened(name) as picture:
            grey = picture.mode in ("L", "1", "I", "I;16")
            return np.array(picture.convert("L" if grey else "RGB"))


class LabelTable:
    """``dataset.json``: ``names``, ``labels`` (N, 31) float32, and what our own data sets tell beside them.

    ``true_poses`` (N, 6) float32 and ``persons`` (N,) int64 are None where the file does not have them.
    """

    def __init__(self, path: Path, text: str) -> None:
        """Raises UsageError that names the file, the line and what is wrong with the entry."""
        self._path, self._text = path, text
        try:
            content: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"data set: {path}: {LABELS} is not JSON ({error}).") from None
        table = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        rows = table.get("labels")
        if not isinstance(rows, list) or not rows:
            raise UsageError(
                f"data set: {path}: {LABELS} has no labels; expected "
                f'{{"labels": [[file name, {LABEL_SIZE} numbers], …]}}, 25 of the camera and 6 of the coarse pose.'
            )
        self.names: list[str] = []
        labels = np.zeros((len(cast("list[Any]", rows)), LABEL_SIZE), np.float32)
        for number, row in enumerate(cast("list[Any]", rows)):
            name, labels[number] = self._row(number, row)
            self.names.append(name)
        self.labels: NDArray[np.float32] = labels
        poses, persons = self._beside(table, "true_poses"), self._beside(table, "persons")
        self.true_poses = None if poses is None else np.asarray(poses, np.float32)
        self.persons = None if persons is None else np.asarray(persons, np.int64)

    def _row(self, number: int, row: Any) -> tuple[str, NDArray[np.float32]]:
        if not isinstance(row, list) or len(cast("list[Any]", row)) != 2 or not isinstance(row[0], str):
            raise UsageError(
                f"data set: {self._path}: {LABELS}, entry {number}: expected [file name, {LABEL_SIZE} numbers]."
            )
        name = row[0]
        where = f"data set: {self._path}: {LABELS}, line {self._line(name)}: the label of {name}"
        try:
            label = np.asarray(row[1], np.float32).ravel()
        except (TypeError, ValueError):
            raise UsageError(f"{where} is not made of numbers.") from None
        if len(label) == CAMERA:
            raise UsageError(
                f"{where} has 25 numbers: a camera but no pose. Add the six numbers of a coarse pose (axis-angle of "
                "neck and head, radians)."
            )
        if len(label) != LABEL_SIZE:
            raise UsageError(f"{where} has {len(label)} numbers; expected {LABEL_SIZE}.")
        if not bool(np.isfinite(label).all()):
            raise UsageError(f"{where} holds a value that is not finite (NaN or infinity).")
        try:
            Camera.from_label(label[:CAMERA])
        except ValueError as error:
            raise UsageError(f"{where}: {error}.") from None
        return name, label

    def _line(self, name: str) -> int:
        return self._text.count("\n", 0, max(self._text.find(json.dumps(name)), 0)) + 1

    def _beside(self, table: dict[str, Any], key: str) -> list[Any] | None:
        rows = table.get(key)
        if not isinstance(rows, list):
            return None
        found = {row[0]: row[1] for row in cast("list[Any]", rows)}
        missing = [name for name in self.names if name not in found]
        if missing:
            raise UsageError(f"data set: {self._path}: {LABELS}: {missing[0]} is not in {key}.")
        return [found[name] for name in self.names]


def open_data_set(images: Path, masks: Path | None = None) -> tuple[PictureFiles, PictureFiles, LabelTable]:
    """The pictures, the masks and the labels of a data set.

    Args:
        images: a zip or folder of pictures, or a folder that `portrait train data` wrote.
        masks: a zip or folder of masks; None where ``images`` is such a folder, or has a folder or zip ``masks`` in it
            or beside it.

    Raises:
        UsageError: one of them is missing, or a label is wrong.
    """
    if not images.exists():
        raise UsageError(f"data set: {images} does not exist; expected {ZIP_OR_FOLDER}.")
    if images.is_dir() and (images / IMAGES).is_file():
        masks = images / MASKS if masks is None else masks
        images = images / IMAGES
    if masks is None:
        near = [images / "masks", images.parent / "masks", images.parent / MASKS]
        masks = next((each for each in near if each.exists() and each != images), None)
        if masks is None:
            raise UsageError(f"data set: no masks beside {images}; name their zip or folder as well.")
    pictures = PictureFiles(images)
    if LABELS not in pictures.names:
        raise UsageError(
            f"data set: {images} holds no {LABELS}, which has the camera and the coarse pose of each picture."
        )
    table = LabelTable(images, pictures.read(LABELS).decode("utf-8", errors="replace"))
    return pictures, PictureFiles(masks), table


def check_pictures(pictures: PictureFiles, masks: PictureFiles, table: LabelTable) -> int:
    """That every label has a picture and a mask, all of one size; that size. Raises UsageError naming the file."""
    size: int | None = None
    for name in table.names:
        for files, kind in ((pictures, "picture"), (masks, "mask")):
            if name not in files.names:
                raise UsageError(f"data set: {files.path}: the {kind} {name} is missing, but there is a label of it.")
            with files.opened(name) as opened:
                width, height = opened.size
                channels = len(opened.getbands())
            if size is None:
                size = width
            if (width, height) != (size, size):
                raise UsageError(
                    f"data set: {files.path}: {name} is {width} x {height}; expected {size} x {size} pixels, as the "
                    "first picture."
                )
            if channels != (3 if kind == "picture" else 1):
                wanted = "three channels (RGB)" if kind == "picture" else "one channel, 255 where the person is"
                raise UsageError(f"data set: {files.path}: {name} has {channels} channels; expected {wanted}.")
    assert size is not None  # a table has labels
    return size
