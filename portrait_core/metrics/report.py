# SPDX-License-Identifier: Apache-2.0
"""Measured figures as one JSON file and one picture: a panel a measure, bars for sets of pictures, lines for runs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from portrait_core.files.whole_file import make_folder, whole_file
from portrait_core.metrics.measure import Measured, Row
from portrait_core.metrics.names import MEASURES

FORMAT_VERSION = 1
TABLE, PLOT = "metrics.json", "metrics.png"

PANEL, MARGIN, TEXT, LABEL = 360, 24, 15, 12
"""Sides of a panel and of the space around it, heights of titles and of labels, pixels."""
INK, PALE, PAPER = (32, 36, 44), (214, 218, 226), (255, 255, 255)
COLOURS = ((49, 104, 178), (206, 96, 38), (58, 138, 76), (150, 74, 156), (176, 138, 24), (84, 92, 104))
"""Of bars and lines, told apart in print as well."""


def write_report(folder: Path, measured: Measured) -> tuple[Path, Path]:
    """Write :data:`TABLE` and :data:`PLOT` into ``folder``, made if missing; their paths."""
    make_folder(folder)
    content = {
        "format_version": FORMAT_VERSION,
        **measured.facts,
        "rows": [{"name": row.name, **row.facts, "figures": row.figures} for row in measured.rows],
    }
    table, plot = folder / TABLE, folder / PLOT
    with whole_file(table, overwrite=True) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    with whole_file(plot, overwrite=True) as temporary:
        draw_report(measured.rows).save(temporary, format="PNG")
    return table, plot


def drawn_figures(rows: Sequence[Row]) -> list[str]:
    """Names of the figures that tables and plots show: plain numbers, in the order of the measures."""
    order = [figure for each in MEASURES.values() for figure in each.figures]
    present = {name for row in rows for name, value in row.figures.items() if isinstance(value, int | float)}
    return [name for name in order if name in present]


def draw_report(rows: Sequence[Row]) -> Image.Image:
    """A panel a figure; snapshots of one run are a line over thousands of images, all else bars from 0."""
    names = drawn_figures(rows)
    lines = _lines(rows)
    keys = list(lines) or [row.name for row in rows]
    columns = max(1, min(3, len(names)))
    legend = (LABEL + 8) * len(keys) + MARGIN
    height = -(-len(names) // columns) * (PANEL + MARGIN) + MARGIN
    picture = Image.new("RGB", (columns * (PANEL + MARGIN) + MARGIN, height + legend), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, name in enumerate(names):
        left = MARGIN + number % columns * (PANEL + MARGIN)
        top = MARGIN + number // columns * (PANEL + MARGIN)
        _panel(draw, left, top, name, rows, lines)
    for number, key in enumerate(keys):
        top = height + number * (LABEL + 8)
        draw.rectangle((MARGIN, top, MARGIN + LABEL, top + LABEL), fill=COLOURS[number % len(COLOURS)])
        draw.text((MARGIN + LABEL + 8, top - 1), _shortened(key, picture.width // 7), fill=INK, font=_font(LABEL))
    return picture


def _lines(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of models in one folder with one conditioning, where they are several and all know how far they were."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.facts.get("kimg") is not None:
            key = f"{Path(row.facts['model']).parent.name}, {row.facts['conditioning']}"
            found.setdefault(key, []).append(row)
    several = all(len({row.facts["kimg"] for row in each}) > 1 for each in found.values())
    if not several or sum(len(each) for each in found.values()) < len(rows):
        return {}
    return {key: sorted(each, key=lambda row: row.facts["kimg"]) for key, each in found.items()}


def _panel(
    draw: ImageDraw.ImageDraw, left: int, top: int, name: str, rows: Sequence[Row], lines: dict[str, list[Row]]
) -> None:
    values = [float(row.figures[name]) for row in rows if _finite(row.figures.get(name))]
    low, high = min([0.0, *values]), max([1e-12, *values])
    better = next((each.better for each in MEASURES.values() if name in each.figures), "lower")
    draw.text((left, top), f"{name} ({better} is better)", fill=INK, font=_font(TEXT))
    x0, y0, x1, y1 = left + 56, top + TEXT + 14, left + PANEL - 4, top + PANEL - LABEL - 12

    def height_of(value: float) -> float:
        return y1 - (value - low) / (high - low) * (y1 - y0)

    for step in range(5):
        value = low + (high - low) * step / 4
        draw.line((x0, height_of(value), x1, height_of(value)), fill=PALE)
        draw.text((left, height_of(value) - LABEL / 2), f"{value:.3g}", fill=INK, font=_font(LABEL))
    if lines:
        everywhere = [row.facts["kimg"] for each in lines.values() for row in each]
        first, last = min(everywhere), max(everywhere)
        for number, each in enumerate(lines.values()):
            points = [
                (x0 + (row.facts["kimg"] - first) / (last - first) * (x1 - x0), height_of(row.figures[name]))
                for row in each
                if _finite(row.figures.get(name))
            ]
            colour = COLOURS[number % len(COLOURS)]
            draw.line(points, fill=colour, width=2)
            for x, y in points:
                draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
        draw.text((x0, y1 + 6), f"{first:g} kimg", fill=INK, font=_font(LABEL))
        draw.text((x1, y1 + 6), f"{last:g} kimg", fill=INK, font=_font(LABEL), anchor="ra")
        return
    width = (x1 - x0) / max(len(rows), 1)
    for number, row in enumerate(rows):
        if not _finite(row.figures.get(name)):
            continue
        x, value = x0 + number * width, float(row.figures[name])
        ends = sorted((height_of(value), height_of(0.0)))
        draw.rectangle((x + 0.15 * width, ends[0], x + 0.85 * width, ends[1]), fill=COLOURS[number % len(COLOURS)])
        draw.text((x + width / 2, ends[0] - 2), f"{value:.3g}", fill=INK, font=_font(LABEL), anchor="mb")


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"…{text[1 - most :]}"
