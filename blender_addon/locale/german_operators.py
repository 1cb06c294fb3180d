# SPDX-License-Identifier: GPL-3.0-or-later
"""What the buttons do: making, looking around, posing, exporting."""

from __future__ import annotations

OPERATORS: dict[str, str] = {
    # making
    "Create": "Erzeugen",
    "Generate": "Erzeugen",
    "Generate Avatar": "Avatar erzeugen",
    "Generate Another": "Noch einen erzeugen",
    "Make the avatar and bring it into the scene. Blender is yours meanwhile; the panel shows how far it is": (
        "Den Avatar machen und in die Szene holen. Blender bleibt dabei frei; das Feld zeigt, wie weit er ist"
    ),
    "Regenerate with Changes": "Mit Änderungen neu erzeugen",
    "Edit Its Settings": "Seine Einstellungen bearbeiten",
    "Show the settings that the selected avatar was made with in the Create panel, ready to be changed": (
        "Die Einstellungen, mit denen der gewählte Avatar gemacht wurde, im Feld „Erzeugen“ zum Ändern zeigen"
    ),
    "Bake onto This Mesh": "Auf dieses Mesh backen",
    "Bake colours and shape of the avatar onto the active mesh, edited or made anew; it needs a UV map": (
        "Farben und Form des Avatars auf das aktive Mesh backen, bearbeitet oder neu gemacht; es braucht eine UV-Map"
    ),
    "Remesh and Bake": "Neu vernetzen und backen",
    "Unwrap it, or use Remesh and Bake, which does.": "Es abwickeln, oder „Neu vernetzen und backen“ nehmen.",
    "Export Variations": "Varianten exportieren",
    "Export {count} Variations": "{count} Varianten exportieren",
    "Write avatars of the following seeds into the folder, with the settings of the Create panel": (
        "Avatare der folgenden Startwerte in den Ordner schreiben, mit den Einstellungen des Feldes „Erzeugen“"
    ),
    "Cancel": "Abbrechen",
    "Stop this work; what it has finished stays": "Diese Arbeit abbrechen; was fertig ist, bleibt",
    "Number": "Nummer",
    "Which work; 0: all": "Welche Arbeit; 0: alle",
    "Which of the avatars": "Welcher der Avatare",
    "Discard": "Verwerfen",
    "Delete it instead": "Ihn stattdessen löschen",
    "Changes": "Änderungen",
    "A recipe as JSON; empty: the one of the avatar that the mesh belongs to, or the panel's": (
        "Ein Rezept als JSON; leer: das des Avatars, zu dem das Mesh gehört, oder das des Feldes"
    ),
    "A recipe as JSON; empty: the avatar's own": "Ein Rezept als JSON; leer: das des Avatars",
    "A whole recipe as JSON; the panel is not looked at": "Ein ganzes Rezept als JSON; das Feld wird nicht beachtet",
    "Give it as json.dumps writes it.": "In der Form angeben, in der json.dumps es schreibt.",
    "Quads": "Vierecke",
    # looking around
    "Another Seed": "Anderer Startwert",
    "Take any other seed: another person": "Irgendeinen anderen Startwert nehmen: eine andere Person",
    "Back to the Seed": "Zurück zum Startwert",
    "Forget the person picked from the gallery and use the seed": (
        "Die in der Galerie gewählte Person vergessen und den Startwert nehmen"
    ),
    "Randomise": "Zufällig",
    "Take another seed and let it decide everything except the attributes that are kept by their lock": (
        "Einen anderen Startwert nehmen, der alles bestimmt außer den durch ihr Schloss gehaltenen Merkmalen"
    ),
    "The new seed; -1: any": "Der neue Startwert; -1: irgendeiner",
    "Explore": "Erkunden",
    "Show small pictures of different people to pick from; locked attributes are kept": (
        "Kleine Bilder verschiedener Personen zur Auswahl zeigen; gesperrte Merkmale bleiben"
    ),
    "Where to begin; -1: anywhere": "Wo anzufangen ist; -1: irgendwo",
    "More Like This": "Mehr davon",
    "More like this": "Mehr davon",
    "Looking for more": "Es wird nach mehr gesucht",
    "Show people who are like the one in the panel; the first picture is the same person": (
        "Personen zeigen, die der im Feld ähneln; das erste Bild ist dieselbe Person"
    ),
    "The same seed gives the same people; -1: any": "Derselbe Startwert gibt dieselben Personen; -1: irgendeiner",
    "Between": "Dazwischen",
    "Going between": "Unterwegs dazwischen",
    "Between: pick two people": "Dazwischen: zwei Personen wählen",
    "Between needs two people.": "„Dazwischen“ braucht zwei Personen.",
    "Show the way between the last two people picked in the gallery": (
        "Den Weg zwischen den letzten beiden in der Galerie gewählten Personen zeigen"
    ),
    "Explore first, then pick two people": "Erst erkunden, dann zwei Personen wählen",
    "Pick one in the gallery, then another.": "In der Galerie eine wählen, dann eine andere.",
    "Pick two of them.": "Zwei davon wählen.",
    "First": "Erste",
    "Second": "Zweite",
    "A picture of the gallery; -1: the last but one picked": "Ein Bild der Galerie; -1: das vorletzte gewählte",
    "A picture of the gallery; -1: the last picked": "Ein Bild der Galerie; -1: das zuletzt gewählte",
    "How many, both ends included; 0: as the panel says": "Wie viele, mit beiden Enden; 0: wie im Feld",
    "Pick": "Wählen",
    "Picked from the gallery": "In der Galerie gewählt",
    "Take this person; then Generate, or More Like This. Pick another one to go Between the two": (
        "Diese Person nehmen; dann Erzeugen oder Mehr davon. Eine weitere wählen, um dazwischen zu gehen"
    ),
    "Which picture": "Welches Bild",
    "Gallery": "Galerie",
    "Close Gallery": "Galerie schließen",
    "Take the pictures away": "Die Bilder wegnehmen",
    "Use Model": "Modell verwenden",
    "Make avatars with this model": "Avatare mit diesem Modell machen",
    "The model's name": "Der Name des Modells",
    # the selected avatar
    "Avatar": "Avatar",
    "Select an avatar to see how it was made and to change it.": (
        "Einen Avatar auswählen, um zu sehen, wie er gemacht wurde, und um ihn zu ändern."
    ),
    "Select an avatar made by Portraitkit first": "Zuerst einen von Portraitkit gemachten Avatar auswählen",
    "Make a mesh active, in object mode": "Ein Mesh aktiv machen, im Objektmodus",
    "Select a mesh and try again.": "Ein Mesh auswählen und noch einmal versuchen.",
    "Select an avatar and try again.": "Einen Avatar auswählen und noch einmal versuchen.",
    "The avatar is not in the file any more.": "Der Avatar ist nicht mehr in der Datei.",
    "That avatar is not there any more.": "Diesen Avatar gibt es nicht mehr.",
    "The avatar does not tell how it was made; its custom property was deleted.": (
        "Der Avatar sagt nicht, wie er gemacht wurde; seine eigene Eigenschaft wurde gelöscht."
    ),
    "Make a new avatar, or import its file again.": "Einen neuen Avatar machen oder seine Datei neu importieren.",
    "The maps are ready, but the file that asked for them is not open any more.": (
        "Die Karten sind fertig, aber die Datei, für die sie bestimmt waren, ist nicht mehr offen."
    ),
    # poses and files
    "Pose": "Pose",
    "Select an avatar to pose it.": "Einen Avatar auswählen, um ihn zu stellen.",
    "Load Pose": "Pose laden",
    "Put the avatar into a pose out of a file: SMPL poses of many programs, or a frame of a motion": (
        "Den Avatar in eine Pose aus einer Datei bringen: SMPL-Posen vieler Programme oder ein Bild einer Bewegung"
    ),
    "Load Motion": "Bewegung laden",
    "Make an action for the avatar out of a motion file: AMASS, video motion capture, BVH": (
        "Aus einer Bewegungsdatei eine Aktion für den Avatar machen: AMASS, Bewegung aus Videos, BVH"
    ),
    "Load Settings": "Einstellungen laden",
    "Show the settings of an avatar's file (.glb, .gltf, .obj, .ply or .json) in the Create panel": (
        "Die Einstellungen einer Avatardatei (.glb, .gltf, .obj, .ply oder .json) im Feld „Erzeugen“ zeigen"
    ),
    "Choose a file that is there.": "Eine Datei wählen, die es gibt.",
    "Recorded at": "Aufgenommen mit",
    "How many frames a second the file was recorded with; 0: as the file says": (
        "Mit wie vielen Bildern pro Sekunde die Datei aufgenommen wurde; 0: wie die Datei sagt"
    ),
    "Frame": "Bild",
    "Which frame of a motion, from 0; -1 is the last": "Welches Bild einer Bewegung, von 0 an; -1 ist das letzte",
    "Who in a file with several people: an id, or a number from 0; empty takes the first": (
        "Wer in einer Datei mit mehreren Leuten: eine Kennung oder eine Nummer von 0 an; leer nimmt die erste"
    ),
    "Units": "Einheiten",
    "{words}; joints that the avatar lacks are left out ({count}): {names}": (
        "{words}; Gelenke, die der Avatar nicht hat, sind weggelassen ({count}): {names}"
    ),
    "What the file's numbers are, where it does not show: degrees, cm, mm, or several as degrees,cm": (
        "Was die Zahlen der Datei sind, wo man es nicht sieht: degrees, cm, mm oder mehrere wie degrees,cm"
    ),
    "Up": "Oben",
    "Which axis points up in the file": "Welche Achse in der Datei nach oben zeigt",
    "By Its Data": "Nach ihren Daten",
    "As the body stands in it": "So, wie der Körper darin steht",
    "Y": "Y",
    "SMPL's own axes": "SMPLs eigene Achsen",
    "-Y": "-Y",
    "A camera's axes, as video motion capture writes": "Achsen einer Kamera, wie Bewegung aus Videos sie hat",
    "Z": "Z",
    "-Z": "-Z",
    "Z, upside down": "Z, auf dem Kopf",
    "X": "X",
    "-X": "-X",
    "Seldom": "Selten",
    "AMASS and most motion capture": "AMASS und die meisten Bewegungsaufnahmen",
    "Turn the Whole Body": "Ganzen Körper drehen",
    "Also turn the avatar as a whole; most busts look better without": (
        "Auch den Avatar als Ganzes drehen; die meisten Büsten sehen ohne besser aus"
    ),
    "Export": "Exportieren",
    "Many at once": "Viele auf einmal",
    # with values
    "{mesh} has no UV map to bake into.": "{mesh} hat keine UV-Map, in die gebacken werden kann.",
    "Baking onto {mesh}": "Auf {mesh} wird gebacken",
    "Exporting {count} avatars": "{count} Avatare werden exportiert",
    "Make it again.": "Ihn noch einmal machen.",
    "There is no picture {number}; the gallery shows {count}.": (
        "Es gibt kein Bild {number}; die Galerie zeigt {count}."
    ),
    "Generating {name}": "{name} wird erzeugt",
    "Regenerating {name}": "{name} wird neu erzeugt",
    "Exploring": "Es wird erkundet",
    "The avatar's recipe cannot be shown: {reason}": "Das Rezept des Avatars kann nicht gezeigt werden: {reason}",
    "an unsaved file": "eine ungespeicherte Datei",
    "The gallery shows only {count} people.": "Die Galerie zeigt nur {count} Personen.",
    "There is no file {path}.": "Es gibt keine Datei {path}.",
    "The mesh {name} is not in the file any more.": "Das Mesh {name} ist nicht mehr in der Datei.",
    "{made} avatars written to {folder}{kept}{failed}.": "{made} Avatare nach {folder}{kept}{failed} geschrieben.",
    ", {count} were there already": ", {count} waren schon da",
    ", {count} failed": ", {count} gescheitert",
    "None of the {count} avatars could be made.": "Keiner der {count} Avatare ließ sich machen.",
    "They are in {folder}. Open the file and bake again to have them on the mesh.": (
        "Sie sind in {folder}. Die Datei öffnen und neu backen, um sie auf dem Mesh zu haben."
    ),
    "{what} is not JSON: {reason}": "{what} ist kein JSON: {reason}",
    "Between {first} and {second}": "Zwischen {first} und {second}",
    "{minutes} min left": "noch {minutes} min",
    "{seconds} s left": "noch {seconds} s",
    "Loading the model": "Modell wird geladen",
    "Finding the person": "Person wird gesucht",
    "Measuring the shape": "Form wird vermessen",
    "Placing the shape": "Form wird platziert",
    "Making the surface": "Oberfläche entsteht",
    "Cleaning the surface": "Oberfläche wird gereinigt",
    "Simplifying the mesh": "Mesh wird vereinfacht",
    "Rigging": "Rig entsteht",
    "Unwrapping": "Wird abgewickelt",
    "Making tangents": "Tangenten entstehen",
    "Baking normals": "Normalen werden gebacken",
    "Baking occlusion": "Verdeckung wird gebacken",
    "Baking colours": "Farben werden gebacken",
    "Drawing views": "Ansichten entstehen",
    "Drawing the picture": "Bild entsteht",
    "Reading files": "Dateien werden gelesen",
    "Writing files": "Dateien werden geschrieben",
}
