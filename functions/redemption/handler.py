"""Points buy rewards; tills use the vouchers."""

from datetime import datetime
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field, StrictBool

from loyalty.domain.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    InsufficientPoints,
    LimitReached,
    OutOfStock,
    OwnAccount,
    PointsTooNew,
    RewardUnavailable,
    TryAgain,
    VoucherAlreadyUsed,
    VoucherIssued,
    WrongState,
)
from loyalty.domain.ledger.entries import Entry, Redemption
from loyalty.domain.ledger.vouchers import State, Voucher
from loyalty.domain.program.document import RewardKind
from loyalty.edge.desk import open_desk, request_id
from loyalty.edge.directory import acting_for, require_another
from loyalty.edge.http.app import IdempotencyKey, PathId, ProgramId, create_app, reply
from loyalty.edge.http.auth import MEMBER_AND_STAFF, Role
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.redaction import Personal
from loyalty.edge.http.schemas import (
    AnswerPart,
    Cursor,
    ExternalId,
    LotPoints,
    Money,
    OrderRef,
    PageLimit,
    Points,
    RequestPart,
)
from loyalty.edge.metrics import count
from loyalty.edge.models.entries import RecordedEntry, entry_answer, last_day
from loyalty.edge.models.statements import TransferRequest
from loyalty.edge.settings import RedemptionSettings, settings
from loyalty.table.positions import is_listed
from loyalty.usecases.ledger import corrections, redemption
from loyalty.usecases.ledger.accounts import lineage
from loyalty.usecases.ledger.redemption import RequestedReward
from loyalty.usecases.ports import Desk

api = create_app("redemption", acting_for=acting_for)
handler = api

AT_THE_COUNTER: Final[frozenset[Role]] = frozenset({"cashier", "service"})
SETTLES_REDEMPTIONS: Final[frozenset[Role]] = frozenset({"member", "cashier", "manager", "service"})


class RedemptionRequest(RequestPart):
    reward_id: ExternalId
    hold: Annotated[
        StrictBool,
        Field(description="Reserve the points until it is completed, cancelled or runs out."),
    ] = False
    points: Annotated[
        Points | None, Field(description="Where points pay: how many, at the program's rate.")
    ] = None
    order_amount: Annotated[
        Money | None, Field(description="Where points pay: what the order costs.")
    ] = None


class VoucherShown(AnswerPart):
    code: Annotated[str | None, Personal(), Field(description="Null for an analyst.")]
    expires_at: datetime | None


class RedemptionAnswer(AnswerPart):
    """A redemption and the voucher it issued."""

    id: str
    reward_id: str
    points: int
    state: State
    voucher: VoucherShown
    slices: list[LotPoints]
    amount: Annotated[
        Money | None, Field(description="What it is worth in money, where it says so.")
    ]
    held_until: datetime | None
    redeemed_at: datetime


class RedemptionPage(AnswerPart):
    items: list[RedemptionAnswer]
    next_cursor: str | None


class MemberReward(AnswerPart):
    """A reward as one member can have it now."""

    id: str
    name: str
    kind: RewardKind
    cost_points: int
    redeemable: bool
    why_not: Annotated[str | None, Field(description="The code of what stands in the way.")]
    missing_points: int


class MemberRewards(AnswerPart):
    items: list[MemberReward]
    next_cursor: None = None


class VoucherUse(RequestPart):
    order: OrderRef | None = None


class VoucherAnswer(AnswerPart):
    code: str
    state: State
    reward_id: str
    redemption_id: str
    member_id: PathId
    issued_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    used_order: OrderRef | None
    used_by: Annotated[
        PathId | None, Field(description="The member whose order used it, where that is known.")
    ]


@api.get("/members/<member_id>/rewards", allow=MEMBER_AND_STAFF | {"service"})
def list_member_rewards(program_id: ProgramId, member_id: PathId) -> MemberRewards:
    """List what a member can have now, and why not."""
    desk = _desk(program_id)
    return MemberRewards(
        items=[
            MemberReward(
                id=offer.reward.id,
                name=offer.reward.name,
                kind=offer.reward.kind,
                cost_points=offer.cost_points,
                redeemable=offer.refusal is None,
                why_not=offer.refusal.code if offer.refusal else None,
                missing_points=offer.missing_points,
            )
            for offer in redemption.rewards_for(member_id, desk=desk)
        ]
    )


