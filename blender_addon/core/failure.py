# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong, in plain words, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .remedies import advice_for
from .text import Text, as_it_is, text_of

# Code -> title of the dialog, advice where the sender gave none. The first ten come from the worker.
WORDS: dict[str, tuple[str, str]] = {
    "bad_request": (
        "The engine did not understand the add-on",
        "Update the add-on and set up the engine again, so that both have the same version.",
    ),
    "unknown_request": (
        "This engine cannot do that",
        "Set up the engine again in the preferences: it is older than the add-on.",
    ),
    "version": (
        "Engine and add-on do not match",
        "Open the preferences, remove the engine and set it up again; the right one is inside the add-on.",
    ),
    "usage": ("That setting cannot work", "Change the setting that the message names, then try again."),
    "model": (
        "The model cannot be used",
        "Choose another model, or check the model folder in the preferences.",
    ),
    "cancelled": ("The job was cancelled", "Nothing was changed. Start again whenever you like."),
    "disk": ("The disk is full", "Make room or choose another folder, then try again."),
    "permission": (
        "A file or folder is not yours to write",
        "Choose another folder, or close the program that has the file open.",
    ),
    "memory": (
        "Not enough memory",
        "Lower the texture size or the face count, choose the device CPU, or close other programs.",
    ),
    "internal": (
        "The engine made a mistake",
        "Try once more. If it happens again, press Copy Report and send it to us.",
    ),
    "crashed": (
        "The engine ended unexpectedly",
        "It starts again by itself with the next job. If it happens again, lower texture size and faces, or "
        "press Copy Report and send it to us.",
    ),
    "hung": (
        "The engine stopped answering",
        "It has been ended and starts again with the next job. If it happens again, choose the device CPU in "
        "the preferences, or press Copy Report and send it to us.",
    ),
    "timeout": (
        "This took too long",
        "Try again. If the computer was busy or asleep, nothing is wrong.",
    ),
    "start": (
        "The engine does not start",
        "Open the preferences and press Check Engine. If that fails, remove the engine and set it up again.",
    ),
    "no_engine": ("There is no engine yet", "Open the preferences and press Set Up Engine."),
    "closed": ("The engine was ended", "Start the job again."),
    "network": (
        "No connection to the package server",
        "Check the internet connection, then press Set Up Engine again: what was downloaded is kept. Without a "
        "connection, choose a folder of wheels in the preferences.",
    ),
    "offline": (
        "Blender may not go online",
        "Allow it in Edit > Preferences > System > Network > Allow Online Access, or choose a folder of wheels.",
    ),
    "proxy": (
        "A proxy or a firewall refused the connection",
        "Ask whoever looks after your network for pip's proxy or certificate settings (pip config), then press "
        "Set Up Engine again. pip's own settings are used as they are.",
    ),
    "no_wheel": (
        "A part of the engine is not made for this Python",
        "Install Python 3.11 or 3.12 (64 bit) from python.org, choose it in the preferences, then try again.",
    ),
    "other_build": (
        "The promised torch cannot be had",
        "Try again later: what was downloaded is kept. Or press Take Another Build: it says how large that is.",
    ),
    "no_python": (
        "No suitable Python was found",
        "Install Python 3.11 or 3.12 (64 bit) from python.org, then press Set Up Engine again.",
    ),
    "long_path": (
        "A path is too long for Windows",
        "Choose a short engine folder in the preferences, such as C:\\Portraitkit, then try again.",
    ),
    "locked": (
        "Another program holds a file of the engine",
        "Close other Blender windows, wait until the virus scanner is done, then try again.",
    ),
    "scene": ("That does not go with the scene as it is", "Change the scene as the message says, then try again."),
    "file": ("The file cannot be used", "Choose another file, or make it again."),
    "setup": (
        "The engine could not be set up",
        "Press Set Up Engine again; finished steps are kept. If it fails again, press Copy Report and send it to us.",
    ),
}


TOO_LONG = ("name too long", "WinError 206", "filename or extension is too long")
"""How systems say that no file can have such a path."""


class Failure(Exception):
    """What did not work, why, and what to do next, in words for the user: the one record of it in the add-on.

    ``code`` is one of the table's; ``detail`` is for the report only. Raised where something cannot be done, and kept
    or handed on where a job ended by it.
    """

    def __init__(self, code: str, message: Text | str = "", advice: Text | str = "", *, detail: str = "") -> None:
        title, usual = WORDS.get(code, WORDS["internal"])
        self.code = code
        self.message = text_of(message or title)
        self.advice = text_of(advice or usual)
        self.detail = detail
        super().__init__(code)

    @property
    def title(self) -> str:
        """The dialog's first line."""
        return WORDS.get(self.code, WORDS["internal"])[0]

    @property
    def sentence(self) -> Text:
        """What failed and what to do, in one line."""
        return Text("{message} {advice}", message=self.message, advice=self.advice) if self.advice else self.message

    def __str__(self) -> str:
        """In English, for the log."""
        return str(self.message)


def engine_failure(event: Mapping[str, Any], of_age: str = "") -> Failure:
    """The failure in an error event of the engine, whose message is English, in its own words.

    What to do is said in ours: for the event's remedy if that is known, else by its code; the engine's advice is taken
    only for codes of an engine that is newer than this add-on. Where the two did not understand each other, ``of_age``
    says which to update.
    """
    code = str(event.get("code", "internal"))
    remedy: object = event.get("remedy")
    advice = advice_for(cast("dict[str, Any]", remedy)) if isinstance(remedy, dict) else None
    if of_age and code in ("bad_request", "unknown_request", "version"):
        advice = Text(of_age)
    if advice is None and code not in WORDS:
        advice = as_it_is(event.get("advice", ""))
    message = str(event.get("message", "")).strip()
    if any(sign in message for sign in TOO_LONG):  # the engine counts it among the faults of disks
        code, advice = "usage", Text("Choose a shorter name, or a folder that is less deep.")
    return Failure(code, as_it_is(_sentence(message)) if message else "", advice or "")


def _sentence(text: str) -> str:
    """Some of the engine's messages begin in lower case; a dialog's line does not, and ends with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
