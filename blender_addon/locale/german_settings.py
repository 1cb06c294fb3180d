# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an avatar and of the panels."""

from __future__ import annotations

SETTINGS: dict[str, str] = {
    "Settings of the Portrait panels": "Einstellungen der Felder im Reiter Portrait",
    # who
    "Model": "Modell",
    "Seed": "Startwert",
    "The number that says who it is: the same seed is the same person": (
        "Die Zahl, die sagt, wer es ist: derselbe Startwert ist dieselbe Person"
    ),
    "First Seed": "Erster Startwert",
    "The first seed; -1: the panel's": "Der erste Startwert; -1: der des Feldes",
    "Person": "Person",
    "A person picked from the gallery, as numbers. Empty: the seed decides": (
        "Eine in der Galerie gewählte Person, als Zahlen. Leer: der Startwert entscheidet"
    ),
    "Variation": "Variation",
    "Recipe": "Rezept",
    "Name": "Name",
    "What the avatar is called; empty: by its seed": "Wie der Avatar heißt; leer: nach seinem Startwert",
    # attributes
    "Attribute": "Merkmal",
    "Attributes": "Merkmale",
    "What the attribute is called": "Wie das Merkmal heißt",
    "What the model lets you set": "Was das Modell einstellen lässt",
    'Attributes as JSON, such as {"age": 1.5}': 'Merkmale als JSON, etwa {"age": 1.5}',
    "Group": "Gruppe",
    "The heading that the attribute is listed under": "Die Überschrift, unter der das Merkmal steht",
    "Lowest": "Kleinster",
    "The least value that the model takes": "Der kleinste Wert, den das Modell annimmt",
    "Highest": "Größter",
    "The greatest value that the model takes": "Der größte Wert, den das Modell annimmt",
    "Set by the add-on": "Vom Add-on gesetzt",
    "A value that is being set by the add-on itself": "Ein Wert, den gerade das Add-on selbst setzt",
    "Set this attribute": "Dieses Merkmal setzen",
    "Use the slider's value. Off: the seed decides": "Den Wert des Reglers nehmen. Aus: der Startwert entscheidet",
    "Keep": "Behalten",
    "Keep this value in Randomise, Explore and More Like This": (
        "Diesen Wert bei Zufällig, Erkunden und Mehr davon behalten"
    ),
    "Value": "Wert",
    "In standard deviations: 0 is the middle of all people the model knows": (
        "In Standardabweichungen: 0 ist die Mitte aller Personen, die das Modell kennt"
    ),
    # mesh, maps, rig
    "Mesh, Maps and Rig": "Mesh, Karten und Rig",
    "Topology": "Topologie",
    "One surface extracted anew for each person, or parts of one topology for all": (
        "Eine Oberfläche, für jede Person neu gewonnen, oder Teile einer Topologie für alle"
    ),
    "Parts where the model has them, else a shell": "Teile, wo das Modell sie hat, sonst eine Hülle",
    "Shell": "Hülle",
    "One surface in one piece, extracted for each person; every model has it": (
        "Eine Oberfläche in einem Stück, für jede Person gewonnen; jedes Modell hat sie"
    ),
    "Parts": "Teile",
    "Skin, eyes, teeth and so on as objects, the same vertices for everybody": (
        "Haut, Augen, Zähne und so weiter als Objekte, dieselben Punkte für alle"
    ),
    "Which parts an avatar of parts has; all of them where none is named": (
        "Welche Teile ein Avatar aus Teilen hat; alle, wo keiner genannt ist"
    ),
    "Skin": "Haut",
    "Head, neck, shoulders, the inside of mouth and lids": "Kopf, Hals, Schultern, das Innere von Mund und Lidern",
    "Eyes": "Augen",
    "Eyeballs, corneas and the lines of tears": "Augäpfel, Hornhäute und die Tränenlinien",
    "Teeth": "Zähne",
    "Teeth and gums": "Zähne und Zahnfleisch",
    "Tongue": "Zunge",
    "The tongue": "Die Zunge",
    "Lashes": "Wimpern",
    "Eyelashes": "Augenwimpern",
    "Brows": "Brauen",
    "Eyebrows": "Augenbrauen",
    "Hair": "Haar",
    "The hair of the head": "Das Haar des Kopfes",
    "Garment": "Kleidung",
    "What is worn; the skin beneath it is left out": "Was getragen wird; die Haut darunter fehlt",
    "How an avatar of parts has its hair": "Wie ein Avatar aus Teilen sein Haar hat",
    "Mesh": "Mesh",
    "Volume": "Volumen",
    "One closed shape, as whole busts have it; its mesh is the person's own": (
        "Eine geschlossene Form, wie bei ganzen Büsten; das Netz ist das der Person"
    ),
    "A mesh of strands, worn as the person's numbers say": (
        "Ein Mesh aus Strähnen, getragen, wie es die Zahlen der Person sagen"
    ),
    "None": "Keines",
    "None, as without the part": "Keines, wie ohne den Teil",
    "Hair Style": "Frisur",
    "The hair of an avatar of parts, by the model's name for it; auto is the person's own": (
        "Das Haar eines Avatars aus Teilen, nach seinem Namen im Modell; auto ist das der Person"
    ),
    "What an avatar of parts wears, by the model's name for it; auto is the person's own": (
        "Was ein Avatar aus Teilen trägt, nach seinem Namen im Modell; auto ist das der Person"
    ),
    "Faces": "Flächen",
    "Triangles of the mesh": "Dreiecke des Meshes",
    "Levels of Detail": "Detailstufen",
    "Coarser copies of the mesh, each with half the faces of the one before": (
        "Gröbere Kopien des Meshes, jede mit halb so vielen Flächen wie die vorige"
    ),
    "Shared Maps": "Gemeinsame Karten",
    "All levels of detail use the maps of the finest instead of having their own": (
        "Alle Detailstufen nehmen die Karten der feinsten statt eigener"
    ),
    "Texture Size": "Texturgröße",
    "Edge of the maps in pixels": "Kantenlänge der Karten in Pixeln",
    "Colours From": "Farben aus",
    "Automatic": "Automatisch",
    "What suits the model": "Was zum Modell passt",
    "Solid": "Körper",
    "The colours inside the model's solid; even everywhere": ("Die Farben im Körper des Modells; überall gleichmäßig"),
    "Pictures": "Bilder",
    "Pictures that the model draws from many sides; sharper where it can": (
        "Bilder, die das Modell von vielen Seiten zeichnet; schärfer, wo es kann"
    ),
    "Unwrap": "Abwicklung",
    "Who lays the mesh flat for its maps": "Wer das Mesh für seine Karten flach auslegt",
    "Charts along the regions of a bust; xatlas for a mesh without known regions": (
        "Stücke entlang der Gegenden einer Büste; xatlas für ein Mesh ohne bekannte Gegenden"
    ),
    "Charts": "Stücke",
    "Few charts along the regions of a bust, the face in one piece and upright": (
        "Wenige Stücke entlang der Gegenden einer Büste, das Gesicht in einem Stück und aufrecht"
    ),
    "xatlas": "xatlas",
    "The library xatlas: more and smaller charts with less stretch": (
        "Die Bibliothek xatlas: mehr und kleinere Stücke mit weniger Verzerrung"
    ),
    "Normal Map": "Normalenkarte",
    "Occlusion Map": "Verdeckungskarte",
    "Closed Bottom": "Unten geschlossen",
    "Detail of the Shape": "Feinheit der Form",
    "Skeleton": "Skelett",
    "Bust": "Büste",
    "Spine, neck, head, shoulders: what a bust needs": "Wirbelsäule, Hals, Kopf, Schultern: was eine Büste braucht",
    "SMPL, 24 joints": "SMPL, 24 Gelenke",
    "All joints of the SMPL body, for motions made for it": (
        "Alle Gelenke des SMPL-Körpers, für Bewegungen, die für ihn gemacht sind"
    ),
    "Bone Names": "Knochennamen",
    "Hair Joints": "Gelenke im Haar",
    "Chains of joints for hair that hangs free, with numbers for spring bones": (
        "Gelenkketten für Haar, das frei hängt, mit Zahlen für Federknochen"
    ),
    "Mixamo": "Mixamo",
    "Unity": "Unity",
    "Unreal": "Unreal",
    "Ready Player Me": "Ready Player Me",
    "Motion": "Bewegung",
    "A motion file that becomes the avatar's action": "Eine Bewegungsdatei, die zur Aktion des Avatars wird",
    # gallery
    "How many people Explore shows": "Wie viele Personen „Erkunden“ zeigt",
    "Difference": "Unterschied",
    "How different More Like This may be: 0 is the same person, 1 is anybody": (
        "Wie verschieden „Mehr davon“ sein darf: 0 ist dieselbe Person, 1 irgendeine"
    ),
    # files
    "Keep the File As": "Datei behalten als",
    "Where the avatar's file stays; empty: it is not kept": "Wo die Datei des Avatars bleibt; leer: sie bleibt nicht",
    "Replace File": "Datei ersetzen",
    "Write over a file that is there": "Eine vorhandene Datei überschreiben",
    "Replace Files": "Dateien ersetzen",
    "Write over avatars that are already in the folder": "Avatare überschreiben, die schon im Ordner sind",
    "Variations": "Varianten",
    "How many avatars are written": "Wie viele Avatare geschrieben werden",
    "How many; 0: as the panel says": "Wie viele; 0: wie im Feld",
    "Folder": "Ordner",
    "Where the avatars are written": "Wohin die Avatare geschrieben werden",
    "Where to; empty: as the panel says": "Wohin; leer: wie im Feld",
    "Format": "Format",
    "File ending such as .glb; empty: as the panel says": "Dateiendung wie .glb; leer: wie im Feld",
    "The kind of file that is written for each avatar": "Die Art der Datei, die für jeden Avatar geschrieben wird",
    "glTF binary (.glb)": "glTF binär (.glb)",
    "One file with mesh, rig and maps": "Eine Datei mit Mesh, Rig und Karten",
    "glTF (.gltf)": "glTF (.gltf)",
    "A text file with its maps beside it": "Eine Textdatei mit ihren Karten daneben",
    "Wavefront (.obj)": "Wavefront (.obj)",
    "Mesh and maps without a rig": "Mesh und Karten ohne Rig",
    "Stanford (.ply)": "Stanford (.ply)",
    "The mesh with colours at its corners": "Das Mesh mit Farben an seinen Ecken",
    "FBX (.fbx)": "FBX (.fbx)",
    "For game engines that do not read glTF; needs Blender in the engine": (
        "Für Spiele-Engines, die glTF nicht lesen; braucht Blender im Motor"
    ),
    "USD (.usdc)": "USD (.usdc)",
    "For film pipelines; needs Blender in the engine": "Für Film-Pipelines; braucht Blender im Motor",
    "This model has nothing to set.": "An diesem Modell lässt sich nichts einstellen.",
    "The sliders come when the engine has started.": "Die Regler kommen, wenn der Motor gestartet ist.",
    "The model that makes the avatar": "Das Modell, das den Avatar macht",
    "Towards the mean person (0), as drawn (1), exaggerated (above 1)": (
        "Zur Durchschnittsperson hin (0), wie gezogen (1), übertrieben (über 1)"
    ),
    "Maps of the Levels": "Karten der Stufen",
    "Maps for each level, or those of the finest for all": "Karten für jede Stufe oder die der feinsten für alle",
    "Own": "Eigene",
    "Each level of detail has maps of its own": "Jede Detailstufe hat eigene Karten",
    "Shared": "Gemeinsame",
    "All levels of detail use the maps of the finest": "Alle Detailstufen nehmen die Karten der feinsten",
    "Close the shoulder cut by a flat cap, or leave it open": (
        "Den Schnitt unter den Schultern flach verschließen oder offen lassen"
    ),
    "Colours from the model's field, or from its pictures of many views": (
        "Farben aus dem Feld des Modells oder aus seinen Bildern vieler Ansichten"
    ),
    "A map of the fine relief": "Eine Karte des feinen Reliefs",
    "A map of ambient occlusion": "Eine Karte der Umgebungsverdeckung",
    "Cells along the longest edge of the extraction box": (
        "Zellen entlang der längsten Kante des Kastens, aus dem die Oberfläche kommt"
    ),
    "Joints that move the bust, or all 24 of SMPL": "Gelenke, die die Büste bewegen, oder alle 24 von SMPL",
    "What the joints are called in the file": "Wie die Gelenke in der Datei heißen",
}
