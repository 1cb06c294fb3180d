# SPDX-License-Identifier: Apache-2.0
"""The reference page of recipe fields: ``python -m cli.recipe_page`` writes docs/recipe.md out of the table."""

from __future__ import annotations

import json
from pathlib import Path

from portrait_core.recipe_fields import FIELDS, SECTIONS, Kind, RecipeField

PAGE = Path(__file__).parents[1] / "docs" / "recipe.md"

_HEAD = """# Recipes

<!-- Made by `python -m cli.recipe_page` from portrait_core/recipe_fields.py; change that file, not this one. -->

A recipe is all that determines an avatar. It stands inside every `.glb`, and in rows of tables, in plans, in requests
of `portrait worker` and in `portrait_core.recipe.Recipe` under the same names. Fields that are left out have their
default. Unknown fields are refused.

At most one of `seed`, `latent`, `w` and `ws` says who it is; without them it is seed 0. On the command line
`--latent FILE` holds any of the last three, as a JSON list or an `.npy` file: a row of z_dim numbers is a `latent`,
several rows of w_dim numbers are `ws`, and `--latent-space z`, `w` or `ws` says it where the shape does not. Attributes
are set in the latent z, so they go with a seed or a latent.

A recipe or a `.glb` that says nothing of `topology` is a shell, as all were before there was a choice. New recipes,
those of the command line, of CSV tables and of random plans, are of parts where the model has them.

A recipe that says nothing of `face` has none either; new recipes of parts have both where the model has shapes. Names
in `expression` are those of docs/faces.md.

In the cells of a CSV table a pose is `head=0,20,0` in degrees, levels of detail are `8000;2000`, parts `skin;eyes`,
an expression `smile=0.6;blink=1`, numbers of a latent `0.5;-1.2` and rows of ws are parted by `|`; any of them may be
JSON as well.
"""
_KINDS: dict[Kind, str] = {
    "text": "text",
    "choice": "one of the words below",
    "words": "list of the words below",
    "flag": "true or false",
    "count": "whole number",
    "number": "number",
    "counts": "list of whole numbers",
    "vector": "list of numbers",
    "rows": "list of lists of numbers",
    "values": "numbers by name",
    "turns": "three numbers by joint name",
    "weights": "numbers by the names of shapes",
}


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for section, title in SECTIONS.items():
        rows = [row for row in FIELDS.values() if row.section == section]
        lines = ["| field | what | default | option |", "| --- | --- | --- | --- |", *map(_line, rows)]
        parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
        parts += [_choices(row) for row in rows if row.choices]
    return "\n".join(parts)


def _line(row: RecipeField) -> str:
    kind = _KINDS[row.kind] + (f", {row.unit}" if row.unit else "")
    flags = ", ".join(f"`{flag}`" for flag in row.flag.split())
    default = row.facts()["default"]
    shown = "" if default is None else f"`{json.dumps(default)}`"
    return f"| `{row.name}` | {row.sentence} ({kind}) | {shown} | {flags} |"


def _choices(row: RecipeField) -> str:
    return f"`{row.name}`:\n\n" + "".join(f"- `{value}`: {text}.\n" for value, (_, text) in row.choices.items())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
