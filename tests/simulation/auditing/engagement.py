"""Checks on challenges and awards: counts add up, and every point that was given is settled."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation import naive
from tests.simulation.auditing.seen import (
    SETTLED_AS,
    Seen,
    Violation,
    add,
    follows,
    order_of,
    request_of,
)

NEVER: Final = "9999-12-31T00:00:00Z"


class Engagement:
    """Shares of orders and activities add up to progress, and awards are what their entries say."""

    def __init__(self, seen: Seen, versions: Sequence[PublishedProgram]) -> None:
        self._seen = seen
        self._versions = versions
        self._shares: dict[tuple[tuple[str, ...], str], Any] = {}
        self._progress: dict[tuple[str, str], Any] = {}
        self._vouchers: dict[str, Any] = {}
        # The codes of all vouchers that an award ever had.
        self._codes: dict[str, set[str]] = defaultdict(set)
        # By award: what its entries gave and how they settled it.
        self._entries: dict[str, Counter[str]] = defaultdict(Counter)
        # By award: by how many points the last step lets more of it stand.
        self._rises: dict[str, int] = {}

    def observe(self, written: Sequence[Written], program: PublishedProgram) -> None:
        """Note what a write changed of shares, progress and awards; their entries come later."""
        for key, before, after in written:
            wire: Any = after
            match key.sk.partition("#"):
                case "SHARE", _, counter:
                    follows(key, before, wire, "revision")
                    self._shares[order_of(key), counter] = wire
                case "PROGRESS", _, counter:
                    if self._seen.accounts[request_of(key)]["status"] == "closed":
                        raise Violation(f"{key} was written of a member who is no more")
                    follows(key, before, wire, "revision")
                    self._progress[request_of(key), counter] = wire
                    _keeps_its_terms(key, wire, seen=[old for each, old, _ in written if old])
                case "VOUCHER", _, _:
                    self._vouchers[request_of(key)] = wire
                case "AWARD", _, _:
                    follows(key, before, wire, "step")
                    self._award(key, before, wire, program)
                    stood: Any = self._seen.awards.get(request_of(key), {"target": 0})
                    self._rises[request_of(key)] = wire["target"] - stood["target"]
                    self._seen.awards[request_of(key)] = wire

    def entry(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        """An award's points have its days, and what is taken back is settled by the policy."""
        award, about = self._seen.awards[request_of(key)], entry.get("about", {})
        moved = entry["points"] + entry["pending_points"]
        sums = self._entries[request_of(key)]
        match entry["kind"]:
            case "bonus":
                self._is_given(key, entry, award, today)
                sums["given"] += moved
                sums["forgiven"] -= about.get("stands_again", 0)
            case "clawback":
                is_challenge = award["given_for"] == "challenge"
                if is_challenge and {each.if_undone for each in self._terms_of(award)} == {"keep"}:
                    raise Violation(f"{key} takes back what the member may keep")
                self._is_taken_back(key, about, moved, program)
                sums.update({name: about[name] for name in SETTLED_AS})
            case other:
                raise Violation(f"{key} is a {other} of an award")

    def adds_up(self, written: Sequence[Written], decided_at: datetime) -> None:
        """Check the sums of all that a write touched, once all its entries were seen."""
        counters = {
            key.sk.partition("#")[2]
            for key, *_ in written
            if key.sk.startswith(("SHARE#", "PROGRESS#"))
        }
        for counter in counters:
            self._shares_are_progress(counter)
            self._stand_as_given(counter)
        for key, *_ in written:
            if "#AWARD#" in key.pk:
                self._is_settled(key)
                self._has_its_reward(key, decided_at)

    def _award(self, key: Key, before: Item | None, award: Any, program: PublishedProgram) -> None:
        """An award is given by terms that a version has, and its days never change.

        What an activity is worth may change, as `Activities` checks.
        """
        old: Any = before
        is_challenge = award["given_for"] == "challenge"
        fixed = ("available_on", "expires_on", *(("points",) if is_challenge else ()))
        if old is not None:
            if any(old[name] != award[name] for name in fixed):
                raise Violation(f"{key} has another amount or other days than at first")
            return
        if is_challenge and award["points"] not in {each.points for each in self._terms_of(award)}:
            raise Violation(f"{key} gives {award['points']}, which no version does")
        day = date.fromisoformat(award["available_on"])
        by_source, expiry = program.document.expiry_by_source, program.document.expiry
        policy = by_source.get(award["given_for"]) or by_source.get("bonus") or expiry
        if award["expires_on"] != naive.expires_on(policy, day):
            raise Violation(f"{key} expires on {award['expires_on']}")

    def _is_given(self, key: Key, entry: Any, award: Any, today: str) -> None:
        moved = entry["points"] + entry["pending_points"]
        dates = f"{award['available_on']}/{award['expires_on']}"
        lots, pending = entry["lots"].keys(), entry.get("pending", {}).keys()
        if not lots <= {award["expires_on"]} or not pending <= {dates}:
            raise Violation(f"{key} gives points of other days than its award")
        rises = self._rises[request_of(key)]
        if moved + entry["about"].get("stands_again", 0) != rises:
            raise Violation(f"{key} gives {moved} of {rises}")
        if bool(pending) != (moved > 0 and today < award["available_on"]):
            raise Violation(f"{key} lets points wait for {award['available_on']} on {today}")
        waits = {each.wait_days for each in self._terms_of(award)}
        first = {date.fromisoformat(award["available_on"]) - timedelta(days=days) for days in waits}
        if award["step"] == 1 and date.fromisoformat(today) not in first:
            raise Violation(f"{key} waits for another day than its challenge says")

    def _is_taken_back(self, key: Key, about: Any, moved: int, program: PublishedProgram) -> None:
        if min(about[name] for name in SETTLED_AS) < 0:
            raise Violation(f"{key} gives points")
        if about["clawed"] + about["owed"] != -moved:
            raise Violation(f"{key} tells another amount than it took")
        unlimited = program.document.clawback == "unlimited"
        if about["forgiven" if unlimited else "owed"]:
            raise Violation(f"{key} owes or forgives against the program's policy")

    def _terms_of(self, award: Any) -> list[Any]:
        """What an award was given for, in each version that has it."""
        rules: Iterator[Any] = (
            each
            for version in self._versions
            for each in (
                version.document.activities
                if award["given_for"] == "activity"
                else version.document.challenges
            )
        )
        return [each for each in rules if each.id == award["rule_id"]]

    def _shares_are_progress(self, counter: str) -> None:
        counted, progress = Counter[str](), Counter[str]()
        for (_, name), share in self._shares.items():
            if name == counter:
                counted.update(_flat(share["tallies"]))
        for (_, name), item in self._progress.items():
            if name == counter:
                tallies = {window: tally for window, (_, tally) in item["windows"].items()}
                progress.update(_flat(tallies))
        if +counted != +progress or min(progress.values(), default=0) < 0:
            raise Violation(f"{counter}: orders count {counted}, members have {progress}")

    def _stand_as_given(self, counter: str) -> None:
        """Of the awards of a window, the first ones stand, as many as the progress says."""
        given: dict[str, int] = {}
        for (_, name), item in self._progress.items():
            if name == counter:
                for window, by_origin in item["given"].items():
                    add(given, {f"{origin}.{window}": n for origin, n in by_origin.items()})
        for award_id, award in self._seen.awards.items():
            if not award_id.startswith(f"{counter}."):
                continue
            whose, _, number = award_id.removeprefix(f"{counter}.").rpartition(".")
            stands = int(number) <= given.get(whose, 0)
            if award["target"] != (award["points"] if stands else 0) or stands != _stands(award):
                raise Violation(f"{award_id} stands at {award['target']}, given are {given}")
        for whose, times in given.items():
            if f"{counter}.{whose}.{times}" not in self._seen.awards:
                raise Violation(f"{counter}.{whose}.{times} is given and not there")

    def _has_its_reward(self, key: Key, decided_at: datetime) -> None:
        """An award that stands has a voucher; one that was taken back, none that can be used."""
        award = self._seen.awards[request_of(key)]
        if "reward_id" not in award:
            return
        voucher = self._vouchers.get(award.get("code", ""))
        self._codes[request_of(key)].add(award.get("code", ""))
        good = [
            code
            for code in self._codes[request_of(key)]
            if code and self._vouchers[code]["state"] not in {"cancelled", "cancelling"}
        ]
        if len(good) > 1:
            raise Violation(f"{key} has given its reward more than once: {good}")
        if _stands(award):
            if voucher is None or voucher["state"] not in {"issued", "used", "expired"}:
                raise Violation(f"{key} stands without its voucher: {voucher}")
        elif voucher is not None:
            ends = datetime.fromisoformat(voucher["about"].get("expires_at", NEVER))
            is_used = voucher["state"] == "used"
            is_usable = voucher["state"] == "issued" and decided_at < ends
            if is_usable or is_used != award.get("reward_kept", False):
                raise Violation(f"{key} was taken back, and its voucher is {voucher}")

    def _is_settled(self, key: Key) -> None:
        award = self._seen.awards[request_of(key)]
        given = sum(points for _, _, points in award["given"])
        if sum(award[name] for name in SETTLED_AS) != given - award["target"]:
            raise Violation(f"{key} was given {given}, should stand at {award['target']}: {award}")
        sums = self._entries[request_of(key)]
        of_award = {"given": given, **{name: award[name] for name in SETTLED_AS}}
        if any(sums[name] != amount for name, amount in of_award.items()):
            raise Violation(f"{key} says {of_award}, its entries {sums}")


def _stands(award: Any) -> bool:
    return bool(award["state"] == "standing")


def _keeps_its_terms(key: Key, after: Any, *, seen: Sequence[Any]) -> None:
    """A window goes by the terms under which it began; of members who become one, by the earlier.

    `seen` are the items that the write replaces.
    """
    windows = [item["windows"] for item in seen if item["kind"] == "progress"]
    for window, (version, _) in after["windows"].items():
        first = min((each[window][0] for each in windows if window in each), default=version)
        if version != first:
            raise Violation(f"{key} judges {window} by version {version} instead of {first}")


def _flat(tallies: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return dict(_amounts(tallies))


def _amounts(tallies: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, int]]:
    for window, tally in tallies.items():
        for name, amount in tally.items():
            yield f"{window} {name}", amount
