"""Findings about campaigns and earning rules in sentences, to read to a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.kernel.currencies import written
from loyalty.domain.program.condition_words import condition_in_words, fact_in_words

if TYPE_CHECKING:
    from loyalty.domain.campaigns.findings import CampaignFindings, ConditionFinding
    from loyalty.domain.campaigns.rule_findings import RuleFindings
    from loyalty.domain.program.campaign_effects import Effect
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program

# What more goods can bring about, and what so much of it is called.
_GOODS: Final[Mapping[str, tuple[str, str]]] = {
    "units": ("unit", "units"),
    "distinct_skus": ("different article", "different articles"),
}
# What of a member comes with orders and days, and what so much of it is called.
_TO_COME: Final[Mapping[str, tuple[str, str]]] = {
    "order_number": ("order", "orders"),
    "days_since_order": ("day", "days"),
    "member_days": ("day", "days"),
}
_MONEY: Final = frozenset({"amount", "dearest_line", "unit_price"})
# Facts that are one or several of some names, or none.
_CHOSEN: Final = frozenset({"channel", "source", "location", "tender", "code", "tier"})
# Sentences about facts that have nothing but themselves.
_SENTENCES: Final[Mapping[tuple[str, bool], str]] = {
    ("when", True): "It runs at that time.",
    ("when", False): "It does not run at that time.",
    ("joined", True): "The member takes part in it.",
    ("joined", False): "The member had not joined it.",
    ("offered", True): "It was offered to the member.",
    ("offered", False): "It was not offered to the member for that day.",
    ("held_out", False): "It is withheld from this member, to measure what it brings.",
}
_NO_GOODS: Final = "The order has none of the goods that it covers."
_NO_POINT: Final = "The goods that it covers are worth no point."
# What limits leave: nothing, and some points.
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "cap": (
        "The member has had all that it gives one member.",
        "What it gives one member left {}.",
    ),
    "budget": ("Its budget is spent.", "Its budget left {}."),
    "limit": ("Its limits left nothing.", "Its limits left {}."),
    "campaign_points_per_order_max": (
        "Campaigns before it left nothing of what an order may get.",
        "Campaigns before it left {} of what an order may get.",
    ),
}
# What a finding says beside its condition.
_FOUND: Final = frozenset({"is", "missing"})


class FindingWords:
    """Writes sentences with the names and the currency of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._names = {campaign.id: campaign.name for campaign in program.campaigns}

    def outcome(self, found: CampaignFindings) -> str:
        """What a campaign gives for an order, or why it gives nothing."""
        if not found.points:
            return self._reasons(found.why_not, found.campaign)
        gives = f"{self._points(found.points)}: {self._effect(found.campaign.effect)}."
        cuts = [each for each in found.findings if each.fact == "per_order" or each.fact in _LIMITS]
        return " ".join((gives, *map(self.finding, cuts)))

    def of_rule(self, found: RuleFindings, points: int) -> str:
        """What an earning rule gives for an order, or why it gives nothing."""
        if not points:
            return self._reasons([each for each in found.findings if each.matters])
        rule, percent, plan_percent = found.rate
        steps = "each full" if rule.whole_steps else "each"
        times = f" times {percent / 100:g} for the level" if percent != 100 else ""
        times += f" times {plan_percent / 100:g} for the plan" if plan_percent != 100 else ""
        rate = f"{self._points(rule.points)} for {steps} {self._money(rule.per_minor)}{times}"
        return f"{self._points(points)}: {rate}, on {self._money(found.eligible_minor)}."

    def offer(self, found: CampaignFindings) -> str:
        """As the outcome; if only goods are missing, how many more of them give how much."""
        reasons = found.why_not
        more = [self._more(each) for each in reasons]
        alternatives = {each.is_alternative for each in reasons}
        if not (reasons and found.could_give and all(more) and len(alternatives) == 1):
            return self.outcome(found)
        needed = (" or " if True in alternatives else " and ").join(filter(None, more))
        return f"{needed} more for {self._gain(found)}."

    def finding(self, found: ConditionFinding, campaign: Campaign | None = None) -> str:
        """One finding; that about `for` needs the `campaign` to name its condition."""
        if sentence := _SENTENCES.get((found.fact, found.holds)):
            return sentence
        match found.fact:
            case "for":
                return self._of_member(found, campaign)
            case "group":
                winner = found.details["winner"]
                name = self._names.get(winner, winner)
                return f"“{name}” counts instead: an order gets one campaign of their group."
            case "lines":
                return _NO_GOODS if not found.details["is"] else _NO_POINT
            case "per_order":
                return f"It gives at most {self._points(found.details['at_most'])} for an order."
            case fact if fact in _LIMITS:
                none, some = _LIMITS[fact]
                left = found.details["left"]
                return some.format(self._points(left)) if left else none
            case _:
                return self._condition(found)

    def why_not(self, campaign: Campaign, found: Sequence[ConditionFinding]) -> str:
        """What stands against a campaign for whatever order, and how much of it is missing."""
        sentences = ((self.finding(each, campaign), self._to_come(each)) for each in found)
        return " ".join(each for pair in sentences for each in pair if each)

    def _reasons(self, found: Sequence[ConditionFinding], campaign: Campaign | None = None) -> str:
        return " ".join(self.finding(each, campaign) for each in found)

    def _of_member(self, found: ConditionFinding, campaign: Campaign | None) -> str:
        is_one = "was" if found.holds else "was not"
        sentence = f"The member {is_one} one of those that it is for"
        if campaign is None or campaign.members is None:
            return f"{sentence}."
        condition = campaign.members.model_dump(mode="json", exclude_defaults=True)
        return f"{sentence} ({condition_in_words(condition, currency=self._program.currency)})."

    def _condition(self, found: ConditionFinding) -> str:
        condition = {name: each for name, each in found.details.items() if name not in _FOUND}
        if "exactly" in condition:
            condition["is"] = condition.pop("exactly")
        phrase = fact_in_words(
            {"fact": found.fact, **condition},
            currency=self._program.currency,
            is_so=found.holds,
        )
        actual = self._actual(found)
        must_not = ", and must not be" if found.negated and found.matters else ""
        return f"{phrase[0].upper()}{phrase[1:]}{must_not}{actual}."

    def _actual(self, found: ConditionFinding) -> str:
        """What the fact is, where a finding says so."""
        if "is" not in found.details:
            return ""
        value = found.details["is"]
        match value:
            case None if found.fact == "days_since_order":
                return ": there was no order before"
            case None | []:
                return ": there is none" if found.fact in _CHOSEN else ": it is not known"
            case list() | str() if found.negated and found.matters:
                return ""
            case list():
                return f": it is {' and '.join(f'“{each}”' for each in value)}"
            case str():
                return f": it is “{value}”"
            case _:
                ordinal = "order number " if found.fact == "first_order" else ""
                return f": it is {ordinal}{self._amount(found.fact, value)}"

    def _more(self, found: ConditionFinding) -> str | None:
        """How much of goods is missing; None if it is something else."""
        missing = found.details.get("missing")
        if missing is None or found.negated:
            return None
        if found.fact in _GOODS:
            one, many = _GOODS[found.fact]
            return f"{missing:,} {one if missing == 1 else many}"
        return self._amount(found.fact, missing) if found.fact == "amount" else None

    def _to_come(self, found: ConditionFinding) -> str | None:
        """How many orders or days are missing; None if it is something else."""
        missing = found.details.get("missing")
        if missing is None or found.negated or found.fact not in _TO_COME:
            return None
        one, many = _TO_COME[found.fact]
        return (
            f"{missing:,} {one} is missing." if missing == 1 else f"{missing:,} {many} are missing."
        )

    def _gain(self, found: CampaignFindings) -> str:
        effect = found.campaign.effect
        if effect.kind in ("multiply", "rate"):
            return self._effect(effect)
        return self._points(found.could_give)

    def _effect(self, effect: Effect) -> str:
        """What an effect gives, as a phrase."""
        match effect.kind:
            case "multiply":
                return f"{effect.percent / 100:g} times what the earning rules give"
            case "rate":
                return f"{self._points(effect.points)} for each {self._money(effect.per_minor)}"
            case "fixed":
                return f"{self._points(effect.points)} for an order"
            case "per_unit":
                units = "unit" if effect.every == 1 else f"{effect.every:,} units"
                return f"{self._points(effect.points)} for each {units}"
            case "steps":
                return ", ".join(
                    f"{self._points(step.points)} from {self._money(step.at_least_minor)} on"
                    for step in effect.steps
                )

    def _amount(self, fact: str, value: Any) -> str:
        return self._money(value) if fact in _MONEY else f"{value:,}"

    def _money(self, amount_minor: int) -> str:
        return written(amount_minor, self._program.currency)

    def _points(self, points: int) -> str:
        names = self._program.points
        return f"{points:,} {names.one if points == 1 else names.many}"
