"""Histories as text, to find out why one failed."""

from typing import Any

from loyalty.domain.ledger.entries import Entry
from loyalty.table.operations import (
    Absent,
    Action,
    AnyOf,
    Assign,
    Compare,
    Condition,
    Increase,
    Key,
    Missing,
    Operation,
    Put,
    Query,
    Remove,
    Update,
)


def call_line(call: Any) -> str:
    """A call on the table, as one line."""
    if hasattr(call, "operations"):
        return "write " + "; ".join(map(_operation, call.operations))
    how = "strongly" if call.strong else "anyhow"
    if isinstance(call.target, Query):
        return f"query {call.target.index or call.target.pk} {how}"
    return f"read {', '.join(map(_key, call.target))} {how}"


def answer_line(answer: Any) -> str:
    entry = getattr(answer.value, "entry", answer.value)
    if isinstance(entry, tuple):
        entry = entry[0]
    if isinstance(entry, Entry):
        return f"{answer.code}, {entry.kind} of {entry.points} (+{entry.pending_points} pending)"
    return f"{answer.code} {answer.value}"


def _key(key: Key) -> str:
    _, _, *rest = key.pk.split("#")
    return "/".join((*rest, key.sk))


def _operation(operation: Operation) -> str:
    conditions = ", ".join(map(_condition, operation.conditions))
    match operation:
        case Update():
            what = f"update {_key(operation.key)} {', '.join(map(_action, operation.actions))}"
        case Put():
            skipped = ("pk", "sk", "v", "fingerprint", "order", "shares")
            shown = {name: it for name, it in operation.item.items() if name not in skipped}
            what = f"put {_key(operation.key)} {shown}"
        case _:
            what = f"{type(operation).__name__.lower()} {_key(operation.key)}"
    return f"{what} if {conditions}" if conditions else what


def _condition(condition: Condition) -> str:
    match condition:
        case Absent():
            return "new"
        case Missing(path):
            return f"no {'.'.join(path)}"
        case Compare(path, relation, value):
            return f"{'.'.join(path)} {relation} {value!r}"
        case AnyOf(conditions):
            return " or ".join(map(_condition, conditions))


def _action(action: Action) -> str:
    path = ".".join(action.path)
    match action:
        case Assign(_, value):
            return f"{path} := {value!r}"
        case Increase(_, amount):
            return f"{path} {amount:+}"
        case Remove():
            return f"no {path}"
