# SPDX-License-Identifier: Apache-2.0
"""One base operator, one record of what failed, one kind of timer and one way from a user's path to a real one."""

from __future__ import annotations

import ast

from tests.addon_package.texts import sources


def where(pattern: str) -> set[str]:
    """Files whose code, without its texts, holds `pattern`."""
    found: set[str] = set()
    for path, tree in sources():
        if any(pattern in ast.unparse(each) for each in ast.walk(tree) if isinstance(each, ast.Attribute)):
            found.add(path.name)
    return found


def classes() -> dict[str, ast.ClassDef]:
    return {each.name: each for _, tree in sources() for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}


def ancestors(name: str, known: dict[str, ast.ClassDef]) -> set[str]:
    found = {ast.unparse(base) for base in known[name].bases} if name in known else set()
    return found.union(*(ancestors(each, known) for each in found))


def test_one_base_operator() -> None:
    known = classes()
    operators = [name for name in known if name.startswith("PORTRAITKIT_OT_")]
    assert len(operators) > 25
    for name in operators:
        assert "PortraitOperator" in ancestors(name, known), name
        own = {each.name for each in known[name].body if isinstance(each, ast.FunctionDef)}
        assert not own & {"execute", "poll"}, f"{name}: write `perform`, and name the conditions in `needs`"
    assert where("poll_message_set") == {"operator.py"}


def test_one_record_of_what_failed() -> None:
    known = classes()
    assert [name for name in known if "Exception" in ancestors(name, known)] == ["Failure"]


def test_one_kind_of_timer_and_one_way_to_a_path() -> None:
    assert where("bpy.app.timers") == {"ticker.py"}
    assert where("bpy.path.abspath") == {"paths.py"}
