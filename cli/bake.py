# SPDX-License-Identifier: Apache-2.0
"""``portrait bake``: maps for a mesh that somebody edited or built anew over an avatar."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options, parse
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

    from portrait_core.avatar import Maps


def bake(
    context: typer.Context,
    mesh: Annotated[
        Path, typer.Option("--mesh", metavar="FILE", help="A .glb, .gltf or .obj with a UV map, in the avatar's place.")
    ],
    mesh_name: Annotated[
        str | None, typer.Option("--mesh-name", metavar="NAME", help="Which mesh, if the file holds several.")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", metavar="FILE", help="Whose colours. [default: the recipe inside the mesh's file]"),
    ] = None,
    seed: options.Seeds = None,
    latent: options.LatentFile = None,
    settings: options.Settings = None,
    psi: options.Psi = 1.0,
    texture_size: options.TextureSize = 2048,
    texture: options.TextureSource = "auto",
    normal_map: options.NormalMap = True,
    occlusion: options.Occlusion = False,
    lattice: options.LatticeSize = 256,
    out: options.OutFolder = Path("avatars"),
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Start of the images' names. [default: the mesh's]")
    ] = None,
    model: options.Model = "starter",
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Bake an avatar's maps onto an edited mesh, keeping its UV map: NAME_base_colour.png, NAME_normal.png ..."""
    show = Show(as_json=as_json, quiet=quiet)
    given = options.given_options(context)
    stem = mesh.stem if name is None else name
    parse.check_pattern(stem.replace("{", "{{").replace("}", "}}"), many=False)
    from portrait_core.formats.file_set import write_files
    from portrait_core.formats.png import encode_map
    from portrait_core.formats.read_mesh import read_mesh

    edited = read_mesh(mesh, mesh_name)
    source = recipe
    if source is None and not given & {"seed", "latent"}:
        source = mesh
    order = options.take_order(
        model=model,
        seeds=seed,
        latent=latent,
        settings=settings,
        pose=None,
        name=options.DEFAULT_NAME,
        recipe_file=source,
        given=(given | {"texture_size"}) - {"name"},
        warn=show.note,
        psi=psi,
        texture_size=texture_size,
        texture=texture,
        normal_map=normal_map,
        occlusion=occlusion,
        lattice=lattice,
    )
    if len(order.recipes) != 1:
        raise UsageError("--seed: a mesh takes the maps of one avatar; give one seed.")
    wanted = order.recipes[0]
    if wanted.pose and mesh.suffix.lower() == ".obj":
        raise UsageError(f"{mesh}: its vertices are posed, but baking needs them at rest. Edit the .glb.")
    refuse_existing([out / f"{stem}_base_colour.png"], overwrite=overwrite)
    prepare_folder(out)

    begin = time.perf_counter()
    with show.progress("loading") as watcher:
        watcher.begin(stem)
        watcher("model", 0.0)
        from portrait_core.devices import choose_device
        from portrait_core.generator_model import load_avatar_model
        from portrait_core.pipeline import bake_onto

        loaded = load_avatar_model(str(order.model), str(choose_device(device)))
        maps = bake_onto(edited.vertices, edited.faces, edited.uvs, wanted, loaded, watcher)
        watcher("write", 0.0)
        images = {f"{stem}_{part}.png": encode_map(image) for part, image in _images(maps).items()}
        paths = write_files(out, images, overwrite=overwrite)
        stages = watcher.finish()
    seconds = time.perf_counter() - begin
    show.result(
        f"{', '.join(map(str, paths))}  {len(edited.faces)} faces  {seconds:.1f} s",
        {
            "event": "maps",
            "files": [str(path) for path in paths],
            "mesh": edited.name,
            "faces": len(edited.faces),
            "recipe": wanted.facts(),
            "seconds": round(seconds, 3),
            "stages": stages,
        },
    )


def _images(maps: Maps) -> dict[str, NDArray[uint8]]:
    """The maps there are; ``surface`` holds occlusion, roughness and metalness in red, green and blue."""
    named = {"base_colour": maps.base_colour, "normal": maps.normal, "surface": maps.surface}
    return {part: image for part, image in named.items() if image is not None}
