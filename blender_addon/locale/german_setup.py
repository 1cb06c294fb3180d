# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-up over the network, and remeshing in a process of its own."""

from __future__ import annotations

SETUP: dict[str, str] = {
    "Torch for {hardware} cannot be had from {host}: {reason}": (
        "Torch für {hardware} ist von {host} nicht zu bekommen: {reason}"
    ),
    "Download about {size} with pip: torch from {host}, the rest as your pip settings say": (
        "Mit pip etwa {size} herunterladen: torch von {host}, das Übrige nach Ihren pip-Einstellungen"
    ),
    "Parts of the engine ({names}) are not made for Linux on ARM.": (
        "Teile des Motors ({names}) gibt es nicht für Linux auf ARM."
    ),
    "Build wheels of them, and choose a folder with all wheels.": (
        "Wheels davon bauen und einen Ordner mit allen Wheels wählen."
    ),
    "Installing {part}": "{part} wird installiert",
    "The promised torch cannot be had": "Das versprochene torch ist nicht zu bekommen",
    "Try again later: what was downloaded is kept. Or press Take Another Build: it says how large that is.": (
        "Später noch einmal versuchen: das Heruntergeladene bleibt. Oder Anderes torch nehmen drücken: dort steht, wie "
        "groß das ist."
    ),
    "Take Another Build": "Anderes torch nehmen",
    "Show how large the torch of your own package index is, and go on with that": (
        "Zeigen, wie groß das torch des eigenen Paket-Index ist, und damit weitermachen"
    ),
    "Another Build": "Anderes torch",
    "Take torch as your own package index has it, where the promised build cannot be had": (
        "Torch so nehmen, wie der eigene Paket-Index es hat, wo das versprochene nicht zu bekommen ist"
    ),
    "Only where the promised build of torch cannot be had": "Nur wo das versprochene torch nicht zu bekommen ist",
    "Promised: torch for {hardware}, about {size} in all, {room} on the disk": (
        "Versprochen: torch für {hardware}, zusammen etwa {size}, {room} auf dem Datenträger"
    ),
    "Instead: torch for {hardware} from your own package index, about {size} in all, {room} on the disk": (
        "Stattdessen: torch für {hardware} vom eigenen Paket-Index, zusammen etwa {size}, {room} auf dem Datenträger"
    ),
    "Cancel keeps all as it is; what was downloaded is there for the next time.": (
        "Abbrechen lässt alles, wie es ist; das Heruntergeladene bleibt für das nächste Mal."
    ),
    "Take It": "Nehmen",
    # engines older than the add-on
    "The engine is older than the add-on and cannot do that yet: press Set Up Engine in the preferences": (
        "Der Motor ist älter als das Add-on und kann das noch nicht: in den Einstellungen Motor einrichten drücken"
    ),
    "Update Engine": "Motor erneuern",
    "Choose a shorter name, or a folder that is less deep.": (
        "Einen kürzeren Namen wählen oder einen weniger tiefen Ordner."
    ),
    # remesh
    "{what}: the Blender that did it ended: {how}.": "{what}: das Blender, das es tat, endete: {how}.",
    "The scene is as it was. Try again, with fewer faces.": (
        "Die Szene ist, wie sie war. Noch einmal versuchen, mit weniger Flächen."
    ),
    "Remesh Avatar": "Avatar remeshen",
    "Make a copy of a shell's mesh out of quads (QuadriFlow), beside Blender, unwrap it and bake the maps onto it": (
        "Neben Blender eine Kopie des Meshs einer Hülle aus Vierecken machen (QuadriFlow), abwickeln und die Maps "
        "darauf backen"
    ),
    "About how many faces the new mesh has; 0: as dense as the old one, 10,000 at most": (
        "Wie viele Flächen das neue Mesh etwa hat; 0: so dicht wie das alte, höchstens 10.000"
    ),
    "{mesh} has {count} faces; the new one gets about {faces} quads, a UV map and maps of its own": (
        "{mesh} hat {count} Flächen; das neue bekommt etwa {faces} Vierecke, eine UV-Map und eigene Maps"
    ),
    "It takes about a minute, beside Blender. The old mesh is hidden, not deleted": (
        "Es dauert etwa eine Minute, neben Blender. Das alte Mesh wird ausgeblendet, nicht gelöscht"
    ),
    "Remeshing {mesh}": "Remesh von {mesh}",
    "Open the file that asked for it, and start again.": "Die Datei öffnen, die es wollte, und neu beginnen.",
    "The new mesh is ready, but its file is not open any more.": (
        "Das neue Mesh ist fertig, aber seine Datei ist nicht mehr offen."
    ),
    "{mesh} was not closed; its quads are, so the bottom is new.": (
        "{mesh} war nicht geschlossen; seine Vierecke sind es, also ist der Boden neu."
    ),
    "Starting another Blender": "Ein zweites Blender startet",
    "Making quads": "Vierecke werden gemacht",
    "Taking over the weights": "Gewichte werden übernommen",
    "Waiting until you are done": "Wartet, bis Sie fertig sind",
    "Make the mesh of an avatar in one piece (a shell) active": (
        "Das Mesh eines Avatars aus einem Stück (einer Hülle) aktiv machen"
    ),
    (
        "An avatar of parts is made of quads already, the same for everybody: "
        "change its mesh, then press Bake onto This Mesh"
    ): (
        "Ein Avatar aus Teilen ist schon aus Vierecken, bei allen denselben: sein Mesh ändern, dann Auf dieses Mesh "
        "backen drücken"
    ),
    "QuadriFlow refused it": "QuadriFlow hat es abgelehnt",
}
