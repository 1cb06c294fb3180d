# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes: their names, ends and groups, and the panel whose sliders move the mesh."""

from __future__ import annotations

ATTRIBUTES: dict[str, str] = {
    # the panel
    "Its Attributes": "Seine Merkmale",
    "Its Settings": "Seine Einstellungen",
    "Show Sliders": "Regler zeigen",
    "Start the engine if need be, and show the sliders of the selected avatar as it was made": (
        "Wenn nötig den Motor starten und die Regler des gewählten Avatars zeigen, wie er gemacht wurde"
    ),
    "This avatar has no sliders yet: press Show Sliders": "Noch keine Regler: „Regler zeigen“ drücken",
    "Set Attributes": "Merkmale setzen",
    "Move sliders of the selected avatar; its mesh follows": (
        "Regler des gewählten Avatars bewegen; sein Mesh geht mit"
    ),
    "Reset Attributes": "Merkmale zurücksetzen",
    "Put sliders back to the person's own values. Locked ones stay": (
        "Regler auf die eigenen Werte der Person zurückstellen. Gesperrte bleiben"
    ),
    "Vary": "Variieren",
    "Vary Attributes": "Merkmale variieren",
    "Move sliders at random. Locked ones stay": "Regler zufällig bewegen. Gesperrte bleiben",
    "Keep this slider in Vary and Reset, or let it go again": (
        "Diesen Regler beim Variieren und Zurücksetzen behalten, oder wieder freigeben"
    ),
    "Only those under this heading; empty: all": "Nur die unter dieser Überschrift; leer: alle",
    "Amount": "Ausmaß",
    "How far sliders may go, in standard deviations": "Wie weit Regler gehen dürfen, in Standardabweichungen",
    "The same seed moves them the same way; 0: another one each time": (
        "Derselbe Startwert bewegt sie auf dieselbe Weise; 0: jedes Mal ein anderer"
    ),
    "There is no such group of attributes.": "So eine Gruppe von Merkmalen gibt es nicht.",
    "Leave the group empty for all.": "Für alle die Gruppe leer lassen.",
    "The mesh of this avatar cannot follow sliders: it is in one piece.": (
        "Das Mesh dieses Avatars kann Reglern nicht folgen: Es ist aus einem Stück."
    ),
    "Avatars of parts can; Regenerate changes this one.": (
        "Avatare aus Teilen können es; diesen ändert „Neu erzeugen“."
    ),
    "Textures Follow": "Texturen folgen",
    "When a slider is let go, make the avatar whole again: its maps, the shapes of its face, its bones": (
        "Wenn ein Regler losgelassen wird, den Avatar wieder ganz machen: Karten, Gesichtsformen, Knochen"
    ),
    "Finishing {name}": "{name} wird fertig gemacht",
    "Shaping {name}": "{name} wird geformt",
    "Without the engine the mesh does not follow.": "Ohne den Motor folgt das Mesh nicht.",
    "This engine is older than the add-on: the mesh does not follow sliders. Regenerate does.": (
        "Dieser Motor ist älter als das Add-on: Das Mesh folgt Reglern nicht. „Neu erzeugen“ geht."
    ),
    "Make the selected avatar anew as its own sliders and settings say. Its name, place, pose, and the material "
    "settings that you changed stay": (
        "Den gewählten Avatar neu machen, wie seine eigenen Regler und Einstellungen es sagen. Name, Ort, Pose und "
        "geänderte Materialeinstellungen bleiben"
    ),
    'What to change, as JSON over the avatar\'s recipe, such as {"psi": 0.7}; empty: its own sliders and settings': (
        'Was zu ändern ist, als JSON über das Rezept des Avatars, etwa {"psi": 0.7}; leer: seine eigenen Regler und '
        "Einstellungen"
    ),
    "How this avatar is made": "Wie dieser Avatar gemacht wird",
    "As Made": "Wie gemacht",
    "Of an avatar: what these settings were when it was made, as JSON": (
        "Bei einem Avatar: was diese Einstellungen waren, als er gemacht wurde, als JSON"
    ),
    # groups
    "Skin and Eyes": "Haut und Augen",
    "Hair Styles": "Frisuren",
    "Clothing": "Kleidung",
    "More": "Mehr",
    # the person
    "Gender": "Geschlecht",
    "Feminine": "Weiblich",
    "Masculine": "Männlich",
    "feminine (-) to masculine (+)": "weiblich (-) bis männlich (+)",
    "Age": "Alter",
    "Young": "Jung",
    "Old": "Alt",
    "young adult (-) to old (+)": "jung erwachsen (-) bis alt (+)",
    "Weight": "Gewicht",
    "Slim": "Schlank",
    "Heavy": "Schwer",
    "slim (-) to heavy (+)": "schlank (-) bis schwer (+)",
    "Muscle": "Muskeln",
    "Soft": "Weich",
    "Muscular": "Muskulös",
    "soft (-) to muscular (+)": "weich (-) bis muskulös (+)",
    "Ancestry African": "Herkunft Afrika",
    "Less": "Weniger",
    "towards African features (+) or European and Asian ones (-)": (
        "zu afrikanischen Zügen (+) oder europäischen und asiatischen (-)"
    ),
    "Ancestry Asian": "Herkunft Asien",
    "towards Asian features (+) or European ones (-)": "zu asiatischen Zügen (+) oder europäischen (-)",
    # skin and eyes
    "Skin Tone": "Hautton",
    "Lighter": "Heller",
    "Darker": "Dunkler",
    "lighter (-) to darker (+) than the ancestry's middle": "heller (-) bis dunkler (+) als die Mitte der Herkunft",
    "Skin Redness": "Hautröte",
    "Pale": "Blass",
    "Ruddy": "Rosig",
    "pale (-) to ruddy (+)": "blass (-) bis rosig (+)",
    "Lip Colour": "Lippenfarbe",
    "Natural": "Natürlich",
    "Coloured": "Gefärbt",
    "natural (-) to strongly coloured lips (+)": "natürliche (-) bis stark gefärbte Lippen (+)",
    "Freckles": "Sommersprossen",
    "Fewer": "Weniger",
    "more freckles (+)": "mehr Sommersprossen (+)",
    "Eye Blue": "Augenblau",
    "Brown": "Braun",
    "Blue": "Blau",
    "brown (-) to blue (+) eyes": "braune (-) bis blaue (+) Augen",
    "Eye Lightness": "Augenhelligkeit",
    "Dark": "Dunkel",
    "Light": "Hell",
    "dark (-) to light or green (+) eyes": "dunkle (-) bis helle oder grüne (+) Augen",
    "Brow Thickness": "Brauendicke",
    "Thin": "Dünn",
    "Thick": "Dick",
    "thin (-) to thick (+) brows": "dünne (-) bis dicke (+) Brauen",
    "Brow Darkness": "Brauendunkelheit",
    "light (-) to dark (+) brows": "helle (-) bis dunkle (+) Brauen",
    "Stubble": "Bartstoppeln",
    "Shaven": "Rasiert",
    "clean shaven (-) to stubble (+), for masculine faces": (
        "glatt rasiert (-) bis stoppelig (+), bei männlichen Gesichtern"
    ),
    # hair
    "Hair Blond": "Haar blond",
    "Blond": "Blond",
    "dark (-) to blond (+) hair": "dunkles (-) bis blondes (+) Haar",
    "Hair Red": "Haar rot",
    "towards red hair (+)": "zu rotem Haar (+)",
    "Hair Grey": "Haar grau",
    "less (-) or more (+) grey for the age": "weniger (-) oder mehr (+) Grau für das Alter",
    "Hair Volume": "Haarfülle",
    "Flat": "Flach",
    "Full": "Voll",
    "flat (-) to full (+) hair": "flaches (-) bis volles (+) Haar",
    "Hair Curl": "Haarlocken",
    "Straight": "Glatt",
    "Curly": "Lockig",
    "straight (-) to curly (+) hair": "glattes (-) bis lockiges (+) Haar",
    "Hair Length": "Haarlänge",
    "Shorter": "Kürzer",
    "Longer": "Länger",
    "shorter (-) to longer (+) hair": "kürzeres (-) bis längeres (+) Haar",
    "towards this hair style (+); 3 makes it sure unless age or gender speak against it": (
        "zu dieser Frisur (+); 3 macht sie sicher, wenn Alter oder Geschlecht nicht dagegen sprechen"
    ),
    "Hair Bald": "Haar kahl",
    "Hair Cropped": "Haar geschoren",
    "Hair Short A": "Haar kurz A",
    "Hair Short B": "Haar kurz B",
    "Hair Short C": "Haar kurz C",
    "Hair Afro": "Haar Afro",
    "Hair Bob A": "Haar Bob A",
    "Hair Bob B": "Haar Bob B",
    "Hair Long": "Haar lang",
    "Hair Ponytail": "Haar Pferdeschwanz",
    "Hair Braid": "Haar Zopf",
    # clothing
    "Clothing Hue": "Kleidungsfarbe",
    "hue of the clothing, once around the circle": "Farbton der Kleidung, einmal um den Kreis",
    "Clothing Saturation": "Kleidungssättigung",
    "Grey": "Grau",
    "Saturated": "Satt",
    "grey (-) to saturated (+) clothing": "graue (-) bis satte (+) Kleidung",
    "Clothing Brightness": "Kleidungshelligkeit",
    "dark (-) to light (+) clothing": "dunkle (-) bis helle (+) Kleidung",
    "Neckline Depth": "Ausschnitttiefe",
    "High": "Hoch",
    "Low": "Tief",
    "high (-) to low (+) neckline": "hoher (-) bis tiefer (+) Ausschnitt",
    "Neckline Shape": "Ausschnittform",
    "Pointed": "Spitz",
    "Round": "Rund",
    "narrow and pointed (-) to wide and round (+) neckline": (
        "schmaler und spitzer (-) bis weiter und runder (+) Ausschnitt"
    ),
    "Clothing Stripes": "Kleidungsstreifen",
    "Plain": "Einfarbig",
    "Striped": "Gestreift",
    "plain (-) to striped (+) clothing": "einfarbige (-) bis gestreifte (+) Kleidung",
    # the face
    "Nose Width": "Nasenbreite",
    "Narrow": "Schmal",
    "Wide": "Breit",
    "narrow (-) to wide (+) nose": "schmale (-) bis breite (+) Nase",
    "Nose Length": "Nasenlänge",
    "Short": "Kurz",
    "Long": "Lang",
    "short (-) to long (+) nose": "kurze (-) bis lange (+) Nase",
    "Nose Bridge": "Nasenrücken",
    "Curved": "Gebogen",
    "flat (-) to curved (+) bridge of the nose": "flacher (-) bis gebogener (+) Nasenrücken",
    "Jaw Width": "Kieferbreite",
    "narrow (-) to wide (+) jaw": "schmaler (-) bis breiter (+) Kiefer",
    "Chin Length": "Kinnlänge",
    "short (-) to long (+) chin": "kurzes (-) bis langes (+) Kinn",
    "Lip Fullness": "Lippenfülle",
    "thin (-) to full (+) lips": "dünne (-) bis volle (+) Lippen",
    "Mouth Width": "Mundbreite",
    "narrow (-) to wide (+) mouth": "schmaler (-) bis breiter (+) Mund",
    "Eye Size": "Augengröße",
    "Small": "Klein",
    "Large": "Groß",
    "small (-) to large (+) eyes": "kleine (-) bis große (+) Augen",
    "Eye Spacing": "Augenabstand",
    "Close": "Eng",
    "close-set (-) to wide-set (+) eyes": "enge (-) bis weite (+) Augenstellung",
    "Cheek Fullness": "Wangenfülle",
    "Hollow": "Hohl",
    "hollow (-) to full (+) cheeks": "hohle (-) bis volle (+) Wangen",
    "Ear Size": "Ohrengröße",
    "small (-) to large (+) ears": "kleine (-) bis große (+) Ohren",
}
