# SPDX-License-Identifier: GPL-3.0-or-later
"""German for descriptions in words."""

from __future__ import annotations

DESCRIBE: dict[str, str] = {
    "Describe": "Beschreiben",
    "Set attributes, hair, clothes and expression by the words above. Comparisons, such as older, change the "
    "person of the panel; anything else describes one anew, and keeps the seed and locked attributes": (
        "Merkmale, Haar, Kleidung und Ausdruck nach den Worten darüber setzen. Vergleiche wie „älter“ ändern die "
        "Person des Bedienfelds; alles andere beschreibt eine neue und behält Startwert und gesperrte Merkmale"
    ),
    "Description": "Beschreibung",
    "How somebody looks, in English or German; empty: the words of the panel": (
        "Wie jemand aussieht, auf Deutsch oder Englisch; leer: die Worte des Bedienfelds"
    ),
    "How somebody looks, in plain English or German: a woman of about sixty, long grey hair, smiling": (
        "Wie jemand aussieht, in einfachem Deutsch oder Englisch: eine Frau um die sechzig, langes graues Haar, "
        "lächelnd"
    ),
    "Described Face": "Beschriebenes Gesicht",
    "The expression of the description, as JSON; new avatars come with it": (
        "Der Ausdruck aus der Beschreibung, als JSON; neue Avatare kommen damit"
    ),
    "There is no description yet.": "Es gibt noch keine Beschreibung.",
    "Write how somebody looks, then press Describe.": (
        "Schreiben Sie, wie jemand aussieht, und drücken Sie Beschreiben."
    ),
    "Reading the description": "Beschreibung lesen",
    "Understood: {words}.": "Verstanden: {words}.",
    "Cannot be shown: {words}.": "Nicht darstellbar: {words}.",
    "Not understood: {words}.": "Nicht verstanden: {words}.",
}
