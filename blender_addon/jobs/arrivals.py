# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished avatars on their way into the scene: they come in when that disturbs nobody, and wait till then.

In a window they come in by many short steps, between which the user works on. A finished file is never lost: one that
cannot come in, for whatever reason, stays in the list to be tried again.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from pathlib import Path

import bpy

from ..base.preferences_access import preference
from ..core.failure import Failure
from ..core.text import Text
from ..scene import coast, framing, placing
from ..scene.bring_in import Steps, at_once
from ..scene.identity import Avatar, find
from ..scene.undisturbed import Asked, undisturbed
from . import avatars
from .arrival import HANDS, Arrival
from .notices import notices

log = logging.getLogger("portraitkit")

AT_ONCE = 0.04, 0.2
"""Seconds of steps that are done before the window has its turn: as many as that took the last time, between these two.
Blender draws after each turn, and where drawing is slow, many short ones would take for ever. One step may take
longer."""
COMING = "It comes in."


class Arrivals:
    """The list that waits is the notices': the panel shows it."""

    def __init__(self) -> None:
        self.at_once = bpy.app.background
        """Scripts in the background get what they asked for before the operator returns, in whatever mode they are."""
        self._coming: Arrival | None = None
        self._steps: Steps | None = None
        self._left = 0.0
        """When the window had its turn last."""

    @property
    def waiting(self) -> list[Arrival]:
        """Those that are not in the scene yet, the oldest first."""
        return notices.waiting

    @property
    def coming(self) -> Arrival | None:
        """The one that comes in now, by steps; it is still among those that wait."""
        return self._coming

    def comes(self, arrival: Arrival) -> bool:
        """Whether it comes in now, or after others that do: nothing but steps is missing."""
        waits = arrival in self.waiting and not arrival.by_hand and arrival.why in ("", COMING)
        return waits or arrival is self._coming

    def arrive(self, arrival: Arrival) -> None:
        """Bring it in, or let it wait; in a window the steps of the session bring it in from now on.

        Raises :class:`Failure` where bringing it in at once failed; it waits then, too.
        """
        gone = _gone(arrival)
        if gone:
            self._wait_for_user(arrival, gone)
        elif self.at_once:
            first = all(each.by_hand for each in self.waiting)
            self.waiting.append(arrival)  # first, so that no failure loses it
            if first:
                self.bring_in(arrival)
        else:
            arrival.why = coast.why_not()
            begins = not arrival.why and all(each.by_hand for each in self.waiting)
            self.waiting.append(arrival)
            if begins:
                self._begin(arrival)

    def queue(self, arrival: Arrival) -> None:
        """Let it come in by the next steps: many at once would hold up the window."""
        self.waiting.append(arrival)

    def step(self) -> bool:
        """Go on with the oldest that waits for a clear coast; whether any is left that does."""
        due = [each for each in self.waiting if not each.by_hand]
        if self._coming is not None and self._coming not in due:
            self.interrupt()
        if not due:
            return False
        why = "" if self.at_once else coast.why_not()
        if why:
            for each in due:
                each.why = why
            return True
        if self.at_once:
            self.waiting.remove(due[0])
            self._arrive_again(due[0])
        elif self._coming is None:
            self._begin(due[0])
        else:
            self._go_on(self._coming)
        return any(not each.by_hand for each in self.waiting)

    def interrupt(self) -> None:
        """Take back what has come of an avatar so far: another file is opened, the user undoes or saves. It waits."""
        self._coming = None
        if self._steps is not None:
            self._steps.close()
        self._steps = None

    def discard(self, arrival: Arrival) -> None:
        """It is not wanted any more."""
        if arrival in self.waiting:
            self.waiting.remove(arrival)
        if arrival is self._coming:
            self.interrupt()
        arrival.drop()

    def bring_in(self, arrival: Arrival, into: Asked | None = None) -> Avatar | None:
        """Bring an avatar in at once, or into another scene than the one that asked. Raises :class:`Failure`."""
        self.interrupt()
        asked = into or arrival.asked
        try:
            with undisturbed(asked, selects=self.at_once):
                avatar = at_once(self._coming_in(arrival, asked))
        except Exception as error:
            raise self._failed(arrival, error) from error
        self._is_in(arrival)
        return avatar

    def _arrive_again(self, arrival: Arrival) -> None:
        """As :meth:`arrive`, in the order of the list; a failure is told in the panel."""
        others, self.waiting[:] = list(self.waiting), [each for each in self.waiting if each.by_hand]
        try:
            self.arrive(arrival)
        except Failure as failure:
            notices.fail(Text("Bringing in {name}", name=arrival.name), failure)
        finally:
            self.waiting.extend(each for each in others if each not in self.waiting)

    def _begin(self, arrival: Arrival) -> None:
        """The next steps bring it in."""
        gone = _gone(arrival)
        if gone:
            arrival.by_hand, arrival.why = True, gone
            return
        arrival.why = COMING
        self._coming, self._left = arrival, time.perf_counter()

    def _go_on(self, arrival: Arrival) -> None:
        """Some steps of the one that comes in."""
        if _gone(arrival):
            self.interrupt()
            self._begin(arrival)
            return
        begin = time.perf_counter()
        end = begin + min(max(begin - self._left, AT_ONCE[0]), AT_ONCE[1])
        try:
            if self._steps is None:
                asked = arrival.asked
                self._steps = self._coming_in(arrival, asked, here=lambda: undisturbed(asked))
                next(self._steps)
            else:
                self._steps.send(True)
            while time.perf_counter() < end:
                next(self._steps)
        except StopIteration:
            self._coming = self._steps = None
            self._is_in(arrival)
        except Exception as error:
            self._coming = self._steps = None
            arrival.failure = self._failed(arrival, error)
            if not arrival.is_awaited:
                notices.fail(Text("Bringing in {name}", name=arrival.name), arrival.failure)
        self._left = time.perf_counter()

    def _coming_in(self, arrival: Arrival, asked: Asked, here: avatars.Here | None = None) -> Steps:
        old = find(arrival.replaces) if arrival.origin.is_open() else None
        here = here or nullcontext
        if old is not None:
            return avatars.replacing(old, arrival.path, arrival.thumbnail, here=here, draft_of=arrival.draft_of)
        if arrival.hands:
            return _handed(arrival, here)

        def show(avatar: Avatar, where: Text) -> None:
            if not self.at_once and arrival.place is None and placing.is_first(avatar, bpy.context.scene):
                framing.frame(avatar, asked.find_window(), from_front=preference("turns_view", True))
            notices.say(where)

        return avatars.bringing_in(
            arrival.path,
            arrival.name,
            arrival.thumbnail,
            here=here,
            then=show,
            columns=arrival.columns,
            place=arrival.place,
        )

    def _is_in(self, arrival: Arrival) -> None:
        if arrival in self.waiting:
            self.waiting.remove(arrival)
        arrival.drop()

    def _failed(self, arrival: Arrival, error: Exception) -> Failure:
        """It waits for the user's word; what is told of the error."""
        arrival.by_hand, arrival.why = True, "It did not come in; the finished file is kept to try again."
        if isinstance(error, Failure):
            return error
        log.error("%s did not come in", arrival.path, exc_info=error)
        message = Text("{name} did not come in: {reason}", name=arrival.name, reason=error)
        advice = "The avatar is finished and waits in the panel: press Bring In to try again."
        return Failure("scene", message, advice)

    def _wait_for_user(self, arrival: Arrival, why: Text | str) -> None:
        arrival.by_hand, arrival.why = True, why
        self.waiting.append(arrival)
        if self.at_once:
            message = Text("{name} is ready, but did not come in: {reason}", name=arrival.name, reason=why)
            raise Failure("scene", message, "It waits in the panel: press Bring In.")


def _handed(arrival: Arrival, here: avatars.Here) -> Steps:
    """Somebody else brings it in, in one step."""
    yield
    with here():
        bring = HANDS.get(arrival.hands)
        if bring is None:  # noted by another version of the add-on
            message = Text("This add-on does not know how to bring in {file}.", file=arrival.path.name)
            raise Failure("version", message, "Update the add-on.")
        bring(arrival.path, arrival.name)


def _gone(arrival: Arrival) -> Text | str:
    """What it was made for and is not there any more, as a sentence; nothing where all is there."""
    if not arrival.origin.is_open():
        return _other_file(arrival)
    if arrival.asked.find_scene() is None:
        return "The scene that it was made for is not there any more."
    if arrival.replaces and find(arrival.replaces) is None:
        return "The avatar that it was made anew for is not there any more."
    return ""


def _other_file(arrival: Arrival) -> Text:
    path = arrival.origin.path
    return Text("It was made for {file}.", file=Path(path).name if path else Text("an unsaved file"))


arrivals = Arrivals()
"""The one of a running Blender, like the notices."""
