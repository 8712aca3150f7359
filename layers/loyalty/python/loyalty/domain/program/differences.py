"""What one program document says differently from another, field by field and in sentences.

Things with an id (rewards, rules, levels, surveys) are compared with the thing of the same id, not
with the one in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from loyalty.domain.kernel.currencies import written
from loyalty.domain.program.condition_words import condition_in_words

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

# Conditions, which are one thing each however they are composed, by their field.
_CONDITIONS: Final[Mapping[str, str]] = {
    "for": "the condition on members",
    "if": "the condition on orders",
    "who": "the condition",
}

type DifferenceKind = Literal["added", "removed", "changed"]

# What a thing in a list is called, by the name of the list.
_THINGS: Final[Mapping[str, str]] = {
    "campaigns": "campaign",
    "campaign_groups": "campaign group",
    "earning_rules": "earning rule",
    "goals": "goal",
    "levels": "level",
    "plans": "plan",
    "rewards": "reward",
    "safeguards": "safeguard",
    "segments": "segment",
    "surveys": "survey",
    "templates": "template",
    "watches": "watch",
}
# The fields that identify a thing in a list, in order.
_KEYS: Final = ("id", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDifference:
    """One difference; `before` and `after` are JSON values.

    `pointer` is a JSON Pointer into the new document, or, for something that was removed, into the
    old one.
    """

    pointer: str
    kind: DifferenceKind
    before: Any
    after: Any
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a comparison stands: the pointer, and the thing that the text is about."""

    pointer: str = ""
    thing: str = "The program"
    field: str = ""
    currency: str

    def field_of(self, name: str) -> _Place:
        field = f"{self.field} {_words(name)}".strip()
        return replace(self, pointer=f"{self.pointer}/{name}", field=field)

    def thing_of(self, number: int, thing: str) -> _Place:
        return replace(self, pointer=f"{self.pointer}/{number}", thing=thing, field="")


def differences(before: Program, after: Program) -> tuple[DocumentDifference, ...]:
    """Every difference between two documents, defaults written out, in the order of the fields."""
    place = _Place(currency=after.currency)
    return tuple(_compared(before.model_dump(mode="json"), after.model_dump(mode="json"), place))


def _compared(before: Any, after: Any, place: _Place) -> Iterator[DocumentDifference]:
    if before == after:
        return
    if _is_same_shape(before, after, place):
        for name in dict.fromkeys((*after, *before)):
            yield from _compared(before.get(name), after.get(name), place.field_of(name))
    elif _are_things(before) and _are_things(after):
        yield from _compared_things(before, after, place)
    else:
        yield _changed(before, after, place)


def _is_same_shape(before: Any, after: Any, place: _Place) -> bool:
    """Whether two values are objects of one kind; an expiry by another model is another thing."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return False
    if place.field in _CONDITIONS:
        return False
    kinds = ("model", "kind") if place.field == "effect" else ("model",)
    return all(before.get(kind) == after.get(kind) for kind in kinds)


def _are_things(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and _key(each) is not None for each in value
    )


def _compared_things(
    before: Sequence[Any], after: Sequence[Any], place: _Place
) -> Iterator[DocumentDifference]:
    old = {_key(each): (number, each) for number, each in enumerate(before)}
    new = {_key(each): (number, each) for number, each in enumerate(after)}
    kind = _THINGS.get(place.pointer.rpartition("/")[2], "entry")
    for key, (number, each) in new.items():
        here = place.thing_of(number, f"The {kind} “{_name(each)}”")
        if key in old:
            yield from _compared(old[key][1], each, here)
        else:
            yield DocumentDifference(
                pointer=here.pointer,
                kind="added",
                before=None,
                after=each,
                text=f"{here.thing} is new.",
            )
    for key, (number, each) in old.items():
        if key not in new:
            here = place.thing_of(number, f"The {kind} “{_name(each)}”")
            yield DocumentDifference(
                pointer=here.pointer,
                kind="removed",
                before=each,
                after=None,
                text=f"{here.thing} is removed.",
            )
    shared = [key for key in new if key in old]
    if shared != [key for key in old if key in new]:
        yield DocumentDifference(
            pointer=place.pointer,
            kind="changed",
            before=[_name(each) for each in before],
            after=[_name(each) for each in after],
            text=f"The order of the {place.field} is different.",
        )


def _changed(before: Any, after: Any, place: _Place) -> DocumentDifference:
    old, new = (_shown(each, place) for each in (before, after))
    if place.field in _CONDITIONS:
        text = f"{place.thing}: {_CONDITIONS[place.field]} was: {old}. It is now: {new}."
    elif place.pointer.endswith("/cost_points"):
        text = f"{place.thing} costs {new} instead of {old} points."
    elif before in (None, [], {}):
        text = f"{place.thing}: {place.field} is now {new}."
    elif after in (None, [], {}):
        text = f"{place.thing}: {place.field} is no longer set; it was {old}."
    else:
        text = f"{place.thing}: {place.field} is {new} instead of {old}."
    return DocumentDifference(
        pointer=place.pointer, kind="changed", before=before, after=after, text=text
    )


def _shown(value: Any, place: _Place) -> str:
    if place.field in _CONDITIONS:
        return condition_in_words(value, currency=place.currency) if value else "none"
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if place.pointer.endswith(("_minor", "_minor_min", "_minor_max")):
            return written(value, place.currency)
        case int():
            return f"{value:,}"
        case str():
            return f"“{value}”"
        case None:
            return "not set"
        case list():
            return ", ".join(_shown(each, place) for each in value)
        case dict():
            fields = {name: each for name, each in value.items() if each not in (None, [], {})}
            return ", ".join(
                f"{_words(name)} {_shown(each, place.field_of(name))}"
                for name, each in fields.items()
            )
    raise TypeError(f"{type(value)} is not JSON")


def _key(thing: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What identifies a thing among others of its list; None if nothing does."""
    for name in _KEYS:
        if isinstance(thing.get(name), str):
            return (thing[name], str(thing.get("locale") or ""))
    return None


def _name(thing: Mapping[str, Any]) -> str:
    name = thing.get("name") or thing.get("id") or thing.get("kind")
    return f"{name} ({thing['locale']})" if thing.get("locale") else str(name)


def _words(name: str) -> str:
    return name.removesuffix("_minor").replace("_minor_", " ").replace("_", " ")
