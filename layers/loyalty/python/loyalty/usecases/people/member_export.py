"""Member exports: everything that is stored about a member, in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, get_args

if TYPE_CHECKING:
    from loyalty.domain.campaigns.offers import Offer
    from loyalty.domain.campaigns.targeting import Targeting
    from loyalty.domain.engagement.activities import RecordedActivity
    from loyalty.domain.engagement.referrals import Referral
    from loyalty.domain.ledger.entries import Entry, Placeholder
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.messaging.messages import Message
    from loyalty.domain.people.survey_responses import Response
    from loyalty.usecases.people.members import Enrolled
    from loyalty.usecases.ports import Directory, Listed

type Section = Literal[
    "entries", "vouchers", "messages", "survey_responses", "activities", "guest_orders"
]

# Some hundred kilobytes; entries of many lines end a page earlier.
RECORDS_MAX: Final = 200
# Each is a query; a member with many merges needs many.
READS_MAX: Final = 20


class Position(NamedTuple):
    """Where an export continues: a section, the owner of the records in it, the last record."""

    section: Section
    owner: str
    after: str | None


@dataclass(slots=True, kw_only=True)
class ExportPage:
    """The records of one page by section; `next` is None on the last.

    `joined` are the campaigns that they joined, and when; `offers` those that were offered to them.
    `referrals` are those by which they were brought themself, and `codes` those that they give to
    friends. Every page has all of these.
    """

    joined: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    offers: Mapping[str, Offer] = field(default_factory=lambda: MappingProxyType({}))
    referrals: Sequence[Referral] = ()
    codes: Sequence[str] = ()
    entries: list[Entry] = field(default_factory=list)
    vouchers: list[Voucher] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    survey_responses: list[Response] = field(default_factory=list)
    activities: list[RecordedActivity] = field(default_factory=list)
    guest_orders: list[Placeholder] = field(default_factory=list)
    next: Position | None = None


class _Source(NamedTuple):
    """One list that is read in pages: `read` takes the number of records that fit, and a start.

    Some lists ignore the number: their pages have a small size of their own.
    """

    section: Section
    owner: str
    read: Callable[[int, str | None], Listed[Any]]


class MemberRecords(Protocol):
    """All records of one program by owner, in bounded pages."""

    def entries(self, member_id: str, *, limit: int, start: str | None) -> Listed[Entry]:
        """Newest first, with their breakdowns."""
        ...

    def vouchers(self, member_id: str, *, limit: int, start: str | None) -> Listed[Voucher]: ...

    def messages(self, member_id: str, *, limit: int, start: str | None) -> Listed[Message]: ...

    def survey_responses(
        self, member_id: str, *, limit: int, start: str | None
    ) -> Listed[Response]: ...

    def activities(
        self, member_id: str, *, limit: int, start: str | None
    ) -> Listed[RecordedActivity]:
        """What they did besides buying, the latest first."""
        ...

    def targeting(self, member_ids: Sequence[str]) -> Targeting:
        """What these members together are targeted by, who became the first of them."""
        ...

    def referrals(self, member_ids: Sequence[str]) -> Sequence[Referral]:
        """Who brought these members."""
        ...

    def codes(self, member_ids: Sequence[str]) -> Sequence[str]:
        """The codes by which these members bring friends."""
        ...

    def guest_orders(self, guest: str, *, start: str | None) -> Listed[Placeholder]:
        """Unclaimed orders."""
        ...


def export(
    enrolled: Enrolled, *, start: Position | None, holdings: MemberRecords, directory: Directory
) -> ExportPage:
    """A page of everything about a member, and about everybody merged into them.

    Guest orders are included if they were stored under a proven identity; an order that may be
    another person's is left out.
    """
    targeting = holdings.targeting(_ids(enrolled))
    page = ExportPage(
        joined=targeting.joined,
        offers=targeting.offers,
        referrals=holdings.referrals(_ids(enrolled)),
        codes=holdings.codes(_ids(enrolled)),
    )
    records = reads = 0
    for source in _from(start, _sources(enrolled, holdings, directory)):
        after = start.after if start and source[:2] == start[:2] else None
        while True:
            if records >= RECORDS_MAX or reads >= READS_MAX:
                page.next = Position(source.section, source.owner, after)
                return page
            found = source.read(RECORDS_MAX - records, after)
            getattr(page, source.section).extend(found.items)
            records, reads = records + len(found.items), reads + 1
            if found.next is None:
                break
            after = found.next
    return page


def _sources(
    enrolled: Enrolled, holdings: MemberRecords, directory: Directory
) -> Iterator[_Source]:
    ids = _ids(enrolled)
    for member_id in ids:
        yield _Source("entries", member_id, _sized(partial(holdings.entries, member_id)))
    for member_id in ids:
        yield _Source("vouchers", member_id, _sized(partial(holdings.vouchers, member_id)))
    for member_id in ids:
        yield _Source("messages", member_id, _sized(partial(holdings.messages, member_id)))
    for member_id in ids:
        read = partial(holdings.survey_responses, member_id)
        yield _Source("survey_responses", member_id, _sized(read))
    for member_id in ids:
        yield _Source("activities", member_id, _sized(partial(holdings.activities, member_id)))
    for number, guest in enumerate(directory.guests(enrolled.member.proven)):
        # A digest has no place in a cursor.
        yield _Source("guest_orders", str(number), _unsized(partial(holdings.guest_orders, guest)))


def _ids(enrolled: Enrolled) -> tuple[str, ...]:
    return (enrolled.account.member_id, *enrolled.account.absorbed)


def _sized(read: Callable[..., Listed[Any]]) -> Callable[[int, str | None], Listed[Any]]:
    return lambda limit, start: read(limit=limit, start=start)


def _unsized(read: Callable[..., Listed[Any]]) -> Callable[[int, str | None], Listed[Any]]:
    return lambda _, start: read(start=start)


def _from(start: Position | None, sources: Iterator[_Source]) -> Iterator[_Source]:
    """The sources from a position on; a source that no longer exists is skipped."""
    sections = get_args(Section.__value__)
    is_reached = start is None
    for source in sources:
        if start and not is_reached:
            is_past = sections.index(source.section) > sections.index(start.section)
            is_reached = is_past or source[:2] == start[:2]
        if is_reached:
            yield source
