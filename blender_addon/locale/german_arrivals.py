# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars that come into the scene or wait for that, where they stand, crowds."""

from __future__ import annotations

ARRIVALS: dict[str, str] = {
    "Bring In": "Hereinholen",
    "Bring the finished avatar into the scene now": "Den fertigen Avatar jetzt in die Szene holen",
    "Bringing in {name}": "{name} wird hereingeholt",
    "Go back to object mode first": "Zuerst in den Objektmodus zurückkehren",
    "It comes in when you are back in object mode.": "Er kommt herein, sobald wieder der Objektmodus an ist.",
    "It comes in when the tool that runs has ended.": "Er kommt herein, sobald das laufende Werkzeug beendet ist.",
    "It comes in when the animation is stopped.": "Er kommt herein, sobald die Animation angehalten ist.",
    "It comes in when the render is done.": "Er kommt herein, sobald das Rendern fertig ist.",
    "{name} is ready": "{name} ist fertig",
    "This add-on does not know how to bring in {file}.": "Dieses Add-on weiß nicht, wie es {file} hereinholt.",
    "Update the add-on.": "Das Add-on aktualisieren.",
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
    # crowds
    "Crowd": "Menge",
    "Put many people into the scene, in a grid from the 3D cursor on": (
        "Viele Personen in einem Raster vom 3D-Cursor an in die Szene stellen"
    ),
    "Who": "Wer",
    "Where the people come from": "Woher die Personen kommen",
    "Everybody in the gallery, made with the settings of the Create panel": (
        "Alle in der Galerie, gemacht mit den Einstellungen des Feldes „Erzeugen“"
    ),
    "Avatars that lie in a folder, as Export Variations writes them": (
        "Avatare, die in einem Ordner liegen, wie „Varianten exportieren“ sie schreibt"
    ),
    "People": "Personen",
    "How many at most; 0: all": "Wie viele höchstens; 0: alle",
    "Where the avatars lie": "Wo die Avatare liegen",
    "Crowd of {count}": "Menge von {count}",
    "{count} people are being made": "{count} Personen werden gemacht",
    "{count} avatars come in": "{count} Avatare kommen herein",
    "{words}; {count} other files are left out": "{words}; {count} andere Dateien bleiben draußen",
    "There is no folder {path}.": "Es gibt keinen Ordner {path}.",
    "Choose the folder of a batch.": "Den Ordner eines Stapels wählen.",
    "No avatar of Portraitkit lies in {folder}.": "In {folder} liegt kein Avatar von Portraitkit.",
    # the gallery
    "The gallery is empty.": "Die Galerie ist leer.",
    "Explore first.": "Zuerst erkunden.",
    "The picture is not there yet.": "Das Bild ist noch nicht da.",
    "Wait for it, then keep the person.": "Darauf warten, dann die Person behalten.",
    "There are no favourites yet.": "Es gibt noch keine Favoriten.",
    "Pick somebody in the gallery and press the heart.": "Jemanden in der Galerie wählen und das Herz drücken.",
    "Favourites": "Favoriten",
    "Favourite": "Favorit",
    "Next Picture": "Nächstes Bild",
    "Pick the next picture of the gallery, or the one before": "Das nächste Bild der Galerie wählen oder das davor",
    "Keep the picked person among the favourites, or keep it no longer": (
        "Die gewählte Person unter den Favoriten behalten oder nicht mehr behalten"
    ),
    "Show the people that you kept in the gallery": "Die behaltenen Personen in der Galerie zeigen",
    "Step": "Schritt",
    "How many pictures on": "Wie viele Bilder weiter",
    "Which picture; -1: the one picked last": "Welches Bild; -1: das zuletzt gewählte",
    "Click to see all pictures, and one of them to pick that person": (
        "Klicken, um alle Bilder zu sehen, und auf eines, um die Person zu wählen"
    ),
    "{number} of {count}": "{number} von {count}",
    "{made} of {count} pictures": "{made} von {count} Bildern",
    "Nobody is picked.": "Niemand ist gewählt.",
    "Pick somebody in the gallery first.": "Zuerst jemanden in der Galerie wählen.",
    # avatars of other files
    "The avatar is linked from another file: use Object > Library Override > Make first": (
        "Der Avatar ist aus einer anderen Datei verknüpft: zuerst Objekt > Bibliotheksüberschreibung > Erstellen"
    ),
    "The avatar belongs to another file: use Object > Relations > Make Local first, or change it there": (
        "Der Avatar gehört zu einer anderen Datei: zuerst Objekt > Beziehungen > Lokal machen, oder ihn dort ändern"
    ),
    # menus
    "Portrait": "Portrait",
    "Add avatars of head, neck and shoulders": "Avatare von Kopf, Hals und Schultern hinzufügen",
    "As in the Create Panel": "Wie im Feld „Erzeugen“",
    "Everybody in the Gallery": "Alle aus der Galerie",
    "New portraits need the engine.": "Neue Portraits brauchen den Motor.",
    "From a File...": "Aus einer Datei ...",
    "Crowd from a Folder...": "Menge aus einem Ordner ...",
    "Portraitkit Avatar (.glb)": "Portraitkit-Avatar (.glb)",
    "Portraitkit Avatar (.glb, .fbx, .usdc)": "Portraitkit-Avatar (.glb, .fbx, .usdc)",
    # an engine that rests
    "Stop Engine": "Motor anhalten",
    "End the engine and give its memory back; the next avatar starts it again. Work under way is lost": (
        "Den Motor beenden und seinen Speicher freigeben; der nächste Avatar startet ihn wieder. Laufende Arbeit ist "
        "verloren"
    ),
    "The engine does not run": "Der Motor läuft nicht",
    "Rest After (min)": "Ruhen nach (min)",
    "Look at Its Face": "Ins Gesicht sehen",
    "Turn the 3D view of a new file to the face of the first avatar, if you have not turned it yourself": (
        "Die 3D-Ansicht einer neuen Datei zum Gesicht des ersten Avatars drehen, wenn sie noch niemand gedreht hat"
    ),
    "The engine ends after so many minutes without work, and starts again with the next; 0: never": (
        "Der Motor endet nach so vielen Minuten ohne Arbeit und startet mit der nächsten wieder; 0: nie"
    ),
    "The engine rests; it starts with the next avatar.": "Der Motor ruht; er startet mit dem nächsten Avatar.",
}
