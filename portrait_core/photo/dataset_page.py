# SPDX-License-Identifier: Apache-2.0
"""A page to look a data set through: drawings of what was understood, with accept and reject; yaws as a plot.

One file beside the pictures, without any other server or library: decisions are kept by the browser and saved as
``decisions.json``, which the next build reads.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from portrait_core.photo.dataset_filter import Decisions
from portrait_core.photo.dataset_records import Portrait, Refused

TEMPLATE = Path(__file__).with_name("dataset_page.html")
BINS = 24


def dataset_page(
    title: str, kept: Sequence[Portrait], names: Sequence[str], refused: Sequence[Refused], decisions: Decisions
) -> str:
    """The page; ``names`` (without ending) are those of the kept portraits' drawings in ``visualization/``."""
    cards = "\n".join(_card(portrait, name) for portrait, name in zip(kept, names, strict=True))
    rows = "\n".join(
        f'<tr data-id="{_text(each.identity)}"><td>{_text(each.identity)}</td><td>{_text(each.reason)}</td>'
        f"<td>{_text(each.text)}</td></tr>"
        for each in refused
    )
    begun = {"accept": sorted(decisions.accept), "reject": sorted(decisions.reject)}
    filled = {
        "TITLE": _text(title),
        "COUNTS": f"{len(kept)} portraits, {len(refused)} left out",
        "PLOT": yaw_plot([float(portrait.facts["yaw"]) for portrait in kept]),
        "CARDS": cards,
        "ROWS": rows,
        # A name of somebody's file ends no script.
        "DECISIONS": json.dumps(begun).replace("<", "\\u003c"),
    }
    page = TEMPLATE.read_text(encoding="utf-8")
    for name, value in filled.items():
        page = page.replace(f"{{{{{name}}}}}", value)
    return page


def yaw_plot(yaws: Sequence[float]) -> str:
    """An SVG: how many portraits are seen from where, radians, 0 in front in the middle."""
    counts, edges = np.histogram(np.degrees(np.asarray(yaws, np.float64)), BINS, (-180.0, 180.0))
    most = max(int(counts.max()), 1)
    bars = "".join(
        f'<rect x="{40 + 24 * number}" y="{140 - 120 * count / most:.1f}" width="22" height="{120 * count / most:.1f}">'
        f"<title>{edges[number]:.0f} to {edges[number + 1]:.0f} degrees: {count}</title></rect>"
        for number, count in enumerate(counts.tolist())
    )
    marks = "".join(
        f'<text x="{40 + 24 * BINS * (angle + 180) / 360:.0f}" y="158" text-anchor="middle">{angle}</text>'
        for angle in (-180, -90, 0, 90, 180)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 180" role="img" aria-label="Yaws of the cameras" '
        'font-family="sans-serif" font-size="12" fill="#3d7ea6">'
        f'{bars}<g fill="#888">{marks}<text x="36" y="26" text-anchor="end">{most}</text>'
        '<text x="328" y="176" text-anchor="middle">yaw in degrees: 0 in front, 90 the person&#8217;s left</text></g>'
        "</svg>"
    )


def _card(portrait: Portrait, name: str) -> str:
    facts = portrait.facts
    words = "; ".join(facts["warnings"])
    return (
        f'<figure data-id="{_text(portrait.identity)}" data-sure="{facts["confidence"]["whole"]}" '
        f'data-yaw="{facts["yaw"]:.3f}"><img loading="lazy" src="visualization/{_text(name)}.jpg" '
        f'alt="{_text(portrait.identity)}"><figcaption><b>{_text(portrait.identity)}</b>'
        f"<span>{_text(words)}</span></figcaption></figure>"
    )


def _text(value: str) -> str:
    return html.escape(value, quote=True)
