# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the set-up operators and ``core.engine``, which knows Pythons, wheels and virtual environments."""

from __future__ import annotations

import sys
from pathlib import Path

from ..base.preferences_access import own_folder, preferred_path
from ..core.engine import plan as planning
from ..core.engine import record
from ..core.engine.install import Installation
from ..core.engine.plan import SetupPlan
from ..core.engine.probe import Probe
from ..core.engine.pythons import base_pythons
from ..core.engine.search import find_engines
from ..core.failure import Failure
from ..core.text import Text

ADDON = Path(__file__).resolve().parents[1]

_bases: list[Probe] = []
_plans: dict[tuple[str, Path | None, bool], SetupPlan | Failure] = {}


class SetupRun:
    """A set-up under way; moved on by :meth:`step`."""

    def __init__(self, plan: SetupPlan) -> None:
        self.plan = plan
        self.failure: Failure | None = None
        self.ended = False
        self._installation = Installation(plan, own_folder("log") / "setup.log")

    @property
    def line(self) -> Text:
        """What is being done, with bytes where they are known."""
        return self._installation.line

    @property
    def overall(self) -> float:
        """How far it is, 0 to 1."""
        return self._installation.overall

    @property
    def python(self) -> Path | None:
        """The new engine's Python, once it works."""
        return self._installation.python

    def step(self) -> float:
        """Do what can be done at once; seconds until the next call."""
        wait = self._installation.step()
        self._look()
        return wait

    def wait(self) -> None:
        """Workflow to the end, here and now."""
        self._installation.pump()
        self._look()

    def cancel(self) -> None:
        """Stop soon; what was downloaded is kept."""
        self._installation.cancel()

    def close(self) -> None:
        """Stop at once."""
        self._installation.close()
        self._look()

    def _look(self) -> None:
        self.ended = self.ended or self._installation.ended
        if self._installation.failure is not None:
            self.failure = self._installation.failure
        if self.ended:
            forget()


def make_plan(variant: str, wheels: Path | None, *, otherwise: bool = False) -> SetupPlan:
    """What setting up would do; raises :class:`Failure` with the reason why it cannot be done.

    Pythons are looked for once, plans are remembered, until :func:`forget`: a dialog asks on every redraw.
    """
    key = (variant, wheels, otherwise)
    if key not in _plans:
        if not _bases:
            _bases.extend(base_pythons(blender=Path(sys.executable), first=True))
        wheel = planning.shipped_wheel(ADDON / "engine") or ADDON / "engine" / "portraitkit.whl"
        _plans[key] = planning.make_plan(
            own_folder("engine"),
            wheel,
            _bases[0] if _bases else None,
            variant=variant,
            wheels=wheels,
            otherwise=otherwise,
        )
    plan = _plans[key]
    if isinstance(plan, Failure):
        raise plan
    return plan


def forget() -> None:
    """Look again the next time: disks fill up, Pythons are installed."""
    _bases.clear()
    _plans.clear()


def search() -> Path | None:
    """An engine that is on this computer already."""
    return next(find_engines(own_folder("engine"), preferred_path("engine_python")), None)


def remove_engine() -> None:
    """Delete the engine that was made here; raises :class:`Failure` where that is not possible."""
    failure = record.remove_engine(own_folder("engine"))
    forget()
    if failure is not None:
        raise failure
