# SPDX-License-Identifier: Apache-2.0
"""What `portrait worker` and its clients say to each other: one JSON object a line. See docs/worker-protocol.md.

Standard library only: clients in other Pythons carry a copy of this file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn, NotRequired, TypedDict, cast

PROTOCOL = 1
"""Client and worker must agree on this number."""

MAX_LINE = 1024 * 1024
"""Bytes of a line, with its end."""
MAX_DEPTH = 64
"""Lists and objects inside each other."""
MAX_ID = 200
"""Characters of a request's id."""
MAX_WAITING = 1000
"""Jobs that may wait at a time."""
MAX_RECIPES = 64
"""Recipes in one request or answer, except batches by seed."""
MAX_SEEDS = 100_000
"""Avatars of one batch by seeds."""
HEARTBEAT_SECONDS = 1.0
PROGRESS_PER_SECOND = 20
END_SECONDS = 2.0
"""How long the worker may take to end after its input ended."""

ErrorCode = Literal[
    "bad_request",
    "unknown_request",
    "version",
    "usage",
    "model",
    "cancelled",
    "disk",
    "permission",
    "memory",
    "internal",
]
ERROR_CODES: tuple[ErrorCode, ...] = (
    "bad_request",
    "unknown_request",
    "version",
    "usage",
    "model",
    "cancelled",
    "disk",
    "permission",
    "memory",
    "internal",
)
RemedyCode = Literal[
    "choose_model",
    "choose_device",
    "set_field",
    "overwrite",
    "choose_mesh",
    "choose_uv_map",
    "name_blender",
    "install",
    "lower_level",
    "examine",
    "name_assets",
    "number_names",
    "other_folder_or_shard",
    "take_over",
    "fewer_workers",
    "more_time",
    "import_model",
    "give_source_rate",
    "give_units",
    "choose_person",
    "set_up_networks",
]
REMEDIES: dict[RemedyCode, tuple[str, ...]] = {
    "choose_model": (),  # take another model
    "choose_device": ("device",),  # compute on this device, which works
    "set_field": ("field", "value"),  # set this field of the recipe to a value that works
    "overwrite": (),  # allow files to be replaced, or take another name
    "choose_mesh": ("names",),  # say which of these meshes of the file is meant
    "choose_uv_map": ("maps",),  # say which of these UV maps of the mesh is meant
    "name_blender": ("variable",),  # say where a Blender is, also by this environment variable
    "install": ("extra", "package"),  # install this extra of Portraitkit, or this package
    "lower_level": ("below",),  # a level of density below this number
    "examine": (),  # have the installation looked at
    "name_assets": ("variable",),  # name the folder of assets, also by this environment variable
    "number_names": (),  # names of a batch by its index, or a name for each row
    "other_folder_or_shard": (),  # another folder, or different shards of one batch
    "take_over": (),  # take over the lock that a killed batch left
    "fewer_workers": (),  # fewer workers at a time, each of which has more memory then
    "more_time": (),  # a longer limit of time for each avatar
    "import_model": ("file",),  # import this published checkpoint, which makes a model of it
    "give_source_rate": (),  # say how many frames a second a motion's file was recorded with
    "give_units": ("units",),  # say what the numbers of a pose or motion file are, these units for example
    "choose_person": ("names",),  # say which of these persons of a file is meant
    "set_up_networks": (),  # fetch the networks that read pictures, or hand on their packages' files
}
"""What to do about an error, as data, with the parameters that stand beside the code: each program words it with its
own buttons or options. A client passes over codes that it does not know."""
QUICK = ("hello", "ping", "cancel", "capabilities", "models", "describe", "reshape", "shutdown")
"""Requests that are answered while a job runs."""
JOBS = (
    "configure",
    "preview",
    "attributes",
    "vary",
    "blend",
    "randomise",
    "generate",
    "batch",
    "library",
    "bake",
    "read_pose",
    "read_motion",
    "read_recipe",
    "photo",
    "photo_view",
    "photo_setup",
)
"""Requests that are done one after the other."""
EVENTS = ("hello", "heartbeat", "progress", "item", "result", "error")

