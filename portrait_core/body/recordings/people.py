# SPDX-License-Identifier: Apache-2.0
"""The persons of a file, wherever in its dictionaries and lists they are.

A dictionary with rotations is a person (or several, see `portrait_core.body.recordings.fields`); dictionaries of such
are persons by name or number, the frames of a video by file name, or the same person in several frames of reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from portrait_core.body.recordings import names
from portrait_core.body.recordings.fields import Body, bodies_of, pose_field
from portrait_core.body.recordings.frames import IDS, id_of, natural, numbered, plain_frames
from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.recordings.numbers import shape_of
from portrait_core.errors import UsageError, remedy

_DEEPEST = 8
_FRAME = re.compile(
    r".*\.(jpe?g|png|bmp|webp|tiff?|json|npz)|(frame|img|image)?[_-]?\d{3,}|(frame|img|image)[_-]?\d+", re.I
)
_SEEN = re.compile(r"in_?cam|(^|_)cam(era)?(_|$)", re.I)
_WORLD = re.compile(r"global|world", re.I)
_KINDS = (
    "smplx",
    "smpl",
    "smplh",
    "smpl_params",
    "smplx_params",
    "pred_smpl_params",
    "params",
    "body",
    "full",
    "result",
)
"""Names of dictionaries that say how, not who."""


def people_of(tree: Any, hints: FileHints) -> list[Body]:
    """The persons in plain data, each with its label; an empty list where there are no rotations.

    Raises:
        UsageError: rotations that cannot be read.
    """
    return _visit(tree, {}, hints, 0)


def _visit(node: Any, outer: Mapping[str, Any], hints: FileHints, depth: int) -> list[Body]:
    if depth > _DEEPEST:
        return []
    if isinstance(node, dict):
        return _of_table(cast(dict[Any, Any], node), outer, hints, depth)
    if isinstance(node, list) and node:
        return _of_list(cast(list[Any], node), outer, hints, depth)
    return []


def _of_table(table: dict[Any, Any], outer: Mapping[str, Any], hints: FileHints, depth: int) -> list[Body]:
    if pose_field(table) is not None:
        return bodies_of({**outer, **{str(key): value for key, value in table.items()}}, hints)
    inner: dict[Any, Any] = {key: value for key, value in table.items() if isinstance(value, dict | list) and value}
    if len(table) == 1 and "smpl_thetas" in _inside(table.get("results")):
        return _of_frames(table, hints, depth)  # one picture of ROMP: rows are persons
    if len(inner) > 1 and all(isinstance(key, str) and _FRAME.fullmatch(key) for key in table):
        return _of_frames(table, hints, depth)
    near = {**outer, **{name: table[name] for name in names.CAMERA if name in table}}
    found: dict[str, list[Body]] = {}
    first: UsageError | None = None
    for key in _in_order(inner):
        try:
            people = _visit(inner[key], near, hints, depth + 1)
        except UsageError as error:
            first = first or error
            continue
        if people:
            found[str(key)] = people
    if not found:
        if first is not None:
            raise first
        return []
    if len(found) > 1 and not _are_persons(found):
        key = next(iter(found))  # in order of preference
        return _camera(found[key], key)
    if len(found) > 3 and all(str(key).isdigit() for key in inner) and _single(found):
        return _joined({str(key): {"0": people[0]} for key, people in found.items()})
    several = len(found) > 1
    return [
        replace(body, label=_label(key, body.label) if several or _names_somebody(key) else body.label)
        for key, people in found.items()
        for body in _camera(people, key)
    ]


def _inside(value: Any) -> Mapping[Any, Any]:
    return cast(dict[Any, Any], value) if isinstance(value, dict) else {}


def _in_order(inner: Mapping[Any, Any]) -> list[Any]:
    """Keys, those in the world's frame first, those in a camera's last."""

    def place(key: Any) -> tuple[int, int]:
        name = str(key)
        kind = _KINDS.index(name) if name in _KINDS else len(_KINDS)
        return (0 if _WORLD.search(name) else 2 if _SEEN.search(name) else 1, kind)

    return sorted(inner, key=place)


def _are_persons(found: Mapping[str, Any]) -> bool:
    """Whether names are those of persons or motions, not of the same person seen in several ways."""
    return not any(key in _KINDS or _WORLD.search(key) or _SEEN.search(key) for key in found)


def _names_somebody(key: str) -> bool:
    return key.lstrip("-").isdigit()


def _camera(people: list[Body], key: str) -> list[Body]:
    return [replace(body, camera=True) for body in people] if _SEEN.search(key) else people


def _single(found: Mapping[str, list[Body]]) -> bool:
    return all(len(people) == 1 and people[0].frames == 1 for people in found.values())


def _label(key: str, inner: str) -> str:
    return f"{key}/{inner}" if inner else key


def _of_list(items: list[Any], outer: Mapping[str, Any], hints: FileHints, depth: int) -> list[Body]:
    if not any(isinstance(each, dict | list) for each in items):
        return []
    if len(items) == 1:
        return _visit(items[0], outer, hints, depth + 1)
    ids = [id_of(each) for each in items]
    if isinstance(items[0], dict) and all(each is not None for each in ids) and len(set(ids)) == len(ids):
        return [
            replace(body, label=str(name))
            for name, each in zip(ids, items, strict=True)
            for body in _visit(each, outer, hints, depth + 1)
        ]
    whole = [_visit(each, outer, hints, depth + 1) for each in items[:2]]
    if any(body.frames > 1 for people in whole for body in people):
        rest = [_visit(each, outer, hints, depth + 1) for each in items]
        return [
            replace(body, label=_label(str(index), body.label)) for index, people in enumerate(rest) for body in people
        ]
    return _of_frames(dict(enumerate(items)), hints, depth)


def _of_frames(table: Mapping[Any, Any], hints: FileHints, depth: int) -> list[Body]:
    """A dictionary or list of frames, each with one person, several, or none."""
    order = sorted(table, key=natural)
    plain = plain_frames({str(key): table[key] for key in order}, hints)
    if plain is not None:
        return plain
    seen: dict[str, dict[str, Body]] = {}
    for key in order:
        entry = table[key]
        people = _in_frame(entry, hints, depth)
        seen[str(key)] = {body.label or str(index): body for index, body in enumerate(people)}
    return _joined(seen)


def _in_frame(entry: Any, hints: FileHints, depth: int) -> list[Body]:
    """The persons of one frame; rows of an array are persons here."""
    if not isinstance(entry, dict | list) or not entry:
        return []
    ids: list[Any] = []
    if isinstance(entry, dict):
        table = cast(dict[str, Any], entry)
        name = next((each for each in IDS if each in table and len(shape_of(table[each]) or ()) == 1), None)
        ids = list(table[name]) if name is not None else []
        table = {key: value for key, value in table.items() if key not in (*IDS, *names.PERSONS)}
        name = pose_field(table)
        if name is not None and 0 in (shape_of(table[name]) or ()):
            return []
        entry = table
    people = _visit(entry, {}, hints, depth + 1)
    rows = [row for body in people for row in _rows(body)]
    if len(ids) == len(rows):
        return [replace(row, label=str(each)) for row, each in zip(rows, ids, strict=True)]
    return [replace(row, label=row.label if len(rows) == len(people) else str(k)) for k, row in enumerate(rows)]


def _rows(body: Body) -> list[Body]:
    """Each row as a body of one frame."""
    return [
        replace(
            body,
            rotations={name: each[k : k + 1] for name, each in body.rotations.items()},
            translation=None if body.translation is None else body.translation[k : k + 1],
        )
        for k in range(body.frames)
    ]


def _joined(frames: Mapping[str, Mapping[str, Body]]) -> list[Body]:
    """Persons over all ``frames`` (by frame and id), NaN where one is not seen."""
    order = list(frames)
    people: list[Body] = []
    for who in dict.fromkeys(who for each in frames.values() for who in each):
        there = [frames[key].get(who) for key in order]
        known = [each for each in there if each is not None]
        joints = {name for name in known[0].rotations if all(name in each.rotations for each in known)}
        gap = np.full((1, 3), np.nan)
        rotations = {
            name: np.concatenate([gap if each is None else each.rotations[name] for each in there])
            for name in known[0].rotations
            if name in joints
        }
        moves = None
        if all(each.translation is not None for each in known):
            parts = [gap if each is None or each.translation is None else each.translation for each in there]
            moves = np.concatenate(parts)
        body = replace(known[0], rotations=rotations, translation=moves, label=who)
        people.append(numbered(body, order))
    return people if len(people) > 1 else [replace(body, label="") for body in people]


def chosen_person(people: list[Body], who: str) -> Body:
    """The person that ``who`` names: an id, or else a number from 0; "" the first.

    Raises:
        UsageError: there is no such person.
    """
    if not who:
        return people[0]
    for body in people:
        if body.label == who:
            return body
    if who.isdigit() and int(who) < len(people):
        return people[int(who)]
    known = ", ".join(body.label or str(index) for index, body in enumerate(people[:20]))
    raise UsageError(
        f"there is no person {who[:40]!r} in it; it holds {known}.",
        remedy=remedy("choose_person", names=known.split(", ")),
    )
