# SPDX-License-Identifier: Apache-2.0
"""How the libraries' own threads wait in a process of ours: asleep, not spinning.

OpenMP's threads spin for milliseconds after each piece of work, in case more comes. Beside another busy program
(Blender, a browser, a second avatar) they take from it, and it from them, the time that both need. What is said here is
read when the libraries are loaded, so a process says it first; whoever has set a variable keeps it.
"""

from __future__ import annotations

import os

WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0", "OPENBLAS_NUM_THREADS": "1"}
"""OpenMP by its standard name, its GNU and Intel/LLVM forms; NumPy's products here are too small to be cut up."""


def wait_asleep() -> None:
    """Say so for this process and its children. Only before torch and NumPy are loaded."""
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
