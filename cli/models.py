# SPDX-License-Identifier: Apache-2.0
"""``portrait models``: which models there are and what they can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import AsJson
from cli.show import Show
from portrait_core.errors import ModelFileError

if TYPE_CHECKING:
    from portrait_core.models.registry import ModelEntry

app = typer.Typer(help="The models on this machine.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List every model: the shipped ones and those in your own models folder."""
    from portrait_core.models import registry

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
    from portrait_core.models import registry

    entry = registry.model_info(model)
    if entry.header is None:
        raise ModelFileError(entry.problem)
    show = Show(as_json=as_json, quiet=False)
    show.result(_describe(entry), {"event": "model", **_facts(entry), "header": entry.header.model_dump(mode="json")})


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
