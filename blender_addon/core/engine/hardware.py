# SPDX-License-Identifier: GPL-3.0-or-later
"""What this computer computes with, and what each variant of torch weighs."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..text import Text

MEGABYTE = 1_000_000
INDEX = "https://download.pytorch.org/whl/"
"""Torch's own package index; the usual one has another variant for some systems."""


@dataclass(frozen=True)
class Variant:
    """A kind of torch. Sizes are of torch and all other parts together, of the versions in ``constraints.txt``."""

    name: str
    words: Text
    download: int
    installed: int
    index: str | None = None
    """Looked at beside the user's own index."""
    label: str = ""
    """What the versions of this build are marked with there, such as ``+cpu``; only builds so marked are taken."""
    otherwise: Variant | None = None
    """What the user's own index most likely has, where this build cannot be had: taken only if the user says so."""


def variants(system: str = sys.platform, machine: str = "") -> dict[str, Variant]:
    """The variants that there are for this system. ``python -m benchmarks.engine_sizes`` measures their sizes.

    Those of CUDA on Windows are estimated: its index is not the one that the measurement can ask.
    """
    machine = (machine or platform.machine()).lower()
    if system == "darwin":
        words = Text("Apple graphics (MPS) and processor")
        both = {name: Variant(name, words, 190 * MEGABYTE, 1050 * MEGABYTE) for name in ("mps", "cpu")}
        return both if machine == "arm64" else {"cpu": both["cpu"]}
    processor, nvidia = Text("processor (CPU)"), Text("NVIDIA graphics (CUDA)")
    if system == "win32":
        cpu = Variant("cpu", processor, 335 * MEGABYTE, 1350 * MEGABYTE)
        size, room = 2900 * MEGABYTE, 6000 * MEGABYTE
        return {"cpu": cpu, "cuda": Variant("cuda", nvidia, size, room, INDEX + "cu126", "+cu126", cpu)}
    cuda = Variant("cuda", nvidia, 2960 * MEGABYTE, 5700 * MEGABYTE)
    cpu = Variant("cpu", processor, 420 * MEGABYTE, 1700 * MEGABYTE, INDEX + "cpu", "+cpu", cuda)
    return {"cpu": cpu, "cuda": cuda}


def best_variant(system: str = sys.platform, machine: str = "") -> str:
    """The variant for the hardware that is found."""
    offered = variants(system, machine)
    if "mps" in offered:
        return "mps"
    return "cuda" if "cuda" in offered and has_nvidia(system) else "cpu"


def has_nvidia(system: str = sys.platform) -> bool:
    """Whether an NVIDIA driver is installed. Looks at files only: asking the driver can take seconds."""
    if shutil.which("nvidia-smi") is not None:
        return True
    if system == "win32":
        return (Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvcuda.dll").is_file()
    return Path("/proc/driver/nvidia/version").is_file()


def in_words(size: int) -> str:
    """``420 MB``, ``3.3 GB``."""
    if size < 1000 * MEGABYTE:
        return f"{max(1, round(size / MEGABYTE))} MB"
    return f"{size / (1000 * MEGABYTE):.1f} GB"
