# SPDX-License-Identifier: Apache-2.0
"""The options that several commands share, each with its help; ``take_order`` makes recipes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.recipes import Order, take_order
from portrait_core.files.names import DEFAULT_PATTERN as DEFAULT_NAME

__all__ = ["DEFAULT_NAME", "Order", "given_options", "take_order"]

Seeds = Annotated[
    str | None,
    typer.Option("--seed", "--seeds", "-s", metavar="SEEDS", help="Who: 7, 0-9 or 1,5,8. [default: 0]"),
]
LatentFile = Annotated[
    Path | None,
    typer.Option("--latent", metavar="FILE", help="Instead of a seed: a JSON list of the latent's numbers."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=NUMBER",
        help="An attribute in standard deviations, such as age=+1.5; repeatable. See `portrait models info`.",
    ),
]
Psi = Annotated[
    float,
    typer.Option("--psi", "--truncation", help="Towards the mean person (0), as drawn (1), exaggerated (above 1)."),
]
Pose = Annotated[
    str | None,
    typer.Option("--pose", metavar="POSE", help="Joint angles in degrees, 'head=0,20,0;neck=5,0,0', or a pose file."),
]
Faces = Annotated[int, typer.Option("--faces", help="Triangles of the mesh, 500 to 200000.")]
TextureSize = Annotated[int, typer.Option("--texture-size", help="Edge of the maps in pixels, 512 to 8192.")]
LatticeSize = Annotated[int, typer.Option("--lattice", help="Cells along the longest edge of the extraction box.")]
Model = Annotated[
    str,
    typer.Option("--model", "-m", metavar="MODEL", help="A name from `portrait models list`, or a file's path."),
]
OutFolder = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files go; made if missing.")]
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
        help="Make again what this .glb, .gltf, .obj, .ply or .json says; options beside it change single fields.",
    ),
]
Lods = Annotated[
    str | None,
    typer.Option("--lods", metavar="FACES", help="Coarser levels of detail as well, such as 8000,2000."),
]
LodMaps = Annotated[
    str,
    typer.Option("--lod-maps", metavar="own|shared", help="Maps for each level, or those of the finest for all."),
]
LodFiles = Annotated[bool, typer.Option("--lod-files", help="A file for each level of detail, NAME_LOD0 and so on.")]
Open = Annotated[bool, typer.Option("--open/--closed", help="Leave the shoulder cut open, or close it by a flat cap.")]
TextureSource = Annotated[
    str,
    typer.Option(
        "--texture",
        metavar="auto|field|views",
        help="Colours from the model's field, or from its pictures of many views.",
    ),
]
NormalMap = Annotated[bool, typer.Option("--normal-map/--no-normal-map", help="A map of the fine relief.")]
Occlusion = Annotated[bool, typer.Option("--occlusion/--no-occlusion", help="A map of ambient occlusion.")]
Skeleton = Annotated[
    str,
    typer.Option("--skeleton", metavar="bust|smpl24", help="Joints that move the bust, or all 24 of SMPL."),
]
BoneNaming = Annotated[
    str,
    typer.Option(
        "--bone-naming",
        metavar="smpl|mixamo|unity|unreal|vrm",
        help="What the joints are called in the file.",
    ),
]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMATS",
        help="glb, gltf, obj, ply, stl (millimetres), and with Blender blend, fbx, usdc; several as glb,obj.",
    ),
]
Motion = Annotated[
    Path | None,
    typer.Option("--motion", metavar="FILE", help="An animation for the rig: AMASS or SMPL .npz, .pkl or .json."),
]
FrameRate = Annotated[
    float | None,
    typer.Option("--frame-rate", metavar="HZ", help="Keyframes a second. [default: as in the motion's file]"),
]
UpAxis = Annotated[
    str,
    typer.Option(
        "--up-axis", metavar="auto|y|z", help="The motion file's upward axis; auto takes z for AMASS, y for others."
    ),
]
MotionRoot = Annotated[
    bool, typer.Option("--motion-root/--no-motion-root", help="Whether the motion also turns and moves the whole bust.")
]
Blender = Annotated[
    str | None,
    typer.Option("--blender", metavar="PROGRAM", help="A Blender, or a Python with bpy, for blend, fbx and usdc."),
]


def given_options(context: typer.Context) -> set[str]:
    """The parameters that were written on the command line, by their names in the function."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
