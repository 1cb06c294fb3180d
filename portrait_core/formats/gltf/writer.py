# SPDX-License-Identifier: Apache-2.0
"""glTF files of an avatar: a .glb with everything inside, or a .gltf with its buffer and images beside it."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, cast

from portrait_core.avatar import Avatar
from portrait_core.errors import UsageError
from portrait_core.files.file_set import write_files
from portrait_core.formats.encoded_maps import ImageKind
from portrait_core.formats.gltf.scene import build_scene
from portrait_core.imaging.png import encode_map


def write_glb(avatar: Avatar, path: Path, *, overwrite: bool = False, image: ImageKind = "png") -> Path:
    """Write ``avatar`` to ``path`` (ending in .glb) and, if it has one, its thumbnail beside it as .png.

    Raises :class:`UsageError` for another file ending and :class:`portrait_core.errors.OutputError` when a file exists
    and ``overwrite`` is false, or the folder is read-only or full; nothing partial stays behind. Returns ``path``.
    """
    path = Path(path)
    if path.suffix.lower() != ".glb":
        raise UsageError(f"a .glb file is asked for, got {path.name!r}; change the file's ending.")
    contents = {path.name: glb_bytes(avatar, image=image)}
    if avatar.thumbnail is not None:
        contents[path.with_suffix(".png").name] = encode_map(avatar.thumbnail)
    write_files(path.parent, contents, overwrite=overwrite)
    return path


def glb_bytes(
    avatar: Avatar, *, image: ImageKind = "png", levels_shown: bool = False, scene: str | None = None
) -> bytes:
    """The content of the .glb of ``avatar``; the same avatar gives the same bytes. ``image`` is the kind of colours.

    ``levels_shown`` puts all levels of detail into the scene, and ``scene`` names it, see
    :func:`portrait_core.formats.gltf.scene.build_scene`.
    Raises ``ValueError`` when recipe, provenance or report are not plain JSON data.
    """
    gltf, _ = build_scene(avatar, image, levels_shown=levels_shown, name=scene)
    return packed(json_tree(gltf), gltf.binary_blob())


def packed(tree: Mapping[str, Any], blob: bytes) -> bytes:
    """A .glb of its two halves."""
    text = _text(tree)
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(blob))
    return b"".join(
        (head, struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(blob), b"BIN\0"), blob)
    )


def gltf_files(avatar: Avatar, stem: str, *, image: ImageKind = "png", scene: str | None = None) -> dict[str, bytes]:
    """The files of a .gltf by name, the .gltf first: ``stem.gltf``, ``stem.bin``, ``stem_base_colour.png`` ...

    The files beside it have names that need no coding in an address (:func:`plain_address`).
    """
    gltf, binary = build_scene(avatar, image, beside=plain_address(stem), name=scene)
    return {f"{stem}.gltf": _text(json_tree(gltf)), **binary.files}


def plain_address(stem: str) -> str:
    """``stem`` in signs that stand for themselves in an address: some programs do not decode others.

    A stem of such signs stays; another is spelt in them as near as can be, with some digits of its digest, so that two
    avatars in one folder keep files of their own.
    """
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._~-]*", stem):
        return stem
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode("ascii")
    spelt = re.sub(r"[^A-Za-z0-9._~-]+", "_", letters).strip("_.") or "avatar"
    return f"{spelt}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"


def json_tree(gltf: Any) -> dict[str, Any]:
    """The records of a file (a ``pygltflib.GLTF2``) as plain JSON data: what ``gltf_to_json`` writes, in a tenth of its
    time, and the recipe as it is."""
    tree: dict[str, Any] = _plain(gltf, pruned=True)
    # pygltflib leaves out what is empty, which would be a changed recipe.
    tree["asset"]["extras"] = gltf.asset.extras
    return tree


def _plain(value: Any, *, pruned: bool) -> Any:
    """Records, lists and dictionaries as plain ones; ``pruned`` leaves out what is None or empty, as far as pygltflib
    does: not within extensions, nor within lists of lists."""
    kind: type[Any] = type(value)
    if kind in _SCALARS:
        return value
    if isinstance(value, list | tuple):
        within = cast("Sequence[Any]", value)
        return [_plain(each, pruned=pruned and not isinstance(each, list | tuple)) for each in within]
    if isinstance(value, dict):
        items = list(cast("dict[str, Any]", value).items())
    elif kind in _RECORDS or _known_record(kind):
        names = _RECORDS[kind]
        items = [(name, getattr(value, name)) for name in (vars(value) if names is None else names)]
    else:
        return value
    if not pruned:
        return {name: _plain(each, pruned=False) for name, each in items}
    return {
        name: _plain(each, pruned=name != "extensions" or not isinstance(each, dict))
        for name, each in items
        if each is not None and not (hasattr(each, "__iter__") and len(each) == 0)
    }


_SCALARS = (str, int, float, bool, type(None))
_RECORDS: dict[type[Any], tuple[str, ...] | None] = {}
"""The fields of pygltflib's records by their classes; None for one that has whatever it is given."""


def _known_record(kind: type[Any]) -> bool:
    """Note the fields of a class of records; whether it is one."""
    if is_dataclass(kind):
        _RECORDS[kind] = tuple(each.name for each in fields(kind))
    elif kind.__module__.startswith("pygltflib"):
        _RECORDS[kind] = None
    return kind in _RECORDS


def _text(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
