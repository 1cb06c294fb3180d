# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders of an avatar move its mesh at once.

Whoever moves a slider (the panel, a key, a driver, undo, a script) changes a property of the armature.
:meth:`Live.notice` sees that, :meth:`Live.step` asks the engine for the shape and moves the meshes by what has changed,
one question at a time and always with the newest values. When the sliders rest, the avatar is made whole: maps, shapes
of the face and bones of the person that it is now.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..base import redraw
from ..base.ticker import Ticker
from ..core.attribute_table import shipped
from ..core.failure import Failure
from ..core.patience import Patience
from ..core.text import Text
from ..scene import live_mesh, looks
from ..scene.glb_facts import KEY
from ..scene.identity import Avatar, is_avatar
from . import attributes, own_settings, textures_follow
from .notices import notices
from .session import session

log = logging.getLogger("portraitkit")

SHORTLY = 0.002
"""Seconds between two looks where the engine is waited for."""
ASKING, RESTING = 0.01, 0.1
"""Seconds between two looks: while the engine is asked, and while the sliders may be let go."""
LET_GO = 0.3
"""Seconds without a change after which a slider counts as let go."""

Arrays = dict[str, NDArray[np.float32]]


@dataclass
class Person:
    """What is known of an avatar while Blender runs; all of it can be asked for again."""

    made_by: str = ""
    """The facts of the armature that the rest belongs to."""
    places: Arrays = field(default_factory=dict[str, NDArray[np.float32]])
    """By part, where the engine says that the vertices are that the meshes show."""
    shown: looks.Values | None = None
    holds: dict[int, live_mesh.Hold] = field(default_factory=dict[int, live_mesh.Hold])
    """By the number of the mesh in this session."""
    job: Any = None
    asked: looks.Values | None = None
    moved: float = 0.0
    """When a slider moved last; 0 once it was let go."""
    refused: str = ""
    """The facts for which the engine cannot do it."""


