# SPDX-License-Identifier: GPL-3.0-or-later
"""A description in words makes the panel's settings: attributes, hair, clothes, and the face of what is made next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import bpy

from ..core.failure import Failure
from ..core.text import Text, as_it_is
from . import recipes
from .notices import notices
from .settings import settings_of
from .task import Ask, Facts, Workflow
from .task_operator import TaskOperator, needs_engine, needs_feature

if TYPE_CHECKING:
    from .settings import PORTRAITKIT_PG_settings

WORN = ("hair", "hair_style", "garment")
"""Fields of recipes that descriptions speak of, beside attributes and expression."""


class PORTRAITKIT_OT_describe(TaskOperator, bpy.types.Operator):
    """Set the panel by words."""

    bl_idname = "portraitkit.describe"
    bl_label = "Describe"
    bl_description = (
        "Set attributes, hair, clothes and expression by the words above. Comparisons, such as older, change the "
        "person of the panel; anything else describes one anew, and keeps the seed and locked attributes"
    )
    kind = "describe"
    needs = (needs_engine, needs_feature("describe"))

    text: bpy.props.StringProperty(
        name="Description",
        description="How somebody looks, in English or German; empty: the words of the panel",
        options={"SKIP_SAVE"},
    )

    def plan(self, context: bpy.types.Context) -> tuple[Text, Workflow]:
        """Ask for what the words mean."""
        settings = settings_of(context)
        words = self.text or settings.description
        if not words.strip():
            raise Failure("usage", "There is no description yet.", "Write how somebody looks, then press Describe.")
        recipe = recipes.from_settings(settings)
        return Text("Reading the description"), described(settings, words, recipe)


def described(settings: PORTRAITKIT_PG_settings, words: str, recipe: Facts) -> Workflow:
    """Ask the engine what ``words`` mean for ``recipe``, and set the panel by its answer."""
    answer = yield Ask("describe", {"text": words, "recipe": recipe})
    settings.description = words
    put(settings, answer)
    notices.say(told(answer))


def put(settings: PORTRAITKIT_PG_settings, answer: Facts) -> None:
    """Make the panel show an ``answer`` of the engine."""
    compares = bool(answer["compares"])
    understood: list[Facts] = answer["understood"]
    values: dict[str, float] = {each["name"]: each["value"] for each in understood if each["field"] == "attributes"}
    if compares:
        made: dict[str, float] = answer["recipe"].get("attributes", {})
        values = {name: made[name] for name in values if name in made}
    for each in settings.attributes:
        if each.name not in values and (compares or each.locked):
            continue
        each.quiet = True
        each.used = each.name in values
        each.value = max(each.low, min(each.high, values.get(each.name, 0.0)))
        each.quiet = False
    said = {each["field"]: each["value"] for each in understood}
    for name in WORN:
        if name in said or not compares:
            setattr(settings, name, said.get(name, recipes.FIELDS[name].default))
    if "expression" in said or not compares:
        expression: dict[str, float] = answer["expression"]
        settings.described_face = json.dumps(expression) if expression else ""


def told(answer: Facts) -> Text:
    """What was understood and what was not."""
    known = ", ".join(dict.fromkeys(each["words"] for each in answer["understood"] if not each.get("implied")))
    text = Text("Understood: {words}.", words=known)
    lost = ", ".join(each["words"] for each in answer["cannot_show"])
    if lost:
        text = Text("{one} {other}", one=text, other=Text("Cannot be shown: {words}.", words=lost))
    if answer["not_understood"]:
        unknown = as_it_is(", ".join(answer["not_understood"]))
        text = Text("{one} {other}", one=text, other=Text("Not understood: {words}.", words=unknown))
    return text


CLASSES = (PORTRAITKIT_OT_describe,)
