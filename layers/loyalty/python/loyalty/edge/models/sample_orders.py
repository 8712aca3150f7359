"""Sample orders: what a document would give that need not be in force."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.refunds import unknown_lines
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.edge.http.schemas import Day, ExternalId, Label, RequestPart, Source
from loyalty.edge.models.members import Locale
from loyalty.edge.models.orders import OrderGoods, RefundedGoods
from loyalty.edge.models.program_checks import ProposedProgram, read_proposed
from loyalty.usecases.orders.quoting import Sample, SampleMember
from loyalty.usecases.program.publishing import faults_after

_NAMES_MAX: Final = 50


class SampleOrder(OrderGoods):
    """An order that nobody made."""

    source: Annotated[Source, Field(description="The shop or till, by your own name.")] = "sample"


class SampleRefund(RefundedGoods):
    """A refund of that order. Name the lines by the ids that they have there."""

    def of(self, order: Order, *, currency: str) -> RequestedRefund:
        """The refund, at the time of the order.

        Raises:
            ValidationFailed: it is unclear, or names a line twice, or one that the order does not
                have.
            CurrencyMismatch: the amount is not in the program's currency.
        """
        refund = self.named(
            "sample", occurred_at=order.occurred_at, currency=currency, within="/refund"
        )
        unknown = set(unknown_lines(refund, order))
        faults = tuple(
            Fault(
                f"/refund/lines/{number}/line_id",
                "unknown_line",
                f"The order has no line {line.line_id}",
            )
            for number, line in enumerate(self.lines)
            if line.line_id in unknown
        )
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        return refund


class SampleMemberRequest(RequestPart):
    """A member who is made up: everything that a campaign can ask of a member."""

    orders: Annotated[
        StrictInt, Field(ge=0, le=10**6, description="How many orders they made before this one.")
    ] = 0
    last_ordered_on: Annotated[
        Day | None, Field(description="The day of the latest of these orders.")
    ] = None
    enrolled_on: Annotated[
        Day | None, Field(description="The day on which they enrolled; null: that of the order.")
    ] = None
    tier: Annotated[
        ExternalId | None,
        Field(description="The id of the level at which the order earns; null: none."),
    ] = None
    plan: Annotated[
        ExternalId | None,
        Field(description="The id of the paid plan that the order earns by; null: none."),
    ] = None
    birthday: Annotated[Day | None, Field(description="The day of birth.")] = None
    locale: Annotated[Locale | None, Field(description="The language, a BCP 47 tag.")] = None
    attributes: Annotated[
        dict[ExternalId, Annotated[StrictStr, Field(max_length=200)]],
        Field(max_length=_NAMES_MAX, description="Attributes of the profile, by name."),
    ] = Field(default_factory=dict)
    consents: Annotated[
        tuple[Label, ...],
        Field(max_length=_NAMES_MAX, description="The names of the consents that they gave."),
    ] = ()
    joined: Annotated[
        tuple[ExternalId, ...],
        Field(max_length=_NAMES_MAX, description="The ids of the campaigns that they joined."),
    ] = ()
    offered: Annotated[
        tuple[ExternalId, ...],
        Field(
            max_length=_NAMES_MAX, description="The ids of the campaigns that they were offered."
        ),
    ] = ()
    segments: Annotated[
        tuple[ExternalId, ...],
        Field(
            max_length=_NAMES_MAX,
            description="The ids of the segments that they are in, apart from those that follow "
            "from the other fields.",
        ),
    ] = ()

    def member(self, *, ordered_on: date) -> SampleMember:
        return SampleMember(
            orders=self.orders,
            bought_on=self.last_ordered_on,
            enrolled_on=self.enrolled_on or ordered_on,
            tier=self.tier,
            plan=self.plan,
            birthday=self.birthday,
            locale=self.locale,
            attributes=self.attributes,
            consents=frozenset(self.consents),
            joined=frozenset(self.joined),
            offered=frozenset(self.offered),
            segments=frozenset(self.segments),
        )

    def faults(self, document: Program) -> Iterator[Fault]:
        """What contradicts itself, and what the document does not have."""
        if self.orders and self.last_ordered_on is None:
            detail = "Say when they made the latest of these orders"
            yield Fault("/member/last_ordered_on", "missing", detail)
        if not self.orders and self.last_ordered_on:
            detail = "They made no order before this one"
            yield Fault("/member/last_ordered_on", "contradiction", detail)
        levels = document.tiers.levels if document.tiers else ()
        if self.tier is not None and self.tier not in {level.id for level in levels}:
            yield Fault("/member/tier", "unknown_level", f"There is no level “{self.tier}”")
        campaigns = {campaign.id for campaign in document.campaigns}
        for field, names in (("joined", self.joined), ("offered", self.offered)):
            for number, name in enumerate(names):
                if name not in campaigns:
                    detail = f"There is no campaign “{name}”"
                    yield Fault(f"/member/{field}/{number}", "unknown_campaign", detail)
        segments = {segment.id for segment in document.segments}
        for number, name in enumerate(self.segments):
            if name not in segments:
                detail = f"There is no segment “{name}”"
                yield Fault(f"/member/segments/{number}", "unknown_segment", detail)


class SampleQuoteRequest(RequestPart):
    """A document, and an order, its member and its refund to try it with."""

    document: Annotated[
        ProposedProgram, Field(description="The program document. It need not be published.")
    ]
    order: Annotated[SampleOrder, Field(description="The order, of any time.")]
    member: Annotated[
        SampleMemberRequest | None, Field(description="The member; null: a guest.")
    ] = None
    refund: Annotated[
        SampleRefund | None,
        Field(description="A refund, to see what it would take; null: none."),
    ] = None

    def program(self, *, replaces: PublishedProgram | None) -> Program:
        """The program of the document, which could be published in place of another.

        Raises:
            ValidationFailed: the document has mistakes, or the member does not fit it.
        """
        document = read_proposed(self.document)
        if not isinstance(document, Program):
            raise _refused(document)
        if found := tuple(faults_after(document, replaces)):
            raise _refused(found)
        if self.member and (found := tuple(self.member.faults(document))):
            raise ValidationFailed(found[0].detail, faults=found)
        return document

    def sample(self, document: Program) -> Sample:
        """The order, its member and its refund.

        Raises:
            ValidationFailed: two lines have the same id, or the refund does not fit the order.
            CurrencyMismatch: an amount is not in the program's currency.
        """
        currency = document.currency
        order = self.order.named(self.order.source, "sample", currency=currency, within="/order")
        ordered_on = document.today(order.occurred_at)
        return Sample(
            order=order,
            member=self.member.member(ordered_on=ordered_on) if self.member else None,
            refund=self.refund.of(order, currency=currency) if self.refund else None,
        )


def _refused(found: tuple[Fault, ...]) -> ValidationFailed:
    """The mistakes of the document, with their places in the request."""
    moved = tuple(Fault(f"/document{each.pointer}", each.code, each.detail) for each in found)
    return ValidationFailed("The document has mistakes", faults=moved)
