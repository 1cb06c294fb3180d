# SPDX-License-Identifier: Apache-2.0
"""Small wrong changes of a module, found in its syntax tree and made in its text, so that a diff is one line or two.

Never in docstrings, annotations, texts, ``raise`` and ``assert`` statements, logging or progress; nor where the result
is the same by construction: guards against zero (1e-9), counts of threads and chunks, strictness of comparisons of
floats (a flip turns them round instead).
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = {
    "portrait_core/shape": "shape",
    "textures": "textures",
    "portrait_core/rig": "rig",
    "portrait_core/formats": "formats",
    "portrait_core/pipeline": "pipeline",
    "portrait_core/body": "body",
}
EARLY = "returned early"
GUARD = 2e-6
"""Floats below this only keep divisions finite."""
SAME_RESULT = ("THREAD", "CHUNK", "AT_ONCE", "BLOCK")
"""Parts of names of constants that change how work is cut up, not what comes out."""
SYMMETRIC = {"isinstance", "hypot", "minimum", "maximum", "min", "max", "array_equal", "dot", "zip", "logical_or"}

FLIPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
NAMES = {
    **{"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "argmin": "argmax", "argmax": "argmin"},
    **{"floor": "ceil", "ceil": "floor", "any": "all", "all": "any", "cos": "sin", "sin": "cos"},
}


@dataclass(frozen=True)
class Mutant:
    """One wrong change: ``text`` is the whole changed module."""

    path: str
    room: str
    function: str
    line: int
    kind: str
    text: str
    diff: str


@dataclass(frozen=True)
class _Change:
    function: str
    kind: str
    node: ast.expr | ast.stmt
    new: str


def _mutant(text: str, change: _Change, path: str, room: str) -> Mutant | None:
    """The module with the change in it, or None where the change leaves it as it is."""
    if ast.unparse(change.node) in (change.new, change.new[1:-1]):
        return None
    changed = _replaced(text, change)
    first, last = change.node.lineno - 1, change.node.end_lineno or change.node.lineno
    if change.kind == EARLY:
        last = change.node.lineno
    was, now = text.splitlines(), changed.splitlines()
    after = last + len(now) - len(was)
    diff = "\n".join([*(f"-{line}" for line in was[first:last]), *(f"+{line}" for line in now[first:after])])
    return Mutant(path, room, change.function, change.node.lineno, change.kind, changed, diff)


def sample(root: Path, executed: set[str], count: int, seed: int) -> list[Mutant]:
    """``count`` mutants, as many of each room, in turn of each function that is ``executed`` (``path::name``), of a
    kind drawn from those it has."""
    numbers = random.Random(seed)
    drawn: list[Mutant] = []
    for place, (folder, room) in enumerate(ROOMS.items()):
        found: dict[str, dict[str, list[_Change]]] = defaultdict(lambda: defaultdict(list))
        texts: dict[str, str] = {}
        for file in sorted((root / folder).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            texts[path] = file.read_text(encoding="utf-8")
            alive = {name.partition("::")[2] for name in executed if name.startswith(f"{path}::")}
            for change in _changes(ast.parse(texts[path])):
                if change.function in alive or (not change.function and alive):
                    found[f"{path}::{change.function}"][change.kind].append(change)
        share = count * (place + 1) // len(ROOMS) - count * place // len(ROOMS)
        names = sorted(found)
        numbers.shuffle(names)
        while share and names:
            name = names.pop(0)
            kinds = found[name]
            kind = numbers.choice(sorted(kinds))
            change = kinds[kind].pop(numbers.randrange(len(kinds[kind])))
            if not kinds[kind]:
                del kinds[kind]
            if kinds:
                names.append(name)
            path = name.partition("::")[0]
            mutant = _mutant(texts[path], change, path, room)
            if mutant is not None:
                drawn.append(mutant)
                share -= 1
    return drawn


def _replaced(text: str, change: _Change) -> str:
    """``text`` with the source of a node replaced, or something put before it; columns of the tree count bytes."""
    node = change.node
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    assert node.end_lineno is not None and node.end_col_offset is not None
    first, last, end = node.lineno - 1, node.end_lineno - 1, node.end_col_offset
    if change.kind == EARLY:
        last, end = first, node.col_offset
    middle = lines[first][: node.col_offset] + change.new.encode() + lines[last][end:]
    return b"".join([*lines[:first], middle, *lines[last + 1 :]]).decode()


def _changes(tree: ast.Module) -> Iterator[_Change]:
    yield from _of_block(tree.body, "")


def _of_block(body: list[ast.stmt], function: str, inside: str = "") -> Iterator[_Change]:
    """``inside`` is what Python puts between the name of what is around and that of a function: ``.`` in a class."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            name = f"{function}{inside}{statement.name}"
            yield from _early_return(statement, name)
            for default in [*statement.args.defaults, *filter(None, statement.args.kw_defaults)]:
                yield from _of_expression(default, name)
            yield from _of_block(statement.body, name, ".<locals>.")
        elif isinstance(statement, ast.ClassDef):
            yield from _of_block(statement.body, f"{function}{inside}{statement.name}", ".")
        elif not _is_text(statement):
            yield from _of_statement(statement, function)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement says something to people, to type checkers or to importers, or is an import."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Raise | ast.Assert):
        return True
    if isinstance(statement, ast.Expr):
        if isinstance(statement.value, ast.Constant):
            return True
        called = ast.unparse(statement.value)
        return called.startswith(("_log.", "progress(", "work.progress(", "self.progress("))
    if isinstance(statement, ast.If):
        return "TYPE_CHECKING" in ast.unparse(statement.test)
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        name = ast.unparse(target)
        return name == "__all__" or (name.isupper() and any(part in name for part in SAME_RESULT))
    return False


