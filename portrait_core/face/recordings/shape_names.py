# SPDX-License-Identifier: Apache-2.0
"""What files call the shapes of a face: Apple's capitals, prefixes of meshes, sides as ``_L``, bare visemes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from ..names import ARKIT, SHAPES, VISEMES


def plain_name(name: str) -> str:
    """Lower case letters and digits alone, without what a mesh or program puts before."""
    last = re.split(r"[.:|/]", name.strip())[-1]
    return re.sub(r"[^a-z0-9]+", "", last.lower())


_KNOWN = {plain_name(name): name for name in SHAPES}
_SIDES = {
    plain_name(name.removesuffix(side)) + letter: name
    for side, letter in (("Left", "_l"), ("Right", "_r"))
    for name in ARKIT
    if name.endswith(side) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
}
_BARE = {name.removeprefix("viseme_"): name for name in VISEMES}
_PREFIXES = ("blendshape", "blendshapes", "arkit", "bs", "ctrlexpressions", "morph", "shape", "bsh")


def known_shape(name: str) -> str | None:
    """The shape that a file calls ``name``, None where it is none: ``EyeBlinkLeft``, ``eyeBlink_L``, ``bs.jawOpen``."""
    plain = plain_name(name)
    if plain in _KNOWN:
        return _KNOWN[plain]
    sided = re.fullmatch(r"(.*[^_ .-])[_ .-]+([lr])", name.strip().lower())
    if sided is not None:
        found = _SIDES.get(f"{plain_name(sided[1])}_{sided[2]}")
        if found is not None:
            return found
    for prefix in _PREFIXES:
        if plain.startswith(prefix) and plain.removeprefix(prefix) in _KNOWN:
            return _KNOWN[plain.removeprefix(prefix)]
    return None


def bare_viseme(name: str) -> str | None:
    """The viseme of a name as lip-sync programs write it: ``aa``, ``PP``, ``viseme_kk``; None for another."""
    if name in _BARE:
        return _BARE[name]
    plain = plain_name(name).removeprefix("viseme")
    matches = [shape for short, shape in _BARE.items() if short.lower() == plain]
    return {"ih": "viseme_I", "oh": "viseme_O", "ou": "viseme_U"}.get(plain) or (matches[0] if matches else None)


def nearest(name: str, among: Iterable[str] = SHAPES) -> str | None:
    """The name in ``among`` that ``name`` was probably meant to be."""
    by_plain = {plain_name(each) or each: each for each in among}
    found = difflib.get_close_matches(plain_name(name)[:80], by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None


def unknown_line(names: Iterable[str], what: str, among: Iterable[str] = SHAPES) -> str:
    """One line about the ``names`` that are not known and left out, each with the nearest that is; "" for none."""
    listed = list(dict.fromkeys(names))
    if not listed:
        return ""
    among = tuple(among)
    words: list[str] = []
    for name in listed[:4]:
        near = nearest(name, among)
        words.append(f"{name[:40]} (nearest {near})" if near else name[:40])
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    count = f"{len(listed)} {what}s are" if len(listed) > 1 else f"one {what} is"
    return f"{count} not known and left out: {', '.join(words)}{more}"
