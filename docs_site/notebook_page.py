# SPDX-License-Identifier: Apache-2.0
"""The example notebook as a page: its text, code and what it showed when it was last run. Standard library only."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from docs_site.places import DOCS

NOTEBOOK = DOCS / "examples" / "first_avatars.ipynb"
_PICTURES = {"image/png": "png", "image/jpeg": "jpg"}


def cells() -> list[dict[str, Any]]:
    """The notebook's cells."""
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def made() -> dict[str, str | Path]:
    """The page under its name in the site; the notebook's pictures stand inside it."""
    parts = [_cell(cell) for cell in cells()]
    return {"notebook.md": "\n\n".join(part for part in parts if part) + "\n"}


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"]).rstrip()
    if cell["cell_type"] == "markdown":
        return source
    shown = "\n\n".join(filter(None, map(_output, cell["outputs"])))
    return f"```python\n{source}\n```\n\n{shown}"


def _output(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return f"```text\n{''.join(output['text']).rstrip()}\n```"
    data: dict[str, Any] = output.get("data", {})
    for kind, ending in _PICTURES.items():
        if kind in data:
            content = "".join(data[kind]).replace("\n", "")
            base64.b64decode(content, validate=True)
            kind_of_file = "jpeg" if ending == "jpg" else ending
            return f'<img class="pk-output" alt="What the cell shows" src="data:image/{kind_of_file};base64,{content}">'
    text = "".join(data.get("text/plain", "")).rstrip()
    return f"```text\n{text}\n```" if text else ""
