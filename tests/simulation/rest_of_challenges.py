"""What must hold of challenges once all was looked at: members have what they did is worth."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.simulation import naive_challenges
from tests.simulation.auditing.seen import Violation
from tests.simulation.naive_challenges import Counts
from tests.simulation.world import World

# A member, the version that judges what they did, and what it counts for each challenge.
type Counting = tuple[str, int, dict[str, Counts]]


def check_challenges(world: World) -> None:
    """Progress and awards are those that follow from the orders and activities as they are now.

    Nothing moves for members who were erased.
    """
    counted: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    versions: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for member_id, version, counts in (*_of_orders(world), *_of_activities(world)):
        for challenge in world.version(version).document.challenges:
            versions[member_id, challenge.id, ""].add(version)
        for name, windows in counts.items():
            for window, tally in windows.items():
                counted[member_id, name].update(
                    {(window, what): amount for what, amount in tally.items()}
                )
    progress: dict[tuple[str, str], Any] = {
        (key.pk.split("#")[3], key.sk.removeprefix("PROGRESS#challenge.")): item
        for key, item in world.table.items.items()
        if key.sk.startswith("PROGRESS#")
    }
    for whose in {*counted, *progress}:
        if not world.auditor.is_erased(whose[0]):
            _check(whose, progress.get(whose), counted[whose], versions[*whose, ""], world)


def _of_orders(world: World) -> Iterator[Counting]:
    for key, item in world.table.items.items():
        accrual: Any = item
        if key.sk == "ENTRY#accrual" and accrual["kind"] == "accrual":
            state = world.auditor.orders[tuple(key.pk.split("#")[3:5])].state
            version = accrual["program_version"]
            counts = naive_challenges.counts_of(accrual, state, world.version(version).document)
            yield world.auditor.heir(accrual["member_id"]), version, counts


def _of_activities(world: World) -> Iterator[Counting]:
    for key, item in world.table.items.items():
        activity: Any = item
        if key.sk == "ACTIVITY" and "program_version" in activity:
            version, day = activity["program_version"], activity["happened_at"]
            counts = naive_challenges.counts_of_activity(
                activity, world.version(version).document, world.auditor.local_day(day)
            )
            yield world.auditor.heir(activity["member_id"]), version, counts


def _check(
    whose: tuple[str, str],
    progress: Any,
    counted: Counter[tuple[str, str]],
    versions: set[int],
    world: World,
) -> None:
    windows: dict[str, Any] = progress["windows"] if progress else {}
    found = Counter(
        {(window, what): n for window, (_, tally) in windows.items() for what, n in tally.items()}
    )
    if +found != +counted:
        raise Violation(f"{whose} has {+found}, their orders count {+counted}")
    if strange := {version for version, _ in windows.values()} - versions:
        raise Violation(f"{whose} is judged by {strange}, by which no order was decided")
    challenge_in = partial(_challenge, whose[1], world)
    due = naive_challenges.given_for(windows, challenge_in)
    given = Counter[str]()
    for window, by_origin in (progress["given"] if progress else {}).items():
        given[window] += sum(by_origin.values())
    if due != given:
        in_excess = (given - due).keys() if not due - given else ()
        if not in_excess or any(challenge_in(each).if_undone != "keep" for each in versions):
            raise Violation(f"{whose} was given {given}, and {due} is due by {windows}")


def _challenge(name: str, world: World, version: int) -> Any:
    challenges = world.version(version).document.challenges
    return next(each for each in challenges if each.id == name)
