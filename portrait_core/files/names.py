# SPDX-License-Identifier: Apache-2.0
"""Names of avatars' files from a pattern such as ``{model}-{seed}``, good on every system."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from portrait_core.errors import UsageError

DEFAULT_PATTERN = "{model}-{seed}"
NAME_FIELDS = ("model", "seed")
BATCH_FIELDS = ("model", "seed", "index", "lod")
"""What patterns of a batch may hold besides: the place in the plan, and the level of detail."""

LOD_FIELD = "{lod}"
"""Stands in the stem of a path for ``LOD0``, ``LOD1`` and so on: a file for each level."""

LONGEST = 200
"""Characters of a name: systems allow 255 bytes, and endings and temporary names need some."""

_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names of devices on Windows, which no file can have there."""

_FORM = re.compile(r"[<>^]?0?\d{0,2}d?")


def check_pattern(pattern: str, *, many: bool, what: str = "pattern", known: Sequence[str] = NAME_FIELDS) -> None:
    """Check a pattern before any work; ``many`` needs the seed (or the index, where it is ``known``) in it.

    ``what`` is what errors call the pattern. Raises :class:`UsageError`.
    """
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise UsageError(f"{what} {pattern!r}: {error}.") from None
    fields = {field for _, field, _, _ in parts if field is not None}
    unknown = sorted(fields - set(known))
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in known[:-1]) + f" and {{{known[-1]}}}"
        raise UsageError(f"{what} {pattern!r}: unknown field {{{unknown[0]}}}; {names} are known.")
    if many and not fields & {"seed", "index"}:
        raise UsageError(f"{what} {pattern!r} gives several avatars one name; put {{seed}} into it.")
    for _, field, form, conversion in parts:
        if field is not None and (conversion or not _FORM.fullmatch(form or "")):
            raise UsageError(f"{what} {pattern!r}: digits are asked for as in {{seed:05}}.")
    if LOD_FIELD not in pattern and "lod" in fields:
        raise UsageError(f"{what} {pattern!r}: {LOD_FIELD} takes no digits.")
    check_name(plain_stem(fill_pattern(pattern, model="model", seed="0")), what=what, shown=pattern)


def check_name(name: str, *, what: str = "name", shown: str | None = None) -> None:
    """Refuse what is no plain file name without an ending: folders, signs that some system forbids, too long."""
    shown = name if shown is None else shown
    if not name.strip() or _FORBIDDEN.search(name) or name.strip(". ") == "" or not _writable(name):
        raise UsageError(
            f'{what} {shown!r} is not a file name on every system; leave out folders and / \\ : * ? " < > |.'
        )
    if len(name.encode("utf-8", "replace")) > LONGEST:
        raise UsageError(f"{what} {shown[:40]!r}... is too long; a name may have {LONGEST} bytes.")


def plain_name(stem: str, otherwise: str) -> str:
    """``stem`` as a name that is good on every system: other signs, and bytes that are no UTF-8, become ``_``.

    ``otherwise`` is the name where nothing is left of it.
    """
    plain = re.sub(r"[\ud800-\udfff]", "_", _FORBIDDEN.sub("_", stem)).strip(". ")
    while len(plain.encode()) > LONGEST:
        plain = plain[:-1]
    if not plain.strip("_. "):
        return otherwise
    return f"{otherwise}-{plain}" if _RESERVED.fullmatch(plain) else plain


def _writable(name: str) -> bool:
    return not _RESERVED.fullmatch(name.strip()) and not any(0xD800 <= ord(sign) < 0xE000 for sign in name)


def fill_pattern(pattern: str, *, model: str, seed: str, index: int = 0) -> str:
    """The name of one avatar by a checked pattern; ``seed`` may be a latent's label, which no digits are asked of.

    ``{lod}`` stays, for :func:`level_stems`.
    """
    if seed.isdigit():
        return pattern.format(model=model, seed=int(seed), index=index, lod=LOD_FIELD)
    return re.sub(r"\{seed:[^{}]*\}", "{seed}", pattern).format(model=model, seed=seed, index=index, lod=LOD_FIELD)


def level_stems(stem: str, count: int) -> list[str]:
    """``NAME`` alone, or ``NAME_LOD0``, ``NAME_LOD1`` ..., the finest first; ``{lod}`` says where the level goes."""
    if LOD_FIELD in stem:
        return [stem.replace(LOD_FIELD, f"LOD{number}") for number in range(count)]
    return [stem] if count == 1 else [f"{stem}_LOD{number}" for number in range(count)]


def plain_stem(stem: str) -> str:
    """What all levels of a stem have in common: it without ``{lod}`` and the sign before or after that joined it."""
    if LOD_FIELD not in stem:
        return stem
    before, _, after = stem.partition(LOD_FIELD)
    if before[-1:] in ("_", "-", ".", " "):
        before = before[:-1]
    elif not before and after[:1] in ("_", "-", ".", " "):
        after = after[1:]
    return (before + after).replace(LOD_FIELD, "") or "avatar"
