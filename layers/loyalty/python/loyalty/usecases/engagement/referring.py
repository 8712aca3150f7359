"""Members' codes for friends, the claims that friends make with them, and managers' decisions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.engagement.referral_signals import are_alike, emails_of
from loyalty.domain.engagement.referrals import (
    Referral,
    ReferralChange,
    ReferralDecision,
    ReferralRefusalReason,
    ReferredOrder,
    Referrer,
    decided,
)
from loyalty.domain.kernel.errors import NotFound, ReferralNotAccepted, WrongState
from loyalty.domain.ledger.postings import Posting
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import lineage

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.kinds import SignalName
    from loyalty.domain.program.referrals import Referrals, ReferralSignal
    from loyalty.usecases.ports import Desk, Listed

KEPT_FOR: Final[Mapping[str, timedelta]] = {
    "device": timedelta(days=400),
    "network": timedelta(days=10),
}
WEEK: Final = timedelta(days=7)
# The most other people with one device whose referrals are looked at.
OTHERS_MAX: Final = 20

REASONS: Final[Mapping[ReferralRefusalReason, str]] = {
    "self": "This is your own code",
    "not_new": "Only who has not bought before can be brought by a friend",
    "already_referred": "Another member brought them before",
    "device": "The device is known already",
    "network": "Too many friends came from this network",
    "email_alike": "The e-mail is too much like the member's",
    "decided": "A person refused this referral",
}


class ReferralShelf(Protocol):
    """The codes and referrals of one program; everything but lists is read strongly."""

    def referrals(self, friend_ids: Collection[str]) -> Sequence[Referral]: ...

    def referrers(self, member_ids: Collection[str]) -> Sequence[Referrer]: ...

    def owner_of(self, code: str) -> str | None:
        """The member who got a code; they may have been merged since."""
        ...

    def open_code(self, referrer: Referrer) -> None:
        """Write a member's code.

        Raises:
            Raced: the member has one, or is not active any more.
        """
        ...

    def order(self, order: OrderRef) -> ReferredOrder:
        """What an order counts so far."""
        ...

    def held(self, *, limit: int, after: str | None) -> Listed[Referral]:
        """Those that wait for a person, by the friend's id."""
        ...

    def friends_of(
        self, member_ids: Sequence[str], *, limit: int, start: str | None
    ) -> Listed[Referral]:
        """The friends whom these members brought, newest first; it may be a moment behind."""
        ...


