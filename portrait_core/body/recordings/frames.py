# SPDX-License-Identifier: Apache-2.0
"""The frames of a video, a dictionary each: the same fields of a person stacked over all frames."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.recordings import names
from portrait_core.body.recordings.fields import Body, bodies_of, pose_field, read_fields, spread
from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.recordings.numbers import as_numbers, shape_of
from portrait_core.body.recordings.rotations import JOINTS
from portrait_core.errors import UsageError

IDS = ("tid", "track_ids", "tracked_ids", "track_id", "id", "person_id", "personID", "pid")
"""Who the persons of a frame are."""


def plain_frames(entries: Mapping[str, Any], hints: FileHints) -> list[Body] | None:
    """The persons over all ``entries``, frames by name, where every frame holds its persons in the same plain way; None
    where they do not. NaN where a person is not seen.

    Raises:
        UsageError: rotations that cannot be read.
    """
    seen: dict[str, dict[str, Mapping[str, Any]]] = {}
    for key, entry in entries.items():
        persons = _persons(entry)
        if persons is None:
            return None
        seen[key] = persons
    first = next((table for frame in seen.values() for table in frame.values()), None)
    if first is None:
        return None
    people: list[Body] = []
    for who in dict.fromkeys(who for frame in seen.values() for who in frame):
        stacked = _stacked([frame.get(who) for frame in seen.values()], read_fields(first))
        if stacked is None:
            return None
        bodies = bodies_of({**{name: first[name] for name in names.CAMERA if name in first}, **stacked}, hints)
        if len(bodies) != 1 or bodies[0].frames != len(seen):
            return None
        people.append(numbered(replace(bodies[0], label=who), list(seen)))
    return people if len(people) > 1 else [replace(body, label="") for body in people]


def numbered(body: Body, keys: list[str]) -> Body:
    """``body``, whose frames have these names, with NaN where the numbers in them leave frames out."""
    numbers = [re.findall(r"\d+", key) for key in keys]
    if not all(each and len(each[-1]) < 16 for each in numbers):
        return body
    return spread(body, np.array([int(each[-1]) for each in numbers], np.int64))


def natural(key: Any) -> tuple[Any, ...]:
    """Sorts ``frame_2`` before ``frame_10``."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(key)))


def id_of(item: Any) -> Any:
    """Who a dictionary says it is, if it does."""
    if not isinstance(item, dict):
        return None
    table = cast(dict[str, Any], item)
    found = next((table[name] for name in IDS if name in table), None)
    return found if isinstance(found, int | str) else None


def _stacked(tables: list[Mapping[str, Any] | None], fields: tuple[str, ...]) -> dict[str, NDArray[Any]] | None:
    """Each field of a person as an array with all frames; None where frames differ in shape."""
    stacked: dict[str, NDArray[Any]] = {}
    for name in fields:
        try:
            arrays = [None if table is None else as_numbers(table[name], name) for table in tables]
        except (KeyError, UsageError):
            return None
        shapes = {array.shape for array in arrays if array is not None}
        if len(shapes) != 1:
            return None
        gap = np.full(shapes.pop(), np.nan)
        stacked[name] = np.stack([gap if array is None else array for array in arrays])
    return stacked


def _persons(entry: Any) -> dict[str, Mapping[str, Any]] | None:
    """The persons of one frame by id, each a dictionary with fields of its own; None for another way to hold them."""
    if entry is None or (isinstance(entry, dict | list) and not entry):
        return {}
    if isinstance(entry, list):
        return _listed(cast(list[Any], entry), [])
    if not isinstance(entry, dict):
        return None
    table = cast(dict[str, Any], entry)
    name = next((each for each in IDS if each in table and len(shape_of(table[each]) or ()) == 1), None)
    ids = [] if name is None else list(table[name])
    plain = {str(key): value for key, value in table.items() if key not in (*IDS, *names.PERSONS)}
    pose = pose_field(plain)
    if pose is not None:
        return _rows(plain, pose, ids)
    inner = [cast(list[Any], value) for value in plain.values() if isinstance(value, list) and value]
    lists = [each for each in inner if isinstance(each[0], dict)]
    if len(lists) == 1 and not any(isinstance(value, dict) for value in plain.values()):
        return _listed(lists[0], ids)
    return {} if not inner and not ids and any(value == [] for value in plain.values() if type(value) is list) else None


def _listed(items: list[Any], ids: list[Any]) -> dict[str, Mapping[str, Any]] | None:
    if not all(isinstance(each, dict) and pose_field(cast(dict[str, Any], each)) is not None for each in items):
        return None
    own = [id_of(each) for each in items]
    if len(ids) != len(items):
        ids = own if all(each is not None for each in own) and len(set(own)) == len(own) else list(range(len(items)))
    found: dict[str, Mapping[str, Any]] = {str(who): each for who, each in zip(ids, items, strict=True)}
    return found if len(found) == len(items) else None


def _rows(table: dict[str, Any], pose: str, ids: list[Any]) -> dict[str, Mapping[str, Any]] | None:
    """Rows of arrays are persons here."""
    shape = shape_of(table[pose])
    if shape is None or len(shape) > 4:
        return None
    if 0 in shape:
        return {}
    if not shape:
        return None
    one = len(shape) == 1 or shape[0] == 1 or (shape[0] in JOINTS and shape[1:] in ((3,), (3, 3), (4,), (6,)))
    count = 1 if one else shape[0]
    labels = [str(each) for each in (ids if len(ids) == count else range(count))]
    if len(set(labels)) != count:
        return None
    if one:
        return {labels[0]: table}
    wide = {name for name in read_fields(table) if (shape_of(table[name]) or (0,))[0] == count}
    return {
        label: {name: value[k : k + 1] if name in wide else value for name, value in table.items()}
        for k, label in enumerate(labels)
    }