def _early_return(function: ast.FunctionDef, name: str) -> Iterator[_Change]:
    """The first argument handed back untouched, where it has the type of the result."""
    if function.returns is None or len(function.body) < 2:
        return
    kind = ast.unparse(function.returns)
    for argument in function.args.args:
        if argument.annotation is not None and ast.unparse(argument.annotation) == kind:
            first = function.body[1] if _is_text(function.body[0]) else function.body[0]
            yield _Change(name, EARLY, first, f"return {argument.arg}\n{' ' * first.col_offset}")
            return


def _of_statement(statement: ast.stmt, function: str) -> Iterator[_Change]:
    if _droppable(statement):
        yield _Change(function, "dropped statement", statement, "pass")
    for field, value in ast.iter_fields(statement):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.stmt):
                yield from _of_block([each], function, ".<locals>.")
            elif isinstance(each, ast.expr):
                yield from _of_expression(each, function)
            elif isinstance(each, ast.withitem):
                yield from _of_expression(each.context_expr, function)
            elif isinstance(each, ast.ExceptHandler):
                yield from _of_block(each.body, function)
    if isinstance(statement, ast.AugAssign) and type(statement.op) in SUMS:
        new = ast.AugAssign(statement.target, SUMS[type(statement.op)](), statement.value)
        yield _Change(function, "other operation", statement, ast.unparse(new))


def _droppable(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    if isinstance(statement, ast.Assign):
        return isinstance(statement.targets[0], ast.Subscript | ast.Attribute)
    return isinstance(statement, ast.AugAssign | ast.Continue)


def _of_expression(root: ast.expr, function: str) -> Iterator[_Change]:
    if isinstance(root, ast.JoinedStr):
        return
    if isinstance(root, ast.Call) and ast.unparse(root.func).endswith(
        ("Error", "progress", "_log", "warning", "TypeVar")
    ):
        return
    for kind, new in _rewritten(root):
        yield _Change(function, kind, root, new)
    for child in ast.iter_child_nodes(root):
        if isinstance(child, ast.expr):
            yield from _of_expression(child, function)
        elif isinstance(child, ast.keyword):
            yield from _of_keyword(child, function)
        elif isinstance(child, ast.comprehension):
            for each in (child.iter, *child.ifs):
                yield from _of_expression(each, function)


def _of_keyword(keyword: ast.keyword, function: str) -> Iterator[_Change]:
    if keyword.arg == "axis" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, int):
        yield _Change(function, "other axis", keyword.value, "1" if keyword.value.value == 0 else "0")
    elif keyword.arg not in ("threads", "dtype", "kind"):
        yield from _of_expression(keyword.value, function)


def _rewritten(node: ast.expr) -> Iterator[tuple[str, str]]:
    """Kinds and sources of what may stand instead of ``node``."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in FLIPS:
        flipped = FLIPS[type(node.ops[0])]()
        yield "flipped comparison", _bracketed(ast.Compare(node.left, [flipped], node.comparators))
    elif isinstance(node, ast.BinOp) and type(node.op) in SUMS and not _texts(node):
        yield "other operation", _bracketed(ast.BinOp(node.left, SUMS[type(node.op)](), node.right))
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and, or", _bracketed(ast.BoolOp(other, node.values))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield "dropped not", _bracketed(node.operand)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "dropped minus", _bracketed(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "off by one", str(node.value + 1)
    elif isinstance(node, ast.Constant) and type(node.value) is float and abs(node.value) >= GUARD:
        yield "other number", repr(round(1.5 * node.value, 12))
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "other truth", str(not node.value)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)


def _other_calls(node: ast.Call) -> Iterator[tuple[str, str]]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in NAMES:
        func = ast.Attribute(node.func.value, NAMES[called]) if isinstance(node.func, ast.Attribute) else None
        yield "other extreme", ast.unparse(ast.Call(func or ast.Name(NAMES[called]), node.args, node.keywords))
    plain = len(node.args) >= 2 and not any(isinstance(each, ast.Starred) for each in node.args[:2])
    if plain and called not in SYMMETRIC:
        first, second, *rest = node.args
        yield "swapped arguments", ast.unparse(ast.Call(node.func, [second, first, *rest], node.keywords))


def _texts(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(isinstance(each, ast.JoinedStr | ast.List | ast.Tuple) for each in sides) or any(
        isinstance(each, ast.Constant) and isinstance(each.value, str | bytes) for each in sides
    )


def _bracketed(node: ast.expr) -> str:
    return f"({ast.unparse(node)})"
