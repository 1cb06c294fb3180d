# SPDX-License-Identifier: Apache-2.0
"""A table of figures for the terminal: columns where they fit, else a list of names and values for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table_lines(rows: Sequence[tuple[str, Mapping[str, Any]]], names: Sequence[str], width: int) -> list[str]:
    """Lines of at most ``width`` columns, where names and values themselves are not longer.

    Args:
        rows: the name of each row, and its values by the figures' names; what is missing shows as a dash.
        names: the figures, in order.
        width: columns of the terminal.
    """
    cells = [[_shown(values.get(name)) for name in names] for _, values in rows]
    widths = [max(len(name), *(len(row[column]) for row in cells)) for column, name in enumerate(names)]
    first = max((len(name) for name, _ in rows), default=0)
    if first + sum(2 + each for each in widths) <= width:
        head = " " * first + "".join(f"  {name:>{size}}" for name, size in zip(names, widths, strict=True))
        body = [
            f"{name:<{first}}" + "".join(f"  {cell:>{size}}" for cell, size in zip(row, widths, strict=True))
            for (name, _), row in zip(rows, cells, strict=True)
        ]
        return [head, *body]
    label = max((len(name) for name in names), default=0)
    lines: list[str] = []
    for (name, _), row in zip(rows, cells, strict=True):
        lines.append(name)
        lines += [f"  {figure:<{label}}  {cell}" for figure, cell in zip(names, row, strict=True) if cell != "-"]
    return lines


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "-"
