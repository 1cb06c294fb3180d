# SPDX-License-Identifier: Apache-2.0
"""Who made a VRM file and what others may do with it: said once, checked, and remembered.

VRM does not take a file without an author. Permissions that nobody says follow the model's licence: what the CC0
starter makes is anybody's, what is made by a model under other terms is the author's alone until the author says more.
Source: VRMC_vrm-1.0, ``meta.schema.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from portrait_core.avatar import Avatar
from portrait_core.errors import UsageError, suggestion
from portrait_core.files.file_set import write_files
from portrait_core.runtime.own_folders import config_folder

LICENCE = "https://vrm.dev/licenses/1.0/"
"""The text that the fields of permissions belong to; the only one that VRM 1.0 knows."""

_TEXT, _LIST, _FLAG = "a text", "a list of texts", "true or false"
FIELDS: dict[str, str | tuple[str, ...]] = {
    "authors": _LIST,
    "version": _TEXT,
    "copyrightInformation": _TEXT,
    "contactInformation": _TEXT,
    "references": _LIST,
    "thirdPartyLicenses": _TEXT,
    "avatarPermission": ("onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"),
    "allowExcessivelyViolentUsage": _FLAG,
    "allowExcessivelySexualUsage": _FLAG,
    "commercialUsage": ("personalNonProfit", "personalProfit", "corporation"),
    "allowPoliticalOrReligiousUsage": _FLAG,
    "allowAntisocialOrHateUsage": _FLAG,
    "creditNotation": ("required", "unnecessary"),
    "allowRedistribution": _FLAG,
    "modification": ("prohibited", "allowModification", "allowModificationRedistribution"),
    "otherLicenseUrl": _TEXT,
}
"""What somebody may say, by VRM's names, and what each of them holds."""

FREE: dict[str, Any] = {
    "avatarPermission": "everyone",
    "commercialUsage": "corporation",
    "creditNotation": "unnecessary",
    "allowRedistribution": True,
    "modification": "allowModificationRedistribution",
    "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
}
"""What follows from CC0, where nobody says otherwise."""
CLOSED: dict[str, Any] = {
    "avatarPermission": "onlyAuthor",
    "commercialUsage": "personalNonProfit",
    "creditNotation": "required",
    "allowRedistribution": False,
    "modification": "prohibited",
}
"""What follows from any other licence."""
NEVER_BY_ITSELF = (
    "allowExcessivelyViolentUsage",
    "allowExcessivelySexualUsage",
    "allowPoliticalOrReligiousUsage",
    "allowAntisocialOrHateUsage",
)
"""What an author has to allow in so many words."""

FILE_NAME = "vrm.json"


@dataclass(frozen=True)
class VrmMeta:
    """What somebody said, by the names of :data:`FIELDS`; ``authors`` is there and not empty.

    Raises :class:`UsageError` on construction for a field that VRM does not have and for values that it does not take.
    """

    said: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for name, value in self.said.items():
            if name not in FIELDS:
                raise UsageError(f"VRM has no field {name[:40]!r}. {suggestion(name, FIELDS, what='fields of VRM')}")
            kind = FIELDS[name]
            if not _fits(value, kind):
                wanted = " or ".join(kind) if isinstance(kind, tuple) else kind
                raise UsageError(f"VRM's {name} must be {wanted}, got {json.dumps(value)[:60]}.")
        if not any(str(author).strip() for author in self.said.get("authors", ())):
            raise UsageError(f"a .vrm names its author. {_HOW}")

    def facts(self, avatar: Avatar) -> dict[str, Any]:
        """VRM's ``meta`` of an avatar, all but the thumbnail."""
        model: object = avatar.provenance.get("model")
        licence = str(cast("dict[str, Any]", model).get("licence", "")) if isinstance(model, Mapping) else ""
        free = licence.upper().startswith("CC0") and not avatar.provenance.get("photograph")
        return {
            "name": avatar.name,
            "licenseUrl": LICENCE,
            **dict.fromkeys(NEVER_BY_ITSELF, False),
            **(FREE if free else CLOSED),
            **({"thirdPartyLicenses": f"Made with a model under {licence}"} if licence and not free else {}),
            **self.said,
        }


_HOW = "Say it once, as the author's name or in a file of VRM's own names; it is remembered for the files that follow."


def _fits(value: object, kind: str | tuple[str, ...]) -> bool:
    if isinstance(kind, tuple):
        return value in kind
    if kind == _FLAG:
        return isinstance(value, bool)
    if kind == _LIST:
        return isinstance(value, list) and all(isinstance(each, str) for each in cast("list[object]", value))
    return isinstance(value, str)


def meta_file() -> Path:
    """Where what was said is remembered."""
    return config_folder() / FILE_NAME


def needed_meta() -> VrmMeta:
    """What is remembered; raises :class:`UsageError` where nobody has said who makes the files."""
    path = meta_file()
    try:
        return VrmMeta(read_meta(path))
    except FileNotFoundError:
        raise UsageError(f"a .vrm names its author, and nobody has said who that is. {_HOW}") from None


def read_meta(path: Path) -> dict[str, Any]:
    """The fields in a JSON file; raises :class:`UsageError` for anything else and ``FileNotFoundError`` for none."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a JSON file of VRM's fields ({error}).") from None
    if not isinstance(found, dict):
        raise UsageError(f'{path}: expected an object of VRM\'s fields, such as {{"authors": ["NAME"]}}.')
    return cast("dict[str, Any]", found)


def remember_meta(said: Mapping[str, Any]) -> Path:
    """Add ``said`` to what is remembered and return the file; raises :class:`UsageError` as :class:`VrmMeta` does, and
    :class:`portrait_core.errors.OutputError` where nothing can be written."""
    path = meta_file()
    try:
        known = read_meta(path)
    except (FileNotFoundError, UsageError):
        known = {}
    whole = VrmMeta({**known, **said}).said
    content = json.dumps(dict(whole), indent=2, ensure_ascii=False) + "\n"
    write_files(path.parent, {path.name: content.encode()}, overwrite=True)
    return path
