# SPDX-License-Identifier: Apache-2.0
"""The one table of recipe fields: what each is called, what it may be, and how people are told of it.

A field is one row of :class:`RecipeFields`. Its type, its default and the :class:`RecipeField` beside them are all that
recipes, the command line, tables, random plans, the worker's clients, the Blender add-on and docs/recipe.md know of it.

Standard library only: the add-on carries a copy of this file.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import (
    Annotated,
    Any,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

Kind = Literal[
    "text", "choice", "words", "flag", "count", "number", "counts", "vector", "rows", "values", "turns", "weights"
]
"""``count`` is a whole number, ``counts`` several of them; ``words`` are several of the choices, in the table's order;
``vector`` numbers in a row, ``rows`` several vectors; ``values`` numbers by name, ``turns`` three angles by joint
name, ``weights`` how far shapes of the face are pulled, by their names."""
Section = Literal["person", "mesh", "maps", "rig"]
SECTIONS: dict[Section, str] = {"person": "Who it is", "mesh": "The mesh", "maps": "The maps", "rig": "The rig"}
"""Sections with their titles, in order."""

MAKING = ("generate", "batch")
"""The commands that make avatars: they take every field."""

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise TypeError("recipes do not change; make another one with other values")


_refused: Any = _refuse


class FrozenDict(dict[K, V]):
    """A dictionary that does not change: it can be hashed, copied and sent to other processes like any value."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refused

    def __hash__(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        return FrozenDict, (dict(self),)


@dataclass(frozen=True, kw_only=True)
class RecipeField:
    """A row of the table.

    Attributes:
        help: what the field means, in one sentence that every surface shows.
        label: its name for people, as a panel shows it.
        low, high: the limits, included; of each number for ``counts``. None where there are none.
        usual: the part of the range that sliders offer.
        unit: of the numbers, as written in recipes.
        choices: what a ``choice`` may be, or ``words`` may be among, each with a name for people and what it means.
        flag: the command line's option, with its other names; empty where it has none of its own.
        metavar, flag_help: what the option takes, and the help where what people type differs from what recipes hold.
        commands: which commands take it.
        panel: whether the add-on shows it.
        later: a field younger than files that are about: recipes leave it out while it has its default, so that what
            was made before it is made again byte for byte.
        kind: filled in from the type, where that says it.
        name, default: filled in from the row's place in the table.
    """

    help: str
    label: str
    section: Section
    low: float | None = None
    high: float | None = None
    usual: tuple[float, float] | None = None
    unit: str = ""
    choices: Mapping[str, tuple[str, str]] = field(default_factory=FrozenDict[str, tuple[str, str]])
    flag: str = ""
    metavar: str = ""
    flag_help: str = ""
    commands: tuple[str, ...] = MAKING
    panel: bool = True
    later: bool = False
    kind: Kind = "text"
    name: str = ""
    default: Any = None

    @property
    def sentence(self) -> str:
        """The help with the range."""
        if self.low is None or self.high is None:
            return self.help
        return f"{self.help.removesuffix('.')}, {_plain(self.low)} to {_plain(self.high)}."

    @property
    def values(self) -> tuple[str, ...]:
        """The choices, the default first."""
        return tuple(sorted(self.choices, key=lambda choice: choice != self.default))

    def facts(self) -> dict[str, Any]:
        """The row as plain JSON data, for clients that build their panels from it."""
        facts: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "default": _json(self.default),
            "label": self.label,
            "help": self.help,
            "section": self.section,
        }
        if self.low is not None or self.high is not None:
            facts["range"] = [self.low, self.high]
        if self.usual is not None:
            facts["usual"] = list(self.usual)
        if self.unit:
            facts["unit"] = self.unit
        if self.choices:
            facts["choices"] = [
                {"value": value, "label": label, "help": text} for value, (label, text) in self.choices.items()
            ]
        return facts


@dataclass_transform(kw_only_default=True)
def _table(rows: type[T]) -> type[T]:
    """Nothing at run time; type checkers read the rows as the arguments of a recipe."""
    return rows


