# SPDX-License-Identifier: Apache-2.0
"""The options that several commands share, each with its help. Those of recipe fields come from the fields' table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.recipe_options import Wanted, takes_recipe
from cli.recipes import Order, take_order
from portrait_core.face.clients import client_named
from portrait_core.files.names import DEFAULT_PATTERN as DEFAULT_NAME

__all__ = ["DEFAULT_NAME", "Order", "Wanted", "client_for", "formats_for", "take_order", "takes_recipe"]

OutFolder = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="FOLDER|FILE", help="Where the files go; made if missing. A file's name for one."
    ),
]
NamePattern = Annotated[
    str,
    typer.Option("--name", metavar="PATTERN", help="File name without ending; {model} and {seed} are filled in."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda|mps", help="Where the networks run.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
RecipeSource = Annotated[
    Path | None,
    typer.Option(
        "--recipe",
        metavar="FILE",
        help="Make again what this .glb, .gltf, .vrm, .obj, .ply or .json says; options beside it change fields.",
    ),
]
LodFiles = Annotated[bool, typer.Option("--lod-files", help="A file for each level of detail, NAME_LOD0 and so on.")]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMATS",
        help="glb, gltf, vrm, obj, ply, stl (millimetres), and with Blender blend, fbx, usdc; several as glb,obj.",
    ),
]
Client = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="web-talk|vrm|unity|unreal|godot|blender",
        help="What a program wants: skeleton, names, shapes, maps, format. Options beside it go before; docs/faces.md.",
    ),
]
Describe = Annotated[
    str | None,
    typer.Option(
        "--describe",
        metavar="TEXT",
        help="How somebody looks, in words: 'a woman of about sixty, grey hair'; docs/describe.md.",
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(
        "--like", metavar="FILE", help="Head and neck as in a photograph (or the first entry of a dataset.json)."
    ),
]
Photo = Annotated[
    list[Path] | None,
    typer.Option(
        "--photo",
        metavar="FILE",
        help="Instead of a seed: somebody who resembles the person in a photograph. May be given several times, "
        "with photographs of one person.",
    ),
]
PhotoMove = Annotated[
    bool,
    typer.Option("--photo-move/--no-photo-move", help="With --photo: move features to where the photograph has them."),
]
PhotoTexture = Annotated[
    str,
    typer.Option(
        "--photo-texture", metavar="photo|model", help="With --photo: the face's own skin, or the model's alone."
    ),
]
PhotoRendered = Annotated[
    bool,
    typer.Option(
        "--photo-rendered",
        help="With --photo: it is a picture of an avatar, and the model's person in it is to be found; no texture "
        "is taken from it.",
    ),
]
Motion = Annotated[
    Path | None,
    typer.Option("--motion", metavar="FILE", help="An animation for the rig out of a file: see docs/motions.md."),
]
FrameRate = Annotated[
    float | None,
    typer.Option("--frame-rate", metavar="HZ", help="Keyframes a second. [default: as in the motion's file]"),
]
MotionRate = Annotated[
    float | None,
    typer.Option(
        "--motion-rate", metavar="HZ", help="Frames a second of the file's recording. [default: as the file says]"
    ),
]
MotionRoot = Annotated[
    bool, typer.Option("--motion-root/--no-motion-root", help="Whether the motion also turns and moves the whole bust.")
]
Blender = Annotated[
    str | None,
    typer.Option("--blender", metavar="PROGRAM", help="A Blender, or a Python with bpy, for blend, fbx and usdc."),
]


def client_for(client: str | None, formats: str) -> str | None:
    """The program that ``--for`` names; who asks for a .vrm alone means the one that reads it."""
    return client or ("vrm" if formats.strip().lower().removeprefix(".") == "vrm" else None)


def formats_for(client: str | None, formats: str, wanted: Wanted) -> str:
    """``--format`` as it was given, else what the program wants that ``--for`` names."""
    return formats if client is None or "formats" in wanted.given else client_named(client).formats
