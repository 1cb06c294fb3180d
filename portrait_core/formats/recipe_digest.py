# SPDX-License-Identifier: Apache-2.0
"""A digest of a recipe's values: other programs may write the same values in another way, and nothing was changed.

Programs in JavaScript write 1.0 as 1 and lose the sign of zero, and keep entries in an order of their own; others leave
out what is empty. A file names the scheme of its digest beside it, so that later ones can differ.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, cast

from portrait_core.recipe_fields import FIELDS

SCHEME = "values-1"
"""The scheme of new files. Files without a scheme are from before, and their digest is of the JSON text."""

_EXACT = 2**53
"""Whole numbers below this are the same in every program."""

_FLOATS = ("number", "vector", "rows", "values", "turns", "weights")


def recipe_digest(recipe: Mapping[str, Any]) -> str:
    """SHA-256 of a recipe's values by :data:`SCHEME`.

    Each value becomes text: objects with their entries in the order of the names and without empty ones, whole numbers
    without a point, others as the shortest decimal that means the same double, texts as JSON in ASCII.
    """
    return hashlib.sha256(_canonical(recipe).encode("ascii")).hexdigest()


def was_changed(recipe: Mapping[str, Any], digests: object) -> bool:
    """Whether ``recipe`` is another than the one that ``digests``, the file's own entry, was made of.

    False where the file tells no digest, or one of a scheme that is not known here.
    """
    told = cast("dict[str, Any]", digests) if isinstance(digests, dict) else {}
    stored, scheme = told.get("recipe"), told.get("scheme")
    if stored is None or scheme not in (None, SCHEME):
        return False
    if scheme == SCHEME:
        return stored != recipe_digest(recipe)
    return stored not in (_of_text(recipe), _of_text(_as_written_once(recipe)))


def _canonical(value: object) -> str:
    if isinstance(value, Mapping):
        entries = sorted((str(key), each) for key, each in cast("Mapping[Any, Any]", value).items())
        return (
            "{" + ",".join(f"{json.dumps(key)}:{_canonical(each)}" for key, each in entries if not _empty(each)) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, cast("list[Any]", value))) + "]"
    if isinstance(value, float):
        whole = math.isfinite(value) and value.is_integer() and abs(value) < _EXACT
        return str(int(value)) if whole else repr(value)
    return json.dumps(value, default=str)


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, Mapping | list | tuple) and not value)


def _of_text(recipe: Mapping[str, Any]) -> str:
    """The digest of files from before: of the JSON text, whatever the order of its entries."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_written_once(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with the numbers as Portraitkit wrote them: a point where the field's kind has fractions."""
    kinds = {key: FIELDS[key].kind if key in FIELDS else "" for key in recipe}
    return {key: _floats(value) if kinds[key] in _FLOATS else value for key, value in recipe.items()}


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _floats(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_floats(each) for each in cast("list[Any]", value)]
    plain = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _EXACT
    return float(value) if plain else value