class Live:
    """The avatars whose sliders move."""

    def __init__(self) -> None:
        self._people: dict[int, Person] = {}
        self._seen: dict[int, tuple[str, tuple[float, ...]]] = {}
        self._open: set[int] = set()
        self.ticker = Ticker(self._tick, "sliders that move")
        self.seconds: list[float] = []
        """From asked to moved, of the last shapes: for measures."""
        self._patience = Patience()

    def notice(self, armature: bpy.types.Object, *, waits: bool = False) -> None:
        """The armature may have changed; it is looked after if its sliders have.

        With ``waits`` the shape is waited for here, where that is the shorter way to a window that shows it.
        """
        made_by = armature.get(KEY)
        if not isinstance(made_by, str) or armature.library is not None:
            return
        now = made_by, tuple(float(armature[looks.property_of(name)]) for name in looks.names_of(armature))
        if self._seen.get(armature.session_uid) != now:
            self._seen[armature.session_uid] = now
            self.open(armature)
            person = self._people.get(armature.session_uid)
            # Asked at once: until the next timer a whole window may be drawn.
            if not session.waits and person is not None and person.job is None and person.made_by == made_by:
                self._look_after(armature.session_uid)
                self._wait_for(person, self._patience.seconds if waits else 0.0)
            self._patience.leave()

    def _wait_for(self, person: Person, patience: float) -> None:
        """Take the shape that was asked for, if it comes in time."""
        end = time.perf_counter() + patience
        while person.job is not None and time.perf_counter() < end:
            if person.job.final:
                self.step()
                return
            time.sleep(SHORTLY)
            if session.link.client is not None:
                session.link.client.step()

    def open(self, armature: bpy.types.Object) -> None:
        """Look after an avatar until its mesh is what its sliders say."""
        self._open.add(armature.session_uid)
        if not session.waits and not self.ticker.runs:
            self.ticker.start()

    def _tick(self) -> float | None:
        """The timer's :meth:`step`: Blender has drawn since the last change."""
        self._patience.back()
        return self.step()

    def step(self) -> float | None:
        """Move everything on; the seconds until the next call, None when all meshes are as their sliders say."""
        if session.link.client is not None:
            session.link.client.step()
        waits = [wait for number in list(self._open) if (wait := self._look_after(number)) is not None]
        return min(waits, default=None)

    def catch_up(self, armature: bpy.types.Object, timeout: float = 120.0) -> None:
        """Wait until the mesh of an avatar is what its sliders say, without making it whole: for scripts."""
        number = armature.session_uid
        self._open.add(number)
        end = time.monotonic() + timeout
        while number in self._open and time.monotonic() < end:
            wait = self.step()
            if wait is None or wait == RESTING:
                return
            time.sleep(wait)

    def forget(self) -> None:
        """Another file, or the end."""
        self.ticker.stop()
        for each in (self._people, self._seen, self._open):
            each.clear()

    def _look_after(self, number: int) -> float | None:
        # By its number first: many people look after themselves in one step, and facts are JSON.
        found = next((each for each in bpy.data.objects if each.session_uid == number), None)
        avatar = Avatar(found) if found is not None and is_avatar(found) else None
        if avatar is None or not avatar.recipe:
            self._open.discard(number)
            return None
        if avatar.recipe.get("topology") != "parts":
            own_settings.ensure(avatar)
            self._open.discard(number)
            return None
        person = self._people.setdefault(number, Person())
        made_by = str(avatar.armature[KEY])
        if person.job is not None:
            if not person.job.final:
                return ASKING
            self._take(avatar, person)
        if person.refused == made_by or not session.link.is_set_up:
            self._open.discard(number)
            return None
        shown = live_mesh.shown_of(avatar)
        if shown is None:
            shown = dict(avatar.recipe.get("attributes") or {})
        if person.made_by != made_by or person.shown is None or not looks.same(person.shown, shown):
            person.made_by, person.places, person.shown = made_by, {}, None
            return self._ask(avatar, person, shown)
        wanted = looks.set_of(avatar.armature)
        if not looks.same(wanted, person.shown):
            person.moved = time.monotonic()
            textures_follow.stop(avatar)
            return self._ask(avatar, person, wanted)
        if person.moved and time.monotonic() - person.moved < LET_GO:
            return RESTING
        if person.moved:
            person.moved = 0.0
            textures_follow.start(avatar, person.shown)
        self._open.discard(number)
        return None

    def _ask(self, avatar: Avatar, person: Person, values: looks.Values) -> float | None:
        """Ask for the shape of an avatar with these attributes, in what it wears."""
        recipe = avatar.recipe
        try:
            session.wake()  # it may have ended after minutes without work
            fields = {"recipe": {**recipe, "attributes": dict(values)}, "worn": recipe}
            person.job = session.link.send("reshape", fields, None)
        except Failure as failure:
            self._refuse(avatar, person, failure)
            return None
        person.asked = dict(values)
        if session.link.client is not None:
            session.link.client.step()  # which sends it
        return ASKING

    def _take(self, avatar: Avatar, person: Person) -> None:
        job, person.job = person.job, None
        asked, person.asked = person.asked, None
        if job.failure is not None:
            self._refuse(avatar, person, job.failure)
            return
        if person.made_by != str(avatar.armature[KEY]) or asked is None:
            return  # made anew meanwhile: what came is of another mesh
        begin = time.perf_counter()
        worked = job.result.get("seconds")
        self._patience.answered(float(job.seconds() if worked is None else worked))
        found = unpacked(job.result["parts"])
        if person.shown is None:
            self._begin(avatar, person, found, asked, job.result.get("own") or {})
        else:
            self._move(avatar, person, found)
            live_mesh.note_shown(avatar, asked)
            self.seconds = [*self.seconds[-999:], job.seconds() + time.perf_counter() - begin]
        person.shown = asked

    def _begin(
        self, avatar: Avatar, person: Person, found: Arrays, shown: looks.Values, own: Mapping[str, float]
    ) -> None:
        """The engine has told where the vertices are that the meshes show, and where the seed puts the person."""
        person.places = found
        person.holds = {
            mesh.data.session_uid: live_mesh.hold_of(mesh.data, found[part])
            for part, mesh in live_mesh.meshes_of(avatar)
            if part in found
        }
        armature = avatar.armature
        model = str(avatar.recipe.get("model"))
        known = attributes.attributes_of(session.capabilities, model) or shipped()
        there = looks.names_of(armature)
        if not there or any(abs(looks.own_of(armature, name) - own.get(name, 1e9)) > 1e-4 for name in there):
            looks.give(armature, known, dict(own), dict(avatar.recipe.get("attributes") or {}))
        own_settings.ensure(avatar)
        if live_mesh.shown_of(avatar) is None:
            live_mesh.note_shown(avatar, shown)
        redraw.sidebars()

    def _move(self, avatar: Avatar, person: Person, found: Arrays) -> None:
        """Move the meshes from the places that they show to those that were found."""
        numbers = {name: mesh.data.session_uid for name, mesh in self._named(avatar)}
        live_mesh.make_own(avatar)
        for name, mesh in self._named(avatar):  # what was copied hangs as what it is a copy of
            if numbers[name] in person.holds:
                person.holds.setdefault(mesh.data.session_uid, person.holds[numbers[name]])
        for part, mesh in live_mesh.meshes_of(avatar):
            before, after = person.places.get(part), found.get(part)
            hold = person.holds.get(mesh.data.session_uid)
            if before is None or after is None or hold is None or before.shape != after.shape:
                continue
            if len(hold.rows) != len(mesh.data.vertices):  # the user has changed the mesh since
                hold = person.holds[mesh.data.session_uid] = live_mesh.hold_of(mesh.data, before)
            if mesh.mode != "EDIT" and not np.array_equal(before, after):
                live_mesh.move(mesh.data, hold.moves(after - before))
        person.places = found

    @staticmethod
    def _named(avatar: Avatar) -> list[tuple[str, bpy.types.Object]]:
        return [(mesh.name, mesh) for _, mesh in live_mesh.meshes_of(avatar)]

    def _refuse(self, avatar: Avatar, person: Person, failure: Failure) -> None:
        """Say once why the mesh does not follow; that the engine was ended is no reason for the next time."""
        if failure.code in ("closed", "cancelled"):
            self._open.discard(avatar.armature.session_uid)
            self._seen.pop(avatar.armature.session_uid, None)
            return
        person.refused = str(avatar.armature[KEY])
        log.warning("the shape of %s: %s", avatar.name, failure)
        if failure.code == "unknown_request":
            notices.say("This engine is older than the add-on: the mesh does not follow sliders. Regenerate does.")
        else:
            notices.fail(Text("Shaping {name}", name=avatar.name), failure)
        redraw.sidebars()


def unpacked(parts: list[dict[str, Any]]) -> Arrays:
    """(V, 3) places by part, Blender's axes, of an answer."""
    found: Arrays = {}
    for each in parts:
        places = np.frombuffer(base64.b64decode(each["places"]), "<f4").reshape(-1, 3)
        found[str(each["name"])] = live_mesh.blender_axes(places)
    return found


live = Live()
"""The one of a running Blender."""
