# SPDX-License-Identifier: Apache-2.0
"""``portrait describe``: what a description in words asks for; and the option of other commands that takes one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options
from cli.show import Show
from portrait_core.errors import OutputError, UsageError

if TYPE_CHECKING:
    from portrait_core.words.description import Description, Part

Text = Annotated[
    str, typer.Argument(metavar="TEXT", help="How somebody looks: 'a woman of about sixty, grey hair, smiling'.")
]
Seed = Annotated[
    str | None,
    typer.Option("--seed", "-s", metavar="SEED", help="Who, where words do not say it. [default: somebody ordinary]"),
]
Changed = Annotated[
    Path | None,
    typer.Option("--recipe", metavar="FILE", help="Change the person of this file: 'older', 'not so wide a nose'."),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the recipe into this .json.")]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="MODEL", help="A name from `portrait models list`, or a file's path.")
]


def describe(
    text: Text,
    seed: Seed = None,
    recipe: Changed = None,
    out: Out = None,
    model: Model = "starter",
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Show what a description in plain words, English or German, asks for: attributes, hair, clothes, expression.

    The same words give the same person. `portrait generate --describe` makes the avatar; docs/describe.md.
    """
    from portrait_core.words.description import described

    show = Show(as_json=as_json, quiet=quiet)
    if out is not None and out.suffix.lower() != ".json":
        raise UsageError(f"{out}: a recipe is written as .json.")
    description = described(text)
    written = frozenset({"seed"} if seed is not None else set[str]())
    values: dict[str, Any] = {"seed": seed, "model": model, "topology": "shell", "face": "none", "attributes": None}
    lines: list[str] = []
    order = options.take_order(
        options.Wanted(values, written),
        name=options.DEFAULT_NAME,
        recipe_file=recipe,
        warn=lines.append,
        description=description,
    )
    if len(order.recipes) != 1:
        raise UsageError("a description is of one person; give one --seed.")
    facts = order.recipes[0].facts()
    if out is not None:
        _write(out, facts, overwrite=overwrite)
    rows = "\n".join(_row(*each) for each in _told(description, facts))
    show.result(rows, {"event": "description", "recipe": facts, **description.facts()})
    for line in lines:
        show.note(line)
    if out is not None:
        show.note(f"{out}: the recipe.")


def _write(path: Path, facts: Mapping[str, Any], *, overwrite: bool) -> None:
    from portrait_core.files.file_set import write_files

    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already. Pass --overwrite to replace it, or choose another --out.")
    write_files(path.parent, {path.name: (json.dumps(facts, indent=2) + "\n").encode()}, overwrite=overwrite)


def _told(description: Description, facts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What was understood: its name, its value in the recipe, and its words."""
    rows: list[tuple[str, str, str]] = []
    done: set[str] = set()
    for part in description.parts:
        name = part.name or part.field
        if name in done:
            continue
        done.add(name)
        words = [each.words for each in description.parts if (each.name or each.field) == name]
        rows.append((name, _value(part, facts), ", ".join(dict.fromkeys(words))))
    return [each for each in rows if each[1]]


def _value(part: Part, facts: Mapping[str, Any]) -> str:
    if part.field == "attributes":
        value = facts.get("attributes", {}).get(part.name)
        return "" if value is None else f"{value:+.2f}"
    return f"{part.value:.2f}" if isinstance(part.value, float) else str(part.value)


def _row(name: str, value: str, words: str) -> str:
    return f"{name:<20} {value:>18}  {words}"


def taken(text: str | None) -> Description | None:
    """The description that an option holds; raises :class:`UsageError` as :func:`described`."""
    if text is None:
        return None
    from portrait_core.words.description import described

    return described(text)
