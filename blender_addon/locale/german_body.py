# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars on bodies."""

from __future__ import annotations

BODY: dict[str, str] = {
    "Attach to Body": "An Körper anfügen",
    "Put the selected avatar's head onto a body that you have, selected as well: one skin, one rig": (
        "Den Kopf des gewählten Avatars auf einen ebenfalls gewählten Körper setzen: eine Haut, ein Rig"
    ),
    "Detach from Body": "Vom Körper lösen",
    "Bring back the avatar and the body as they were before they were joined": (
        "Avatar und Körper so zurückholen, wie sie waren, bevor sie verbunden wurden"
    ),
    "Body": "Körper",
    "The body's mesh or rig; empty: the selected one, or the only one of the scene": (
        "Mesh oder Rig des Körpers; leer: der gewählte, oder der einzige der Szene"
    ),
    "Fit": "Passung",
    "How large the avatar becomes": "Wie groß der Avatar wird",
    "As Large as the Head": "So groß wie der Kopf",
    "Lay the avatar's head onto the body's": "Den Kopf des Avatars auf den des Körpers legen",
    "As Broad as the Shoulders": "So breit wie die Schultern",
    "Neck joint on neck joint, shoulders as far apart as the body's": (
        "Halsgelenk auf Halsgelenk, die Schultern so weit auseinander wie die des Körpers"
    ),
    "Own Size": "Eigene Größe",
    "Neck joint on neck joint, the size that the avatar has in metres": (
        "Halsgelenk auf Halsgelenk, in der Größe, die der Avatar in Metern hat"
    ),
    "Size": "Größe",
    "A factor besides": "Ein Faktor dazu",
    "Upwards": "Nach oben",
    "Move the head along the neck": "Den Kopf am Hals entlang verschieben",
    "Forwards": "Nach vorn",
    "Move the head forwards": "Den Kopf nach vorn verschieben",
    "Height": "Höhe",
    "Move the seam up or down the neck": "Die Naht am Hals nach oben oder unten verschieben",
    "Its Clothes Too": "Auch seine Kleidung",
    "Bring the avatar's garment along; else it is left out": (
        "Das Kleidungsstück des Avatars mitnehmen; sonst bleibt es weg"
    ),
    "Match Skin": "Haut angleichen",
    "Give the body a new skin material in the colour of the avatar's neck; the avatar's fades into it": (
        "Dem Körper ein neues Hautmaterial in der Farbe des Halses des Avatars geben; dessen Material geht darin über"
    ),
    "Keep Originals": "Originale behalten",
    "Hide the body's mesh and the avatar as they were, so that Detach brings them back": (
        "Mesh des Körpers und Avatar ausblenden, wie sie waren, so dass Lösen sie zurückbringt"
    ),
    "{name} is attached to {body}": "{name} ist an {body} angefügt",
    "{name} is free again": "{name} ist wieder frei",
    # conditions
    "This works in Object Mode": "Das geht im Objektmodus",
    "The avatar is attached to a body: press Detach from Body first": (
        "Der Avatar ist an einen Körper angefügt: zuerst Vom Körper lösen drücken"
    ),
    "Select a body with an attached avatar": "Einen Körper mit angefügtem Avatar wählen",
    # what cannot be
    "The avatar is attached to a body already.": "Der Avatar ist schon an einen Körper angefügt.",
    "Detach it first.": "Ihn zuerst lösen.",
    "This avatar is in one piece; its skin cannot be parted from its clothes.": (
        "Dieser Avatar ist aus einem Stück; seine Haut kann nicht von der Kleidung getrennt werden."
    ),
    "Make one with Topology: Parts.": "Einen mit Topologie: Teile erzeugen.",
    "The collar of the avatar's garment reaches too high: no skin is left between it and the jaw.": (
        "Der Kragen des Avatars reicht zu hoch: zwischen ihm und dem Kiefer ist keine Haut übrig."
    ),
    "Make it without a garment, or with one that leaves the neck free, then try again.": (
        "Ihn ohne Kleidungsstück erzeugen, oder mit einem, das den Hals frei lässt, dann noch einmal versuchen."
    ),
    "The avatar and the body as they were before are not in the file any more.": (
        "Avatar und Körper, wie sie vorher waren, sind nicht mehr in der Datei."
    ),
    "They were deleted, or not kept when the avatar was attached.": (
        "Sie wurden gelöscht, oder beim Anfügen nicht behalten."
    ),
    "The avatar has no bones of neck and head.": "Der Avatar hat keine Knochen für Hals und Kopf.",
    "Make it again with a skeleton.": "Ihn mit einem Skelett neu erzeugen.",
    "The body has no head that the avatar's could be laid onto.": (
        "Der Körper hat keinen Kopf, auf den der des Avatars gelegt werden könnte."
    ),
    "The avatar's head cannot be laid onto the body's: they are too different.": (
        "Der Kopf des Avatars kann nicht auf den des Körpers gelegt werden: Sie sind zu verschieden."
    ),
    "Choose As Broad as the Shoulders or Own Size instead.": (
        "Stattdessen So breit wie die Schultern oder Eigene Größe wählen."
    ),
    "There are several bodies in this scene.": "In dieser Szene sind mehrere Körper.",
    "Select one of them together with the avatar.": "Einen davon zusammen mit dem Avatar wählen.",
    "There is no rigged body in this scene.": "In dieser Szene ist kein Körper mit Rig.",
    "Bring one in, such as a human of MPFB, and select its mesh together with the avatar.": (
        "Einen hereinholen, etwa einen Menschen von MPFB, und sein Mesh zusammen mit dem Avatar wählen."
    ),
    "There is no object called {name}.": "Es gibt kein Objekt namens {name}.",
    "Choose the mesh of a body.": "Das Mesh eines Körpers wählen.",
    "Select the mesh of a body.": "Das Mesh eines Körpers auswählen.",
    "{name} is no mesh.": "{name} ist kein Mesh.",
    "{name} has no rig: no armature moves it.": "{name} hat kein Rig: Keine Armatur bewegt es.",
    "Give it one, such as MPFB's game engine rig, then try again.": (
        "Ihm eines geben, etwa MPFBs Rig für Spiele, dann noch einmal versuchen."
    ),
    "{name} is an avatar itself.": "{name} ist selbst ein Avatar.",
    "Select a body that Portraitkit did not make.": "Einen Körper wählen, den nicht Portraitkit gemacht hat.",
    "{name} belongs to another file.": "{name} gehört zu einer anderen Datei.",
    "Use Object > Relations > Make Local first.": "Zuerst Objekt > Beziehungen > Lokal machen verwenden.",
    "{name} has no bone that is known as {joint}.": "{name} hat keinen Knochen, der als {joint} bekannt ist.",
    "Bones are known by the names of SMPL, MPFB, Rigify, Mixamo and Unreal.": (
        "Knochen sind unter den Namen von SMPL, MPFB, Rigify, Mixamo und Unreal bekannt."
    ),
    "The modifier {modifier} of {name} makes another mesh.": (
        "Der Modifikator {modifier} von {name} macht ein anderes Mesh."
    ),
    "Apply or remove it first.": "Ihn zuerst anwenden oder entfernen.",
    "The avatar's neck cannot be cut cleanly along its edges.": (
        "Der Hals des Avatars lässt sich nicht sauber an seinen Kanten schneiden."
    ),
    "The body's neck cannot be cut cleanly along its edges.": (
        "Der Hals des Körpers lässt sich nicht sauber an seinen Kanten schneiden."
    ),
    "Try another Height of the seam, or clean the mesh at the neck.": (
        "Eine andere Höhe der Naht versuchen, oder das Mesh am Hals bereinigen."
    ),
    "No ring of edges closes around the body's neck where the seam would be.": (
        "Wo die Naht wäre, schließt sich kein Ring von Kanten um den Hals des Körpers."
    ),
    "The mesh needs a closed neck below its head. Try another Height of the seam.": (
        "Das Mesh braucht einen geschlossenen Hals unter dem Kopf. Eine andere Höhe der Naht versuchen."
    ),
    "More than one surface closes around the body's neck, such as a collar in the same mesh.": (
        "Mehr als eine Fläche schließt sich um den Hals des Körpers, etwa ein Kragen im selben Mesh."
    ),
    "Make clothes objects of their own (Edit Mode, P, By Loose Parts), then try again.": (
        "Kleidung zu eigenen Objekten machen (Bearbeitungsmodus, P, Nach losen Teilen), dann noch einmal versuchen."
    ),
    "No ring of edges closes around the avatar's neck: its garment reaches too high.": (
        "Um den Hals des Avatars schließt sich kein Ring von Kanten: Sein Kleidungsstück reicht zu hoch."
    ),
    "The avatar's skin has no picture of its colours.": "Die Haut des Avatars hat kein Bild ihrer Farben.",
    "Switch Match Skin off, or bake its maps first.": "Haut angleichen ausschalten, oder zuerst seine Karten backen.",
}
