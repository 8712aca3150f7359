"""What the everyday work costs: round trips and request units, against the design's budgets."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import pytest

from functions.accrual import handler as accrual
from functions.campaigns import handler as campaigns
from functions.enrollment import handler as enrollment
from functions.overview import handler as overview
from functions.redemption import handler as redemption
from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import table as edge_table
from loyalty.table import keys, records
from loyalty.table.engine import DynamoEngine
from loyalty.table.sources import TableSources
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.deliveries import apply, connect, deliver, drain, queued
from tests.support.documents import rule
from tests.support.http import Answer, Claims, call, person, service, staff
from tests.support.markdown import DOCS, rows
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.units import Cost, MeteredEngine, item_size, metered

# Names as long as they are in real life: a transaction's floor is 1 KB an item.
PROGRAM_ID: Final = "bean-and-leaf"
CASHIER: Final = staff(PROGRAM_ID, "cashier")
SERVICE: Final = service(PROGRAM_ID)
ANA: Final = person("cda8747c-0ed3-4b68-80b0-19e7608658ec", email="ana@example.com")
ORDER_ID: Final = "0191d5a4-6d3f-7c52-9f0e-3b7f4d1c8a6{}"
LINES: Final = [
    ("13457042702441", "ESP-BLEND-1KG-WHOLE", "whole_bean", 2990),
    ("13457042702442", "FILTER-ETH-250G-GRD", "ground_coffee", 1290),
    ("13457042702443", "CUP-PORCELAIN-180ML", "accessories", 1800),
    ("13457042702444", "DECAF-COL-1KG-WHOLE", "whole_bean", 3190),
    ("13457042702445", "GIFT-CARD-25-EUR", "gift_card", 2500),
    ("13457042702446", "CHAI-LOOSE-500G-TIN", "tea", 1690),
    ("13457042702447", "KETTLE-GOOSENECK-1L", "accessories", 8900),
    ("13457042702448", "OAT-BARISTA-1L-6PCK", "groceries", 1740),
    ("13457042702449", "PRESS-GLASS-8CUP-BL", "accessories", 4500),
    ("13457042702450", "SHIPPING-STD-EUROPE", "shipping", 490),
]

type Spend = Callable[[Callable[[], Answer], int], Cost]


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> list[MeteredEngine]:
    """The engines that functions make from here on; there is one for a table."""
    made: list[MeteredEngine] = []

    def make(*arguments: Any, **named: Any) -> MeteredEngine:
        made.append(MeteredEngine(DynamoEngine(*arguments, **named)))
        return made[-1]

    monkeypatch.setattr(edge_table, "DynamoEngine", make)
    return made


@pytest.fixture
def spend(meter: list[MeteredEngine], publish: Callable[..., PublishedProgram]) -> Spend:
    """What a request costs a warm function; it must be answered with a status."""
    publish(program_id=PROGRAM_ID)
    # Whether a cashier's roles were taken away is read once in 25 seconds.
    ask(enrollment, "GET", "/members/nobody")

    def spend(request: Callable[[], Answer], status: int) -> Cost:
        (engine,) = meter
        with metered(engine) as cost:
            answer = request()
        assert answer.status == status, answer.text
        return cost

    return spend


@pytest.fixture
def ana(spend: Spend) -> str:
    """A member whose account knows when its first lot is due."""
    member_id: str = ask(enrollment, "POST", "/members", {}, as_=ANA).body["id"]
    assert earn(member_id, 0).status == 201
    return member_id


def test_an_earn_is_one_read_and_one_transaction_of_two_items(spend: Spend, ana: str) -> None:
    cost = spend(lambda: earn(ana, 1), 201)

    assert cost == Cost(round_trips=2, read=0.5, write=4, indexes={"history": 1})


def test_the_first_earn_also_puts_the_account_where_the_sweep_will_find_it(spend: Spend) -> None:
    member_id = ask(enrollment, "POST", "/members", {}, as_=ANA).body["id"]

    cost = spend(lambda: earn(member_id, 0), 201)

    assert cost == Cost(round_trips=2, read=0.5, write=4, indexes={"history": 1, "expiring": 1})


def test_an_earn_that_is_due_sooner_moves_the_account_there(spend: Spend, ana: str) -> None:
    cost = spend(lambda: earn(ana, 1, occurred_at="2026-10-02T10:00:00Z"), 201)

    assert cost == Cost(round_trips=2, read=0.5, write=4, indexes={"history": 1, "expiring": 2})


def test_a_replay_is_one_read_one_refused_transaction_and_the_orders_vouchers(
    spend: Spend, ana: str
) -> None:
    cost = spend(lambda: earn(ana, 0), 200)

    assert cost == Cost(round_trips=3, read=0.5 + 1, write=4)


CAMPAIGN: Final = {"id": "win-back", "name": "We missed you"}
GOLD: Final = {"id": "gold", "name": "Gold", "reached_at": 90}
FIXED: Final = {"effect": {"kind": "fixed", "points": 10}}


type PutInForce = Callable[..., None]


@pytest.fixture
def put_in_force(ana: str, publish: Callable[..., PublishedProgram], time: Clock) -> PutInForce:
    """Publish a document, and let a warm function know it."""

    def put_in_force(*, version: int = 2, **parts: Any) -> None:
        publish(program_id=PROGRAM_ID, version=version, **parts)
        time.now += timedelta(minutes=1)
        ask(enrollment, "GET", f"/members/{ana}")

    return put_in_force


@pytest.fixture
def under(put_in_force: PutInForce) -> Callable[..., None]:
    """Let a campaign run beside the rules."""

    def run(beside: Mapping[str, Any] = MappingProxyType({}), **parts: Any) -> None:
        put_in_force(campaigns=[CAMPAIGN | FIXED | parts], **beside)

    return run


@pytest.mark.parametrize(
    "members",
    [
        {"fact": "order_number", "every": 2},
        {"not": {"fact": "first_order"}},
        {"fact": "days_since_order", "at_most": 30},
        {"not": {"fact": "tier", "is_in": ["gold"]}},
    ],
)
def test_an_earn_under_campaigns_costs_no_more_if_they_read_the_order_and_the_account(
    spend: Spend, under: Callable[..., None], ana: str, members: dict[str, Any]
) -> None:
    levels = {"basis": "orders", "period": "calendar_year", "levels": [GOLD]}
    under(
        {"tiers": levels},
        **{"for": members, "if": {"fact": "units", "at_least": 3}},
        limits={"per_order": 50, "per_member": {"points": 100, "orders": 5, "per": "month"}},
    )

    cost = spend(lambda: earn(ana, 1, lines=3), 201)

    assert cost == Cost(round_trips=2, read=0.5, write=4, indexes={"history": 1})
    breakdown = earn(ana, 1, lines=3).body["entry"]["breakdown"]
    assert sum(each["points"] for each in breakdown if each["rule_id"] == "win-back") == 10


def test_an_earn_under_a_campaign_to_join_reads_that_with_the_account(
    spend: Spend, under: Callable[..., None], ana: str
) -> None:
    under(activation="join", when={"ends_on": "2026-12-31"})
    path = f"/members/{ana}/campaigns/win-back"
    first = spend(lambda: ask(campaigns, "PUT", path), 200)
    again = spend(lambda: ask(campaigns, "PUT", path), 200)

    cost = spend(lambda: earn(ana, 1), 201)

    # A batch is read strongly as a whole, so the account costs half a unit more.
    assert cost == Cost(round_trips=2, read=2, write=4, indexes={"history": 1})
    # The action of the cashier is recorded before and after; the first time, the account is a
    # witness of the transaction.
    assert (first, again) == (
        Cost(round_trips=4, read=2, write=6, indexes={"history": 2}),
        Cost(round_trips=3, read=2, write=2, indexes={"history": 2}),
    )


def test_a_budget_that_pays_costs_two_units_more(
    spend: Spend, under: Callable[..., None], ana: str
) -> None:
    under(limits={"budget": {"points": 100_000}})

    cost = spend(lambda: earn(ana, 1), 201)

    assert cost == Cost(round_trips=2, read=0.5, write=6, indexes={"history": 1})


RULES_AND_LEVEL: Final[dict[str, Any]] = {
    "tiers": {"basis": "orders", "period": "calendar_year", "levels": [GOLD]},
    "earning_rules": [rule(id="one-bean-per-euro"), rule(id="double-on-coffee-at-home")],
}
CAPPED: Final[list[dict[str, Any]]] = [
    FIXED
    | {
        "id": campaign_id,
        "name": "Ten beans",
        "for": {"not": {"fact": "first_order"}},
        "if": {"fact": "amount", "at_least_minor": 2000},
        "limits": {"per_member": {"points": 100, "orders": 5, "per": "month"}},
    }
    for campaign_id in ("win-back", "app-only", "quiet-hours")
]
DOUBLED: Final[dict[str, Any]] = CAMPAIGN | {
    "effect": {"kind": "multiply", "percent": 200},
    "limits": {"budget": {"points": 100_000}},
}


@pytest.mark.parametrize("lines", [1, 3, 5, 10])
def test_an_order_costs_under_campaigns_what_the_docs_say(
    meter: list[MeteredEngine], spend: Spend, ana: str, put_in_force: PutInForce, lines: int
) -> None:
    def units_and_bytes(number: int, running: list[dict[str, Any]]) -> str:
        put_in_force(version=number + 1, campaigns=running, **RULES_AND_LEVEL)
        cost = spend(lambda: earn(ana, number, lines=lines), 201)
        key = keys.accrual(PROGRAM_ID, "webshop-paris", ORDER_ID.format(number))
        entry = meter[0].get(key, strong=True)
        assert entry is not None
        return f"{cost.write + sum(cost.indexes.values())} ({item_size(entry):,})"

    columns: tuple[list[dict[str, Any]], ...] = ([], CAPPED[:1], CAPPED, [DOUBLED])
    measured = [units_and_bytes(number, each) for number, each in enumerate(columns, start=1)]

    documented = {cells[0]: cells[1:] for cells in rows(DOCS / "campaigns.md", head="lines")}
    assert documented[f"{lines}"] == measured


def test_a_budget_that_was_short_is_read_before_it_is_taken_from_for_half_a_minute(
    spend: Spend, under: Callable[..., None], ana: str, time: Clock
) -> None:
    # Each shard has a little less than an order takes.
    under(limits={"budget": {"points": 150}})

    # A refused transaction costs as much as a written one. After it the shards are read strongly,
    # and so are the order's entry and the account.
    refused_first = spend(lambda: earn(ana, 1), 201)
    assert refused_first == Cost(
        round_trips=6, read=0.5 + 16 + 2, write=6 + 8, indexes={"history": 1}
    )
    read_first = spend(lambda: earn(ana, 2), 201)
    assert read_first == Cost(round_trips=3, read=0.5 + 16, write=8, indexes={"history": 1})

    time.now += timedelta(seconds=30)
    ask(enrollment, "GET", f"/members/{ana}")
    # Nothing is read ahead any more, and the shard of this order has enough.
    without_reading = spend(lambda: earn(ana, 3), 201)
    assert without_reading == Cost(round_trips=2, read=0.5, write=6, indexes={"history": 1})


def test_a_redemption_with_a_voucher_is_one_strong_read_and_one_transaction_of_three_items(
    spend: Spend, ana: str
) -> None:
    cost = spend(lambda: redeem(ana, "latte"), 201)
    replay = spend(lambda: redeem(ana, "latte"), 200)

    assert cost == Cost(round_trips=2, read=1, write=6, indexes={"history": 2})
    assert replay == Cost(round_trips=2, read=1, write=6)


def test_stock_and_a_vouchers_date_cost_an_item_and_an_index_entry_more(
    spend: Spend, ana: str
) -> None:
    bob = ask(
        enrollment, "POST", "/members", {"identities": [{"kind": "card", "value": "4000000"}]}
    ).body["id"]
    for number in range(1, 4):
        earn(ana, number)
        earn(bob, number + 3)
    # The first redemption deals the stock out to its shards.
    redeem(bob, "tote")

    stocked = spend(lambda: redeem(ana, "tote"), 201)
    dated = spend(lambda: redeem(ana, "five-off"), 201)

    assert stocked == Cost(round_trips=2, read=1, write=8, indexes={"history": 2})
    assert dated == Cost(round_trips=2, read=1, write=6, indexes={"history": 2, "expiring": 1})


def test_a_balance_is_one_read_of_account_and_profile_and_ones_own_one_more(
    spend: Spend, ana: str
) -> None:
    of_a_member = spend(lambda: ask(enrollment, "GET", f"/members/{ana}"), 200)
    of_oneself = spend(lambda: ask(enrollment, "GET", "/members/me", as_=ANA), 200)

    assert of_a_member == Cost(round_trips=1, read=2 * 0.5)
    assert of_oneself == Cost(round_trips=2, read=2 * 0.5 + 0.5)


def test_a_search_is_a_few_reads_however_little_its_text_says(
    meter: list[MeteredEngine], spend: Spend, ana: str
) -> None:
    TableSources(meter[0]).note(PROGRAM_ID, "webshop-paris")
    code = redeem(ana, "latte").body["voucher"]["code"]

    def trips(text: str) -> int:
        # Two of them note the action and complete it.
        return spend(lambda: ask(overview, "POST", "/search", {"text": text}), 200).round_trips - 2

    # The identity, and then the member.
    assert trips("ana@example.com") == 2
    assert trips("nobody@example.com") == 1
    assert trips(ana) == 1
    # Shops and tills are listed first; then orders, cards, customers and codes are one read.
    assert trips(ORDER_ID.format(0)) == 3
    assert trips(code) == 3
    assert trips("no such thing <b>") == 0


def test_a_refund_is_three_reads_and_one_transaction_of_three_items(spend: Spend, ana: str) -> None:
    first = spend(lambda: refund(0, "r1"), 201)
    second = spend(lambda: refund(0, "r2"), 201)
    replay = spend(lambda: refund(0, "r2"), 200)

    # Accrual, order state and clawback in one go, then the account, then the order's vouchers,
    # because points may have paid for the order. All are read strongly.
    expected = Cost(round_trips=4, read=3 + 1 + 1, write=6, indexes={"history": 1})
    assert first == second == expected
    assert replay == Cost(round_trips=2, read=3 + 1)


def test_an_answer_to_a_survey_is_three_reads_and_one_transaction(spend: Spend, ana: str) -> None:
    def answer(survey_id: str, score: int = 4) -> Answer:
        order = {"source": "webshop-paris", "order_id": ORDER_ID.format(0)}
        body: dict[str, Any] = {"member_id": ana, "score": score}
        if survey_id == "visit":
            body["order"] = order
        # What staff do is noted as an action as well, in two writes more.
        return ask(accrual, "POST", f"/surveys/{survey_id}/responses", body, as_=SERVICE)

    thanked = spend(lambda: answer("visit"), 201)
    replay = spend(lambda: answer("visit"), 200)
    unpaid = spend(lambda: answer("recommend"), 201)

    # The order's entry, the answer that may be there, and the account, all strongly.
    assert thanked == Cost(round_trips=4, read=3, write=6, indexes={"history": 2})
    assert replay == Cost(round_trips=2, read=2)
    assert unpaid == Cost(round_trips=4, read=0.5 + 2, write=4, indexes={"history": 1})


def test_settling_is_one_transaction_of_the_account_and_an_entry_for_each_lot(
    spend: Spend, ana: str, time: Clock
) -> None:
    earn(ana, 1, occurred_at="2026-10-02T10:00:00Z")
    time.now = datetime(2027, 11, 15, 10, 0, tzinfo=UTC)
    ask(enrollment, "GET", f"/members/{ana}")

    cost = spend(lambda: redeem(ana, "latte"), 201)

    # The redemption settles first: the lot of October is over, the account is due again in
    # December.
    settling = Cost(round_trips=1, write=4, indexes={"history": 1, "expiring": 2})
    redeeming = Cost(round_trips=2, read=1, write=6, indexes={"history": 2})
    assert cost == settling + redeeming


def test_a_storefronts_order_costs_an_earn_a_customer_lookup_and_a_noted_outcome(
    meter: list[MeteredEngine], publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(currency="USD")
    connect()
    till.enroll("bob.norman@mail.example.com")
    deliver(of_five_lines(1, paid_at=time.now), event_id="1")
    drain()

    deliver(of_five_lines(2, paid_at=time.now), event_id="2")
    messages = queued()
    with metered(meter[0]) as cost:
        assert apply(messages) == []

    earning = Cost(round_trips=2, read=0.5, write=4, indexes={"history": 1})
    # Customer id, e-mail and two phones, in one call.
    looking_up = Cost(round_trips=1, read=4 * 0.5)
    # What the shop sent, and whether the same event had another body.
    reading = Cost(round_trips=1, read=1)
    asking = Cost(round_trips=1, read=1)
    noting = Cost(round_trips=1, write=1)
    assert cost == reading + asking + earning + looking_up + noting


def test_an_accrual_of_five_lines_under_levels_with_pending_points_stays_within_1_kb(
    spend: Spend, publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    gold = {"id": "gold-members", "name": "Gold", "reached_at": 1, "multiplier_percent": 150}
    levels = {"basis": "spend", "period": "calendar_year", "levels": [gold]}
    rules = [rule(id="one-bean-per-euro"), rule(id="double-on-coffee-at-home")]
    publish(program_id=PROGRAM_ID, version=2, pending_days=14, tiers=levels, earning_rules=rules)
    time.now += timedelta(minutes=1)
    member_id = ask(enrollment, "POST", "/members", {}, as_=ANA).body["id"]
    earn(member_id, 0)

    cost = spend(lambda: earn(member_id, 1), 201)

    assert (cost.round_trips, cost.read, cost.write) == (2, 0.5, 4)


def test_an_account_with_two_years_of_monthly_lots_stays_within_1_kb() -> None:
    months = [add_months(date(2026, 1, 31), number) for number in range(24)]
    account = Account(
        member_id="mem_01KAJ6Y0T2Q8Z5W3E7R9V4B1NC",
        balance=24 * 1234,
        entries=480,
        holding=Holding(lots=dict.fromkeys(months, 1234)),
        qualifying={"2025": 12_345, "2026": 12_345},
        redeemed={"canvas-tote-2026": 1, "an-evening-of-tasting": 2},
        due=date(2026, 2, 1),
        enrolled_at=datetime(2024, 11, 21, 10, 0, 0, 123456, tzinfo=UTC),
        tier_announced="gold-members",
        tier_floor=TierFloor("gold-members", date(2027, 12, 31)),
        tier_ups=2,
        tier_downs=1,
        tier_revision=7,
    )

    item = records.account_to_item(
        account, PROGRAM_ID, due_at=datetime(2026, 1, 31, 23, 0, tzinfo=UTC)
    )

    assert item_size(item) <= 1024


def ask(
    function: Any, method: str, path: str, body: Any = None, *, as_: Claims = CASHIER, key: str = ""
) -> Answer:
    return call(
        function.handler,
        method,
        f"/v1/programs/{PROGRAM_ID}{path}",
        body=body,
        as_=as_,
        headers={"Idempotency-Key": key} if key else {},
    )


def earn(member_id: str, number: int, *, lines: int = 5, **parts: Any) -> Answer:
    order = {
        "source": "webshop-paris",
        "order_id": ORDER_ID.format(number),
        "member_id": member_id,
        "occurred_at": "2026-11-21T09:59:00Z",
        "lines": [
            {
                "line_id": line_id,
                "sku": sku,
                "category": category,
                "quantity": 1,
                "amount": {"amount": amount, "currency": "EUR"},
            }
            for line_id, sku, category, amount in LINES[:lines]
        ],
    }
    return ask(accrual, "POST", "/orders", order | parts)


def redeem(member_id: str, reward_id: str) -> Answer:
    path = f"/members/{member_id}/redemptions"
    key = f"0191d5a4-6d3f-7c52-9f0e-{reward_id}-{member_id[-6:]}"
    return ask(redemption, "POST", path, {"reward_id": reward_id}, key=key)


def refund(number: int, refund_id: str) -> Answer:
    amount = {"amount": 1000, "currency": "EUR"}
    body = {"refund_id": refund_id, "occurred_at": "2026-11-21T10:00:00Z", "amount": amount}
    return ask(accrual, "POST", f"/orders/webshop-paris/{ORDER_ID.format(number)}/refunds", body)


def of_five_lines(number: int, *, paid_at: datetime) -> dict[str, Any]:
    numbered = 5_678_901_234_560 + number
    body = payload(WITH_CUSTOMER, paid_at=paid_at, id=numbered, financial_status="paid")
    lines = body["line_items"]
    body["line_items"] = [
        lines[place % len(lines)] | {"id": 13_457_042_702_440 + place} for place in range(5)
    ]
    return body
