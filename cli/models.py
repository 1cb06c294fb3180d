# SPDX-License-Identifier: Apache-2.0
"""``portrait models``: which models there are, what they can do, and official ones made ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import AsJson, Overwrite, Quiet
from cli.show import Show
from portrait_core.errors import ModelFileError, OutputError, UsageError
from portrait_core.face.emotions import EXPRESSIONS
from portrait_core.face.names import ARKIT, COMBINED, VISEMES

if TYPE_CHECKING:
    from portrait_core.weights.registry import ModelEntry

app = typer.Typer(help="The models on this machine.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List every model: the shipped ones and those in your own models folder."""
    from portrait_core.weights import registry

    show = Show(as_json=as_json, quiet=False)
    entries = registry.list_models()
    for entry in entries:
        what = entry.problem or (entry.header.description if entry.header else "")
        line = f"{entry.name}  {entry.source}  {entry.size / 1e6:.1f} MB  {what}"
        show.result(line.rstrip(), {"event": "model", **_facts(entry)})
    if not entries:
        show.note(f"No models yet. Put .safetensors files into {registry.user_folder()}.")


@app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="A name from `portrait models list`, or a file's path.")] = "starter",
    as_json: AsJson = False,
) -> None:
    """Say what one model is: licence, origin, latent space and the attributes that --set takes."""
    from portrait_core.weights import registry

    entry = registry.model_info(model)
    if entry.header is None:
        raise ModelFileError(entry.problem)
    show = Show(as_json=as_json, quiet=False)
    show.result(_describe(entry), {"event": "model", **_facts(entry), "header": entry.header.model_dump(mode="json")})


@app.command("import")
def import_model(
    source: Annotated[Path, typer.Argument(metavar="FILE.pkl", help="An official 3DPortraitGAN checkpoint.")],
    pose_json: Annotated[
        Path | None,
        typer.Option("--pose-json", metavar="FILE.json", help="Its side-car file: how poses are predicted."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call it. [default: official-512, by its size]")
    ] = "",
    half: Annotated[bool, typer.Option("--half", help="Store the networks in 16 bits: half the file.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write this .safetensors file instead.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Convert an official checkpoint into Portraitkit's format. Nothing in the file is executed."""
    from portrait_core.weights import registry

    show = Show(as_json=as_json, quiet=quiet)
    target = out
    if target is not None and target.suffix != registry.SUFFIX:
        raise UsageError(f"--out {target}: the file's name must end with {registry.SUFFIX}.")
    if target is None and name:
        target = registry.target_for(name)
    if target is not None and target.exists() and not overwrite:
        raise OutputError(f"{target} exists already. Pass --overwrite to replace it, or choose another --name.")
    with show.progress("reading") as watcher:
        watcher.begin("importing")
        watcher("read", 0.0)
        from portrait_core.models.portrait_gan.importer import import_checkpoint

        header, path = import_checkpoint(
            source,
            registry.target_for if target is None else target,
            name=name or (target.stem if target is not None else ""),
            side_car=pose_json,
            half=half,
            overwrite=overwrite,
            progress=watcher,
        )
    show.result(
        f"{header.name}  {path} ({path.stat().st_size / 1e6:.0f} MB)",
        {"event": "imported", "name": header.name, "path": str(path)}
        | {"licence": header.licence, "digest": header.digest},
    )
    if out is None and (home := registry.standing_in_for()):
        show.note(f"{home} cannot be written, so this folder is a temporary one; {registry.FOLDER_VARIABLE} moves it.")
    show.note(f"Licence: {header.licence}.")
    show.note(f"Next: portrait render --model {header.name} --seed 0")


@app.command("remove")
def remove(
    model: Annotated[str, typer.Argument(help="A model in your own folder, by its name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete one of your own models."""
    from portrait_core.weights import registry

    show = Show(as_json=as_json, quiet=False)
    entry = registry.model_info(model)
    if not yes and not typer.confirm(f"Delete {entry.path} ({entry.size / 1e6:.0f} MB)?", err=True):
        show.note("Nothing was deleted.")
        raise typer.Exit(1)
    entry = registry.remove_model(model)
    show.result(f"removed {entry.path}", {"event": "removed", "name": entry.name, "path": str(entry.path)})


@app.command("where")
def where(
    model: Annotated[str, typer.Argument(help="A model's name; without it, your models folder.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say where your models are, or where one is."""
    from portrait_core.weights import registry

    path = registry.find_model(model) if model else registry.user_folder()
    Show(as_json=as_json, quiet=False).result(str(path), {"event": "where", "path": str(path)})


@app.command("verify")
def verify(
    model: Annotated[str, typer.Argument(help="A name or a path; without it, every model.")] = "",
    as_json: AsJson = False,
) -> None:
    """Read models whole and compare their checksums; exits with 1 if one is damaged."""
    from portrait_core.weights import registry
    from portrait_core.weights.checkpoint import load_weights

    show = Show(as_json=as_json, quiet=False)
    damaged = 0
    for entry in [registry.model_info(model)] if model else registry.list_models():
        problem = ""
        try:
            load_weights(entry.path)
        except ModelFileError as error:
            problem = str(error)
        damaged += bool(problem)
        line = f"{entry.name}  {'damaged: ' + problem if problem else 'sound'}"
        show.result(line, {"event": "verified", **_facts(entry), "problem": problem or None})
    if damaged:
        raise typer.Exit(1)


def _facts(entry: ModelEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "source": entry.source,
        "bytes": entry.size,
        "licence": entry.header.licence if entry.header else None,
        "digest": entry.header.digest if entry.header else None,
        "problem": entry.problem or None,
    }


def _describe(entry: ModelEntry) -> str:
    header = entry.header
    assert header is not None
    training = header.training
    lines = [
        f"{header.name}  {header.description}".rstrip(),
        f"  file        {entry.path} ({entry.size / 1e6:.1f} MB)",
        f"  licence     {header.licence}",
        f"  digest      {header.digest}",
        f"  latent      {header.latent.z_dim} numbers",
        f"  template    {'yes' if header.body_template else 'no'}",
    ]
    if header.parts:
        lines.append("  parts       yes: new avatars are of parts")
        lines += [
            f"  {option:<12}{', '.join(map(str, names))}"
            for option, room in (("hair styles", "hair"), ("garments", "garments"))
            if isinstance(names := header.parts.get(room), list)
        ]
        if header.has_face:
            lines.append(
                f"  face        {len(ARKIT)} shapes of ARKit, {len(VISEMES)} visemes and {', '.join(COMBINED)}"
            )
            lines.append(f"  expressions {', '.join(EXPRESSIONS)}")
        else:
            lines.append("  face        no shapes")
    for label, text in (
        ("data", training.data),
        ("data by", training.data_licence),
        ("commit", training.commit),
        ("command", training.command),
    ):
        if text:
            lines.append(f"  {label:<10}  {text}")
    lines += [f"  {name:<10}  {value}" for name, value in training.metrics.items()]
    if header.latent.attributes:
        width = max(len(attribute.name) for attribute in header.latent.attributes)
        lines.append("  attributes for --set, in standard deviations:")
        lines += [
            f"    {each.name:<{width}}  {each.low:+g} to {each.high:+g}  {each.description}".rstrip()
            for each in header.latent.attributes
        ]
    return "\n".join(lines)
