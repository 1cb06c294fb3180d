# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars that come into the scene or wait for that, where they stand, crowds."""

from __future__ import annotations

ARRIVALS: dict[str, str] = {
    "Bring In": "Hereinholen",
    "Bring the finished avatar into the scene now": "Den fertigen Avatar jetzt in die Szene holen",
    "Bringing in {name}": "{name} wird hereingeholt",
    "Go back to object mode first": "Zuerst in den Objektmodus zurückkehren",
    "It comes in when you are back in object mode.": "Er kommt herein, sobald Sie wieder im Objektmodus sind.",
    "It comes in when the tool that runs has ended.": "Er kommt herein, sobald das laufende Werkzeug beendet ist.",
    "It comes in when the animation is stopped.": "Er kommt herein, sobald die Animation angehalten ist.",
    "It comes in when the render is done.": "Er kommt herein, sobald das Rendern fertig ist.",
    "{name} is ready": "{name} ist fertig",
    "{name} did not come in: {reason}": "{name} kam nicht herein: {reason}",
    "{name} is ready, but did not come in: {reason}": "{name} ist fertig, kam aber nicht herein: {reason}",
    "The avatar is finished and waits in the panel: press Bring In to try again.": (
        "Der Avatar ist fertig und wartet im Feld: mit „Hereinholen“ noch einmal versuchen."
    ),
    "It waits in the panel: press Bring In.": "Er wartet im Feld: „Hereinholen“ drücken.",
    "It did not come in; the finished file is kept to try again.": (
        "Er kam nicht herein; die fertige Datei bleibt für einen neuen Versuch."
    ),
    "The scene that it was made for is not there any more.": (
        "Die Szene, für die er gemacht wurde, gibt es nicht mehr."
    ),
    "The avatar that it was made anew for is not there any more.": (
        "Den Avatar, für den er neu gemacht wurde, gibt es nicht mehr."
    ),
    "It was made for {file}.": "Er wurde für {file} gemacht.",
    "{name} has no mesh": "{name} hat kein Mesh",
    "{name} is at the 3D cursor": "{name} steht am 3D-Cursor",
    "{name} is beside the 3D cursor, where there was room: x {x}, y {y}": (
        "{name} steht neben dem 3D-Cursor, wo Platz war: x {x}, y {y}"
    ),
    "Neck at the Cursor": "Hals am Cursor",
    "New avatars come with the joint of the neck, the origin of their file, at the 3D cursor. "
    "Off: they stand on the floor there": (
        "Neue Avatare kommen mit dem Halsgelenk, dem Ursprung ihrer Datei, an den 3D-Cursor. "
        "Aus: sie stehen dort auf dem Boden"
    ),
    "Show": "Zeigen",
    "Turn the 3D view's eye to the selected avatar, so that it fills the view": (
        "Die 3D-Ansicht auf den gewählten Avatar richten, so dass er sie füllt"
    ),
    "There is no 3D view that could show it; one that looks through a camera is left alone.": (
        "Es gibt keine 3D-Ansicht, die ihn zeigen könnte; eine, die durch eine Kamera blickt, bleibt, wie sie ist."
    ),
}
