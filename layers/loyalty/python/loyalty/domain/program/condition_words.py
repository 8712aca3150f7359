"""Conditions in words, from their JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from loyalty.domain.kernel.currencies import written

_FACTS: Final[Mapping[str, str]] = {
    "dearest_line": "the dearest line",
    "distinct_skus": "the number of SKUs",
    "unit_price": "the price of a unit",
    "units": "the number of units",
    "amount": "the amount",
    "order_number": "the number of the order",
    "days_since_order": "the days since the last order",
    "member_days": "the days since enrollment",
    "spent": "the money spent",
    "orders": "the number of orders",
    "bought": "the number of units bought",
    "score": "the score",
    "redeemed": "the number of redeemed rewards",
}
# What stands before some choices.
_IN: Final[Mapping[str, str]] = {"segment": "in the segment "}
_BOUNDS: Final[Mapping[str, str]] = {
    "is": "exactly",
    "every": "a multiple of",
    "at_least": "at least",
    "at_most": "at most",
    "at_least_minor": "at least",
    "at_most_minor": "at most",
}


def condition_in_words(condition: Mapping[str, Any], *, currency: str) -> str:
    """A condition as a phrase: “the amount is at least €20.00 and the channel is “app””."""
    for name, word in (("all", " and "), ("any", " or ")):
        if name in condition:
            parts = [_nested(part, currency) for part in condition[name]]
            return word.join(parts)
    if "not" in condition:
        return f"not {_nested(condition['not'], currency)}"
    return fact_in_words(condition, currency=currency)


def _nested(condition: Mapping[str, Any], currency: str) -> str:
    """A condition within another one, in brackets if it has several parts."""
    words = condition_in_words(condition, currency=currency)
    several = len(condition.get("all", ())) > 1 or len(condition.get("any", ())) > 1
    return f"({words})" if several else words


def fact_in_words(condition: Mapping[str, Any], *, currency: str, is_so: bool = True) -> str:
    """A condition on one fact as a phrase, or the opposite if it is not so."""
    verb = "is" if is_so else "is not"
    match condition:
        case {"fact": "first_order"}:
            return f"it {verb} the first order"
        case {"fact": "birthday", "on": near}:
            return f"it {verb} the {near} of the birthday"
        case {"fact": "consent", "name": name}:
            return f"the consent “{name}” {verb} given"
        case {"fact": "listed"}:
            return f"the member {verb} on the segment's list"
        case {"fact": "silent"}:
            percent = condition.get("percent_of_gap", 200)
            return f"it {verb} silent for more than {percent} % of the member's usual gap"
        case {"fact": fact, "is_in": choices}:
            return f"{_chosen(fact, condition)} {verb} {_IN.get(fact, '')}{_one_of(choices)}"
    bounds = " and ".join(
        f"{word} {_bound(name, condition[name], currency)}"
        for name, word in _BOUNDS.items()
        if condition.get(name) is not None
    )
    fact = _FACTS.get(condition["fact"], condition["fact"])
    lines = _lines(condition.get("of") or {})
    days = f" in the last {condition['days']:,} days" if "days" in condition else ""
    survey = f" of the survey “{condition['survey']}”" if "survey" in condition else ""
    bought = " when it was bought" if condition.get("read") == "bought" else ""
    return f"{fact}{lines}{survey}{days} {verb} {bounds}{bought}"


def _chosen(fact: str, condition: Mapping[str, Any]) -> str:
    """What is one of some choices."""
    match fact:
        case "attribute":
            return f"the attribute “{condition['name']}”"
        case "tier":
            return "the level"
        case "segment":
            return "the member"
        case "recency" | "frequency" | "monetary":
            return f"the fifth by {fact}"
        case _:
            return f"the {fact}"


def _bound(name: str, value: int, currency: str) -> str:
    return written(value, currency) if name.endswith("_minor") else f"{value:,}"


def _lines(selector: Mapping[str, Sequence[str]]) -> str:
    """The lines that count: “ of lines with categories “bean””; empty for all goods."""
    named = [
        f"{name.replace('_', ' ')} {_one_of(values)}" for name, values in selector.items() if values
    ]
    return f" of lines with {' and '.join(named)}" if named else ""


def _one_of(choices: Sequence[str]) -> str:
    return " or ".join(f"“{choice}”" for choice in choices)
