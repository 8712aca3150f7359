"""What must hold of challenges once all was looked at: members have what orders are worth."""

from collections import Counter, defaultdict
from functools import partial
from typing import Any

from tests.simulation import naive_challenges
from tests.simulation.auditing.seen import Violation
from tests.simulation.world import World


def check_challenges(world: World) -> None:
    """Progress and awards are those that follow from the orders as they are now.

    Nothing moves for members who were erased.
    """
    counted: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    versions: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for key, item in world.table.items.items():
        accrual: Any = item
        if key.sk != "ENTRY#accrual" or accrual["kind"] != "accrual":
            continue
        member_id = _last(accrual["member_id"], world)
        state = world.auditor.orders[tuple(key.pk.split("#")[3:5])].state
        program = world.version(accrual["program_version"]).document
        for challenge in program.challenges:
            versions[member_id, challenge.id, ""].add(accrual["program_version"])
        for name, windows in naive_challenges.counts_of(accrual, state, program).items():
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


def _last(member_id: str, world: World) -> str:
    account: Any = world.auditor.accounts[member_id]
    return _last(account["into"], world) if "into" in account else member_id
