# SPDX-License-Identifier: Apache-2.0
"""What is shown of an inversion: how far the picture came, and a sheet of photograph and person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.show import Show
    from portrait_core.photo.inversion.target import Target


def write_sheet(path: Path, target: Target, seen: list[Any]) -> None:
    """The photograph and what was made of it, side by side."""
    import torch
    from PIL import Image

    from portrait_core.files.whole_file import whole_file

    with torch.no_grad():
        row = torch.cat([target.image, *(each.image for each in seen)], dim=3)[0]
    pixels = ((row.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    with whole_file(path, overwrite=True) as temporary:
        Image.fromarray(pixels).save(temporary, "PNG")


def tell(show: Show, photograph: Path, stage: str, before: Any, after: Any, steps: int, asked: int) -> None:
    """Say how a ``stage`` of so many ``steps`` ended, of which more may have been ``asked``."""
    told = ", ".join(f"{name} {before[name]:.3f} to {value:.3f}" for name, value in after.items())
    of = f" of {asked}" if steps < asked else ""
    line = f"{photograph}: {stage}, {steps}{of} steps: {told}"
    facts = {"event": "inversion", "stage": stage, "steps": steps, "before": dict(before), "after": dict(after)}
    show.result(line, facts)
