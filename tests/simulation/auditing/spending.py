"""Checks on redemptions, their vouchers, and the stock of rewards."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation import naive
from tests.simulation.auditing.levels import Levels
from tests.simulation.auditing.seen import RequestSums, Seen, Violation, request_of

# How a voucher's state may change; states that are not listed are final.
STEPS: Final = frozenset(
    {
        (None, "held"),
        (None, "issued"),
        ("held", "issued"),
        ("held", "cancelled"),
        ("issued", "used"),
        # Some of the points that paid return, or are taken again.
        ("used", "used"),
        ("used", "issued"),
        ("issued", "cancelled"),
        # Given to a shop, which has to deactivate it before the points return.
        ("issued", "issued"),
        ("issued", "cancelling"),
        ("cancelling", "cancelled"),
        ("cancelling", "used"),
        ("issued", "expired"),
    }
)


class Spending:
    """Points are spent once, and return once."""

    def __init__(self, seen: Seen, levels: Levels) -> None:
        self._seen = seen
        self._levels = levels
        self._stock_out: dict[str, int] = defaultdict(int)
        self._stock_shards: dict[str, dict[str, Any]] = defaultdict(dict)

    def redemption(self, key: Key, entry: Any, _today: str, program: PublishedProgram) -> None:
        if any(points > 0 for points in entry["lots"].values()) or entry.get("debt"):
            raise Violation(f"{key} does not spend")
        self._is_late_within_bounds(key, entry, program)
        self._levels.is_priced_by_its_level(key, entry, program)
        redemption = self._seen.redemptions[request_of(key)]
        if "granted_for" in entry["about"] and (entry["points"] or entry["lots"]):
            raise Violation(f"{key} was given, and cost points")
        redemption.spent = -entry["points"]
        redemption.reinstated = frozenset(
            entry["lots"].keys() & self._seen.reinstated[entry["member_id"]]
        )

    def return_(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        redemption = self._seen.redemptions[request_of(key)]
        self._lives_on_once(key, entry, redemption, today, program)
        if entry["about"]["why"] == "refund_withdrawn":
            redemption.taken_again = -entry["points"]
            return
        redemption.returned += entry["points"]
        self._seen.returned += 1
        redemption.returned_because = entry["about"]["why"]
        if redemption.returned > redemption.spent:
            raise Violation(f"{key} returns more than was spent")

    def voucher(self, before: Item | None, voucher: Any, decided_at: datetime) -> None:
        state, about = voucher["state"], voucher["about"]
        old: Any = before
        was = old["state"] if old else None
        _check_step(old, voucher)
        redemption = self._seen.redemptions[about["redemption_id"].removeprefix("red_")]
        redemption.voucher = voucher
        now = decided_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if was is None and not voucher["points"] == sum(about["slices"].values()) == (
            redemption.spent
        ):
            raise Violation("a voucher is worth another amount than was spent on it")
        # A member who was erased gets no points back.
        owed = 0 if self._seen.is_erased(voucher["member_id"]) else redemption.spent
        self._moves_points(old, about, redemption)
        if state == "cancelled" and redemption.returned != owed:
            raise Violation("a cancelled voucher returned another amount than was spent on it")
        if redemption.returned_because == "hold_expired" and not old["about"]["held_until"] <= now:
            raise Violation("a hold was released before its time")
        if (was, state) == ("held", "issued") and old["about"]["held_until"] <= now:
            raise Violation("a hold was completed after its time")
        ends = about.get("expires_at")
        if state == "used" and ends and ends <= about["used_at"]:
            raise Violation("a voucher was used after its time")
        if state == "expired" and not ends <= now:
            raise Violation("a voucher expired before its time")
        due = {"held": about.get("held_until"), "issued": ends}.get(state)
        if (due is None) != ("expiring_sk" not in voucher) or (
            due is not None and not voucher["expiring_sk"].startswith(due)
        ):
            raise Violation(f"a voucher due {due} is in the index at another time")
        if about["stocked"]:
            self._stock_out[about["reward_id"]] += (was is None) - (state == "cancelled")

    def stock(self, written: Sequence[Written]) -> None:
        """All shards of a stock are dealt for the same number, and give out no more together."""
        changed: set[str] = set()
        for key, _, after in written:
            if key.sk == "STOCK":
                *_, reward_id, shard = key.pk.split("#")
                self._stock_shards[reward_id][shard] = after
                changed.add(reward_id)
        for reward_id in changed:
            shards = self._stock_shards[reward_id].values()
            (stock,) = {each["stock"] for each in shards}
            taken = sum(each["taken"] for each in shards)
            if taken > stock:
                raise Violation(f"{taken} of {stock} pieces of {reward_id} are gone")
            if taken != self._stock_out[reward_id]:
                raise Violation(f"{taken} of {reward_id} are gone: other vouchers say")

    def _is_late_within_bounds(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        """A till reports late only within the bound, and takes only what had not yet expired."""
        happened_at, recorded_at = entry["happened_at"], entry["recorded_at"]
        late = datetime.fromisoformat(recorded_at) - datetime.fromisoformat(happened_at)
        if late > timedelta(minutes=program.document.late_redemption_minutes):
            raise Violation(f"{key} is reported {late} late")
        made_on = self._seen.local_day(happened_at)
        for lot, points in self._seen.restored.items():
            if not (lot >= made_on and points <= -entry["lots"].get(lot, 0)):
                raise Violation(f"{key} of {made_on} restores {points} of {lot}")

    def _lives_on_once(
        self, key: Key, entry: Any, redemption: RequestSums, today: str, program: PublishedProgram
    ) -> None:
        """Points return to their lot, or are reinstated once, counted from their last day."""
        account = self._seen.accounts[entry["member_id"]]
        slices = redemption.voucher["about"]["slices"]
        ends = {
            self._seen.ends(lot, entry["member_id"], account, program)
            for lot in slices
            if lot not in redemption.reinstated
        }
        days = program.document.reinstate_days
        lives_on = {naive.days_after(end, days) for end in ends if end < today}
        returned = {lot for lot, points in entry["lots"].items() if points > 0}
        for lot in returned - slices.keys():
            if lot not in lives_on or lot < today:
                raise Violation(f"{key} lets points live until {lot}, on {today}")
            self._seen.reinstated[entry["member_id"]].add(lot)

    def _moves_points(self, old: Any, about: Any, redemption: RequestSums) -> None:
        """A voucher says how many points have returned; none is taken again that had not."""
        if "returned" not in about and not (old and "returned" in old["about"]):
            return
        change = about.get("returned", 0) - old["about"].get("returned", 0)
        if change < 0:
            if redemption.taken_again > -change:
                raise Violation("more was taken again than the voucher says")
            redemption.returned += change
        if redemption.returned != about.get("returned", 0):
            raise Violation(f"{redemption.returned} returned, the voucher says {about}")


def _check_step(before: Any, voucher: Any) -> None:
    """A voucher only takes allowed steps, and none that ignores a shop with its code."""
    step = (before["state"] if before else None, voucher["state"])
    if step not in STEPS:
        raise Violation(f"a voucher went from {step[0]} to {step[1]}")
    had, has = (each["about"].get("in_shops", []) if each else [] for each in (before, voucher))
    if (had != has) != (step == ("issued", "issued")):
        raise Violation(f"a voucher went from {step[0]} to {step[1]}, in shops {had} and {has}")
    steps, taken = (
        each["about"].get("return_steps", 0) if each else 0 for each in (before, voucher)
    )
    if taken - steps != (step == ("used", "used")):
        raise Violation(f"a voucher went from {step[0]} to {step[1]}, in steps {steps} and {taken}")
    if step == ("issued", "cancelled") and has:
        raise Violation("a voucher was cancelled while a shop had its code")
