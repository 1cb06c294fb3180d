# SPDX-License-Identifier: Apache-2.0
"""What a batch is asked for and what it writes down: jobs, and the records of its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator

from portrait_core.batch.face_cells import FaceFiles
from portrait_core.files.names import check_name
from portrait_core.recipe import Recipe

Status = Literal["made", "failed", "rejected"]


def avatars(count: int) -> str:
    """So many avatars, as people say it."""
    return "1 avatar" if count == 1 else f"{count} avatars"


@dataclass(frozen=True)
class Job:
    """One avatar of a plan: its place (from 0), the name of its files without ending, and its recipe.

    ``name`` may hold ``{lod}``. ``digest`` is that of the model's weights; ``model`` is where workers find it, when
    that is not the name in the recipe: a path means nothing in a file that travels. ``face`` moves its face.
    """

    index: int
    name: str
    recipe: Recipe
    digest: str
    model: str = ""
    face: FaceFiles = field(default_factory=FaceFiles)

    def fingerprint(self, outputs: Outputs) -> str:
        """What makes its files what they are: a record with another fingerprint is of another avatar."""
        facts: list[Any] = [self.recipe.facts(), self.digest, list(outputs.endings), outputs.lod_files]
        if self.face:
            facts.append(self.face.identity())
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Outputs:
    """What is written for every avatar. ``endings`` as ``.glb``; ``view`` adds the data of the page's 3D view."""

    endings: tuple[str, ...] = (".glb",)
    lod_files: bool = False
    folders: bool = False
    """Whether every avatar has a folder of its own."""
    view: bool = True
    keep_rejected: bool = False
    min_quality: float = 0.0
    blender: str | None = None

    def folder_of(self, name: str) -> str:
        """The folder of an avatar's files inside the batch's, with a slash at its end, or nothing."""
        return f"{name}/" if self.folders else ""


class Written(BaseModel):
    """One file, relative to the batch's folder."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int = Field(ge=0, lt=2**63)
    sha256: str

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside(path)


class Record(BaseModel):
    """One line of a manifest: what became of a job.

    ``slot`` is the job's planned name, ``name`` that of the files, another one when a rejected avatar was replaced.
    ``error`` holds code, message and advice of a failure, ``remedy`` what to do about it as
    :meth:`portrait_core.errors.Remedy.facts` tells it. ``when`` is UTC and only told: nothing depends on it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    index: int = Field(ge=0, lt=2**53)
    slot: str
    name: str
    status: Status
    fingerprint: str
    recipe: dict[str, Any]
    model_digest: str = ""
    files: tuple[Written, ...] = ()
    thumbnail: str = ""
    view: str = ""
    faces: int = 0
    levels: tuple[int, ...] = ()
    quality: dict[str, Any] = {}
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    stages: dict[str, float] = {}
    memory_mib: float = Field(default=0.0, allow_inf_nan=False)
    device: str = ""
    worker: str = ""
    attempts: int = 1
    replacement: int = 0
    error: dict[str, str] = {}
    remedy: dict[str, Any] = {}
    when: str = ""
    version: str = ""

    @field_validator("slot", "name")
    @classmethod
    def _named(cls, name: str) -> str:
        check_name(name)
        return name

    @field_validator("thumbnail", "view")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside(path) if path else path

    def line(self) -> bytes:
        """The record as a line of a manifest."""
        return self.model_dump_json(exclude_defaults=True).encode() + b"\n"

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(each.bytes for each in self.files)

    @property
    def score(self) -> float:
        """The quality score, 0 to 1; 1 where none was measured."""
        score = self.quality.get("score", 1.0)
        return float(score) if isinstance(score, int | float) else 1.0

    @property
    def reasons(self) -> Sequence[str]:
        """Why it was rejected."""
        reasons: object = self.quality.get("reasons")
        return [str(each) for each in cast("list[object]", reasons)] if isinstance(reasons, list | tuple) else []


def inside(path: str) -> str:
    """``path`` when it is relative and stays inside its folder, on every system; else ``ValueError``."""
    parts = PurePosixPath(path).parts
    signs = any(sign in path for sign in ("\\", ":", "\0")) or not path.isprintable()
    if not parts or path.startswith("/") or ".." in parts or signs:
        raise ValueError(f"{path[:80]!r} is not a path inside the folder")
    return path
