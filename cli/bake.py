# SPDX-License-Identifier: Apache-2.0
"""``portrait bake``: maps for a mesh that somebody edited or built anew over an avatar."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options, parse
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing
from cli.remedies import words
from cli.show import Show
from portrait_core.errors import UsageError
from portrait_core.files.names import plain_name
from portrait_core.maps import required_files

if TYPE_CHECKING:
    from portrait_core.formats.read_mesh import Notice


@options.takes_recipe(
    "bake", after={"latent_space": ("attributes",), "name": ("model",)}, defaults={"texture_size": 2048}
)
def bake(
    wanted: options.Wanted,
    mesh: Annotated[
        Path,
        typer.Option("--mesh", metavar="FILE", help="A .glb, .gltf, .obj, .ply, .stl, .off in the avatar's place."),
    ],
    mesh_name: Annotated[
        str | None,
        typer.Option(
            "--mesh-name",
            metavar="NAME",
            help="Which mesh of several; else the one that covers most of the avatar.",
        ),
    ] = None,
    mesh_index: Annotated[
        int | None,
        typer.Option("--mesh-index", metavar="N", min=0, help="The same by its place in the file, from 0."),
    ] = None,
    uv_map: Annotated[
        str | None,
        typer.Option(
            "--uv-map",
            metavar="N",
            help="Which UV map of a .glb or .gltf, 1 or TEXCOORD_1; else as its material says.",
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="FILE", help="Whose colours. [default: the recipe inside the mesh's file]"),
    ] = None,
    out: options.OutFolder = Path("avatars"),
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Start of the images' names. [default: the mesh's]")
    ] = None,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Bake an avatar's maps onto an edited mesh, keeping its UV map: NAME_base_colour.png, NAME_normal.png ...

    A mesh without a UV map gets one, and so does any by --unwrap charts or xatlas. NAME_baked.glb is the mesh with the
    maps as its material, rigged: its own skin stays where its bones are the avatar's. Materials of different images
    keep them: NAME_MATERIAL_base_colour.png and so on. docs/baking.md says what is read.
    """
    show = Show(as_json=as_json, quiet=quiet)
    stem = plain_name(mesh.stem, "mesh") if name is None else name
    parse.check_pattern(stem.replace("{", "{{").replace("}", "}}"), many=False)
    from portrait_core.formats.read_mesh import read_meshes

    meshes = read_meshes(mesh, mesh_name, number=mesh_index, uv_map=uv_map, bare=True)
    source = recipe
    if source is None and not wanted.given & {"seed", "latent"}:
        source = mesh
        _check_recipe(mesh)
    order = options.take_order(
        wanted,
        name=options.DEFAULT_NAME,
        recipe_file=source,
        given=(wanted.given | {"texture_size"}) - {"name"},
        warn=show.note,
    )
    if len(order.recipes) != 1:
        raise UsageError("--seed: a mesh takes the maps of one avatar; give one seed.")
    avatar_recipe = order.recipes[0]
    if avatar_recipe.pose and mesh.suffix.lower() == ".obj":
        raise UsageError(f"{mesh}: its vertices are posed, but baking needs them at rest. Edit the .glb.")
    copy = out / f"{stem}_baked.glb"
    from portrait_core.pipeline.export import set_stems

    # A recipe in the mesh's own file says how that mesh was unwrapped before: only the option unwraps it anew.
    way = avatar_recipe.unwrap if "unwrap" in wanted.given else "auto"
    expected = set_stems(stem, meshes[0].materials if way == "auto" and len(meshes) == 1 else ())
    refuse_existing([*(out / name for each in expected for name in required_files(each)), copy], overwrite=overwrite)
    prepare_folder(out)

    notices: list[Notice] = []
    begin = time.perf_counter()
    with show.progress("loading") as watcher:
        loaded = load(order.model, device, watcher, title=stem)
        from portrait_core.pipeline import bake_avatar
        from portrait_core.pipeline.export import export_avatar, export_maps

        avatar = bake_avatar(meshes, avatar_recipe, loaded, watcher, unwrap=way, tell=notices.append)
        watcher("write", 0.0)
        level = avatar.main
        sets = [(each.name, each.maps) for each in level.sections] or [("", level.maps)]
        stems = set_stems(stem, [name for name, _ in sets if name])
        paths: list[Path] = []
        for each, (_, maps) in zip(stems, sets, strict=True):
            paths += export_maps(maps, out, each, overwrite=overwrite).values()
        paths += export_avatar(avatar, [copy], avatar_recipe, overwrite=overwrite, thumbnail=False).files
        stages = watcher.finish()
    seconds = time.perf_counter() - begin
    told = [_line(mesh, notice) for notice in notices]
    for line in [] if as_json else told:
        show.note(line)
    facts = avatar.report["edited_mesh"]
    show.result(
        f"{', '.join(map(str, paths))}  {facts['faces']} faces  {seconds:.1f} s",
        {
            "event": "maps",
            "files": [str(path) for path in paths],
            "mesh": facts["name"],
            "faces": facts["faces"],
            "own_skin": facts["own_skin"],
            "unwrapped": facts["unwrapped"],
            "materials": facts.get("materials", []),
            "notices": told,
            "recipe": avatar_recipe.facts(),
            "seconds": round(seconds, 3),
            "stages": stages,
        },
    )


def _check_recipe(mesh: Path) -> None:
    """Refuse a mesh that does not say whose it is, with what says so instead."""
    from portrait_core.formats.read_recipe import read_recipe

    try:
        read_recipe(mesh)
    except UsageError as error:
        raise UsageError(f"{error} Say whose maps the mesh gets by --seed or --recipe.") from None


def _line(mesh: Path, notice: Notice) -> str:
    """What was chosen, and which option chooses otherwise."""
    advice = "" if notice.remedy is None else words(notice.remedy.facts())
    return f"{mesh.name}: {notice.text}. {advice}".strip()
