# SPDX-License-Identifier: Apache-2.0
"""Numbers as tables and JSON write them: decimal commas, percent signs, words for what is missing."""

from __future__ import annotations

import math
import re

_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def number_of(cell: object, *, comma: bool = False) -> float:
    """The number in ``cell``; NaN for anything else. ``comma``: a comma may be the decimal sign. ``50%`` is 0.5."""
    if isinstance(cell, bool) or cell is None:
        return math.nan
    if isinstance(cell, int | float):
        return float(cell)
    text = str(cell).strip().replace("\u00a0", "").replace("\u2212", "-")
    share = text.endswith("%")
    text = text.removesuffix("%").strip()
    if comma:
        # 1.234,5 has points between thousands.
        text = text.replace(".", "").replace(",", ".") if "," in text and "." in text else text.replace(",", ".")
    if _PLAIN.fullmatch(text) is None:
        return math.nan
    return float(text) / 100 if share else float(text)
