# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig: control rig, poses and poses as assets, whole frames."""

from __future__ import annotations

RIG: dict[str, str] = {
    # control rig
    "Add Control Rig": "Kontroll-Rig hinzufügen",
    "Build a control rig by Rigify, fitted to the selected avatar's joints, that moves its bones": (
        "Mit Rigify ein Kontroll-Rig bauen, das auf die Gelenke des gewählten Avatars passt und seine Knochen bewegt"
    ),
    "Remove Control Rig": "Kontroll-Rig entfernen",
    "Delete the control rig; the avatar's own pose and action count again": (
        "Das Kontroll-Rig löschen; Pose und Aktion des Avatars selbst gelten wieder"
    ),
    "{name} moves the avatar now; its own pose and action rest meanwhile": (
        "{name} bewegt jetzt den Avatar; seine eigene Pose und Aktion ruhen so lange"
    ),
    "Enable Rigify in Preferences > Add-ons first": "Zuerst Rigify in Einstellungen > Add-ons einschalten",
    "A control rig moves the avatar: pose its controls, or remove it first": (
        "Ein Kontroll-Rig bewegt den Avatar: dessen Regler bewegen oder es zuerst entfernen"
    ),
    "A control rig moves the avatar; its own pose rests meanwhile.": (
        "Ein Kontroll-Rig bewegt den Avatar; seine eigene Pose ruht so lange."
    ),
    "The avatar has no control rig": "Der Avatar hat kein Kontroll-Rig",
    "The skeleton has no {joint}; a control rig needs a trunk.": (
        "Dem Skelett fehlt {joint}; ein Kontroll-Rig braucht einen Rumpf."
    ),
    "Make the avatar again with another skeleton.": "Den Avatar mit einem anderen Skelett noch einmal machen.",
    "Rigify could not make the rig: {reason}": "Rigify konnte das Rig nicht machen: {reason}",
    "Rigify made no rig.": "Rigify hat kein Rig gemacht.",
    # bones of before
    "Make Real Bones": "Echte Knochen machen",
    "Give bones of an older version their ends, rolls and chains. Its pose and action are kept; constraints and "
    "drivers of your own may need other axes": (
        "Knochen einer älteren Version ihre Enden, Drehungen und Ketten geben. Pose und Aktion bleiben; eigene "
        "Constraints und Treiber brauchen vielleicht andere Achsen"
    ),
    "The avatar has such bones already": "Der Avatar hat schon solche Knochen",
    # poses
    "Set Pose": "Pose setzen",
    "Turn head, neck and shoulders of the selected avatar": "Kopf, Hals und Schultern des gewählten Avatars drehen",
    "How the avatar holds itself": "Wie der Avatar sich hält",
    "Look Left": "Nach links sehen",
    "Look Right": "Nach rechts sehen",
    "Look Up": "Nach oben sehen",
    "Look Down": "Nach unten sehen",
    "Tilt Left": "Nach links neigen",
    "Tilt Right": "Nach rechts neigen",
    "Over the Shoulder": "Über die Schulter",
    "Lean In": "Vorbeugen",
    "Pull Back": "Zurückweichen",
    "Chin Up": "Kinn hoch",
    "Shrug Shoulders": "Achselzucken",
    "Bow Forward": "Verneigen",
    # poses as assets
    "Poses as Assets": "Posen als Assets",
    "Make a pose asset with a picture of each of the twelve poses, for the Asset Browser": (
        "Aus jeder der zwölf Posen ein Posen-Asset mit Bild für den Asset-Browser machen"
    ),
    "{count} poses are in the Asset Browser of this file": "{count} Posen sind im Asset-Browser dieser Datei",
    "Pose as Asset": "Pose als Asset",
    "Make a pose asset with a picture of the pose that the selected avatar has now": (
        "Aus der jetzigen Pose des gewählten Avatars ein Posen-Asset mit Bild machen"
    ),
    "What the pose is called": "Wie die Pose heißt",
    # motions
    "Whole Frames": "Ganze Bilder",
    "One key for each frame of the scene; otherwise the keys stay at the times recorded": (
        "Ein Keyframe für jedes Bild der Szene; sonst bleiben sie bei den Zeiten der Aufnahme"
    ),
}
