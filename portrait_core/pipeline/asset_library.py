# SPDX-License-Identifier: Apache-2.0
"""A folder of avatars becomes an asset library of Blender: a .blend file an avatar, and a list of catalogues.

A file for each keeps thousands manageable: Blender reads what it shows, and a person who is dragged into a scene brings
nobody else. The same call again makes what is missing, what has changed, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import portrait_core
from portrait_core.errors import OutputError, PortraitError, UsageError, suggestion
from portrait_core.files.whole_file import output_error, prepare_folder
from portrait_core.formats.asset_catalogue import FILE_NAME, catalogue_id, catalogue_path, write_catalogues
from portrait_core.formats.blender import find_blender
from portrait_core.formats.blender_library import AssetOrder, write_assets
from portrait_core.formats.facts import copyright_line
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.pipeline.asset_traits import Traits, traits_of
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe

FOLDER = "blender-library"
"""Where a library goes inside the folder of its avatars, if nothing else is said."""
INDEX = "library.jsonl"
LEVELS = ("run", "model", "topology", "hair", "garment", "age")
"""What catalogues can be nested by."""
USUAL = ("run", "hair", "age")
TAGS = ("portrait", "avatar")
_VERSION = 1
"""Of what is written: files of another one are made again."""
_COARSER = re.compile(r"_LOD[1-9]\d*$")
_REJECTED = "rejected"
"""Where a batch keeps what it rejected."""


@dataclass(frozen=True)
class LibraryWish:
    """What to make of which avatars.

    ``folder`` is searched with all below it; ``out`` is a folder inside it by default. ``levels`` are those of
    :data:`LEVELS`, the outermost first. ``licence`` is the model's by default. ``addon`` is the folder of the add-on
    that brings avatars in, where its bones and materials are wanted.
    """

    folder: Path
    out: Path | None = None
    run: str = ""
    author: str = ""
    licence: str = ""
    tags: tuple[str, ...] = ()
    levels: tuple[str, ...] = USUAL
    blender: str | None = None
    addon: str = ""

    @property
    def place(self) -> Path:
        """The library's folder."""
        return self.out or self.folder / FOLDER


@dataclass(frozen=True)
class LibraryRecord:
    """What became of one avatar: ``status`` is ``made``, ``kept`` or ``failed``, then with ``why``."""

    name: str
    status: str
    path: Path
    why: str = ""


@dataclass
class LibrarySummary:
    """Counts of a run, and where the library is."""

    place: Path
    made: int = 0
    kept: int = 0
    failed: int = 0
    records: list[LibraryRecord] = field(default_factory=list[LibraryRecord])


@dataclass(frozen=True)
class Maker:
    """How recipes are checked and models found; the engine's own ways."""

    take: Callable[[dict[str, Any]], Recipe]
    model: Callable[[str], PortraitModel]


def check_levels(levels: tuple[str, ...]) -> None:
    """Refuse levels of catalogues that there are not."""
    for level in levels:
        if level not in LEVELS:
            raise UsageError(f"catalogues {level[:40]!r} are not known. {suggestion(level, LEVELS, what='levels')}")


def build_library(
    wish: LibraryWish,
    maker: Maker,
    progress: Progress = silent,
    heard: Callable[[LibraryRecord], None] = lambda record: None,
) -> LibrarySummary:
    """Make or complete the library of ``wish``; ``heard`` is told of each avatar as it is finished.

    What is finished when ``progress`` raises, the disk fills or Blender cannot go on is kept, catalogues too. Raises
    :class:`UsageError` for a folder without avatars, levels that there are not and a missing Blender, and
    :class:`OutputError`.
    """
    check_levels(wish.levels)
    blender = find_blender(wish.blender)
    if not wish.folder.is_dir():
        raise UsageError(f"{wish.folder}: there is no such folder.")
    sources = avatars_in(wish.folder, wish.place)
    if not sources:
        raise UsageError(f"{wish.folder}: there is no .glb file of an avatar in it.")
    place = prepare_folder(wish.place)
    summary = LibrarySummary(place)

    def tell(record: LibraryRecord) -> None:
        setattr(summary, record.status, getattr(summary, record.status) + 1)
        summary.records.append(record)
        heard(record)

    index = _read_index(place / INDEX)
    wanted: list[tuple[AssetOrder, dict[str, Any]]] = []
    catalogues: set[str] = set()
    names = _names(sources)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".library-", ignore_cleanup_errors=True) as temporary:
        for number, source in enumerate(sources):
            progress("read", number / len(sources))
            name = names[source]
            path = place / f"{name}.blend"
            try:
                picture = source.with_name(source.stem.removesuffix("_LOD0") + ".png")
                files = [source, *([picture] if picture.is_file() else [])]
                mark = _mark(wish, name, files)
                known = index.get(name, {})
                if _is_whole(path, known, mark):
                    catalogues |= {str(known["catalogue"])} if known.get("catalogue") else set()
                    tell(LibraryRecord(name, "kept", path))
                    continue
                order, catalogue = _order(wish, name, files, Path(temporary) / f"{number}.blend", maker)
            except (PortraitError, OSError) as error:
                tell(LibraryRecord(name, "failed", source, str(error)))
                continue
            catalogues |= {catalogue} if catalogue else set()
            row = {"name": name, "blend": path.name, "source": source.relative_to(wish.folder).as_posix()}
            wanted.append((order, {**row, "mark": mark, "catalogue": catalogue}))
        write_catalogues(place / FILE_NAME, sorted(catalogues))
        done = 0

        def tick() -> None:
            progress("library", done / max(1, len(wanted)))

        with _appended(place / INDEX) as append:
            for outcome in write_assets([order for order, _ in wanted], blender, tick):
                order, row = wanted[outcome.place]
                done += 1
                if outcome.why:
                    tell(LibraryRecord(order.name, "failed", Path(order.source), outcome.why))
                    continue
                path = place / str(row["blend"])
                try:
                    row["bytes"] = Path(order.target).stat().st_size
                    os.replace(order.target, path)
                    append(row)
                except OSError as error:
                    raise output_error(path, error) from error
                tell(LibraryRecord(order.name, "made", path))
    progress("library", 1.0)
    return summary


