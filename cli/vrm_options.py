# SPDX-License-Identifier: Apache-2.0
"""The options of .vrm files: who made them, and what programs for them may choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.formats.write import VrmWish

PANEL = "VRM"
LOOKS = ("bone", "expression")

Authors = Annotated[
    list[str] | None,
    typer.Option(
        "--vrm-author",
        metavar="NAME",
        help="Who makes the files; needed once, and remembered. Several by giving it again.",
        rich_help_panel=PANEL,
    ),
]
MetaFile = Annotated[
    Path | None,
    typer.Option(
        "--vrm-meta",
        metavar="FILE",
        help="JSON of VRM's fields, authors and permissions; remembered too.",
        rich_help_panel=PANEL,
    ),
]
Look = Annotated[
    str,
    typer.Option(
        "--vrm-look",
        metavar="bone|expression",
        help="What turns the eyes: their joints, straight at things, or shapes, lids along.",
        rich_help_panel=PANEL,
    ),
]
Toon = Annotated[
    bool, typer.Option("--mtoon", help="Materials in two flat shades, as drawn figures have.", rich_help_panel=PANEL)
]


def take_vrm(
    endings: Sequence[str],
    authors: list[str] | None,
    meta: Path | None,
    look: str,
    *,
    toon: bool,
    note: Callable[[str], None],
) -> VrmWish | None:
    """What the options say of .vrm files, None where none is asked for; who makes them is remembered.

    Raises :class:`UsageError` for a file that says nothing of VRM, and where nobody ever said who makes them.
    """
    said: dict[str, Any] = {}
    if meta is not None:
        from portrait_core.formats.vrm.meta import read_meta

        try:
            said |= read_meta(meta)
        except FileNotFoundError:
            raise UsageError(f"--vrm-meta {meta}: there is no such file.") from None
    if authors:
        said["authors"] = authors
    if look not in LOOKS:
        raise UsageError(f"--vrm-look {look!r} is not known; it is bone or expression.")
    if ".vrm" not in endings and not said:
        return None
    from portrait_core.formats.vrm import needed_meta, remember_meta
    from portrait_core.formats.write import VrmWish

    if said:
        note(f"remembered for .vrm files in {remember_meta(said)}.")
    return VrmWish(needed_meta(), look, toon)
