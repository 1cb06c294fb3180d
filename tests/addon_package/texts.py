# SPDX-License-Identifier: Apache-2.0
"""Every English text of the add-on that a user may read, found by reading the sources: for the test of translations.

Sentences with values in them are templates, such as “{name} is damaged”; a sentence that is put together in another
way cannot be translated, and is found too. `python tests/addon_package/texts.py` prints what German lacks.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from portrait_core.recipe_fields import FIELDS

ADDON = Path(__file__).resolve().parents[2] / "blender_addon"
# Not for users of the interface: the dictionaries themselves, and copies of the engine's modules.
LEFT_OUT = re.compile(r"german(_\w+)?\.py|protocol\.py|recipe_fields\.py")
LABELS = {"bl_label", "bl_description", "GROUP_LABELS", "EMOTION_LABELS"}
PROPERTIES = {f"{kind}Property" for kind in ("Bool", "Int", "Float", "String", "Enum", "Pointer", "Collection")}
PROPERTIES |= {f"{kind}VectorProperty" for kind in ("Bool", "Int", "Float")}
# Called with templates: name -> the places of those among the arguments.
TEMPLATES = {"T_": (0,), "Text": (0,), "Failure": (1, 2), "say": (0, 1), "fail": (0,)}
# What goes to the log or to programmers stays English.
NOT_SHOWN = {"debug", "info", "warning", "error", "exception", "note", "compile", "startswith", "Ticker"}
NOT_SHOWN |= {"ImportError", "NotImplementedError", "TimeoutError", "RuntimeError"}
# What is looked for in another program's words, not said.
LOOKED_FOR = {"_REASONS"}
SENTENCE = re.compile(r"[A-Z“{][^\n]*[a-z.!?…:)}] ?")
# Names of things that are the same in every language: of joints, of data-blocks, of Blender's own sockets.
SAME = re.compile(r"[^a-zA-Z]*|[A-Z]{2,5}|Portraitkit|\{\w*\} px|.*\bHips, .*|.*spine_?0?1, .*|hips, spine, neck, head")
DATA = re.compile(
    r"Portrait x?\{\}|\{\w*\} (mesh|quads|motion|anew|skin|hair curves|eye target|rig|camera)( LOD\{\})?"
    r"|Portraitkit bone"
    r"|Portraitkit Eye Target|Sliders of the group \{\}\.|max\(a, .*"
    r"|Portraitkit (Control Rig|studio)|\{\w*\} (on \{\w*\}|cut|of skin|fading|of body)"
    r"|Portraitkit hair on skin|(?:Subsurface|Coat) [A-Z]\w+|Base Color|Random Roughness"
)
PLACES_ONLY = re.compile(r"(\{\w*\}[^\w]*)+")
# Reports for the makers stay English.
REPORTS = {"report.py", "start_failure.py"}


def german() -> dict[str, str]:
    """The German dictionary, read without Blender."""
    return words("german").GERMAN


def words(name: str) -> ModuleType:
    """A module of the locale room; the room itself needs Blender, its dictionaries do not."""
    if "words" not in sys.modules:
        room = ModuleType("words")
        room.__path__ = [str(ADDON / "locale")]
        sys.modules["words"] = room
    return importlib.import_module(f"words.{name}")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Every file of the add-on that may say something to users."""
    for path in sorted(ADDON.rglob("*.py")):
        if not LEFT_OUT.fullmatch(path.name):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def texts() -> dict[str, str]:
    """English text -> where it stands."""
    found: dict[str, str] = {}
    for path, tree in sources():
        for text, line in texts_of(tree):
            if text.strip() and not any(each.fullmatch(text) for each in (SAME, DATA, PLACES_ONLY)):
                found.setdefault(text, f"{path.relative_to(ADDON).as_posix()}:{line}")
    for text, name in of_recipe_fields():
        if not SAME.fullmatch(text):
            found.setdefault(text, f"the recipe field {name}")
    for text, name in of_attributes():
        if text and not SAME.fullmatch(text):
            found.setdefault(text, f"the attribute {name}")
    return found


