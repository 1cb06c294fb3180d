# SPDX-License-Identifier: Apache-2.0
"""Expressions: weights of shapes by name, as people ask for them: ``smile=0.6,blink=1``.

A name is a shape's (``jawOpen``) or a short one of :data:`portrait_core.face.emotions.EXPRESSIONS`, which is a sum of
shapes. Standard library and our errors alone: the command line reads it before anything heavy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from portrait_core.errors import UsageError, suggestion
from portrait_core.face.emotions import EXPRESSIONS
from portrait_core.face.names import SHAPES

DIGITS = 6
"""Digits behind the point that sums of weights keep."""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


_SHAPE_NAMED = {_plain(name): name for name in SHAPES}
_EXPRESSION_NAMED = {_plain(name): name for name in EXPRESSIONS}


def shape_named(name: str) -> str | None:
    """The shape that ``name`` means, whatever its capitals and underlines (``jaw_open``); None where it means none."""
    return _SHAPE_NAMED.get(_plain(name))


def expression_of(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights of shapes alone, in the order of files, for ``weights`` of shapes and short names; those of one shape add
    up, and zeros are left out.

    Raises :class:`UsageError` for a name that is neither, with the nearest ones, and for a weight that is not finite.
    """
    found: dict[str, float] = {}
    for name, weight in weights.items():
        if not math.isfinite(weight):
            raise UsageError(f"expression: {name[:40]} is {weight}; a weight is a number, 0 at rest and 1 in full.")
        shape = shape_named(name)
        short = _EXPRESSION_NAMED.get(_plain(name))
        if shape is None and short is None:
            hint = suggestion(name, [*EXPRESSIONS, *SHAPES], what="names")
            raise UsageError(f"the face has no shape {name[:40]!r}. {hint}")
        for each, share in ({shape: 1.0} if shape is not None else EXPRESSIONS[short or ""]).items():
            found[each] = found.get(each, 0.0) + share * weight
    rounded = {name: round(found[name], DIGITS) for name in SHAPES if name in found}
    return {name: weight for name, weight in rounded.items() if weight}


def parse_expression(text: str) -> dict[str, float]:
    """``smile=0.6,blink=1`` as weights of shapes; a name alone is in full. Commas, semicolons and line breaks part.

    Raises as :func:`expression_of`, and :class:`UsageError` for what is no number.
    """
    weights: dict[str, float] = {}
    for part in re.split(r"[,;\n]", text):
        name, equals, number = (each.strip() for each in part.partition("="))
        if not name and not equals:
            continue
        try:
            weight = float(number) if equals else 1.0
        except ValueError:
            weight = math.nan
        if not name or not math.isfinite(weight):
            raise UsageError(
                f"expression {part.strip()[:60]!r} is not of the form NAME=NUMBER; write smile=0.6,blink=1."
            )
        weights[name] = weights.get(name, 0.0) + weight
    return expression_of(weights)
