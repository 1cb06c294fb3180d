# SPDX-License-Identifier: Apache-2.0
"""What to do about an error, in this surface's words: options and commands. One row for each remedy of the engine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from portrait_core.errors import PortraitError
from portrait_core.protocol import REMEDIES, RemedyCode

WORDS: Mapping[RemedyCode, str] = {
    "overwrite": "Pass --overwrite to replace it or choose another name.",
    "choose_device": "Use --device {device}, or install a torch build for your graphics card (see README).",
    "set_field": "Use --{option} {value}.",
    "choose_mesh": "Choose by --mesh-name or --mesh-index.",
    "choose_uv_map": "Take another by --uv-map.",
    "install": "Install it by pip install 'portraitkit[{extra}]', or pip install {package}.",
    "name_blender": "Install bpy by pip install 'portraitkit[blender]', or name a Blender (or a Python that has bpy) "
    "by --blender or {variable}.",
    "lower_level": "Give a --level below {below:.1f}.",
    "choose_model": "See `portrait models list`.",
    "examine": "`portrait doctor` tells what is wrong.",
    "name_assets": "Give the folder with --assets or {variable}.",
    "number_names": "Put {{index}} into --name, or give every row a name of its own.",
    "other_folder_or_shard": "Choose another --out, or give both a different --shard of the same batch.",
    "take_over": "Wait for it; if it has ended, give --break-lock.",
    "fewer_workers": "With fewer --workers each has more memory.",
    "more_time": "Give more with --time-limit.",
    "import_model": "Import it by `portrait models import {file}`; nothing in it is run.",
    "give_source_rate": "Give the rate that it was recorded with by --motion-rate, such as --motion-rate 30.",
    "give_units": "Say what they are by --units, such as --units {units}.",
    "choose_person": "Choose one by --person.",
    "set_up_networks": "Run `portrait photo setup`; without a network, give it the packages' files by --wheel "
    "(`portrait photo setup --help` says how to get them).",
}


def words(facts: Mapping[str, Any]) -> str:
    """The sentence for a remedy's facts (:meth:`portrait_core.errors.Remedy.facts`); nothing for one not known here."""
    form = next((text for code, text in WORDS.items() if code == facts.get("do")), "")
    shown = {name: shlex.quote(str(value)) if name == "file" else value for name, value in facts.items()}
    known = set(facts) >= {name for name in REMEDIES.get(facts.get("do", ""), ())}
    option = str(facts.get("field", "")).replace("_", "-")
    return form.format(**shown, option=option) if form and known else ""


def told(error: PortraitError) -> str:
    """The error's text, followed by what to do about it."""
    advice = "" if error.remedy is None else words(error.remedy.facts())
    return f"{error} {advice}".strip()
