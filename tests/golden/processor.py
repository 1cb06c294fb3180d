# SPDX-License-Identifier: Apache-2.0
"""Whose numbers come out alike to the last digit: the processor, and the libraries that pick their code by it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("torch", "numpy", "scipy", "scikit-image", "PyMCubes", "fast-simplification", "warp-lang", "pillow"),
    *("trimesh", "xatlas", "pygltflib"),
)


def signature() -> dict[str, Any]:
    """What has to agree before digests are held against each other."""
    import torch

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "torch": torch.backends.cpu.get_cpu_capability(),
        "blas": os.environ.get("OPENBLAS_CORETYPE", ""),
        "python": platform.python_version_tuple()[:2],
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    """Vendor, family and model, where the system tells."""
    wanted = ("vendor_id", "cpu family", "model\t")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor()
    return " ".join(line.split(":")[1].strip() for line in lines if line.startswith(wanted)) or platform.processor()
