"""Redemptions from a household: a member spends own points first, then points of the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from loyalty.domain.ledger.account import Account, drawn_counter, lapse_of
from loyalty.domain.ledger.entries import Entry, Redemption, RequestCause, SharedPart
from loyalty.domain.ledger.holding import Holding, ends_on
from loyalty.domain.ledger.household_accounts import drawn_max, shareable
from loyalty.domain.ledger.postings import AccountChange, Posting, change_by_taking
from loyalty.domain.ledger.vouchers import Contribution

if TYPE_CHECKING:
    from loyalty.domain.program.document import PublishedProgram
    from loyalty.domain.program.households import Households


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPool:
    """The settled accounts of the others in a household, with the most to take of each."""

    asker: Account
    rules: Households
    accounts: Mapping[str, Account]
    limits: Mapping[str, int]

    @classmethod
    def of(
        cls, accounts: Sequence[Account], rules: Households, *, asker: Account, today: date
    ) -> SharedPool:
        by_id = {each.member_id: each for each in accounts}
        limits = {name: shareable(each, rules, today=today) for name, each in by_id.items()}
        return cls(asker=asker, rules=rules, accounts=by_id, limits=limits)

    @property
    def spendable(self) -> int:
        return sum(self.limits.values())

    def take(self, points: int, *, program: PublishedProgram) -> Mapping[str, Holding]:
        """Choose points of the others by member: the soonest expiry over all of them first.

        Returns fewer points if there are fewer.
        """
        lots = sorted(
            (ends_on(lot, lapse_of(account, program), spared=account.reinstated), name, lot)
            for name, account in self.accounts.items()
            for lot in account.holding.lots
        )
        taken: defaultdict[str, Counter[date]] = defaultdict(Counter)
        left, room = points, dict(self.limits)
        for _, name, lot in lots:
            share = min(left, room[name], self.accounts[name].holding.lots[lot])
            if share > 0:
                taken[name][lot] += share
                room[name] -= share
                left -= share
        return {name: Holding(lots=lots_taken) for name, lots_taken in taken.items()}


def with_shares(posting: Posting, pool: SharedPool, *, program: PublishedProgram) -> Posting:
    """A redemption that also spends points of others for what the asker's own do not pay.

    Each contributor gets an entry and a change of their account. The change relies on the lots that
    it takes, on the household, and on what the others may still spend this month: nobody who left a
    moment ago is drawn from, or draws.
    """
    redeemed, voucher = posting.entries[0], posting.issues
    if voucher is None or not isinstance(redeemed.detail, Redemption):
        raise ValueError("only a redemption spends points of others")
    missing = voucher.points + redeemed.points
    if not missing:
        return posting
    taken = pool.take(missing, program=program)
    entries = {name: _entry(redeemed, name, -part) for name, part in taken.items()}
    points = {name: part.spendable for name, part in taken.items()}
    today = program.document.today(redeemed.recorded_at)
    first = replace(redeemed, detail=replace(redeemed.detail, shared=points))
    return replace(
        posting,
        entries=(first, *posting.entries[1:], *entries.values()),
        issues=replace(
            voucher,
            shared={
                name: Contribution(part.lots, _first_ends(pool.accounts[name], part))
                for name, part in taken.items()
            },
        ),
        changes=(
            *(replace(each, household_seen=pool.asker.household) for each in posting.changes),
            *(
                _change(pool, name, part, entries[name], today=today)
                for name, part in taken.items()
            ),
        ),
    )


def _entry(redeemed: Entry, member_id: str, effect: Holding) -> Entry:
    cause = redeemed.cause
    if not isinstance(cause, RequestCause) or not isinstance(redeemed.detail, Redemption):
        raise TypeError("not a redemption's entry")
    return replace(
        redeemed,
        cause=RequestCause(cause.request_id, "contribution", member_id),
        member_id=member_id,
        effect=effect,
        detail=SharedPart(
            redemption_id=redeemed.detail.redemption_id, spent_by=redeemed.member_id, why=None
        ),
    )


def _first_ends(account: Account, taken: Holding) -> dict[date, date]:
    return {lot: end for lot, end in account.reinstated.items() if lot in taken.lots}


def _change(
    pool: SharedPool, member_id: str, taken: Holding, entry: Entry, *, today: date
) -> AccountChange:
    account = pool.accounts[member_id]
    drawn, most = drawn_counter(today), drawn_max(account, pool.rules)
    change = change_by_taking(
        account,
        entries=(entry,),
        taken=taken,
        redeemed={drawn: taken.spendable},
        # One more than what may have been drawn before it.
        redeemed_below={} if most is None else {drawn: most - taken.spendable + 1},
    )
    return replace(change, household_seen=account.household)