@_table
class RecipeFields:
    """The table. The order is that of recipes in files: a new row goes behind those of its section."""

    model: Annotated[
        str,
        RecipeField(
            help="The model that makes the avatar.",
            label="Model",
            section="person",
            flag="--model -m",
            metavar="MODEL",
            flag_help="A name from `portrait models list`, or a file's path.",
            commands=(*MAKING, "bake", "render", "video", "pose", "shape"),
        ),
    ] = "starter"
    seed: Annotated[
        int | None,
        RecipeField(
            help="The number that says who it is: the same seed is the same person.",
            label="Seed",
            section="person",
            low=0,
            high=2**32 - 1,
            flag="--seed --seeds -s",
            metavar="SEEDS",
            flag_help="Who: 7, 0-9 or 1,5,8.",
            commands=(*MAKING, "bake", "render", "video", "pose", "shape"),
        ),
    ] = None
    latent: Annotated[
        tuple[float, ...] | None,
        RecipeField(
            help="Instead of a seed: the numbers of the latent z.",
            label="Latent",
            section="person",
            flag="--latent",
            metavar="FILE",
            flag_help="Instead of a seed: numbers of a latent, a JSON list or an .npy file.",
            commands=("generate", "bake", "render", "shape"),
            panel=False,
        ),
    ] = None
    w: Annotated[
        tuple[float, ...] | None,
        RecipeField(
            help="Instead of a seed: the numbers of the style w, behind the mapping network.",
            label="Style",
            section="person",
            commands=(),
            panel=False,
        ),
    ] = None
    ws: Annotated[
        tuple[tuple[float, ...], ...] | None,
        RecipeField(
            help="Instead of a seed: a row of style numbers for each layer of the generator.",
            label="Style Rows",
            section="person",
            commands=(),
            panel=False,
        ),
    ] = None
    psi: Annotated[
        float,
        RecipeField(
            help="Towards the mean person (0), as drawn (1), exaggerated (above 1).",
            label="Variation",
            section="person",
            low=-2.0,
            high=2.0,
            usual=(0.0, 1.3),
            flag="--psi --truncation",
            commands=(*MAKING, "bake", "render", "video", "pose", "shape"),
        ),
    ] = 1.0
    attributes: Annotated[
        Mapping[str, float],
        RecipeField(
            help="The model's attributes by name, such as age.",
            label="Attributes",
            section="person",
            unit="standard deviations",
            flag="--set",
            metavar="NAME=NUMBER",
            flag_help="An attribute in standard deviations, such as age=+1.5; repeatable. See `portrait models info`.",
            commands=(*MAKING, "bake", "render", "video"),
        ),
    ] = FrozenDict()
    likeness: Annotated[
        str,
        RecipeField(
            help="What a photograph adds to an avatar of parts: colours, the face's picture, where features sit.",
            label="Likeness",
            section="person",
            commands=(),
            panel=False,
            later=True,
        ),
    ] = ""
    pose: Annotated[
        Mapping[str, tuple[float, float, float]],
        RecipeField(
            help="How joints are turned from rest, each by an axis times its angle.",
            label="Pose",
            section="rig",
            unit="radians",
            flag="--pose",
            metavar="POSE",
            flag_help="Joint angles in degrees, 'head=0,20,0;neck=5,0,0', or a pose file.",
            commands=(*MAKING, "render", "video", "shape"),
            panel=False,
        ),
    ] = FrozenDict()
    faces: Annotated[
        int,
        RecipeField(
            help="Triangles of the mesh.",
            label="Faces",
            section="mesh",
            low=500,
            high=200_000,
            usual=(1000, 200_000),
            flag="--faces",
            commands=(*MAKING, "render"),
        ),
    ] = 20_000
    lods: Annotated[
        tuple[int, ...],
        RecipeField(
            help="Triangles of coarser levels of detail, each with fewer than the one before.",
            label="Levels of Detail",
            section="mesh",
            low=300,
            flag="--lods",
            metavar="FACES",
            flag_help="Coarser levels of detail as well, such as 8000,2000.",
        ),
    ] = ()
    lod_maps: Annotated[
        Literal["own", "shared"],
        RecipeField(
            help="Maps for each level, or those of the finest for all.",
            label="Maps of the Levels",
            section="mesh",
            choices={
                "own": ("Own", "Each level of detail has maps of its own"),
                "shared": ("Shared", "All levels of detail use the maps of the finest"),
            },
            flag="--lod-maps",
        ),
    ] = "own"
    topology: Annotated[
        Literal["shell", "parts"],
        RecipeField(
            help="One surface extracted anew for each person, or parts of one topology for all.",
            label="Topology",
            section="mesh",
            choices={
                "shell": ("Shell", "One surface in one piece, extracted for each person; every model has it"),
                "parts": ("Parts", "Skin, eyes, teeth and so on as objects, the same vertices for everybody"),
            },
            flag="--topology",
            flag_help="One surface extracted anew for each person, or parts of one topology for all. "
            "[default: parts where the model has them]",
            commands=(*MAKING, "render"),
            later=True,
        ),
    ] = "shell"
    parts: Annotated[
        tuple[str, ...],
        RecipeField(
            help="Which parts an avatar of parts has; all of them where none is named.",
            label="Parts",
            section="mesh",
            choices={
                "skin": ("Skin", "Head, neck, shoulders, the inside of mouth and lids"),
                "eyes": ("Eyes", "Eyeballs, corneas and the lines of tears"),
                "teeth": ("Teeth", "Teeth and gums"),
                "tongue": ("Tongue", "The tongue"),
                "lashes": ("Lashes", "Eyelashes"),
                "brows": ("Brows", "Eyebrows"),
                "hair": ("Hair", "The hair of the head"),
                "garment": ("Garment", "What is worn; the skin beneath it is left out"),
            },
            flag="--parts",
            metavar="NAMES",
            flag_help="Which parts an avatar of parts has, such as skin,eyes,hair. [default: all]",
            commands=(*MAKING, "render"),
            later=True,
        ),
    ] = ()
    hair: Annotated[
        Literal["mesh", "volume", "none"],
        RecipeField(
            help="How an avatar of parts has its hair.",
            label="Hair",
            section="mesh",
            choices={
                "mesh": ("Mesh", "A mesh of strands, worn as the person's numbers say"),
                "volume": ("Volume", "One closed shape, as whole busts have it; its mesh is the person's own"),
                "none": ("None", "None, as without the part"),
            },
            flag="--hair",
            commands=(*MAKING, "render"),
            later=True,
        ),
    ] = "mesh"
    hair_style: Annotated[
        str,
        RecipeField(
            help="The hair of an avatar of parts, by the model's name for it; auto is the person's own.",
            label="Hair Style",
            section="mesh",
            flag="--hair-style",
            metavar="NAME",
            commands=(*MAKING, "render"),
            later=True,
        ),
    ] = "auto"
    garment: Annotated[
        str,
        RecipeField(
            help="What an avatar of parts wears, by the model's name for it; auto is the person's own.",
            label="Garment",
            section="mesh",
            flag="--garment",
            metavar="NAME",
            commands=(*MAKING, "render"),
            later=True,
        ),
    ] = "auto"
    closed: Annotated[
        bool,
        RecipeField(
            help="Close the shoulder cut by a flat cap, or leave it open.",
            label="Closed Bottom",
            section="mesh",
            flag="--closed/--open",
        ),
    ] = True
    texture_size: Annotated[
        int,
        RecipeField(
            help="Edge of the maps in pixels.",
            label="Texture Size",
            section="maps",
            low=64,
            high=8192,
            unit="pixels",
            flag="--texture-size",
            commands=(*MAKING, "bake", "render"),
        ),
    ] = 1024
    texture: Annotated[
        Literal["field", "views", "auto"],
        RecipeField(
            help="Colours from the model's field, or from its pictures of many views.",
            label="Colours From",
            section="maps",
            choices={
                "auto": ("Automatic", "What suits the model"),
                "field": ("Solid", "The colours inside the model's solid; even everywhere"),
                "views": ("Pictures", "Pictures that the model draws from many sides; sharper where it can"),
            },
            flag="--texture",
            commands=(*MAKING, "bake"),
        ),
    ] = "auto"
    normal_map: Annotated[
        bool,
        RecipeField(
            help="A map of the fine relief.",
            label="Normal Map",
            section="maps",
            flag="--normal-map/--no-normal-map",
            commands=(*MAKING, "bake"),
        ),
    ] = True
    occlusion: Annotated[
        bool,
        RecipeField(
            help="A map of ambient occlusion.",
            label="Occlusion Map",
            section="maps",
            flag="--occlusion/--no-occlusion",
            commands=(*MAKING, "bake"),
        ),
    ] = False
    unwrap: Annotated[
        Literal["auto", "charts", "xatlas"],
        RecipeField(
            help="Who lays the mesh flat for its maps.",
            label="Unwrap",
            section="maps",
            choices={
                "auto": ("Automatic", "Charts along the regions of a bust; xatlas for a mesh without known regions"),
                "charts": ("Charts", "Few charts along the regions of a bust, the face in one piece and upright"),
                "xatlas": ("xatlas", "The library xatlas: more and smaller charts with less stretch"),
            },
            flag="--unwrap",
            commands=(*MAKING, "bake"),
            later=True,
        ),
    ] = "auto"
    image_format: Annotated[
        Literal["png", "jpeg"],
        RecipeField(
            help="How a .glb or a .gltf holds colours.",
            label="Pictures",
            section="maps",
            choices={
                "png": ("PNG", "Every colour as it is"),
                "jpeg": ("JPEG", "Smaller files; colours that are see-through, directions and roughness stay as PNG"),
            },
            flag="--image-format",
            later=True,
        ),
    ] = "png"
    lattice: Annotated[
        int,
        RecipeField(
            help="Cells along the longest edge of the extraction box.",
            label="Detail of the Shape",
            section="mesh",
            low=64,
            high=768,
            flag="--lattice",
            commands=(*MAKING, "bake", "render"),
        ),
    ] = 256
    skeleton: Annotated[
        Literal["bust", "smpl24", "full"],
        RecipeField(
            help="Joints that move the bust, all 24 of SMPL, or those with fingers.",
            label="Skeleton",
            section="rig",
            choices={
                "bust": ("Bust", "Spine, neck, head, shoulders: what a bust needs"),
                "smpl24": ("SMPL, 24 joints", "All joints of the SMPL body, for motions made for it"),
                "full": ("Full Body", "Those and 30 joints of fingers: what programs for whole characters ask for"),
            },
            flag="--skeleton",
        ),
    ] = "bust"
    bone_naming: Annotated[
        Literal["smpl", "mixamo", "unity", "unreal", "vrm", "rpm"],
        RecipeField(
            help="What the joints are called in the file.",
            label="Bone Names",
            section="rig",
            choices={
                "smpl": ("SMPL", "pelvis, spine1, neck, head"),
                "mixamo": ("Mixamo", "mixamorig:Hips, mixamorig:Neck"),
                "unity": ("Unity", "Hips, Spine, Neck, Head"),
                "unreal": ("Unreal", "pelvis, spine_01, neck_01, head"),
                "vrm": ("VRM", "hips, spine, neck, head"),
                "rpm": ("Ready Player Me", "Hips, Spine, Neck, Head, and y along each bone"),
            },
            flag="--bone-naming",
        ),
    ] = "smpl"
    hair_joints: Annotated[
        bool,
        RecipeField(
            help="Chains of joints for hair that hangs free, with numbers for spring bones.",
            label="Hair Joints",
            section="rig",
            flag="--hair-joints/--no-hair-joints",
            later=True,
        ),
    ] = False
    face: Annotated[
        Literal["none", "morphs", "joints", "both"],
        RecipeField(
            help="What moves the face of an avatar of parts.",
            label="Face",
            section="rig",
            choices={
                "none": ("None", "Nothing: no shapes and no joints of its own"),
                "morphs": ("Shapes", "The 52 shapes of ARKit, 15 visemes and five more, as morph targets"),
                "joints": ("Joints", "Joints of the jaw and of both eyes"),
                "both": ("Shapes and Joints", "Both, at rest; who plays it moves the jaw by one of them"),
            },
            flag="--face",
            flag_help="What moves the face of an avatar of parts. [default: both where the model has shapes]",
            commands=(*MAKING, "render"),
            later=True,
        ),
    ] = "none"
    face_normals: Annotated[
        bool,
        RecipeField(
            help="Shapes of the face say how normals turn, for programs that do not make them anew.",
            label="Normals of Shapes",
            section="rig",
            flag="--face-normals/--no-face-normals",
            later=True,
        ),
    ] = False
    khr_character: Annotated[
        bool,
        RecipeField(
            help="A .glb or a .gltf says what it is by the draft extension KHR_character.",
            label="KHR_character (Draft)",
            section="rig",
            flag="--khr-character/--no-khr-character",
            flag_help="A .glb or a .gltf says what it is by the draft extension KHR_character; docs/faces.md.",
            later=True,
        ),
    ] = False
    expression: Annotated[
        Mapping[str, float],
        RecipeField(
            help="How far shapes of the face are pulled, 0 at rest and 1 in full.",
            label="Expression",
            section="rig",
            flag="--expression",
            metavar="NAME=NUMBER,...",
            flag_help="The face at rest and in pictures: shapes or short names, such as smile=0.6,blink=1.",
            commands=(*MAKING, "render"),
            panel=False,
            later=True,
            kind="weights",
        ),
    ] = FrozenDict()


