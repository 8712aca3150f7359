"""Members who enter a segment are written to once, by what the table says of them."""

from datetime import timedelta
from typing import Any, Final

from loyalty.domain.campaigns.targeting import MemberSegments
from loyalty.domain.ledger.account import Account
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.table.engagement import TableEngagement
from loyalty.table.engine import Persistent
from loyalty.table.messages import TableLetters
from loyalty.usecases.messaging.reminders import check_member
from loyalty.usecases.segments import change_of, item_of, keep
from tests.support.club import ANA, Club
from tests.support.memory import NOW

FRESH: Final = {
    "id": "fresh",
    "name": "Fresh",
    "who": {"fact": "orders", "days": 2, "at_least": 1},
}


def club() -> Club:
    parts: dict[str, Any] = {
        "segments": [FRESH],
        "reminders": {"segment_entered": [{"segment": "fresh"}]},
    }
    shop = Club(members=(), **parts)
    member = Member(
        member_id=ANA,
        enrolled_at=NOW - timedelta(days=99),
        enrolled_by="",
        profile=Profile(),
        consents={"email": Consent(given=True, given_at=NOW)},
        identities={Identity("email", "ana@example.com"): True},
    )
    shop.members.enroll(member, Account(member_id=ANA, enrolled_at=NOW, orders=0))
    return shop


def entering(shop: Club, *, fingerprint: str | None = None, hours: int = 0) -> MemberSegments:
    since = NOW + timedelta(hours=hours)
    own = shop.program.document.segments[0].fingerprint
    return MemberSegments(
        member_id=ANA, as_of=since, segments={"fresh": fingerprint or own}, since={"fresh": since}
    )


def check(shop: Club) -> int:
    letters = TableLetters(Persistent(shop.engine, pause=lambda _attempt: None), program_id="bean")
    return check_member(
        ANA,
        letters=letters,
        members=shop.members,
        collected=TableEngagement(shop.engine, program_id="bean"),
        desk=shop.desk,
    )


def test_who_enters_a_segment_gets_one_message_however_often_they_are_checked() -> None:
    shop = club()
    assert check(shop) == 0

    keep(entering(shop), keeper=shop.targetings)

    assert (check(shop), check(shop)) == (1, 0)
    keep(entering(shop, hours=1), keeper=shop.targetings)
    shop.now = NOW + timedelta(hours=2)
    assert check(shop) == 0


def test_who_was_in_it_by_another_definition_gets_none() -> None:
    shop = club()

    keep(entering(shop, fingerprint="other"), keeper=shop.targetings)

    assert check(shop) == 0


def test_a_page_carries_since_when_a_member_is_in_segments() -> None:
    change = MemberSegments(
        member_id=ANA,
        as_of=NOW,
        segments={"fresh": "abc", "old": "def"},
        since={"fresh": NOW, "old": NOW - timedelta(days=3)},
    )

    assert change_of(item_of(change)) == change
    assert change.entered == {"fresh"}
    assert change_of(f"{ANA} {NOW.isoformat()} fresh=abc").entered == frozenset()