class SignalShelf(Protocol):
    """Digests of devices and networks, and who was seen with them."""

    def note(
        self, member_id: str, signal: str, digest: str, *, now: datetime, kept_for: timedelta
    ) -> None:
        """Write down that a member was seen with something.

        Raises:
            Raced: the member is not active any more.
        """
        ...

    def seen_with(self, signal: str, digest: str, *, since: datetime) -> Sequence[str]:
        """The members who were seen with it, read strongly; of very many, some."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralClaim:
    """A friend says who brought them.

    `digests` are those of the friend's device and network, by signal, as far as they are known.
    `ordered_at`: an order brought the code, and was made then; None: the friend claims it now.
    """

    code: str
    friend_id: str
    digests: Mapping[SignalName, str] = field(default_factory=lambda: MappingProxyType({}))
    ordered_at: datetime | None = None


class Claimed(NamedTuple):
    """The referral of a friend, and whether this very claim made it."""

    referral: Referral
    is_new: bool


class UnitedMember(NamedTuple):
    """A member after all merges, with the ids of all whom they absorbed."""

    account: Account
    ids: tuple[str, ...]

    @property
    def member_id(self) -> str:
        return self.account.member_id


def terms_in_force(desk: Desk) -> Referrals:
    """The referrals of the program in force.

    Raises:
        NotFound: it has none.
    """
    if desk.program.document.referrals is None:
        raise NotFound("The program has no referrals")
    return desk.program.document.referrals


@until_saved
def code_of(
    member_id: str, *, new_code: Callable[[str], str], shelf: ReferralShelf, desk: Desk
) -> Referrer:
    """A member's code for friends, the same each time. `new_code` derives it from a member's id.

    Raises:
        NotFound: the program has no referrals, there is no such member, or they were erased.
        TryAgain: other writers were faster too often.
    """
    terms_in_force(desk)
    owner = person_of(member_id, desk=desk).member_id
    found = shelf.referrers([owner])
    if found:
        return found[0]
    referrer = Referrer(member_id=owner, code=new_code(owner))
    shelf.open_code(referrer)
    return referrer


def require_code(code: str, *, shelf: ReferralShelf, desk: Desk) -> Referrals:
    """What the program promises a friend with this code.

    Raises:
        NotFound: nobody has this code, or the program has no referrals.
    """
    terms = terms_in_force(desk)
    owner = shelf.owner_of(code)
    if owner is None:
        raise NotFound("There is no such code")
    person_of(owner, desk=desk)
    return terms


@until_saved
def claim_referral(
    claim: ReferralClaim, *, shelf: ReferralShelf, signals: SignalShelf, desk: Desk
) -> Claimed:
    """Store which member brought a friend, once and for good.

    A friend can replace a refused claim with a different code, unless a manager refused it. A
    suspicious claim is held until a manager decides.

    Raises:
        NotFound: there is no such code or member, or the program has no referrals.
        ReferralNotAccepted: a rule of the program is in the way.
        TryAgain: other writers were faster too often.
    """
    terms = terms_in_force(desk)
    owner = shelf.owner_of(claim.code)
    if owner is None:
        raise NotFound("There is no such code")
    referrer, friend = person_of(owner, desk=desk), person_of(claim.friend_id, desk=desk)
    claims = shelf.referrals(friend.ids)
    standing = next((each for each in claims if each.state != "refused" or each.decision), None)
    if standing is not None:
        return _again(standing, claim)
    referral = Referral(
        friend_id=friend.member_id,
        referrer_id=referrer.member_id,
        code=claim.code,
        claimed_at=desk.now,
        counts_from=desk.program.document.today(claim.ordered_at or desk.now),
        version=desk.program.version,
        state="claimed",
        revision=1 + _revision_of(friend.member_id, claims),
    )
    refusal = _refusal(claim, friend, referrer, terms, desk=desk)
    if refusal is None:
        flags = _suspicions(claim, friend, referrer, terms, shelf=shelf, signals=signals, desk=desk)
        refusal = next((each.signal for each in flags if each.then == "refuse"), None)
        if flags:
            names = tuple(each.signal for each in flags)
            referral = replace(referral, state="held", signals=names)
    if refusal is not None:
        referral = replace(referral, state="refused", reason=refusal)
    if not any(_is_same_refusal(each, referral) for each in claims):
        change = ReferralChange(referrals=(referral,))
        desk.books.post(Posting(referral=change, active=friend.member_id))
    if refusal is not None:
        raise _refused(refusal)
    return Claimed(referral, is_new=True)


@until_saved
def decide_referral(
    friend_id: str, decision: ReferralDecision, *, shelf: ReferralShelf, desk: Desk
) -> Referral:
    """Approve or refuse a referral that is held; the same decision again changes nothing.

    Raises:
        NotFound: the friend has no referral.
        WrongState: it does not wait for a person, or the other way was decided.
        TryAgain: other writers were faster too often.
    """
    found = shelf.referrals([friend_id])
    if not found:
        raise NotFound("There is no such referral")
    referral = found[0]
    if referral.decision is not None:
        if referral.decision.verdict != decision.verdict:
            raise WrongState(f"It was {referral.decision.verdict} before")
        return referral
    if not referral.is_waiting:
        raise WrongState("This referral does not wait for a decision")
    becomes = decided(referral, decision)
    desk.books.post(Posting(referral=ReferralChange(referrals=(becomes,), decides=True)))
    return becomes


def note_signals(
    member_id: str, digests: Mapping[SignalName, str], *, signals: SignalShelf, desk: Desk
) -> None:
    """Write down what is known of a member, by signal.

    Raises:
        Raced: the member is not active any more.
    """
    for signal, digest in digests.items():
        signals.note(member_id, signal, digest, now=desk.now, kept_for=KEPT_FOR[signal])


def person_of(member_id: str, *, desk: Desk) -> UnitedMember:
    """A member after all merges.

    Raises:
        NotFound: there is no such member, or they were erased.
    """
    account = lineage(desk, member_id, strong=True)[-1]
    return UnitedMember(account, (account.member_id, *account.absorbed))


def _again(standing: Referral, claim: ReferralClaim) -> Claimed:
    """What a repeated claim returns."""
    if standing.state == "refused":
        raise _refused(standing.reason or "decided")
    if standing.code != claim.code:
        raise _refused("already_referred")
    return Claimed(standing, is_new=False)


def _refusal(
    claim: ReferralClaim,
    friend: UnitedMember,
    referrer: UnitedMember,
    terms: Referrals,
    *,
    desk: Desk,
) -> ReferralRefusalReason | None:
    """What makes a claim impossible, whatever the signals say."""
    if friend.member_id == referrer.member_id:
        return "self"
    if terms.new_only and _bought_before(friend, claim.ordered_at or desk.now, desk=desk):
        return "not_new"
    return None


def _bought_before(friend: UnitedMember, moment: datetime, *, desk: Desk) -> bool:
    return any(
        entry.kind == "accrual" and entry.happened_at < moment
        for member_id in friend.ids
        for entry in desk.books.entries(member_id)
    )


def _suspicions(
    claim: ReferralClaim,
    friend: UnitedMember,
    referrer: UnitedMember,
    terms: Referrals,
    *,
    shelf: ReferralShelf,
    signals: SignalShelf,
    desk: Desk,
) -> list[ReferralSignal]:
    """The signals of the program that this claim sets off.

    What is known of the friend is written down first. So of two friends who claim at the same time
    with the same device, at least one is noticed.
    """
    note_signals(friend.member_id, claim.digests, signals=signals, desk=desk)

    def others(signal: SignalName, since: datetime) -> list[str]:
        digest = claim.digests.get(signal)
        seen = signals.seen_with(signal, digest, since=since) if digest else ()
        return [each for each in seen if each not in friend.ids]

    def is_set_off(each: ReferralSignal) -> bool:
        match each.signal:
            case "device":
                found = others("device", desk.now - KEPT_FOR["device"])[:OTHERS_MAX]
                brought = shelf.referrals(found)
                return any(other in referrer.ids for other in found) or any(
                    other.referrer_id in referrer.ids for other in brought
                )
            case "network":
                return len(others("network", desk.now - WEEK)) >= (each.per_week_max or 0)
            case "email_alike":
                ours, theirs = (
                    emails_of(desk.books.participant(person.member_id, profile=True).member)
                    for person in (friend, referrer)
                )
                return are_alike(ours, theirs)

    return [each for each in terms.signals if is_set_off(each)]


def _revision_of(friend_id: str, claims: Sequence[Referral]) -> int:
    """The revision of the refused claim that a new one replaces; 0: there is none."""
    return next((each.revision for each in claims if each.friend_id == friend_id), 0)


def _is_same_refusal(earlier: Referral, referral: Referral) -> bool:
    return earlier.state == "refused" and (earlier.friend_id, earlier.code, earlier.reason) == (
        referral.friend_id,
        referral.code,
        referral.reason,
    )


def _refused(reason: ReferralRefusalReason) -> ReferralNotAccepted:
    return ReferralNotAccepted(REASONS[reason], reason=reason)
