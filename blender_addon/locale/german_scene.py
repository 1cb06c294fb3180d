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
    # import
    "Import Avatar": "Avatar importieren",
    "Import an avatar's .glb file with its bones, skin shader, recipe and picture": (
        "Die .glb-Datei eines Avatars mit Knochen, Hautshader, Rezept und Bild importieren"
    ),
    "Portraitkit avatar": "Portraitkit-Avatar",
    "File": "Datei",
    "The .glb file": "Die .glb-Datei",
    "What the avatar is called; empty: as the file": "Wie der Avatar heißt; leer: wie die Datei",
    "No file was named. Choose a .glb file.": "Keine Datei wurde genannt. Eine .glb-Datei wählen.",
    "Blender's glTF add-on is switched off. Switch it on in Edit > Preferences > Add-ons.": (
        "Blenders glTF-Add-on ist ausgeschaltet. In Bearbeiten > Einstellungen > Add-ons einschalten."
    ),
    "The file holds no mesh that the skeleton moves. Make the avatar again.": (
        "Die Datei enthält kein Mesh, das das Skelett bewegt. Den Avatar noch einmal machen."
    ),
    # export
    "Export Avatar": "Avatar exportieren",
    "Write the selected avatar as glTF, FBX or USD, with settings that keep rig, maps and recipe": (
        "Den gewählten Avatar als glTF, FBX oder USD schreiben, so dass Rig, Karten und Rezept erhalten bleiben"
    ),
    "The kind of file": "Die Art der Datei",
    "glTF (.glb)": "glTF (.glb)",
    "FBX (.fbx)": "FBX (.fbx)",
    "USD (.usdc)": "USD (.usdc)",
    "One file with mesh, rig, maps and recipe: for engines and the web": (
        "Eine Datei mit Mesh, Rig, Karten und Rezept: für Spiele und das Web"
    ),
    "For programs that do not read glTF; packed roughness is not kept": (
        "Für Programme, die kein glTF lesen; gepackte Rauheit bleibt nicht erhalten"
    ),
    "For film pipelines; the maps lie in a folder beside it": (
        "Für Film-Pipelines; die Karten liegen in einem Ordner daneben"
    ),
    "All Levels of Detail": "Alle Detailstufen",
    "Also write the coarser meshes": "Auch die gröberen Meshes schreiben",
    "The file could not be written. Is the folder there, and is there room on the disk?": (
        "Die Datei ließ sich nicht schreiben. Gibt es den Ordner, und ist Platz auf dem Datenträger?"
    ),
    "No file was named. Choose where the avatar goes.": "Keine Datei wurde genannt. Wählen, wohin der Avatar soll.",
    # poses
    "Reset Pose": "Pose zurücksetzen",
    "Put all bones of the selected avatar back to rest. An action that moves it stays": (
        "Alle Knochen des gewählten Avatars in Ruhe bringen. Eine Aktion, die ihn bewegt, bleibt"
    ),
    "Save Pose": "Pose speichern",
    "Write the pose of the selected avatar into a file that Load Pose and the command line read": (
        "Die Pose des gewählten Avatars in eine Datei schreiben, die „Pose laden“ und die Befehlszeile lesen"
    ),
    "No file was named. Choose where the pose goes.": "Keine Datei wurde genannt. Wählen, wohin die Pose soll.",
    "The motion has no frames. Choose another file.": "Die Bewegung hat keine Bilder. Eine andere Datei wählen.",
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
}
SCENE_FILLED: dict[str, str] = {
    "Avatar of the model {}, seed {}": "Avatar des Modells {}, Startwert {}",
    "{} is in the Asset Browser under Current File": "{} ist im Asset-Browser unter „Aktuelle Datei“",
    "{} lies in no collection of its own. Move it into one and try again.": (
        "{} liegt in keiner eigenen Sammlung. In eine verschieben und noch einmal versuchen."
    ),
    "{} was not made by Portraitkit. Import it with File > Import > glTF 2.0 instead.": (
        "{} ist nicht von Portraitkit gemacht. Stattdessen mit Datei > Importieren > glTF 2.0 importieren."
    ),
    "{} cannot be imported; the file may be damaged. Make the avatar again.": (
        "{} lässt sich nicht importieren; vielleicht ist die Datei beschädigt. Den Avatar noch einmal machen."
    ),
    "The file holds {} skeletons; an avatar has one. Make the avatar again.": (
        "Die Datei enthält {} Skelette; ein Avatar hat eines. Den Avatar noch einmal machen."
    ),
    "{} written": "{} geschrieben",
    "{}: choose a name that ends in .glb, .fbx or .usdc.": (
        "{}: Einen Namen wählen, der auf .glb, .fbx oder .usdc endet."
    ),
    "{} has no mesh any more. Regenerate it first.": "{} hat kein Mesh mehr. Zuerst neu erzeugen.",
    "{} is not in this view layer. Switch its collection on and try again.": (
        "{} ist nicht in dieser Ansichtsebene. Die Sammlung einschalten und noch einmal versuchen."
    ),
    "Blender's {} exporter is switched off. Switch it on in the preferences.": (
        "Blenders Exporter für {} ist ausgeschaltet. In den Einstellungen einschalten."
    ),
    "{} cannot be written: {}": "{} lässt sich nicht schreiben: {}",
    "Imported {}": "{} importiert",
    "{} is no avatar of Portraitkit; it was imported as it is": (
        "{} ist kein Avatar von Portraitkit; es wurde importiert, wie es ist"
    ),
    "{} cannot be written. Look at Blender's console for the reason.": (
        "{} lässt sich nicht schreiben. Der Grund steht in Blenders Konsole."
    ),
    "The motion cannot be read: {}": "Die Bewegung lässt sich nicht lesen: {}",
    "Pose written to {}": "Pose nach {} geschrieben",
    "{} cannot be made of quads: QuadriFlow needs a closed mesh without loose parts.": (
        "{} lässt sich nicht aus Vierecken machen: QuadriFlow braucht ein geschlossenes Mesh ohne lose Teile."
    ),
    "{} cannot be made of quads: {}": "{} lässt sich nicht aus Vierecken machen: {}",
}
