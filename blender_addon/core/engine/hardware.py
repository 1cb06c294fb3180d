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
    """A kind of torch. Sizes are of torch and all other parts together, measured, and rounded up."""

    name: str
    words: Text
    download: int
    installed: int
    index: str | None = None
    """Looked at beside the user's own index."""


def variants(system: str = sys.platform, machine: str = "") -> dict[str, Variant]:
    """The variants that there are for this system."""
    machine = (machine or platform.machine()).lower()
    if system == "darwin":
        words = Text("Apple graphics (MPS) and processor")
        both = {name: Variant(name, words, 330 * MEGABYTE, 1150 * MEGABYTE) for name in ("mps", "cpu")}
        return both if machine == "arm64" else {"cpu": both["cpu"]}
    if system == "win32":
        cpu = Variant("cpu", Text("processor (CPU)"), 440 * MEGABYTE, 1500 * MEGABYTE)
        cuda = Variant("cuda", Text("NVIDIA graphics (CUDA)"), 2900 * MEGABYTE, 6000 * MEGABYTE, INDEX + "cu126")
        return {"cpu": cpu, "cuda": cuda}
    cpu = Variant("cpu", Text("processor (CPU)"), 420 * MEGABYTE, 1500 * MEGABYTE, INDEX + "cpu")
    if machine in ("aarch64", "arm64"):
        return {"cpu": cpu}
    return {"cpu": cpu, "cuda": Variant("cuda", Text("NVIDIA graphics (CUDA)"), 3300 * MEGABYTE, 7500 * MEGABYTE)}


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
