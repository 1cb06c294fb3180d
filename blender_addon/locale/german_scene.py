# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars in the scene: import, pose, motion, export, assets."""

from __future__ import annotations

SCENE: dict[str, str] = {
    # undo steps
    "Regenerate Avatar": "Avatar neu erzeugen",
    "Bake Avatar": "Avatar backen",
    "Pose Avatar": "Avatar stellen",
    "Move Avatar": "Avatar bewegen",
    "Bake onto the mesh as it is, or repair it first.": "Auf das Mesh backen, wie es ist, oder es zuerst reparieren.",
    # assets
    "Mark as Asset": "Als Asset markieren",
    "Put the selected avatar into the Asset Browser, with its picture and tags": (
        "Den gewählten Avatar mit Bild und Schlagwörtern in den Asset-Browser legen"
    ),
    "Tags": "Schlagwörter",
    "Words to find it by, with commas between them": "Wörter, unter denen man ihn findet, mit Kommas dazwischen",
    "Author": "Urheber",
    "Who made the asset": "Wer das Asset gemacht hat",
    # regions of the skin
    "Vertex Groups of Regions": "Vertexgruppen der Bereiche",
    "Give the skin a vertex group for face, lids, lips, ears, scalp, neck and so on, to mask modifiers, sculpting "
    "and painting by. Face sets and the attribute 'region' are there without them": (
        "Der Haut eine Vertexgruppe für Gesicht, Lider, Lippen, Ohren, Kopfhaut, Hals und so weiter geben, um "
        "Modifikatoren, Sculpting und Malen zu begrenzen. Face-Sets und das Attribut „region“ sind auch ohne sie da"
    ),
    "The avatar's file tells of no regions of the skin": "Die Datei des Avatars kennt keine Bereiche der Haut",
    "{count} vertex groups made": "{count} Vertexgruppen gemacht",
    # import
    "Import Avatar": "Avatar importieren",
    "Import an avatar's .glb file with its bones, skin shader, recipe and picture": (
        "Die .glb-Datei eines Avatars mit Knochen, Hautshader, Rezept und Bild importieren"
    ),
    "Portraitkit avatar": "Portraitkit-Avatar",
    "File": "Datei",
    "The .glb file": "Die .glb-Datei",
    "What the avatar is called; empty: as the file": "Wie der Avatar heißt; leer: wie die Datei",
    # export
    "Export Avatar": "Avatar exportieren",
    "Write the selected avatar as glTF, FBX or USD, with settings that keep rig, maps and recipe": (
        "Den gewählten Avatar als glTF, FBX oder USD schreiben, so dass Rig, Karten und Rezept erhalten bleiben"
    ),
    "The kind of file": "Die Art der Datei",
    "glTF (.glb)": "glTF (.glb)",
    "One file with mesh, rig, maps and recipe: for engines and the web": (
        "Eine Datei mit Mesh, Rig, Karten und Rezept: für Spiele und das Web"
    ),
    "For programs that do not read glTF: rig, shapes and maps, without coats and sheen": (
        "Für Programme, die kein glTF lesen: Rig, Formen und Karten, ohne Klarlack und Schimmer"
    ),
    "For film pipelines; the maps lie in a folder beside it": (
        "Für Film-Pipelines; die Karten liegen in einem Ordner daneben"
    ),
    "All Levels of Detail": "Alle Detailstufen",
    "Also write the coarser meshes": "Auch die gröberen Meshes schreiben",
    # poses
    "Reset Pose": "Pose zurücksetzen",
    "Put all bones of the selected avatar back to rest. An action that moves it stays": (
        "Alle Knochen des gewählten Avatars in Ruhe bringen. Eine Aktion, die ihn bewegt, bleibt"
    ),
    "Save Pose": "Pose speichern",
    "Write the pose of the selected avatar into a file that Load Pose and the command line read": (
        "Die Pose des gewählten Avatars in eine Datei schreiben, die „Pose laden“ und die Befehlszeile lesen"
    ),
    "Neck Nod": "Hals nicken",
    "Bend the neck forward, or back below zero": "Den Hals nach vorn beugen, unter null nach hinten",
    "Neck Turn": "Hals drehen",
    "Turn the neck to the avatar's left, or right below zero": (
        "Den Hals zur Linken des Avatars drehen, unter null zur Rechten"
    ),
    "Neck Tilt": "Hals neigen",
    "Tilt the neck to the avatar's right shoulder, or left below zero": (
        "Den Hals zur rechten Schulter des Avatars neigen, unter null zur linken"
    ),
    "Head Nod": "Kopf nicken",
    "Bend the head forward, or back below zero": "Den Kopf nach vorn beugen, unter null nach hinten",
    "Head Turn": "Kopf drehen",
    "Turn the head to the avatar's left, or right below zero": (
        "Den Kopf zur Linken des Avatars drehen, unter null zur Rechten"
    ),
    "Head Tilt": "Kopf neigen",
    "Tilt the head to the avatar's right shoulder, or left below zero": (
        "Den Kopf zur rechten Schulter des Avatars neigen, unter null zur linken"
    ),
    "Portrait Pose": "Porträtpose",
    "How the avatar holds neck and head": "Wie der Avatar Hals und Kopf hält",
    # with values
    "Avatar of the model {model}, seed {seed}": "Avatar des Modells {model}, Startwert {seed}",
    "{name} lies in no collection of its own.": "{name} liegt in keiner eigenen Sammlung.",
    "Move it into one and try again.": "In eine verschieben und noch einmal versuchen.",
    "{name} is in the Asset Browser under Current File": "{name} ist im Asset-Browser unter „Aktuelle Datei“",
    "{file} was not made by Portraitkit.": "{file} ist nicht von Portraitkit gemacht.",
    "Import it with File > Import > glTF 2.0 instead.": "Stattdessen mit Datei > Importieren > glTF 2.0 importieren.",
    "Blender's glTF add-on is switched off.": "Blenders glTF-Add-on ist ausgeschaltet.",
    "Switch it on in Edit > Preferences > Add-ons.": "In Bearbeiten > Einstellungen > Add-ons einschalten.",
    "{file} cannot be imported; the file may be damaged.": (
        "{file} lässt sich nicht importieren; vielleicht ist die Datei beschädigt."
    ),
    "Make the avatar again.": "Den Avatar noch einmal machen.",
    "The file holds {count} skeletons; an avatar has one.": "Die Datei enthält {count} Skelette; ein Avatar hat eines.",
    "The file holds no mesh that the skeleton moves.": "Die Datei enthält kein Mesh, das das Skelett bewegt.",
    "{file} cannot be imported: {reason}": "{file} lässt sich nicht importieren: {reason}",
    "{file} is of no kind that can be exported.": "{file} ist von keiner Art, die exportiert werden kann.",
    "Choose a name that ends in .glb, .fbx or .usdc.": "Einen Namen wählen, der auf .glb, .fbx oder .usdc endet.",
    "Regenerate it first.": "Ihn zuerst neu erzeugen.",
    "{name} is not in this view layer.": "{name} ist nicht in dieser Ansichtsebene.",
    "Switch its collection on and try again.": "Die Sammlung einschalten und noch einmal versuchen.",
    "The file could not be written.": "Die Datei ließ sich nicht schreiben.",
    "Is the folder there, and is there room on the disk?": "Gibt es den Ordner, und ist Platz auf dem Datenträger?",
    "{file} written": "{file} geschrieben",
    "{name} has no mesh any more.": "{name} hat kein Mesh mehr.",
    "Blender's {ending} exporter is switched off.": "Blenders Exporter für {ending} ist ausgeschaltet.",
    "Switch it on in the preferences.": "In den Einstellungen einschalten.",
    "No file was named.": "Keine Datei wurde genannt.",
    "Choose where the avatar goes.": "Wählen, wohin der Avatar soll.",
    "{file} cannot be written: {reason}": "{file} lässt sich nicht schreiben: {reason}",
    "{file} is not there any more.": "{file} ist nicht mehr da.",
    "Choose another file.": "Eine andere Datei wählen.",
    "{file} is damaged: its description is no JSON object.": (
        "{file} ist beschädigt: Die Beschreibung ist kein JSON-Objekt."
    ),
    "{file} is damaged: its description cannot be read.": (
        "{file} ist beschädigt: Die Beschreibung lässt sich nicht lesen."
    ),
    "{file} is no .glb file.": "{file} ist keine .glb-Datei.",
    "Choose a file that Portraitkit or Blender wrote.": (
        "Eine Datei wählen, die Portraitkit oder Blender geschrieben hat."
    ),
    "{file}: its description is larger than any avatar's; the file is damaged.": (
        "{file}: Die Beschreibung ist größer als die jedes Avatars; die Datei ist beschädigt."
    ),
    "No avatar is selected.": "Kein Avatar ist ausgewählt.",
    "Click one in the 3D view or the outliner.": "Einen in der 3D-Ansicht oder im Outliner anklicken.",
    "Hair as Curves": "Haar als Kurven",
    "Make Hair Curves": "Haarkurven machen",
    "Grow a hair system of curves along the avatar's hair mesh, and hide the mesh": (
        "Ein Haarsystem aus Kurven entlang des Haar-Mesh des Avatars wachsen lassen und das Mesh ausblenden"
    ),
    "Strands": "Strähnen",
    "How many curves": "Wie viele Kurven",
    "{count} strands of hair made": "{count} Haarsträhnen gemacht",
    "The avatar has no hair mesh": "Der Avatar hat kein Haar-Mesh",
    "{name} has no hair mesh and skin to make curves of.": (
        "{name} hat kein Haar-Mesh und keine Haut, aus denen Kurven werden könnten."
    ),
    "Make the avatar again with parts skin and hair.": "Den Avatar noch einmal mit den Teilen Haut und Haar machen.",
    "The hair of {name} does not tell where its strands run.": (
        "Das Haar von {name} sagt nicht, wo seine Strähnen verlaufen."
    ),
    "Make the avatar again with its hair as a mesh.": "Den Avatar noch einmal mit Haar als Mesh machen.",
    "The hair of {name} has no strands.": "Das Haar von {name} hat keine Strähnen.",
    "Choose a .glb file.": "Eine .glb-Datei wählen.",
    "{file} is no avatar of Portraitkit; it was imported as it is": (
        "{file} ist kein Avatar von Portraitkit; es wurde importiert, wie es ist"
    ),
    "{name} cannot be written.": "{name} lässt sich nicht schreiben.",
    "Look at Blender's console for the reason.": "Der Grund steht in Blenders Konsole.",
    "The motion has no frames.": "Die Bewegung hat keine Bilder.",
    "The motion cannot be read: {reason}": "Die Bewegung lässt sich nicht lesen: {reason}",
    "Pose written to {file}": "Pose nach {file} geschrieben",
    "Choose where the pose goes.": "Wählen, wohin die Pose soll.",
    "{name} cannot be made of quads: {reason}.": "{name} lässt sich nicht aus Vierecken machen: {reason}.",
}