Message = dict[str, Any]


class Hello(TypedDict):
    """The worker's first line."""

    event: Literal["hello"]
    protocol: int
    version: str
    pid: int
    python: str


class Heartbeat(TypedDict):
    """Sent every second; ``id`` is the running job, ``memory`` resident bytes or None where unknown."""

    event: Literal["heartbeat"]
    busy: bool
    id: str | None
    waiting: int
    memory: int | None


class ProgressEvent(TypedDict):
    """How far a job is: ``fraction`` of the stage, ``overall`` of all stages, ``remaining`` seconds or None."""

    event: Literal["progress"]
    id: str
    stage: str
    fraction: float
    overall: float
    remaining: float | None


class ResultEvent(TypedDict):
    """The end of a request that went well."""

    event: Literal["result"]
    id: str
    result: Message


class Remedy(TypedDict):
    """What to do about an error: a code of `REMEDIES`, and its parameters beside it as plain data."""

    do: RemedyCode


class ErrorEvent(TypedDict):
    """The end of a request that did not; ``id`` is None where the line could not be understood.

    ``remedy``, where there is one, is ``{"do": code, ...}`` with the parameters that :data:`REMEDIES` lists; codes that
    a client does not know it leaves out.
    """

    event: Literal["error"]
    id: str | None
    code: ErrorCode
    message: str
    advice: str
    remedy: NotRequired[Remedy]


class ProtocolError(ValueError):
    """A line that is no message. ``code`` and ``id`` go into the error event."""

    def __init__(self, message: str, *, code: ErrorCode = "bad_request", id: str | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.id = id


def worker_command(python: str) -> list[str]:
    """The argument vector that starts a worker in the environment of the interpreter ``python``."""
    return [python, "-I", "-u", "-m", "portrait_core.worker"]


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as one line, ASCII only; raises :class:`ProtocolError` for one that no line holds."""
    try:
        text = json.dumps(message, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not a message: {error}") from None
    line = text.encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a message of {len(line)} bytes; a line holds {MAX_LINE}")
    return line


def decode(line: bytes) -> Message:
    """The message in one line; raises :class:`ProtocolError` for anything else."""
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a line of {len(line)} bytes or more; at most {MAX_LINE} are read")
    try:
        # Counted before parsing: a parser may recurse.
        _check_depth(line)
        found: object = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise ProtocolError(f"not UTF-8: byte {error.start} of the line") from None
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not a JSON object on one line: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise ProtocolError(f"expected a JSON object, got {type(found).__name__}")
    return cast("Message", found)


def decode_request(line: bytes) -> Message:
    """A request: an object with texts ``id`` and ``do``; raises :class:`ProtocolError`, with the id if known."""
    message = decode(line)
    number: object = message.get("id")
    if not isinstance(number, str) or not 0 < len(number) <= MAX_ID:
        raise ProtocolError(f"id: expected a text of 1 to {MAX_ID} characters, got {_short(number)}")
    name: object = message.get("do")
    if not isinstance(name, str):
        raise ProtocolError(f"do: expected the name of a request, got {_short(name)}", id=number)
    if name not in QUICK and name not in JOBS:
        known = ", ".join((*QUICK, *JOBS))
        raise ProtocolError(f"unknown request {_short(name)}; there are {known}", code="unknown_request", id=number)
    return message


def _check_depth(line: bytes) -> None:
    if line.count(b"[") + line.count(b"{") <= MAX_DEPTH:
        return
    depth, inside, escaped = 0, False, False
    for byte in line:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"more than {MAX_DEPTH} lists and objects inside each other")
        elif byte in b"]}":
            depth -= 1


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _short(value: object) -> str:
    text = "a list" if isinstance(value, Sequence) and not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