def of_recipe_fields() -> Iterator[tuple[str, str]]:
    """What panels and scripts show of the table that is shared with the engine: text, field."""
    for row in FIELDS.values():
        if row.panel and row.kind in ("flag", "count", "number", "choice", "words", "text"):
            told = [row.label, row.help.removesuffix("."), *(each for pair in row.choices.values() for each in pair)]
            yield from ((text, row.name) for text in told)


def of_attributes() -> Iterator[tuple[str, str]]:
    """What sliders of the shipped model's attributes show: text, attribute."""
    table = attribute_table()
    for group in table.GROUPS:
        yield group, "GROUPS"
    for row in table.TABLE:
        told = (table.label_of(row.name), row.low_end, row.high_end, row.about)
        yield from ((text, row.name) for text in told)


def attribute_table() -> ModuleType:
    """The add-on's table of attributes, which needs no Blender."""
    name = "words.attribute_table"
    if name not in sys.modules:
        spec = spec_from_file_location(name, ADDON / "core" / "attribute_table.py")
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def put_together() -> dict[str, str]:
    """Sentences with values that were filled in before anybody could translate them -> where they stand."""
    found: dict[str, str] = {}
    for path, tree in sources():
        if path.name not in REPORTS:
            for text, line in put_together_in(tree):
                found.setdefault(text, f"{path.relative_to(ADDON).as_posix()}:{line}")
    return found


def put_together_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The f-strings of one module that read like something for people; `{}` for each value."""
    hidden = {id(node) for node in _not_shown(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in hidden:
            text = "".join(each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
            is_said = "\n" not in text and " " in text.strip() and re.search(r"[A-Za-z]*[a-z]{2}", text)
            if is_said and not SAME.fullmatch(text) and not DATA.fullmatch(text):
                yield text, node.lineno


def texts_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The texts of one module."""
    hidden = {id(node) for node in _not_shown(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and LABELS & {ast.unparse(each) for each in node.targets}:
            yield from _constants(node.value)
        elif isinstance(node, ast.Call):
            name = _called(node)
            for keyword in node.keywords:
                named = name in PROPERTIES and keyword.arg in {"name", "description"}
                if named or (keyword.arg == "text" and not _untranslated(node)):
                    yield from _constants(keyword.value)
                elif name in PROPERTIES and keyword.arg == "items":
                    for entry in ast.walk(keyword.value):
                        if isinstance(entry, ast.Tuple):
                            yield from (pair for each in entry.elts[1:3] for pair in _constants(each))
            for place in TEMPLATES.get(name, ()):
                if place < len(node.args) and id(node) not in hidden:
                    yield from _constants(node.args[place])
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in hidden
            and " " in node.value.strip()
            and SENTENCE.fullmatch(node.value)
        ):
            yield node.value, node.lineno


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _constants(node: ast.AST) -> Iterator[tuple[str, int]]:
    """A text, both texts of a choice, or those of a row."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, node.lineno
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from _constants(each)


def _untranslated(call: ast.Call) -> bool:
    return any(
        each.arg == "translate" and isinstance(each.value, ast.Constant) and each.value.value is False
        for each in call.keywords
    )


def _not_shown(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes whose texts nobody sees in the interface: documentation, the log, parts of f-strings, patterns."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # a text that stands alone is documentation
            for each in body:
                if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                    yield each.value
        if isinstance(node, ast.JoinedStr):
            yield from node.values
        if isinstance(node, ast.Call) and _called(node) in NOT_SHOWN:
            yield from ast.walk(node)
        if isinstance(node, ast.Compare):
            yield from ast.walk(node)
        if isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id in LOOKED_FOR:
                yield from ast.walk(node.value)


def missing() -> dict[str, str]:
    """Texts without a translation."""
    known = german().keys()
    return {text: place for text, place in texts().items() if text not in known}


if __name__ == "__main__":
    for text, place in missing().items():
        print(f"{place}\t{text!r}")
