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
}