OF_PARTS = ("parts", "hair", "hair_style", "garment", "hair_joints", "face", "face_normals", "expression")
"""The fields that mean something in avatars of parts alone."""
PERSON = ("seed", "latent", "w", "ws")
"""The fields that say who it is: a recipe has one of them at most."""

_KINDS: dict[Any, Kind] = {
    str: "text",
    bool: "flag",
    int: "count",
    float: "number",
    tuple[str, ...]: "words",
    tuple[int, ...]: "counts",
    tuple[float, ...]: "vector",
    tuple[tuple[float, ...], ...]: "rows",
    Mapping[str, float]: "values",
    Mapping[str, tuple[float, float, float]]: "turns",
}


def _kind(kind: Any) -> Kind:
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    return "choice" if get_origin(kind) is Literal else _KINDS[kind]


def _rows() -> dict[str, RecipeField]:
    rows: dict[str, RecipeField] = {}
    for name, hint in get_type_hints(RecipeFields, include_extras=True).items():
        kind, row = get_args(hint)
        row = cast("RecipeField", row)
        rows[name] = replace(
            row, name=name, kind=_kind(kind) if row.kind == "text" else row.kind, default=getattr(RecipeFields, name)
        )
    return rows


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:g}"


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    return [_json(each) for each in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value


FIELDS: Mapping[str, RecipeField] = types.MappingProxyType(_rows())
"""The rows by name, in order."""
