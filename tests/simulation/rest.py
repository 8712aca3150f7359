"""What must hold of the books once every request was answered."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from loyalty.domain.ledger.account import view
from loyalty.domain.people.identity import Identity
from loyalty.table import keys, records
from tests.simulation import naive
from tests.simulation.answers import is_anybody_erased
from tests.simulation.auditing.seen import SETTLED_AS, Violation
from tests.simulation.naive_campaigns import by_giver
from tests.simulation.requests.members import Join, Link, SignIn
from tests.simulation.requests.orders import Earn, Record, Refund
from tests.simulation.world import PROGRAM_ID, Answer, Request, World, keyring


def check_refunds_counted(world: World, answers: Iterable[tuple[Request, Answer]]) -> None:
    """Every accepted refund has taken back the right points, once its order exists."""
    for request, answer in answers:
        if (
            isinstance(request, Refund)
            and answer.is_done
            and request.cause not in world.table.items
        ):
            accrual: Any = world.table.items.get(Earn(request.order, None).cause)
            if accrual is None or request.requested.refund_id not in {
                refund_id for refund_id, *_ in accrual.get("refunds", ())
            }:
                raise Violation(f"{request.name} was accepted, and is lost")


def check_nothing_is_left_between(world: World, answers: Iterable[tuple[Request, Answer]]) -> None:
    """A guest's accepted order belongs to the member who was accepted as that guest."""
    if is_anybody_erased(world):
        return
    requests = [request for request, _ in answers]
    joined = {
        (each.member_id, each.identity)
        for each in requests
        if isinstance(each, Link) or (isinstance(each, Join) and each.verified)
    }
    for each in requests:
        if isinstance(each, SignIn):
            joined |= {
                (member_id, identity)
                for member_id in _signed_in(each, world)
                for identity in each.proves
            }
    for request in requests:
        if isinstance(request, Earn | Record) and request.known_by:
            missed = joined & _owners(world.table.items[request.cause], world)
            if missed:
                raise Violation(f"{request.name} was accepted, but {missed} did not get it")


def _signed_in(request: SignIn, world: World) -> set[str]:
    holder: Any = world.table.items.get(world.identities.key(request.subject))
    return {holder["member_id"]} if holder else set()


def check_whose_orders_are(world: World, requests: Iterable[Request]) -> None:
    """An order under an identity belongs to a member with a real claim, not a noted one."""
    for request in requests:
        if not isinstance(request, Earn | Record) or not request.known_by:
            continue
        accrual: Any = world.table.items[request.cause]
        if accrual["kind"] != "accrual":
            continue
        stood_for = {
            _became(member_id, world)
            for identity in request.known_by
            for key, member_id in world.identities.stood_for
            if key == world.identities.key(identity)
        }
        if _became(accrual["member_id"], world) not in stood_for:
            raise Violation(
                f"{request.name} earned for {accrual['member_id']}, not for {stood_for}"
            )


def _became(member_id: str, world: World) -> str:
    account: Any = world.auditor.accounts[member_id]
    return _became(account["into"], world) if "into" in account else member_id


def _owners(wire: Any, world: World) -> set[tuple[str, Identity]]:
    """Members with a proven identity of a guest whose order still waits and can be claimed."""
    days = world.program().document.claim_days
    since = keys.instant(world.now - timedelta(days=days))
    if wire["kind"] != "placeholder" or not days or wire.get("happened_at", "") < since:
        return set()
    guests = (wire["guest"], *wire.get("also", ()))
    profiles: list[Any] = [item for key, item in world.table.items.items() if key.sk == "PROFILE"]
    return {
        (profile["member_id"], identity)
        for profile in profiles
        for kind, value, source, verified in profile["identities"]
        if verified and _digest(identity := Identity(kind, value, source)) in guests
    }


@cache
def _digest(identity: Identity) -> str:
    return "#".join(keyring().digest(identity, program_id=PROGRAM_ID))


def check_orders(world: World) -> None:
    """The cumulative formula, computed independently, equals the sum of all clawbacks."""
    for key, item in world.table.items.items():
        wire: Any = item
        if key.sk != "ENTRY#accrual":
            continue
        if wire["kind"] != "accrual":
            if is_anybody_erased(world) or ("order" in wire and not _owners(wire, world)):
                continue
            raise Violation(f"{key} still waits for its order, or for whose it is")
        order = world.auditor.orders[tuple(key.pk.split("#")[3:5])]
        first = wire["order"]
        in_force = order.state["order"] if "order" in (order.state or {}) else first
        program = world.version(wire["program_version"]).document
        at_first, left = (by_giver(wire, state, program) for state in (None, order.state))
        if sum(points for _, _, points in wire["parts"]) != sum(at_first.values()):
            raise Violation(f"{key} earned another amount than {at_first}")
        settled = sum(order.settled[name] for name in SETTLED_AS)
        if order.earned - sum(left.values()) != settled:
            raise Violation(f"{key} earned {order.earned}, {left} are left, {settled} settled")
        counts = naive.counts_for(
            in_force["lines"],
            naive.Refunds.of(order.state),
            program,
            tier=first.get("tier"),
            by_campaigns=sum(left.get(each.id, 0) for each in program.campaigns if each.qualifies),
            is_rejected=(order.state or {}).get("verdict") == "rejected",
        )
        if order.qualifying != counts:
            raise Violation(
                f"{key} counts for {order.qualifying} towards a level, not for {counts}"
            )


def check_tellings(world: World, requests: Iterable[Request]) -> None:
    """The latest version that a storefront sent of an order is in force."""
    latest = {each.cause: each.order for each in requests if isinstance(each, Record)}
    for key, order in latest.items():
        accrual: Any = world.table.items[key]
        state = world.auditor.orders[tuple(key.pk.split("#")[3:5])].state or {}
        lines = state.get("order", accrual["order"])["lines"]
        if [line[:5] for line in lines] != [
            [each.line_id, each.sku, each.category, each.quantity, each.amount_minor]
            for each in order.lines
        ]:
            raise Violation(f"{key} is not what was told of it last")


def check_nobody_erased_is_known(world: World) -> None:
    """An erased member has no profile left, nor has any member merged into them."""
    accounts = world.auditor.accounts
    for member_id in accounts:
        last = member_id
        while "into" in accounts[last]:
            last = accounts[last]["into"]
        profile = keys.profile(PROGRAM_ID, member_id)
        if accounts[last]["status"] == "closed" and profile in world.table.items:
            raise Violation(f"{member_id} was erased, and is still known")
    for key, item in world.table.items.items():
        wire: Any = item
        is_of_person = key.sk in {"IDENTITY", "TARGETING"}
        if is_of_person and accounts[wire["member_id"]]["status"] != "active":
            raise Violation(f"{wire['member_id']} is no more, and {key.sk} still knows them")


def shown_balance(world: World, member_id: str) -> tuple[int, int]:
    """What a member is shown now, whether or not the account is settled."""
    account = records.account_from_item(world.auditor.accounts[member_id])
    shown = view(account, program=world.program(), now=world.now)
    return shown.balance, shown.holding.pending_points


def check_nothing_is_due(world: World) -> None:
    today = world.now.astimezone(world.zone).date().isoformat()
    for account in world.auditor.accounts.values():
        if any(points and lot < today for lot, points in account["lots"].items()):
            raise Violation(f"{account['member_id']} still has lots that have expired")
        if any(points and dates[:10] <= today for dates, points in account["pending"].items()):
            raise Violation(f"{account['member_id']} still waits for what is available")
        if account.get("due", naive.NEVER) <= today:
            raise Violation(f"{account['member_id']} is still due")
