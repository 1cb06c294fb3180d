# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own Python environment: found, planned, made in steps, checked, removed."""

from __future__ import annotations

from .install import Installation
from .pip_progress import Progress
from .plan import SetupPlan, make_plan
from .probe import Probe, probe
from .pythons import base_pythons
from .record import own_python, remove_engine
from .search import FoundEngine, find_engines

__all__ = [
    "FoundEngine",
    "Installation",
    "Probe",
    "Progress",
    "SetupPlan",
    "base_pythons",
    "find_engines",
    "make_plan",
    "own_python",
    "probe",
    "remove_engine",
]
