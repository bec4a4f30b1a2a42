"""From the cells that ran to the source of one exercise with everything that it needs, so that it stands alone."""

from __future__ import annotations

import ast
import builtins
import contextlib
import symtable
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logdojo.errors import CourseError


@dataclass(frozen=True, slots=True)
class _Statement:
    position: int
    node: ast.stmt
    text: str
    binds: frozenset[str]
    reads: frozenset[str]


def extract(name: str, cells: Sequence[str]) -> str:
    """Return the source of ``name`` with the imports and earlier names that it needs.

    Each name is taken from the last statement that binds it; where several statements bind one name step by step
    (``x = 1``, then ``x += 1``) all of them are kept.

    Args:
        name: a function, class or variable bound at the top level of a cell.
        cells: sources of the cells that ran, in order; those that are not plain Python are passed over.

    Raises:
        CourseError: no cell binds ``name``.
    """
    statements = list(_statements(cells))
    if not any(name in s.binds for s in statements):
        raise CourseError(f"no cell defines `{name}` at its top level", hint="define it outside any other function")
    kept: dict[int, _Statement] = {}
    wanted = [name]
    seen: set[str] = set()
    while wanted:
        current = wanted.pop()
        if current in seen:
            continue
        seen.add(current)
        for statement in _binding(current, statements):
            if statement.position not in kept:
                kept[statement.position] = statement
                wanted += sorted(statement.reads)
    ordered = [kept[position] for position in sorted(kept)]
    future = {s.text: None for s in statements if _is_future(s.node)}
    plain = {s.text: None for s in ordered if not _is_future(s.node)}
    return "\n".join([*future, *_spaced(plain)]) + "\n"


def _statements(cells: Sequence[str]) -> Iterable[_Statement]:
    position = 0
    for cell in cells:
        try:
            tree = ast.parse(cell)
        except (SyntaxError, ValueError):
            continue
        lines = cell.split("\n")
        for node in tree.body:
            position += 1
            text = _text(node, lines)
            yield _Statement(position, node, text, _binds(node), _reads(node, text))


def _text(node: ast.stmt, lines: list[str]) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    whole = "\n".join(lines[first - 1 : node.end_lineno])
    # Two statements on one line (`a = 1; b = 2`) share it: write such a one out from its tree.
    alone = node.col_offset == 0 and ";" not in lines[(node.end_lineno or first) - 1][node.end_col_offset or 0 :]
    return whole if alone else ast.unparse(node)


def _binding(name: str, statements: list[_Statement]) -> list[_Statement]:
    """Return the last statement that binds ``name`` and, where it builds on an earlier value, those before it."""
    found: list[_Statement] = []
    for statement in reversed([s for s in statements if name in s.binds]):
        found.append(statement)
        if not (isinstance(statement.node, ast.AugAssign) or _conditional(statement.node)):
            break
    return found


def _conditional(node: ast.stmt) -> bool:
    return isinstance(node, ast.If | ast.For | ast.While | ast.Try | ast.With)


def _binds(node: ast.stmt) -> frozenset[str]:
    names: set[str] = set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({node.name})
    for inner in _own_scope(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(inner.name)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.add(inner.id)
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in inner.names}
    return frozenset(names)


def _own_scope(node: ast.AST) -> Iterable[ast.AST]:
    """Walk a statement without going into functions and classes that it defines."""
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        yield from _own_scope(child)


def _reads(node: ast.stmt, text: str) -> frozenset[str]:
    """Return the names of other statements that one reads, by Python's own rules of scope."""
    names: set[str] = set()
    tables = [symtable.symtable(text, "cell", "exec")]
    top = tables[0]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (table is top or s.is_global())}
    return frozenset((names | _quoted_annotations(node)) - set(dir(builtins)))


def _quoted_annotations(node: ast.stmt) -> set[str]:
    """Return the names in annotations that are written as text, as in ``def f(event: "Event")``."""
    hints = [
        hint
        for inner in ast.walk(node)
        for hint in (getattr(inner, "annotation", None), getattr(inner, "returns", None))
        if isinstance(hint, ast.Constant) and isinstance(hint.value, str)
    ]
    names: set[str] = set()
    for hint in hints:
        with contextlib.suppress(SyntaxError):
            names |= {n.id for n in ast.walk(ast.parse(str(hint.value), mode="eval")) if isinstance(n, ast.Name)}
    return names


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _spaced(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        if text.startswith(("def ", "class ", "async def ", "@")):
            yield "\n"
        yield text
