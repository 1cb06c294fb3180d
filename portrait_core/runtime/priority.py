# SPDX-License-Identifier: Apache-2.0
"""Work that steps back behind what the user looks at; answers that a hand on a slider waits for do not."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICE = "PORTRAITKIT_NICE"
"""Environment variable: by how much, as ``nice`` counts. Who starts this process says so."""


def step_back() -> None:
    """The calling thread, and those that it starts from now on, work behind other programs.

    Linux alone, where threads have priorities of their own: elsewhere whoever starts the process gives it one.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError):
            thread, wanted = threading.get_native_id(), int(os.environ.get(NICE, ""))
            os.setpriority(os.PRIO_PROCESS, thread, max(wanted, os.getpriority(os.PRIO_PROCESS, thread)))
