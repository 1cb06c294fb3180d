# SPDX-License-Identifier: GPL-3.0-or-later
"""The face: its panel, recordings, and the settings of its shapes and joints."""

from __future__ import annotations

FACE: dict[str, str] = {
    # the panel
    "Face": "Gesicht",
    "The Face panel": "Das Feld Gesicht",
    "Select an avatar to move its face.": "Einen Avatar wählen, um sein Gesicht zu bewegen.",
    "This avatar has no shapes of the face. Avatars of parts get them.": (
        "Dieser Avatar hat keine Gesichtsformen. Avatare aus Teilen bekommen sie."
    ),
    "Search": "Suchen",
    "Show only the sliders whose names hold these letters": "Nur die Regler zeigen, in deren Namen das vorkommt",
    "Strength": "Stärke",
    "How strong the next expression is": "Wie stark der nächste Ausdruck ist",
    "How strong the expression is": "Wie stark der Ausdruck ist",
    "Cheeks and Nose": "Wangen und Nase",
    "Jaw": "Kiefer",
    "Mouth": "Mund",
    "Visemes": "Viseme",
    "Both Sides": "Beide Seiten",
    "Happy": "Fröhlich",
    "Laughing": "Lachend",
    "Sad": "Traurig",
    "Angry": "Zornig",
    "Surprised": "Überrascht",
    "Afraid": "Ängstlich",
    "Disgusted": "Angewidert",
    "Contempt": "Verächtlich",
    "Doubt": "Zweifelnd",
    "Thinking": "Nachdenklich",
    "Tired": "Müde",
    "Calm": "Ruhig",
    # buttons
    "Set Expression": "Ausdruck setzen",
    "Give the avatar's face an expression; keyed where automatic keying is switched on": (
        "Dem Gesicht des Avatars einen Ausdruck geben; mit Keyframes, wo Auto-Keying an ist"
    ),
    "Expression": "Ausdruck",
    "What the face shows": "Was das Gesicht zeigt",
    "Reset": "Zurücksetzen",
    "Reset Face": "Gesicht zurücksetzen",
    "Bring all shapes of the avatar's face to rest": "Alle Formen des Gesichts in Ruhe bringen",
    "Mirror": "Spiegeln",
    "Mirror Face": "Gesicht spiegeln",
    "Exchange the left and the right side of the expression": "Linke und rechte Seite des Ausdrucks vertauschen",
    "Key": "Keyframe",
    "Key Face": "Keyframe für das Gesicht",
    "Key all shapes of the avatar's face at the current frame": (
        "Alle Formen des Gesichts im aktuellen Bild mit Keyframes festhalten"
    ),
    "{count} shapes keyed": "{count} Formen festgehalten",
    "Eye Target": "Blickziel",
    "Remove Eye Target": "Blickziel entfernen",
    "Add an empty that the avatar's eyes look at, lids following; or take it away": (
        "Ein Leerobjekt hinzufügen, das die Augen ansehen, die Lider folgen; oder es entfernen"
    ),
    "Remove": "Entfernen",
    "Take the eye target away": "Das Blickziel entfernen",
    # recordings
    "Load Face Recording": "Gesichtsaufnahme laden",
    "Make an action of a recording: Live Link Face, ARKit, MediaPipe, tables of shapes": (
        "Aus einer Aufnahme eine Aktion machen: Live Link Face, ARKit, MediaPipe, Tabellen von Formen"
    ),
    "Turn the Head": "Kopf drehen",
    "Neck and head turn as recorded, too": "Auch Hals und Kopf drehen sich wie aufgenommen",
    "Load Lip-Sync": "Lippenbewegung laden",
    "Make an action of cues of speech: Rhubarb, TextGrid, phonemes and visemes with their times": (
        "Aus Sprechmarken eine Aktion machen: Rhubarb, TextGrid, Phoneme und Viseme mit ihren Zeiten"
    ),
    "Frames a Second": "Bilder je Sekunde",
    "For files that count frames; 0: as the file says": "Für Dateien, die Bilder zählen; 0: wie die Datei sagt",
    "How far the mouth moves": "Wie weit sich der Mund bewegt",
    "Portraitkit Face Recording": "Portraitkit-Gesichtsaufnahme",
    "Portraitkit Lip-Sync": "Portraitkit-Lippenbewegung",
    "{name}: {seconds} seconds": "{name}: {seconds} Sekunden",
    # assets
    "Expressions as Pose Assets": "Ausdrücke als Posen-Assets",
    "Make an action asset of each expression, for the Asset Browser": (
        "Aus jedem Ausdruck ein Aktions-Asset für den Asset-Browser machen"
    ),
    "{count} expressions are in the Asset Browser of this file": (
        "{count} Ausdrücke sind im Asset-Browser dieser Datei"
    ),
    # what goes wrong
    "The avatar's face has no shapes": "Das Gesicht des Avatars hat keine Formen",
    "The avatar's face has no shapes.": "Das Gesicht des Avatars hat keine Formen.",
    "Make it again with the shapes of the face.": "Ihn mit den Formen des Gesichts neu machen.",
    "The avatar's eyes have no bones.": "Die Augen des Avatars haben keine Knochen.",
    "Make it again with joints of the face.": "Ihn mit Gelenken des Gesichts neu machen.",
    # settings
    "Joints that move the bust, all 24 of SMPL, or those with fingers": (
        "Gelenke, die die Büste bewegen, alle 24 von SMPL oder die mit Fingern"
    ),
    "Full Body": "Ganzer Körper",
    "Those and 30 joints of fingers: what programs for whole characters ask for": (
        "Diese und 30 Gelenke der Finger: was Programme für ganze Figuren verlangen"
    ),
    "What moves the face of an avatar of parts": "Was das Gesicht eines Avatars aus Teilen bewegt",
    "Nothing: no shapes and no joints of its own": "Nichts: keine Formen und keine eigenen Gelenke",
    "Shapes": "Formen",
    "The 52 shapes of ARKit, 15 visemes and five more, as morph targets": (
        "Die 52 Formen von ARKit, 15 Viseme und fünf weitere, als Morph-Targets"
    ),
    "Joints": "Gelenke",
    "Joints of the jaw and of both eyes": "Gelenke des Kiefers und beider Augen",
    "Shapes and Joints": "Formen und Gelenke",
    "Both, at rest; who plays it moves the jaw by one of them": (
        "Beides, in Ruhe; wer es abspielt, bewegt den Kiefer durch eines davon"
    ),
    "Normals of Shapes": "Normalen der Formen",
    "KHR_character (Draft)": "KHR_character (Entwurf)",
    "A .glb or a .gltf says what it is by the draft extension KHR_character": (
        "Eine .glb oder .gltf sagt mit der Erweiterung KHR_character, einem Entwurf, was sie ist"
    ),
    "Shapes of the face say how normals turn, for programs that do not make them anew": (
        "Die Formen des Gesichts sagen, wie sich Normalen drehen, für Programme, die sie nicht neu berechnen"
    ),
    "How a .glb or a .gltf holds colours": "Wie eine .glb oder .gltf Farben hält",
    "Every colour as it is": "Jede Farbe, wie sie ist",
    "Smaller files; colours that are see-through, directions and roughness stay as PNG": (
        "Kleinere Dateien; durchsichtige Farben, Richtungen und Rauheit bleiben PNG"
    ),
}
