# SPDX-License-Identifier: Apache-2.0
"""The options of a recipe's fields, made of their table, so that a command takes a new field without being touched."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import parse, pose_options
from portrait_core.face.expressions import parse_expression
from portrait_core.recipe_fields import FIELDS, Kind, RecipeField

SPACE = "latent_space"
"""The option beside ``--latent``: no field of its own, it says which of the fields the file is for."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asked for by the options of recipe fields.

    ``values`` are the options' values by field, as typed; ``given`` names all options that were written, those that are
    no fields too.
    """

    values: Mapping[str, Any]
    given: frozenset[str]

    def facts(self, say: Callable[[str], None] | None = None) -> dict[str, Any]:
        """The fields but those that say who it is, parsed; ``say`` hears what files were taken for.

        Raises :class:`UsageError`.
        """
        return {
            name: pose_options.pose_of(value, self.values, say) if kind == "turns" else _PARSED[kind](value)
            for name, value in self.values.items()
            if name in FIELDS and name not in ("seed", "latent") and (kind := FIELDS[name].kind)
        }

    def beside(self, **values: Any) -> Wanted:
        """With ``values`` of options that are a command's own."""
        return replace(self, values={**self.values, **values})

    def saying(self, *names: str) -> Wanted:
        """As if these options had been written."""
        return replace(self, given=self.given | set(names))

    @property
    def pose_file(self) -> str | None:
        """The file of the pose, if it is out of one."""
        text: str | None = self.values.get("pose")
        return text if pose_options.is_file(text) else None


_TYPES: dict[Kind, Any] = {
    "text": str,
    "choice": str,
    "words": str | None,
    "flag": bool,
    "count": int,
    "number": float,
    "counts": str | None,
    "vector": Path | None,
    "rows": Path | None,
    "values": list[str] | None,
    "turns": str | None,
    "weights": str | None,
}


def _same(value: Any) -> Any:
    return value


_PARSED: dict[Kind, Callable[[Any], Any]] = {
    **dict.fromkeys(_TYPES, _same),
    "counts": parse.parse_lods,
    "words": parse.parse_words,
    "values": lambda settings: parse.parse_settings(settings or []),
    "weights": lambda text: parse_expression(text or ""),
}
"""From what an option of each kind holds to what the recipe takes."""


def takes_recipe(
    command: str,
    *,
    after: Mapping[str, Sequence[str]] | None = None,
    defaults: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of all fields whose row names it; they reach it as one :class:`Wanted`, ``wanted``.

    The options stand before the command's own, in the table's order; ``after`` puts those named behind another one.
    ``defaults`` replace the table's; fields in ``without`` have no option all the same.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = dict(inspect.signature(function, eval_str=True).parameters)
        del own["wanted"]
        fields: dict[str, inspect.Parameter] = {}
        for row in FIELDS.values():
            if command in row.commands and row.name not in without:
                fields[row.name] = _parameter(row, defaults or {})
            if row.name == "latent" and row.name in fields:
                fields[SPACE] = _LATENT_SPACE
            if row.kind == "turns" and row.name in fields:
                fields |= pose_options.parameters()
        order = _order([*fields, *own], after or {})
        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        listed = [context, *((fields | own)[name].replace(kind=inspect.Parameter.KEYWORD_ONLY) for name in order)]

        @functools.wraps(function)
        def called(*, context: typer.Context, **values: Any) -> None:
            chosen = {name: values.pop(name) for name in fields}
            function(wanted=Wanted(chosen, _given(context)), **values)

        called.__signature__ = inspect.Signature(listed)  # pyright: ignore[reportAttributeAccessIssue]
        called.__annotations__ = {each.name: each.annotation for each in listed}
        return called

    return decorate


def _parameter(row: RecipeField, defaults: Mapping[str, Any]) -> inspect.Parameter:
    plural = row.name == "seed"  # a command takes many seeds, a recipe one
    kind = str | None if plural else _TYPES[row.kind]
    empty = plural or type(None) in getattr(kind, "__args__", ())
    help_text = row.flag_help or row.sentence
    option = typer.Option(
        *row.flag.split(),
        metavar=row.metavar or "|".join(row.values) or None,
        help=f"{help_text} [default: 0]" if plural else help_text,
        show_default="[default" not in help_text,
    )
    return inspect.Parameter(
        row.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if empty else defaults.get(row.name, row.default),
        annotation=Annotated[kind, option],
    )


_LATENT_SPACE = inspect.Parameter(
    SPACE,
    inspect.Parameter.KEYWORD_ONLY,
    default="auto",
    annotation=Annotated[
        str,
        typer.Option(
            "--latent-space",
            metavar="auto|z|w|ws",
            help="What --latent holds: z, the style w, or a row of w for each layer; auto goes by its shape.",
        ),
    ],
)


def _order(names: list[str], after: Mapping[str, Sequence[str]]) -> list[str]:
    for anchor, moved in after.items():
        names = [name for name in names if name not in moved]
        place = names.index(anchor) + 1
        names[place:place] = moved
    return names


def _given(context: typer.Context) -> frozenset[str]:
    """The options that were written on the command line, by their names in the function."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE")