def avatars_in(folder: Path, library: Path) -> list[Path]:
    """The .glb files of a folder and those below it in the order of their names: of levels of detail the finest, none
    that a batch rejected, none of the library or of what is being written."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*.glb")):
        inner = path.relative_to(folder).parts[:-1]
        hidden = any(part.startswith(".") or part == _REJECTED for part in inner) or path.name.startswith(".")
        if not hidden and library not in path.parents and not _COARSER.search(path.stem):
            found.append(path)
    return found


def _names(sources: list[Path]) -> dict[Path, str]:
    """A name of its own for each: its stem, and a number where another folder has the same; capitals do not count."""
    found: dict[Path, str] = {}
    taken: set[str] = set()
    for source in sources:
        stem = source.stem.removesuffix("_LOD0")
        name, number = stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{stem} {number}"
        taken.add(name.lower())
        found[source] = name
    return found


def _mark(wish: LibraryWish, name: str, files: list[Path]) -> str:
    """What makes a .blend file what it is, without a look at the person: files, words, versions."""
    said = [name, wish.author, wish.licence, wish.tags, wish.levels, _run(wish), bool(wish.addon)]
    mark = hashlib.sha256(json.dumps([_VERSION, portrait_core.__version__, said]).encode())
    for path in files:
        with path.open("rb") as file:
            mark.update(hashlib.file_digest(file, "sha256").digest())
    return mark.hexdigest()[:32]


def _run(wish: LibraryWish) -> str:
    return wish.run or wish.folder.resolve().name


def _order(wish: LibraryWish, name: str, files: list[Path], target: Path, maker: Maker) -> tuple[AssetOrder, str]:
    """What Blender is asked for an avatar, and its catalogue; ``files`` are its .glb and its picture, if any.

    Raises as :func:`read_recipe`.
    """
    told = read_recipe(files[0])
    recipe, traits = _traits(told.recipe, told.model_digest(), maker)
    words = {"run": _run(wish), **asdict(traits)}
    catalogue = catalogue_path(words[level] for level in wish.levels)
    model = told.provenance.get("model")
    facts = cast("Mapping[str, Any]", model) if isinstance(model, Mapping) else dict[str, Any]()
    known = [traits.model, traits.topology, traits.hair, traits.garment, traits.age]
    order = AssetOrder(
        name=name,
        source=str(files[0].absolute()),
        picture=str(files[1].absolute()) if files[1:] else "",
        target=str(target.absolute()),
        catalogue=catalogue_id(catalogue) if catalogue else "",
        author=wish.author,
        licence=wish.licence or ("" if told.provenance.get("photograph") else str(facts.get("licence", ""))),
        copyright=copyright_line(told.provenance) or "",
        description=_description(recipe, traits),
        tags=tuple(dict.fromkeys(word for word in (*TAGS, *known, *wish.tags) if word)),
        addon=wish.addon,
    )
    return order, catalogue


def _traits(facts: dict[str, Any], digest: str, maker: Maker) -> tuple[Recipe, Traits]:
    """The recipe of a file and what is known of its person: by the model itself where it is the one that made it."""
    try:
        recipe = maker.take(facts)
        model = maker.model(recipe.model)
    except PortraitError:  # the model is not here, or another one now
        recipe, model = Recipe.model_validate(facts), None
    same = model is not None and digest in ("", model.header.digest)
    return recipe, traits_of(recipe, model if same else None)


def _description(recipe: Recipe, traits: Traits) -> str:
    said = [f"model {recipe.model}", f"seed {recipe.label()}", traits.age, traits.hair, traits.garment]
    changed = ", ".join(f"{name} {value:+.2g}" for name, value in sorted(recipe.attributes.items()))
    return "Portrait of " + ", ".join(each for each in (*said, changed) if each)


def _is_whole(path: Path, known: Mapping[str, Any], mark: str) -> bool:
    """Whether the .blend file is there as it was written, of the same avatar and the same words."""
    try:
        return known.get("mark") == mark and path.stat().st_size == known.get("bytes")
    except OSError:
        return False


def _read_index(path: Path) -> dict[str, dict[str, Any]]:
    """The last line of each avatar; damaged ones are as if they were not there: their avatars are made again."""
    found: dict[str, dict[str, Any]] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return found
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror or error}.") from error
    for line in lines:
        try:
            row: object = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(cast("dict[str, Any]", row).get("name"), str):
            found[row["name"]] = cast("dict[str, Any]", row)
    return found


class _appended:
    """A file of lines that is only appended to; each is on the disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Callable[[Mapping[str, Any]], None]:
        try:
            self._file = self._path.open("ab")
            if self._file.tell():
                self._file.write(b"\n")  # the last line may be torn
        except OSError as error:
            raise output_error(self._path, error) from error
        return self._append

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _append(self, row: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


__all__ = ["LibraryRecord", "LibrarySummary", "LibraryWish", "Maker", "avatars_in", "build_library"]
