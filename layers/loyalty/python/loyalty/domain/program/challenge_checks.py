"""What must hold of a program's challenges and badges before they are published."""

from collections.abc import Iterator, Sequence

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program import condition_checks
from loyalty.domain.program.challenges import CATEGORIES_MAX, Badge, Challenge, FixedWindow
from loyalty.domain.program.document import Program
from loyalty.domain.program.given_rewards import given_reward
from loyalty.domain.program.line_selectors import EVERY_LINE


def checks(
    document: Program, challenges: Sequence[Challenge], badges: Sequence[Badge]
) -> Iterator[Iterator[Fault]]:
    """The checks of challenges. `challenges` and `badges` are those that could be read."""
    for index, challenge in enumerate(challenges):
        place = f"/challenges/{index}"
        yield _goal(challenge, place)
        yield _days(challenge, place)
        yield _fixed_window(challenge, place)
        yield _lines(challenge, document, place)
        yield _categories(challenge, place)
        yield _activity(challenge, document, place)
        yield _gifts(challenge, badges, place)
        yield _rewards(challenge, document, place)
        yield _points(challenge, place)
        yield _levels(challenge, document, place)


def _lines(challenge: Challenge, document: Program, place: str) -> Iterator[Fault]:
    yield from condition_checks.selector(challenge.counts.of, document, f"{place}/counts/of")


def _goal(challenge: Challenge, place: str) -> Iterator[Fault]:
    if challenge.target is None and challenge.streak is None:
        detail = "Give a target or a streak: without one, nothing completes it"
        yield Fault(f"{place}/target", "no_target", detail)
    elif challenge.streak is None:
        return
    if challenge.target is not None:
        detail = "A streak completes it when enough periods are in a row; leave the target out"
        yield Fault(f"{place}/target", "contradiction", detail)
    if challenge.window != "ever":
        detail = "A streak has its own periods; leave the window out"
        yield Fault(f"{place}/window", "contradiction", detail)


def _days(challenge: Challenge, place: str) -> Iterator[Fault]:
    starts_on, ends_on = challenge.starts_on, challenge.ends_on
    if starts_on and ends_on and ends_on < starts_on:
        yield Fault(f"{place}/ends_on", "empty_window", "It ends before it starts")


def _fixed_window(challenge: Challenge, place: str) -> Iterator[Fault]:
    window = challenge.window
    if isinstance(window, FixedWindow) and window.ends_on < window.starts_on:
        yield Fault(f"{place}/window/ends_on", "empty_window", "It ends before it starts")


def _categories(challenge: Challenge, place: str) -> Iterator[Fault]:
    if challenge.counts.what != "categories":
        return
    named = set(challenge.counts.of.categories)
    if not 1 <= len(named) <= CATEGORIES_MAX:
        detail = f"Name the 1 to {CATEGORIES_MAX} categories that count"
        yield Fault(f"{place}/counts/of/categories", "out_of_range", detail)
    elif challenge.target is not None and challenge.target > len(named):
        detail = f"Only {len(named)} categories count, so nobody can reach this"
        yield Fault(f"{place}/target", "out_of_reach", detail)


def _activity(challenge: Challenge, document: Program, place: str) -> Iterator[Fault]:
    counts, place = challenge.counts, f"{place}/counts"
    if counts.what != "activities":
        if counts.activity is not None:
            detail = f"A challenge that counts {counts.what} names no activity"
            yield Fault(f"{place}/activity", "contradiction", detail)
        return
    if counts.activity is None:
        yield Fault(f"{place}/activity", "missing", "Name the activity that counts")
    elif document.activity(counts.activity) is None:
        detail = f"There is no activity “{counts.activity}”"
        yield Fault(f"{place}/activity", "unknown_activity", detail)
    for name, is_given in (
        ("of", counts.of != EVERY_LINE),
        ("amount_minor_min", counts.amount_minor_min is not None),
        ("per_order_max", counts.per_order_max is not None),
    ):
        if is_given:
            yield Fault(f"{place}/{name}", "contradiction", "An activity has no lines")
    if challenge.tiers:
        detail = "An activity counts at any level: leave the levels out"
        yield Fault(f"{place.removesuffix('/counts')}/tiers", "contradiction", detail)


def _gifts(challenge: Challenge, badges: Sequence[Badge], place: str) -> Iterator[Fault]:
    badge_ids = {badge.id for badge in badges}
    given: set[str] = set()
    for index, gift in enumerate(challenge.gives):
        pointer = f"{place}/gives/{index}"
        if [gift.points, gift.reward_id, gift.badge].count(None) != 2:
            yield Fault(pointer, "gift_unclear", "A gift is either points, a reward or a badge")
        if gift.badge is None:
            continue
        if gift.badge not in badge_ids:
            detail = f"There is no badge “{gift.badge}”"
            yield Fault(f"{pointer}/badge", "unknown_badge", detail)
        if gift.badge in given:
            yield Fault(f"{pointer}/badge", "duplicate_id", "It gives this badge already")
        given.add(gift.badge)


def _rewards(challenge: Challenge, document: Program, place: str) -> Iterator[Fault]:
    given = [index for index, gift in enumerate(challenge.gives) if gift.reward_id is not None]
    for index in given[1:]:
        detail = "It gives a reward already"
        yield Fault(f"{place}/gives/{index}/reward_id", "second_reward", detail)
    for index in given[:1]:
        pointer = f"{place}/gives/{index}/reward_id"
        yield from given_reward(challenge.gives[index].reward_id or "", document, pointer)


def _levels(challenge: Challenge, document: Program, place: str) -> Iterator[Fault]:
    levels = {level.id for level in document.tiers.levels} if document.tiers else set()
    for index, level_id in enumerate(challenge.tiers):
        if level_id not in levels:
            detail = f"There is no level “{level_id}”"
            yield Fault(f"{place}/tiers/{index}", "unknown_level", detail)


def _points(challenge: Challenge, place: str) -> Iterator[Fault]:
    if challenge.points > POINTS_MAX:
        detail = f"Together its gifts are more than {POINTS_MAX} points"
        yield Fault(f"{place}/gives", "out_of_range", detail)
