# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished avatars on their way into the scene: they come in when that disturbs nobody, and wait till then.

A finished file is never lost: one that cannot come in, for whatever reason, stays in the list to be tried again.
"""

from __future__ import annotations

import logging
from pathlib import Path

import bpy

from ..core.failure import Failure
from ..core.text import Text
from ..scene import coast, framing, placing
from ..scene.identity import Avatar, find
from ..scene.undisturbed import Asked, undisturbed
from . import avatars
from .arrival import Arrival
from .notices import notices

log = logging.getLogger("portraitkit")


class Arrivals:
    """The list that waits is the notices': the panel shows it."""

    def __init__(self) -> None:
        self.at_once = bpy.app.background
        """Scripts in the background get what they asked for before the operator returns, in whatever mode they are."""

    @property
    def waiting(self) -> list[Arrival]:
        """Those that are not in the scene yet, the oldest first."""
        return notices.waiting

    def arrive(self, arrival: Arrival) -> None:
        """Bring it in now, or let it wait. Raises :class:`Failure` where bringing it in failed; it waits then, too."""
        if not arrival.origin.is_open():
            self._wait_for_user(arrival, _other_file(arrival))
        elif arrival.asked.find_scene() is None:
            self._wait_for_user(arrival, "The scene that it was made for is not there any more.")
        elif arrival.replaces and find(arrival.replaces) is None:
            self._wait_for_user(arrival, "The avatar that it was made anew for is not there any more.")
        else:
            why = "" if self.at_once else coast.why_not()
            if why or any(not each.by_hand for each in self.waiting):
                arrival.why = why
                self.waiting.append(arrival)
            else:
                self.waiting.append(arrival)  # first, so that no failure loses it
                self.bring_in(arrival)

    def queue(self, arrival: Arrival) -> None:
        """Let it come in by the next steps: many at once would hold up the window."""
        self.waiting.append(arrival)

    def step(self) -> bool:
        """Bring in the oldest that waits for a clear coast; whether any is left that does."""
        due = [each for each in self.waiting if not each.by_hand]
        if not due:
            return False
        why = "" if self.at_once else coast.why_not()
        if not why:
            self.waiting.remove(due[0])
            self.arrive_again(due[0])
            return len(due) > 1
        for each in due:
            each.why = why
        return True

    def arrive_again(self, arrival: Arrival) -> None:
        """As :meth:`arrive`, in the order of the list; a failure is told in the panel."""
        others, self.waiting[:] = list(self.waiting), [each for each in self.waiting if each.by_hand]
        try:
            self.arrive(arrival)
        except Failure as failure:
            notices.fail(Text("Bringing in {name}", name=arrival.name), failure)
        finally:
            self.waiting.extend(each for each in others if each not in self.waiting)

    def bring_in(self, arrival: Arrival, into: Asked | None = None) -> Avatar | None:
        """Bring an avatar of the list in, or into another scene than the one that asked. Raises :class:`Failure`."""
        asked = into or arrival.asked
        try:
            avatar = self._bring_in(arrival, asked)
        except Exception as error:
            arrival.by_hand, arrival.why = True, "It did not come in; the finished file is kept to try again."
            if isinstance(error, Failure):
                raise
            log.exception("%s did not come in", arrival.path)
            message = Text("{name} did not come in: {reason}", name=arrival.name, reason=error)
            advice = "The avatar is finished and waits in the panel: press Bring In to try again."
            raise Failure("scene", message, advice) from error
        if arrival in self.waiting:
            self.waiting.remove(arrival)
        arrival.drop()
        return avatar

    def _bring_in(self, arrival: Arrival, asked: Asked) -> Avatar | None:
        old = find(arrival.replaces) if arrival.origin.is_open() else None
        with undisturbed(asked, selects=self.at_once):
            if old is not None:
                return avatars.replace_in_place(old, arrival.path, arrival.thumbnail)
            if arrival.hands is not None:
                arrival.hands(arrival.path, arrival.name)
                return None
            scene, window = bpy.context.scene, asked.find_window()
            on_floor = not scene.portraitkit.neck_at_cursor
            avatar, where = avatars.bring_in(
                arrival.path,
                arrival.name,
                arrival.thumbnail,
                on_floor=on_floor,
                columns=arrival.columns,
                place=arrival.place,
            )
            if not self.at_once and arrival.place is None and placing.is_first(avatar, scene):
                framing.frame(avatar, window)
        notices.say(where)
        return avatar

    def _wait_for_user(self, arrival: Arrival, why: Text | str) -> None:
        arrival.by_hand, arrival.why = True, why
        self.waiting.append(arrival)
        if self.at_once:
            message = Text("{name} is ready, but did not come in: {reason}", name=arrival.name, reason=why)
            raise Failure("scene", message, "It waits in the panel: press Bring In.")


def _other_file(arrival: Arrival) -> Text:
    path = arrival.origin.path
    return Text("It was made for {file}.", file=Path(path).name if path else Text("an unsaved file"))


arrivals = Arrivals()
"""The one of a running Blender, like the notices."""