@api.post(
    "/members/<member_id>/redemptions",
    allow={"member", "cashier", "service"},
    status=201,
    also=(200,),
    refuses=(
        IdempotencyConflict,
        InsufficientPoints,
        OutOfStock,
        LimitReached,
        RewardUnavailable,
        TryAgain,
    ),
)
def redeem(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    wanted: Annotated[RedemptionRequest, Body()],
) -> Response[RedemptionAnswer]:
    """Spend points on a reward; a voucher comes back."""
    desk = _desk(program_id)
    recorded = redemption.redeem_reward(
        member_id,
        request=_wanted(wanted, currency=desk.program.document.currency),
        request_id=_request(program_id, idempotency_key),
        desk=desk,
    )
    if not recorded.replayed:
        count("PointsRedeemed", -recorded.entry.points)
    return reply(_redeemed(recorded.entry, desk), status=200 if recorded.replayed else 201)


@api.get("/members/<member_id>/redemptions", allow=MEMBER_AND_STAFF | {"service"})
def list_redemptions(
    program_id: ProgramId, member_id: PathId, limit: PageLimit = 50, cursor: Cursor = None
) -> RedemptionPage:
    """List a member's redemptions, newest first."""
    desk = _desk(program_id)
    account = lineage(desk, member_id, strong=False)[-1]
    of = f"redemptions {program_id} {account.member_id}"
    start = page_start(cursor, of=of, like=is_listed)
    page = desk.books.vouchers(account.member_id, limit=limit, start=start)
    return RedemptionPage(
        items=[_shown(voucher, desk) for voucher in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post(
    "/members/<member_id>/redemptions/<redemption_id>/complete",
    allow=SETTLES_REDEMPTIONS,
    refuses=(WrongState, TryAgain),
)
def complete_redemption(
    program_id: ProgramId,
    member_id: PathId,
    redemption_id: PathId,
    idempotency_key: IdempotencyKey,  # noqa: ARG001  # asked for; completing twice is once anyway
) -> RedemptionAnswer:
    """Complete a held redemption before its hold runs out."""
    desk = _desk(program_id)
    return _shown(redemption.complete(redemption_id, member_id=member_id, desk=desk), desk)


@api.post(
    "/members/<member_id>/redemptions/<redemption_id>/cancel",
    allow=SETTLES_REDEMPTIONS,
    refuses=(VoucherIssued, WrongState, TryAgain),
)
def cancel_redemption(
    program_id: ProgramId,
    member_id: PathId,
    redemption_id: PathId,
    idempotency_key: IdempotencyKey,  # noqa: ARG001  # asked for; cancelling twice is once anyway
) -> RedemptionAnswer:
    """Undo a redemption whose voucher was not used; a member only while it is held."""
    desk = _desk(program_id)
    by_member = not api.principal.is_trusted
    cancelled = redemption.cancel(
        redemption_id, member_id=member_id, by_member=by_member, only_held=by_member, desk=desk
    )
    return _shown(cancelled, desk)


@api.post(
    "/members/<member_id>/transfers",
    allow={"member", "cashier", "service"},
    status=201,
    also=(200,),
    refuses=(
        Forbidden,
        OwnAccount,
        IdempotencyConflict,
        InsufficientPoints,
        PointsTooNew,
        LimitReached,
        TryAgain,
    ),
)
def transfer_points(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    transfer: Annotated[TransferRequest, Body()],
) -> Response[RecordedEntry]:
    """Give points to another member; each lot keeps its expiry."""
    desk = _desk(program_id)
    if api.principal.is_trusted:
        require_another(api.principal, transfer.to_member_id)
    given = corrections.give(
        member_id,
        taker_id=transfer.to_member_id,
        points=transfer.points,
        request_id=_request(program_id, idempotency_key),
        desk=desk,
    )
    answer = RecordedEntry(entry=entry_answer(given.entry))
    return reply(answer, status=200 if given.replayed else 201)


@api.get("/vouchers/<code>", allow=AT_THE_COUNTER)
def check_voucher(program_id: ProgramId, code: PathId) -> VoucherAnswer:
    """Check a voucher before it is used."""
    desk = _desk(program_id)
    return _voucher(redemption.voucher_of(code.upper(), desk=desk), desk)


@api.post(
    "/vouchers/<code>/use",
    allow=AT_THE_COUNTER,
    refuses=(VoucherAlreadyUsed, WrongState, IdempotencyConflict, TryAgain),
)
def use_voucher(
    program_id: ProgramId,
    code: PathId,
    idempotency_key: IdempotencyKey,
    use: Annotated[VoucherUse, Body()],
) -> VoucherAnswer:
    """Use a voucher, once."""
    desk = _desk(program_id)
    used = redemption.use_voucher(
        code.upper(),
        request_id=_request(program_id, idempotency_key),
        order=(use.order.source, use.order.order_id) if use.order else None,
        desk=desk,
    )
    return _voucher(used, desk)


def _wanted(redemption_request: RedemptionRequest, *, currency: str) -> RequestedReward:
    order = redemption_request.order_amount
    return RequestedReward(
        reward_id=redemption_request.reward_id,
        hold=redemption_request.hold,
        points=redemption_request.points,
        order_minor=order.minor(currency=currency, pointer="/order_amount") if order else None,
    )


def _desk(program_id: str) -> Desk:
    return open_desk(program_id, table=settings(RedemptionSettings).table)


def _request(program_id: str, idempotency_key: str) -> str:
    return request_id(
        program_id=program_id, caller=api.principal.subject, idempotency_key=idempotency_key
    )


def _redeemed(entry: Entry, desk: Desk) -> RedemptionAnswer:
    """The answer of the first time, told from the entry: whatever became of the voucher since."""
    detail = entry.detail
    if not isinstance(detail, Redemption):
        raise TypeError("not a redemption's entry")
    return RedemptionAnswer(
        id=detail.redemption_id,
        reward_id=detail.reward_id,
        points=-entry.points,
        state="held" if detail.held_until else "issued",
        voucher=VoucherShown(code=detail.code, expires_at=detail.expires_at),
        slices=[
            LotPoints(expires_on=last_day(lot), points=-points)
            for lot, points in sorted(entry.effect.lots.items())
        ],
        amount=_money(detail.amount_minor, desk),
        held_until=detail.held_until,
        redeemed_at=entry.recorded_at,
    )


def _shown(voucher: Voucher, desk: Desk) -> RedemptionAnswer:
    return RedemptionAnswer(
        id=voucher.redemption_id,
        reward_id=voucher.reward_id,
        points=voucher.points,
        state=voucher.state_at(desk.now),
        voucher=VoucherShown(code=voucher.code, expires_at=voucher.expires_at),
        slices=[
            LotPoints(expires_on=last_day(lot), points=points)
            for lot, points in sorted(voucher.slices.items())
        ],
        amount=_money(voucher.amount_minor, desk),
        held_until=voucher.held_until,
        redeemed_at=voucher.issued_at,
    )


def _order(name: tuple[str, str] | None) -> OrderRef | None:
    return OrderRef(source=name[0], order_id=name[1]) if name else None


def _voucher(voucher: Voucher, desk: Desk) -> VoucherAnswer:
    return VoucherAnswer(
        code=voucher.code,
        state=voucher.state_at(desk.now),
        reward_id=voucher.reward_id,
        redemption_id=voucher.redemption_id,
        member_id=voucher.member_id,
        issued_at=voucher.issued_at,
        expires_at=voucher.expires_at,
        used_at=voucher.used_at,
        used_order=_order(voucher.used_order),
        used_by=voucher.used_by,
    )


def _money(amount_minor: int | None, desk: Desk) -> Money | None:
    if amount_minor is None:
        return None
    return Money(amount=amount_minor, currency=desk.program.document.currency)
