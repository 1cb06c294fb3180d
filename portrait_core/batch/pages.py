# SPDX-License-Identifier: Apache-2.0
"""What people look at after a batch: ``index.html`` with all avatars, and ``contact-sheet.png`` with their faces."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from portrait_core.batch.records import Record

PAGE = "index.html"
SHEET = "contact-sheet.png"
MOST = 400
TILE = 144
"""Avatars on the contact sheet, evenly out of all, and the edge of each in pixels."""

COLUMNS = 20
_WORDS = 16
_GROUND, _TEXT = (34, 36, 41), (214, 212, 206)


def page(records: Sequence[Record], title: str) -> bytes:
    """The page of ``records``; it opens from disk and asks the network for nothing."""
    facts = {"title": title, "avatars": [_facts(record) for record in records]}
    # A name may not end the script that it stands in.
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    form = resources.files("portrait_core.batch").joinpath("page.html").read_text(encoding="utf-8")
    return form.replace("/*DATA*/", text).encode()


def _facts(record: Record) -> dict[str, Any]:
    return {
        "index": record.index,
        "name": record.name,
        "slot": record.slot,
        "status": record.status,
        "recipe": record.recipe,
        "thumbnail": record.thumbnail,
        "view": record.view,
        "files": [{"path": each.path, "bytes": each.bytes} for each in record.files if each.path != record.view],
        "faces": record.faces,
        "levels": record.levels,
        "seconds": record.seconds,
        "bytes": record.bytes,
        "score": record.score,
        "scored": "score" in record.quality,
        "reasons": list(record.reasons),
        "error": record.error.get("message", ""),
    }


def contact_sheet(records: Sequence[Record], read: Callable[[str], bytes | None]) -> bytes | None:
    """A PNG of the made avatars' thumbnails with their names, or None without any; ``read`` gives a file's content."""
    shown = [record for record in records if record.status == "made" and record.thumbnail]
    if len(shown) > MOST:
        shown = [shown[number * len(shown) // MOST] for number in range(MOST)]
    tiles = [(record.name, picture) for record in shown if (picture := _picture(read(record.thumbnail))) is not None]
    if not tiles:
        return None
    columns = min(COLUMNS, max(1, round((len(tiles) * 1.5) ** 0.5)))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * TILE, rows * (TILE + _WORDS)), _GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for number, (name, picture) in enumerate(tiles):
        x, y = number % columns * TILE, number // columns * (TILE + _WORDS)
        sheet.paste(picture, (x, y))
        while len(name) > 4 and draw.textlength(name, font) > TILE - 8:
            name = name[:-4] + "..."
        draw.text((x + TILE // 2, y + TILE + _WORDS // 2), name, _TEXT, font, anchor="mm")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def _picture(content: bytes | None) -> Image.Image | None:
    if content is None:
        return None
    try:
        return Image.open(io.BytesIO(content)).convert("RGB").resize((TILE, TILE), Image.Resampling.BOX)
    except (OSError, ValueError):
        return None
