# SPDX-License-Identifier: Apache-2.0
"""What to do about an error, in this surface's words: its controls. One row for each remedy that a page can meet."""

from __future__ import annotations

from collections.abc import Mapping

from portrait_core.engine.faults import Fault
from portrait_core.protocol import RemedyCode

WORDS: Mapping[RemedyCode, str] = {
    "choose_model": "Choose another model at the top.",
    "choose_device": "Start the studio again with another device.",
    "set_field": "Set {field} to {value} in the recipe, and open it again.",
    "install": "Whoever runs the studio can install {package}.",
    "set_up_networks": "Whoever runs the studio can set up the networks that read photographs.",
    "choose_person": "Crop the photograph to one person.",
}


def advice(fault: Fault) -> str:
    """The sentence that follows the fault's message."""
    found = fault.remedy
    if found is None and fault.code == "usage":
        return ""  # such messages say what was expected; "change the settings" helps nobody who opened a wrong file
    form = "" if found is None else WORDS.get(found.do, "")
    try:
        return form.format(**({} if found is None else found.params)) or fault.advice
    except KeyError:
        return fault.advice
