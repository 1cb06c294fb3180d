# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences with values in them: `{}` for each value, or {0} and {1} where German turns them round."""

from __future__ import annotations

FILLED: dict[str, str] = {
    # the worker's client
    "the job {} ({})": "die Arbeit {} ({})",
    "{} did not end within {} seconds": "{} endete nicht innerhalb von {} Sekunden",
    "{} cannot be sent: {}": "{} kann nicht gesendet werden: {}",
    "{} took longer than {} seconds": "{} dauerte länger als {} Sekunden",
    "{} was cancelled": "{} wurde abgebrochen",
    "exit status {}": "Endestatus {}",
    "status {}": "Status {}",
    "ended by the signal {}{}": "durch das Signal {}{} beendet",
    "error 0x{}": "Fehler 0x{}",
    "{}; it was started {} times": "{}; er wurde {}-mal gestartet",
    "the engine speaks protocol {}, this add-on speaks {}": "der Motor spricht Protokoll {}, dieses Add-on spricht {}",
    "the engine said nothing for {} seconds": "der Motor hat {} Sekunden lang nichts gesagt",
    "the engine has not answered for {} seconds": "der Motor hat {} Sekunden lang nicht geantwortet",
    "cannot run {}: {}": "{} lässt sich nicht starten: {}",
    "the engine ended: {}": "der Motor hat aufgehört: {}",
    # the set-up
    "Looking for {}": "Es wird nach {} gesucht",
    "it ended with status {} and said nothing": "es endete mit Status {} und sagte nichts",
    "{} of {}": "{} von {}",
    "{}: {}, {} in all, {} a second": "{}: {}, {} insgesamt, {} pro Sekunde",
    "{}, with Python {} ({})": "{}, mit Python {} ({})",
    "Folder: {}": "Ordner: {}",
    "Parts: engine {} from this add-on, torch for {}, and what they need": (
        "Teile: Motor {} aus diesem Add-on, torch für {} und was sie brauchen"
    ),
    "Download about {} with pip, as your own pip settings say": (
        "Etwa {} mit pip herunterladen, nach den eigenen pip-Einstellungen"
    ),
    "Install from the folder {}, without the internet": "Aus dem Ordner {} installieren, ohne Internet",
    "Disk: about {}. Nothing outside that folder is changed": (
        "Datenträger: etwa {}. Außerhalb dieses Ordners wird nichts geändert"
    ),
    "This Blender is a {}: it may not see the system's Pythons. Blender from blender.org does": (
        "Dieses Blender ist ein {}: Es sieht die Pythons des Systems vielleicht nicht. Das von blender.org sieht sie"
    ),
    "there is no variant {} for this computer": "für diesen Rechner gibt es keine Variante {}",
    "Choose one of: auto, {}.": "Eine wählen von: auto, {}.",
    "the set-up needs {} in {}; {} are free": "das Einrichten braucht {} in {}; {} sind frei",
    "the engine's wheel is missing: {}": "das Wheel des Motors fehlt: {}",
    "the folder of wheels is not there: {}": "der Ordner mit Wheels ist nicht da: {}",
    "there are no wheels (.whl) in {}": "es gibt keine Wheels (.whl) in {}",
    "the set-up did not end within {} seconds: {}": "das Einrichten endete nicht innerhalb von {} Sekunden: {}",
    "the new engine does not work: {}": "der neue Motor geht nicht: {}",
    "the engine says it is {}; the add-on brought {}": "der Motor sagt, er sei {}; das Add-on brachte {}",
    "{} failed: {}": "{} ist gescheitert: {}",
    "{} is no Python that works: {}": "{} ist kein Python, das geht: {}",
    "{} did not answer within {} seconds": "{} antwortete nicht innerhalb von {} Sekunden",
    "{} answered in a way that is not understood: {}": "{} antwortete unverständlich: {}",
    "Python {}: the engine needs one of {}": "Python {}: Der Motor braucht eines von {}",
    "Python {} has {} bits: the engine needs 64": "Python {} hat {} Bit: Der Motor braucht 64",
    "Python {} is of a kind that the engine's parts are not made for": (
        "Python {} ist von einer Art, für die es die Teile des Motors nicht gibt"
    ),
    "Python {} cannot make environments: its modules venv or ensurepip are missing": (
        "Python {} kann keine Umgebungen anlegen: Seine Module venv oder ensurepip fehlen"
    ),
    "Python {} is made for Intel processors: torch is no longer made for those on macOS": (
        "Python {} ist für Intel-Prozessoren gemacht: torch gibt es für diese unter macOS nicht mehr"
    ),
    "the engine's folder cannot be written: {}": "der Ordner des Motors lässt sich nicht schreiben: {}",
    "the engine cannot be removed whole: {}": "der Motor lässt sich nicht ganz entfernen: {}",
    "The engine cannot be removed whole: {}": "Der Motor lässt sich nicht ganz entfernen: {}",
    "The set-up failed: {}": "Das Einrichten ist gescheitert: {}",
    "Engine found: {}": "Motor gefunden: {}",
    "The engine {} works, on {}. Models: {}.": "Der Motor {} geht, auf {}. Modelle: {}.",
    "The engine {} runs, on {}.": "Der Motor {} läuft, auf {}.",
    "The engine's Python is not there: {}.": "Das Python des Motors ist nicht da: {}.",
    "The engine did not finish within {} seconds.": "Der Motor wurde nicht innerhalb von {} Sekunden fertig.",
    "{} min left": "noch {} min",
    "{} s left": "noch {} s",
    "{}: cancelled.": "{}: abgebrochen.",
    "{} failed: {}: {}": "{} ist gescheitert: {}: {}",
    # making
    "Generating {}": "{} wird erzeugt",
    "Regenerating {}": "{} wird neu erzeugt",
    "Baking onto {}": "Auf {} wird gebacken",
    "Exporting {} avatars": "{} Avatare werden exportiert",
    "Reading {}": "{} wird gelesen",
    "Portrait x{}": "Porträt x{}",
    "Portrait {}": "Porträt {}",
    "Maps of {} by {} pixels": "Karten von {} mal {} Pixeln",
    "{} avatars written to {}{}{}.": "{} Avatare nach {}{}{} geschrieben.",
    ", {} failed": ", {} gescheitert",
    ", {} were there already": ", {} waren schon da",
    "None of the {} avatars could be made.": "Keiner der {} Avatare ließ sich machen.",
    "They are in {}. Open the file and bake again to have them on the mesh.": (
        "Sie sind in {}. Die Datei öffnen und neu backen, um sie auf dem Mesh zu haben."
    ),
    "{} is ready, but {} is not open any more. Import it here from the Create panel.": (
        "{} ist fertig, aber {} ist nicht mehr offen. Im Feld „Erzeugen“ hierher importieren."
    ),
    # what was wrong
    "{} could not be started: {}": "{} ließ sich nicht starten: {}",
    "There is no log yet; it will be {}": "Es gibt noch kein Protokoll; es wird {}",
    "There is no picture {}; the gallery shows {}.": "Es gibt kein Bild {}; die Galerie zeigt {}.",
    "The gallery shows only {} people.": "Die Galerie zeigt nur {} Personen.",
    "The mesh {} is not in the file any more.": "Das Mesh {} ist nicht mehr in der Datei.",
    "{} has no UV map to bake into.": "{} hat keine UV-Map, in die gebacken werden kann.",
    "The avatar's recipe cannot be shown: {}": "Das Rezept des Avatars kann nicht gezeigt werden: {}",
    "{} cannot be imported: {}": "{} lässt sich nicht importieren: {}",
    "There is no file {}.": "Es gibt keine Datei {}.",
    "{} is not JSON: {}": "{} ist kein JSON: {}",
    "{} is damaged: its description is no JSON object.": "{} ist beschädigt: Die Beschreibung ist kein JSON-Objekt.",
    "{} is not there any more. Choose another file.": "{} ist nicht mehr da. Eine andere Datei wählen.",
    "{} is damaged: its description cannot be read.": "{} ist beschädigt: Die Beschreibung lässt sich nicht lesen.",
    "{}: its description is larger than any avatar's; the file is damaged.": (
        "{}: Die Beschreibung ist größer als die jedes Avatars; die Datei ist beschädigt."
    ),
    "{} is no .glb file. Choose a file that Portraitkit or Blender wrote.": (
        "{} ist keine .glb-Datei. Eine Datei wählen, die Portraitkit oder Blender geschrieben hat."
    ),
    "{}: there is not enough memory. Close something and try again.": (
        "{}: Der Arbeitsspeicher reicht nicht. Etwas schließen und noch einmal versuchen."
    ),
}
