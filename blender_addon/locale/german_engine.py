# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: set-up, preferences, states."""

from __future__ import annotations

ENGINE: dict[str, str] = {
    # set-up
    "Set Up Engine": "Motor einrichten",
    "Show what has to be downloaded, then make the engine in a folder of its own": (
        "Zeigen, was heruntergeladen werden muss, dann den Motor in einem eigenen Ordner anlegen"
    ),
    "Set Up": "Einrichten",
    "Setting up the engine": "Motor wird eingerichtet",
    "Stop setting up; what was downloaded is kept for the next time": (
        "Einrichten abbrechen; das Heruntergeladene bleibt für das nächste Mal"
    ),
    "Find Engine": "Motor suchen",
    "Look for an engine that is on this computer already": "Nach einem Motor suchen, der schon auf diesem Rechner ist",
    "Check Engine": "Motor prüfen",
    "Checking the engine": "Motor wird geprüft",
    "Start the engine and ask it what it can do": "Den Motor starten und fragen, was er kann",
    "Remove Engine": "Motor entfernen",
    "Delete the engine's folder. An engine that was found elsewhere is only forgotten": (
        "Den Ordner des Motors löschen. Ein anderswo gefundener Motor wird nur vergessen"
    ),
    "The engine was removed.": "Der Motor wurde entfernt.",
    "The engine is ready.": "Der Motor ist bereit.",
    "The set-up was cancelled. What was downloaded is kept for the next time.": (
        "Das Einrichten wurde abgebrochen. Das Heruntergeladene bleibt für das nächste Mal."
    ),
    "The engine is being set up already": "Der Motor wird schon eingerichtet",
    "For": "Für",
    "Made For": "Gemacht für",
    "What the engine computes with": "Womit der Motor rechnet",
    "What an engine that is set up here computes with": "Womit ein hier eingerichteter Motor rechnet",
    "This Computer": "Diesen Rechner",
    "Chosen by the hardware that is found": "Nach der gefundenen Hardware gewählt",
    "Processor (CPU)": "Prozessor (CPU)",
    "Works everywhere; the smallest download": "Geht überall; der kleinste Download",
    "NVIDIA Graphics Card (CUDA)": "NVIDIA-Grafikkarte (CUDA)",
    "Much faster; a large download": "Viel schneller; ein großer Download",
    "Apple Graphics (MPS)": "Apple-Grafik (MPS)",
    "For Macs with Apple's own processors": "Für Macs mit Apples eigenen Prozessoren",
    "MPS is for Macs; this computer will use the processor.": "MPS ist für Macs; dieser Rechner nimmt den Prozessor.",
    "Folder of Wheels": "Ordner mit Wheels",
    "Install from this folder without the internet; empty: as the preferences say": (
        "Ohne Internet aus diesem Ordner installieren; leer: wie in den Einstellungen"
    ),
    "Go on where the last set-up ended": "Weitermachen, wo das letzte Einrichten aufhörte",
    "Make a Python environment of its own": "Eine eigene Python-Umgebung anlegen",
    "Make room on that disk, or choose the variant CPU, which is smaller.": (
        "Auf dem Datenträger Platz schaffen oder die kleinere Variante CPU wählen."
    ),
    "A short folder is taken because Windows cannot hold the engine's paths in Blender's own": (
        "Es wird ein kurzer Ordner genommen, weil Windows die Pfade des Motors in Blenders eigenem nicht fasst"
    ),
    "Install the add-on again from its zip.": "Das Add-on aus seinem Zip neu installieren.",
    "Choose another one, or none.": "Einen anderen wählen oder keinen.",
    "Choose another folder, or none.": "Einen anderen Ordner wählen oder keinen.",
    "Making the environment": "Umgebung wird angelegt",
    "Renewing pip": "pip wird erneuert",
    "Installing torch": "torch wird installiert",
    "Installing the engine's parts": "Teile des Motors werden installiert",
    "Installing the engine": "Motor wird installiert",
    "Starting the engine for the first time": "Der Motor startet zum ersten Mal",
    "The engine is ready": "Der Motor ist bereit",
    # online access
    "Allow Online Access": "Internetzugriff erlauben",
    "Blender may not go online at the moment, so nothing can be downloaded.": (
        "Blender darf zurzeit nicht ins Internet, also kann nichts heruntergeladen werden."
    ),
    "It was started with --offline-mode; start it without.": (
        "Es wurde mit --offline-mode gestartet; ohne diese Option starten."
    ),
    "processor (CPU)": "Prozessor (CPU)",
    "Apple graphics (MPS) and processor": "Apple-Grafik (MPS) und Prozessor",
    "NVIDIA graphics (CUDA)": "NVIDIA-Grafik (CUDA)",
    # states
    "The engine is being set up.": "Der Motor wird eingerichtet.",
    "There is no engine yet. It makes the avatars, beside Blender, and is set up once.": (
        "Es gibt noch keinen Motor. Er macht die Avatare, neben Blender, und wird einmal eingerichtet."
    ),
    "Portraits are made by an engine beside Blender. It is set up once.": (
        "Porträts macht ein Motor neben Blender. Er wird einmal eingerichtet."
    ),
    "The engine is starting": "Der Motor startet",
    "The engine is starting.": "Der Motor startet.",
    "The engine is set up; it starts with the first avatar.": (
        "Der Motor ist eingerichtet; er startet mit dem ersten Avatar."
    ),
    "There is no engine yet: press Set Up Engine in the Portrait tab or the preferences": (
        "Es gibt noch keinen Motor: „Motor einrichten“ im Reiter Portrait oder in den Einstellungen drücken"
    ),
    "Press Set Up Engine in the Portrait tab or the preferences.": (
        "„Motor einrichten“ im Reiter Portrait oder in den Einstellungen drücken."
    ),
    "Set up the engine again, or choose another Python in the preferences.": (
        "Den Motor neu einrichten oder in den Einstellungen ein anderes Python wählen."
    ),
    "The engine was stopped.": "Der Motor wurde angehalten.",
    "The engine cannot write this format here; .glb always works.": (
        "Der Motor kann dieses Format hier nicht schreiben; .glb geht immer."
    ),
    # preferences
    "Engine's Python": "Python des Motors",
    "The Python that the engine is installed in; filled in by Set Up and Find": (
        "Das Python, in dem der Motor installiert ist; Einrichten und Suchen füllen es aus"
    ),
    "Device": "Gerät",
    "What avatars are computed on": "Worauf Avatare gerechnet werden",
    "The fastest that is there": "Das schnellste, das da ist",
    "The processor: slower, but always there": "Der Prozessor: langsamer, aber immer da",
    "An NVIDIA graphics card": "Eine NVIDIA-Grafikkarte",
    "Apple's graphics": "Apples Grafik",
    "Memory Limit (GiB)": "Speichergrenze (GiB)",
    "The engine stops a job that needs more; 0: no limit": (
        "Der Motor bricht eine Arbeit ab, die mehr braucht; 0: keine Grenze"
    ),
    "Models": "Modelle",
    "The models that the engine knows": "Die Modelle, die der Motor kennt",
    "Where your own models are; empty: the usual folder": "Wo eigene Modelle liegen; leer: der übliche Ordner",
    "Cache": "Zwischenspeicher",
    "Where pictures and avatars on their way into the scene are kept; empty: the add-on's own folder": (
        "Wo Bilder und Avatare auf dem Weg in die Szene liegen; leer: der eigene Ordner des Add-ons"
    ),
    "Wheels": "Wheels",
    "Set the engine up from this folder of wheels instead of the internet": (
        "Den Motor aus diesem Ordner mit Wheels statt aus dem Internet einrichten"
    ),
    # set-up, with values
    "Starting": "Startet",
    "Cancelling": "Wird abgebrochen",
    "Waiting": "Wartet",
    "Unpacking": "Wird entpackt",
    "Downloading {file}": "{file} wird heruntergeladen",
    "Reading {file}": "{file} wird gelesen",
    "Looking for {part}": "Es wird nach {part} gesucht",
    "{doing}: {part} of {size}, {all} in all, {speed} a second": (
        "{doing}: {part} von {size}, {all} insgesamt, {speed} pro Sekunde"
    ),
    "The new engine does not work: {reason}": "Der neue Motor geht nicht: {reason}",
    "The engine says it is {engine}; the add-on brought {addon}.": (
        "Der Motor sagt, er sei {engine}; das Add-on brachte {addon}."
    ),
    "The set-up was cancelled.": "Das Einrichten wurde abgebrochen.",
    "The engine's folder cannot be written: {reason}": "Der Ordner des Motors lässt sich nicht schreiben: {reason}",
    "{program} cannot be run: {reason}": "{program} lässt sich nicht starten: {reason}",
    "it ended with status {status} and said nothing": "es endete mit Status {status} und sagte nichts",
    "There is no variant {variant} for this computer.": "Für diesen Rechner gibt es keine Variante {variant}.",
    "The engine's wheel is missing: {path}.": "Das Wheel des Motors fehlt: {path}.",
    "The folder of wheels is not there: {folder}.": "Der Ordner mit Wheels ist nicht da: {folder}.",
    "There are no wheels (.whl) in {folder}.": "Es gibt keine Wheels (.whl) in {folder}.",
    "Download about {size} with pip, as your own pip settings say": (
        "Etwa {size} mit pip herunterladen, nach den eigenen pip-Einstellungen"
    ),
    "Install from the folder {folder}, without the internet": "Aus dem Ordner {folder} installieren, ohne Internet",
    "{what}, with Python {version} ({path})": "{what}, mit Python {version} ({path})",
    "Folder: {folder}": "Ordner: {folder}",
    "Parts: engine {version} from this add-on, torch for {hardware}, and what they need": (
        "Teile: Motor {version} aus diesem Add-on, torch für {hardware} und was sie brauchen"
    ),
    "Disk: about {size}. Nothing outside that folder is changed": (
        "Datenträger: etwa {size}. Außerhalb dieses Ordners wird nichts geändert"
    ),
    "Choose one of: auto, {names}.": "Eine wählen von: auto, {names}.",
    "The set-up needs {size} in {folder}; {free} are free.": (
        "Das Einrichten braucht {size} in {folder}; {free} sind frei."
    ),
    "This Blender is a {box}: it may not see the system's Pythons. Blender from blender.org does": (
        "Dieses Blender ist ein {box}: Es sieht die Pythons des Systems vielleicht nicht. Das von blender.org sieht sie"
    ),
    "{python} is no Python that works: {reason}": "{python} ist kein Python, das geht: {reason}",
    "{python} did not answer within {seconds} seconds.": "{python} antwortete nicht innerhalb von {seconds} Sekunden.",
    "{python} answered in a way that is not understood: {reason}": "{python} antwortete unverständlich: {reason}",
    "Python {version}: the engine needs one of {known}.": "Python {version}: Der Motor braucht eines von {known}.",
    "Python {version} has {bits} bits: the engine needs 64.": "Python {version} hat {bits} Bit: Der Motor braucht 64.",
    "Python {version} is of a kind that the engine's parts are not made for.": (
        "Python {version} ist von einer Art, für die es die Teile des Motors nicht gibt."
    ),
    "Python {version} cannot make environments: its modules venv or ensurepip are missing.": (
        "Python {version} kann keine Umgebungen anlegen: Seine Module venv oder ensurepip fehlen."
    ),
    "Python {version} is made for Intel processors: torch is no longer made for those on macOS.": (
        "Python {version} ist für Intel-Prozessoren gemacht: torch gibt es für diese unter macOS nicht mehr."
    ),
    "The engine cannot be removed whole: {reason}": "Der Motor lässt sich nicht ganz entfernen: {reason}",
    "The engine's Python is not there: {path}.": "Das Python des Motors ist nicht da: {path}.",
    "Engine found: {path}": "Motor gefunden: {path}",
    "The engine {version} works, on {device}. Models: {names}.": (
        "Der Motor {version} geht, auf {device}. Modelle: {names}."
    ),
    "none": "keine",
    "The set-up failed: {reason}": "Das Einrichten ist gescheitert: {reason}",
    "No engine was found.": "Kein Motor gefunden.",
    "Press Set Up Engine to make one.": "„Motor einrichten“ legt einen an.",
    "The engine {version} runs, on {device}.": "Der Motor {version} läuft, auf {device}.",
    "The folder of wheels lacks this part, or has it for another Python or system. On a computer with a "
    "connection, fill it with: pip download -c constraints.txt torch PATH-OF-THE-ENGINE-WHEEL -d "
    "FOLDER; both files are in the folder engine of the add-on's zip": (
        "Dem Ordner mit Wheels fehlt dieser Teil, oder er ist für ein anderes Python oder System. Auf einem "
        "Rechner mit Verbindung füllen: pip download -c constraints.txt torch PFAD-DES-MOTOR-WHEELS -d "
        "ORDNER; beide Dateien sind im Ordner engine im Zip des Add-ons"
    ),
    "The versions that the engine was tested with are missing: {path}.": (
        "Die Versionen, mit denen der Motor geprüft ist, fehlen: {path}."
    ),
    "The engine's settings": "Die Einstellungen des Motors",
}
