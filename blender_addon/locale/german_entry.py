# SPDX-License-Identifier: GPL-3.0-or-later
"""Asset libraries, VRM, recipes as files, photographs, the gallery in the view."""

from __future__ import annotations

ENTRY: dict[str, str] = {
    # asset libraries
    "Make Asset Library": "Asset-Bibliothek machen",
    "Make a library for the Asset Browser of the avatars in a folder, with pictures, catalogues and tags. "
    "Run again, it makes what is new": (
        "Aus den Avataren eines Ordners eine Bibliothek für den Asset-Browser machen, mit Bildern, Katalogen und "
        "Stichwörtern. Noch einmal ausgeführt, macht es, was neu ist"
    ),
    "Add to Asset Libraries": "Zu den Asset-Bibliotheken",
    "Add a library to Blender's preferences, so that the Asset Browser shows it": (
        "Eine Bibliothek in Blenders Einstellungen eintragen, so dass der Asset-Browser sie zeigt"
    ),
    "Add the library to Blender's preferences, so that the Asset Browser shows it": (
        "Die Bibliothek in Blenders Einstellungen eintragen, so dass der Asset-Browser sie zeigt"
    ),
    "The library {folder} has {count} avatars, {made} of them new.": (
        "Die Bibliothek {folder} hat {count} Avatare, davon {made} neue."
    ),
    "What catalogues call it; empty: as the folder": "Wie die Kataloge es nennen; leer: wie der Ordner",
    "Who made the assets; empty: as the preferences say": (
        "Wer die Assets gemacht hat; leer: wie in den Einstellungen"
    ),
    "The library's folder": "Der Ordner der Bibliothek",
    "This engine makes no asset libraries yet: Remove Engine in the preferences, then Set Up": (
        "Dieser Motor macht noch keine Asset-Bibliotheken: in den Einstellungen „Motor entfernen“, dann einrichten"
    ),
    "{words} {count} failed: {names}": "{words} {count} misslangen: {names}",
    "Asset library of {folder}": "Asset-Bibliothek aus {folder}",
    "{name} was among the asset libraries already": "{name} war schon bei den Asset-Bibliotheken",
    "{name} is among the asset libraries": "{name} ist bei den Asset-Bibliotheken",
    "There is no .blend file in {path}.": "In {path} liegt keine .blend-Datei.",
    "Choose the folder of a library.": "Den Ordner einer Bibliothek wählen.",
    "Asset Library of a Folder...": "Asset-Bibliothek aus einem Ordner ...",
    # photographs
    "From a Photo": "Aus einem Foto",
    "From a Photo...": "Aus einem Foto ...",
    "Make an avatar that resembles the person in a photograph, or give the selected avatar its pose and camera. "
    "Nothing leaves this computer, and the photograph is not kept": (
        "Einen Avatar machen, der der Person auf einem Foto ähnelt, oder dem gewählten Avatar dessen Pose und Kamera "
        "geben. Nichts verlässt diesen Rechner, und das Foto wird nicht behalten"
    ),
    "From a photograph": "Aus einem Foto",
    "Pose from a Photo...": "Pose aus einem Foto ...",
    "Use only pictures that you may use: whoever is in a picture has a say in what is made of it.": (
        "Nur Bilder verwenden, die Sie verwenden dürfen: Wer auf einem Bild ist, redet mit, was daraus gemacht wird."
    ),
    "What": "Wofür",
    "What the photograph is for": "Wofür das Foto ist",
    "Make an avatar that resembles the person": "Einen Avatar machen, der der Person ähnelt",
    "Pose and Camera": "Pose und Kamera",
    "Give the selected avatar the person's pose, and a camera that sees it so": (
        "Dem gewählten Avatar die Pose der Person geben, und eine Kamera, die ihn so sieht"
    ),
    "Who of several: 1 is the largest; 0: whoever that is": "Wer von mehreren: 1 ist die größte; 0: wer das auch ist",
    "Skin of the Photo": "Haut des Fotos",
    "The face's own skin, evened in light; off: the model's": (
        "Die Haut des Gesichts selbst, gleichmäßig beleuchtet; aus: die des Modells"
    ),
    "Features of the Photo": "Züge des Fotos",
    "Move eyes, nose, mouth and outline to where the photograph has them; off: the model's nearest": (
        "Augen, Nase, Mund und Umriss dorthin rücken, wo das Foto sie hat; aus: die nächsten des Modells"
    ),
    "Fetch the Networks": "Netze holen",
    "Download the networks that read photographs if they are not there yet: 39 MB, once; "
    "Google's MediaPipe, under the Apache License 2.0": (
        "Die Netze, die Fotos lesen, herunterladen, wenn sie noch nicht da sind: 39 MB, einmal; "
        "Googles MediaPipe, unter der Apache-Lizenz 2.0"
    ),
    "The networks that read photographs are not there yet.": "Die Netze, die Fotos lesen, sind noch nicht da.",
    "Tick Fetch the Networks when you choose the photograph.": "Bei der Wahl des Fotos „Netze holen“ ankreuzen.",
    "The networks that read photographs have to be fetched, and Blender may not go online.": (
        "Die Netze, die Fotos lesen, müssen geholt werden, und Blender darf nicht ins Netz."
    ),
    "Allow online access in Preferences > System, or put their packages into the folder of wheels.": (
        "Den Zugang zum Netz in Einstellungen > System erlauben, oder ihre Pakete in den Ordner der Wheels legen."
    ),
    "{name} is posed as in {photo}; the camera {camera} sees it so.": (
        "{name} steht wie auf {photo}; die Kamera {camera} sieht ihn so."
    ),
    "{words} The photograph does not show it well.": "{words} Das Foto zeigt es nicht gut.",
    "Select an avatar first.": "Zuerst einen Avatar wählen.",
    "Looking at the photograph": "Foto wird angesehen",
    "Making the shape": "Form wird gemacht",
    "Choosing the hair": "Haar wird gewählt",
    "Fetching the networks": "Netze werden geholt",
    "Portrait from a photo": "Porträt aus einem Foto",
    "Photo": "Foto",
    "The picture's file": "Die Datei des Bildes",
    "{file} is no picture.": "{file} ist kein Bild.",
    "Choose a .jpg or a .png file.": "Eine .jpg- oder .png-Datei wählen.",
    "From {file}": "Aus {file}",
    # the gallery in the view
    "Make Here": "Hier machen",
    "Make this person of the gallery at a place of the scene, with the settings of the Create panel": (
        "Diese Person der Galerie an einer Stelle der Szene machen, mit den Einstellungen des Feldes „Erzeugen“"
    ),
    "Place": "Ort",
    "The floor that the person stands on; not given: the 3D cursor": (
        "Der Boden, auf dem die Person steht; nicht gegeben: der 3D-Cursor"
    ),
    "The gallery is empty: press Explore first": "Die Galerie ist leer: zuerst „Erkunden“ drücken",
    "{name} is where it was let go": "{name} steht, wo losgelassen wurde",
    "Portrait Gallery": "Porträt-Galerie",
    "In the View": "In der Ansicht",
    "Show the gallery along the lower edge of the 3D view: click a picture to pick that person, "
    "drag one into the scene to make that person there": (
        "Die Galerie am unteren Rand der 3D-Ansicht zeigen: ein Klick auf ein Bild wählt die Person, "
        "in die Szene gezogen wird sie dort gemacht"
    ),
    # recipes
    "Import Recipe": "Rezept importieren",
    "Make the avatar that a recipe's file tells of": "Den Avatar machen, den die Datei eines Rezepts beschreibt",
    "Save Recipe": "Rezept sichern",
    "Save how the selected avatar is made, by its own sliders and settings, as a file of a few lines": (
        "Wie der gewählte Avatar gemacht ist, mit seinen eigenen Reglern und Einstellungen, "
        "als Datei von wenigen Zeilen sichern"
    ),
    "Portraitkit recipe": "Portraitkit-Rezept",
    "{file} holds no recipe of a portrait.": "{file} enthält kein Rezept eines Porträts.",
    "Choose a file that Save Recipe wrote.": "Eine Datei wählen, die „Rezept sichern“ geschrieben hat.",
    "The recipe's file": "Die Datei des Rezepts",
    "The floor that it stands on; not given: at the 3D cursor, or where there is room beside it": (
        "Der Boden, auf dem er steht; nicht gegeben: am 3D-Cursor oder daneben, wo Platz ist"
    ),
    "Choose a recipe's file.": "Die Datei eines Rezepts wählen.",
    "Choose where the recipe goes.": "Wählen, wohin das Rezept soll.",
    "From a Recipe...": "Aus einem Rezept ...",
    "Portraitkit Recipe (.portrait)": "Portraitkit-Rezept (.portrait)",
    # VRM
    "Export VRM": "VRM exportieren",
    "Have the engine make the selected avatar again as a VRM 1.0 file, by its own sliders and settings. "
    "What was changed on its mesh by hand is not in it": (
        "Den Motor den gewählten Avatar noch einmal als VRM-1.0-Datei machen lassen, mit seinen eigenen Reglern und "
        "Einstellungen. Was von Hand an seinem Mesh geändert wurde, ist nicht darin"
    ),
    "Bring In as VRM": "Als VRM hereinholen",
    "Make the selected avatar as VRM and bring it in by the VRM add-on, ready for its panels": (
        "Den gewählten Avatar als VRM machen und durch das VRM-Add-on hereinholen, bereit für dessen Felder"
    ),
    "Who makes the file, which VRM wants to know; kept in the preferences": (
        "Wer die Datei macht, was VRM wissen will; bleibt in den Einstellungen"
    ),
    "Install the VRM format add-on first: look for VRM under Get Extensions in the preferences": (
        "Zuerst das Add-on „VRM format“ installieren: in den Einstellungen unter „Erweiterungen“ nach VRM suchen"
    ),
    "This engine writes no {ending} files.": "Dieser Motor schreibt keine {ending}-Dateien.",
    "Press Remove Engine in the preferences, then Set Up Engine.": (
        "In den Einstellungen „Motor entfernen“ und dann „Motor einrichten“ drücken."
    ),
    "The VRM add-on did not import {name}.": "Das VRM-Add-on hat {name} nicht importiert.",
    "Try it with its own menu: File > Import > VRM.": "Mit seinem eigenen Menü versuchen: Datei > Importieren > VRM.",
    "{name} came in as VRM": "{name} kam als VRM herein",
    "{name} as VRM": "{name} als VRM",
    "Exporting {name}": "{name} wird exportiert",
    "Portraitkit Avatar (.vrm)": "Portraitkit-Avatar (.vrm)",
    "Your name, for VRM files and assets, which say who made them": (
        "Der eigene Name, für VRM-Dateien und Assets, die sagen, wer sie gemacht hat"
    ),
}
