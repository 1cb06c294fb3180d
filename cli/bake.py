# SPDX-License-Identifier: Apache-2.0
"""``portrait bake``: maps for a mesh that somebody edited or built anew over an avatar."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli import options, parse
from cli.loading import load
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError
from portrait_core.maps import required_files


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
        str | None, typer.Option("--mesh-name", metavar="NAME", help="Which mesh, if the file holds several.")
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
    maps as its material, rigged: its own skin stays where its bones are the avatar's.
    """
    show = Show(as_json=as_json, quiet=quiet)
    stem = mesh.stem if name is None else name
    parse.check_pattern(stem.replace("{", "{{").replace("}", "}}"), many=False)
    from portrait_core.formats.read_mesh import read_mesh

    edited = read_mesh(mesh, mesh_name, bare=True)
    source = recipe
    if source is None and not wanted.given & {"seed", "latent"}:
        source = mesh
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
    refuse_existing([*(out / name for name in required_files(stem)), copy], overwrite=overwrite)
    prepare_folder(out)

    begin = time.perf_counter()
    with show.progress("loading") as watcher:
        loaded = load(order.model, device, watcher, title=stem)
        from portrait_core.pipeline import bake_avatar
        from portrait_core.pipeline.export import export_avatar, export_maps

        # A recipe in the mesh's own file says how that mesh was unwrapped before: only the option unwraps it anew.
        way = avatar_recipe.unwrap if "unwrap" in wanted.given else "auto"
        avatar = bake_avatar(edited, avatar_recipe, loaded, watcher, unwrap=way)
        watcher("write", 0.0)
        paths = list(export_maps(avatar.main.maps, out, stem, overwrite=overwrite).values())
        paths += export_avatar(avatar, [copy], avatar_recipe, overwrite=overwrite, thumbnail=False).files
        stages = watcher.finish()
    seconds = time.perf_counter() - begin
    show.result(
        f"{', '.join(map(str, paths))}  {len(edited.faces)} faces  {seconds:.1f} s",
        {
            "event": "maps",
            "files": [str(path) for path in paths],
            "mesh": edited.name,
            "faces": len(edited.faces),
            "own_skin": avatar.report["edited_mesh"]["own_skin"],
            "unwrapped": avatar.report["edited_mesh"]["unwrapped"],
            "recipe": avatar_recipe.facts(),
            "seconds": round(seconds, 3),
            "stages": stages,
        },
    )
