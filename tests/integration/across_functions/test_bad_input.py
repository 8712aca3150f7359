"""Every operation of the API, and whatever can be wrong with a request: refused, never a 500."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import pytest

from functions.enrollment.handler import EnrollmentSettings
from functions.registry.handler import PROGRAM_ID, SERVICE_ID
from loyalty.domain.people.identity import identify
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_desk
from loyalty.edge.directory import directory
from loyalty.edge.http.app import PROGRAM_PREFIX
from loyalty.edge.http.auth import Role
from loyalty.edge.http.problems import STATUS
from loyalty.edge.settings import settings
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Query
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.cognito import FakeCognito
from tests.support.deliveries import connect
from tests.support.documents import document
from tests.support.http import Answer, Claims, call, operator, person, service, staff
from tests.support.referrals import CODE, give_code, hold
from tools.openapi import OPENAPI, apis

PROGRAMS: Final = "/v1/programs"
SERVED: Final = {
    operation.handler.__name__: (api, operation)
    for api in apis()
    for operation in api.operations
    if operation.rule.startswith((PROGRAM_PREFIX, "/v1/services", "/v1/actions"))
    or operation.rule == PROGRAMS
}
SIGNED_IN: Final = {name: served for name, (_, served) in SERVED.items() if served.allow}
ROLES: Final[tuple[Role, ...]] = ("manager", "cashier", "service", "analyst", "member", "operator")

SMALL_DOCUMENT: Final[dict[str, Any]] = {
    "schema_version": 1,
    "name": "Bean",
    "time_zone": "Europe/Paris",
    "currency": "EUR",
    "points": {"one": "bean", "many": "beans"},
    "earning_rules": [],
    "expiry": {"model": "never"},
}
PROGRAM: Final[dict[str, Any]] = {
    # West of Greenwich the first instant there is has no date, east of it the last.
    "time_zone": "America/New_York",
    "adjustments": {"cashier": {"per_day": 1000}},
    # Ana's points are minutes old, and she gives them away.
    "transfers": {"points_max": 100, "min_age_days": 0},
    "households": {"waits_days": 0, "rejoin_days": 0},
    "tiers": {
        "basis": "spend",
        "period": "calendar_year",
        "levels": [{"id": "gold", "name": "Gold", "reached_at": 1000}],
    },
    "plans": [{"id": "prime", "name": "Prime", "grace_days": 7}],
    "referrals": {"friend": {"points": 5}, "new_only": False},
    "surveys": [{"id": "visit", "kind": "csat", "question": "How was it?", "bonus_points": 1}],
    "activities": [{"id": "review", "name": "A review", "points": 5}],
    "segments": [
        {
            "id": "regulars",
            "name": "Regulars",
            "who": {"any": [{"fact": "listed"}, {"fact": "orders", "days": 9, "at_least": 2}]},
        }
    ],
    "campaigns": [
        {
            "id": "club",
            "name": "Club",
            "activation": "join",
            "when": {"ends_on": "2027-12-31"},
            "effect": {"kind": "fixed", "points": 1},
            "limits": {"budget": {"points": 1000}},
        }
    ],
    "challenges": [
        {
            "id": "three",
            "name": "Three visits",
            "activation": "join",
            "counts": {"what": "orders"},
            "target": 3,
            "tiers": ["gold"],
            "gives": [{"points": 5}],
        }
    ],
    "boards": [{"id": "cups", "name": "Most visits", "challenge": "three"}],
}
BOB: Final = "mem_bob"
EMAIL: Final = {"kind": "email", "value": "new@example.com"}
ORDER: Final = till.order(
    order_id="2",
    identities=[EMAIL],
    channel="web",
    location="lyon",
    lines=[till.line(4999, brand="house", tags=["hot"])],
    tenders=[{"kind": "card", "amount": till.money(4999)}],
    codes=["FLYER"],
)
REFUND: Final = {
    "refund_id": "r1",
    "occurred_at": "2026-11-21T10:00:00Z",
    "lines": [{"line_id": "1", "quantity": 1}],
}
# A request of each operation that would be done; it says nearly all that can be said.
BODIES: Final[dict[str, Any]] = {
    "publish_program": document(**PROGRAM),
    "check_program": document(**PROGRAM),
    "quote_sample_order": {
        # Mistakes in all parts of a document are tried where it is checked.
        "document": SMALL_DOCUMENT | {"campaigns": PROGRAM["campaigns"]},
        "order": {
            "source": "till",
            "occurred_at": "2026-11-21T10:00:00Z",
            "channel": "app",
            "location": "lyon",
            "lines": [till.line(4999, brand="house", tags=["hot"])],
            "tenders": [{"kind": "card", "amount": till.money(4999)}],
            "codes": ["FLYER"],
        },
        "member": {
            "orders": 2,
            "last_ordered_on": "2026-10-01",
            "enrolled_on": "2026-01-01",
            "tier": None,
            "birthday": "1990-02-28",
            "locale": "fr-FR",
            "attributes": {"milk": "oat"},
            "consents": ["email"],
            "joined": ["club"],
        },
        "refund": {"lines": [{"line_id": "1", "quantity": 1}]},
    },
    "save_draft": {"document": {"name": "Bean"}, "based_on": 1},
    "replay_deliveries": {
        "from": "2026-11-21T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "statuses": ["failed"],
    },
    "connect_storefront": {
        "platform": "shopify",
        "source": "shop",
        "store": "s",
        "secrets": ["secret"],
    },
    "enroll_member": {
        "identities": [EMAIL | {"verified": True}, {"kind": "card", "value": "6034-1"}],
        "profile": {
            "name": "Ana",
            "locale": "fr-FR",
            "birthday": "1990-02-28",
            "attributes": {"milk": "oat"},
        },
        "consents": {"email": True},
        "referral_code": CODE,
        "signals": {"device": "installation-2", "ip": "203.0.113.8"},
    },
    "search_program": {"text": "bob@example.com"},
    "look_up_member": {"identity": {"kind": "email", "value": "bob@example.com"}},
    "change_member": {
        "profile": {"name": "Ana", "attributes": {"milk": None}},
        "consents": {"email": False},
        "identities": [{"kind": "customer", "source": "shop", "value": "207119551"}],
        "remove_identities": [{"kind": "card", "value": "6034-2"}],
        "unlink": False,
    },
    "adjust_balance": {
        "points": 100,
        "reason": "goodwill",
        "reference": "case 12",
        "expires_on": "2027-01-31",
        "below_zero": False,
    },
    "approve_request": {"reason": "checked"},
    "refuse_request": {"reason": "checked"},
    "claim_referral": {
        "code": CODE,
        "member_id": BOB,
        "signals": {"device": "installation-1", "ip": "203.0.113.7"},
    },
    "approve_referral": {"reason": "checked"},
    "refuse_referral": {"reason": "checked"},
    "decide_about_order": {"decision": "release", "reason": "checked"},
    "record_order": ORDER,
    "correct_order": {
        **{name: part for name, part in ORDER.items() if name not in ("source", "order_id")},
        "changed_at": "2026-11-21T10:00:00Z",
    },
    # Of a guest: a quote for somebody unknown is refused.
    "count_segment_members": {
        "who": {
            "all": [
                {"fact": "spent", "days": 90, "at_least_minor": 20_000},
                {"not": {"fact": "bought", "of": {"skus": ["X"]}, "days": 9}},
                {"any": [{"fact": "recency", "is_in": [5]}, {"fact": "silent"}]},
            ]
        }
    },
    "change_segment_list": {"add": [BOB], "remove": ["mem_2"]},
    "replace_segment_list": {"members": [BOB], "after": None, "up_to": "mem_zz"},
    "quote_order": ORDER | {"identities": []},
    "record_activity": {
        "source": "reviews",
        "activity_id": "r-81",
        "activity": "review",
        "member_id": None,
        "identities": [{"kind": "email", "value": "bob@example.com"}],
        "occurred_at": "2026-11-21T09:00:00Z",
        "changed_at": "2026-11-21T09:30:00Z",
        "subject": "SKU-1",
        "attributes": {"photo": True},
    },
    "record_refund": REFUND,
    "quote_refund": REFUND | {"refund_id": "r2"},
    "redeem": {"reward_id": "latte", "hold": False, "from": "member"},
    "join_household": {"invitation": None},
    "share_points": {"shares_max": 500},
    "make_access_token": {"audience": "online"},
    "transfer_points": {"to_member_id": BOB, "points": 5},
    "grant_reward": {"reward_id": "latte", "reason": "a cold latte", "reference": "case 12"},
    "use_voucher": {"order": {"source": "pos", "order_id": "1002"}},
    "give_plan": {"plan": "prime", "until": "2027-12-31", "renews": True, "reason": "paid"},
    "grant_tier": {"level": "gold", "until": "2027-12-31"},
    "preview_merge": {"into": BOB},
    "merge_members": {"into": BOB},
    "answer_survey": {
        "order": {"source": "pos", "order_id": "1"},
        "member_id": None,
        "score": 4,
        "comment": "Good",
    },
    "make_survey_link": {"order": {"source": "pos", "order_id": "1"}, "member_id": None, "days": 7},
    "register_endpoint": {
        "url": "https://hooks.example.com/loyalty",
        "events": ["PointsEarned"],
        "description": "Our CRM",
        "enabled": True,
    },
    "request_report_export": {
        "report": "summary",
        "from": "2026-11-01",
        "to": "2026-11-30",
        "by": "week",
        "within_days": 7,
        "format": "csv",
    },
    "try_document": {
        "document": SMALL_DOCUMENT,
        "from": "2026-11-01",
        "to": "2026-11-30",
        "members_max": 10,
    },
    "try_holdout": {"percent": 10, "from": "2026-12-01", "to": "2026-12-28", "segment": None},
    "invite_person": {
        "email": "eva@example.com",
        "name": "Eva",
        "roles": ["cashier", "analyst"],
        "send_again": True,
    },
    "change_person": {"roles": ["cashier", "analyst"]},
    "put_service": {"description": "Webshop", "client_id": "1example23456789"},
    "preview_message": {
        "kind": "welcome",
        "locale": "fr-FR",
        "name": "Ana",
        "document": {
            "name": "Bean",
            "time_zone": "Europe/Paris",
            "currency": "EUR",
            "points": {"one": "bean", "many": "beans"},
            "messages": {
                "templates": [
                    {"kind": "welcome", "subject": "Bienvenue, {{ name }}", "body": "Merci"}
                ],
            },
        },
    },
}
DAYS: Final = {"from": "2026-11-01", "to": "2026-11-30"}
QUERIES: Final[dict[str, dict[str, str]]] = {
    "export_member": {},
    "list_history": {"limit": "10"},
    "list_redemptions": {"limit": "10"},
    "list_member_activities": {"limit": "10"},
    "list_endpoint_deliveries": {"limit": "10"},
    "list_report_exports": {"limit": "10"},
    "list_trials": {"limit": "10"},
    "list_programs": {"limit": "10"},
    "list_services": {"limit": "10"},
    "list_people": {"limit": "10"},
    "list_survey_responses": {"limit": "10"},
    "read_balance": {"at": "2026-11-21T10:00:00Z"},
    "read_statement": DAYS,
    "read_report": DAYS,
}
HEADERS: Final = {"Idempotency-Key": "key", "If-None-Match": "*"}

# Words of Python, such as tuple, mean nothing to callers.
LIBRARYS_VOICE: Final = re.compile(r"^(Input|String|Tuple|List|Dictionary|Value error|Extra)\b")

WRONG: Final[list[Any]] = [
    None, True, 0, -1, 1.5, 12.0, 10**13, 10**30, "", " ", "12", "x" * 5000, "a b#", "\x00",
    "\ud800", "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-21T10:00:00+99:00",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", [], [None], {}, {"": ""},
]  # fmt: skip
WRONG_NAMES: Final = ["a b", "#", "ENTRY#accrual", "\x00", "é", "%2F", "x" * 3000, "+"]
NO_JSON: Final[list[str | bytes | None]] = [
    None, "", "{", "nope", '{"a": NaN}', "[" * 10_000, '{"a": ' + "1" * 5000 + "}", b"\xff\xfe",
]  # fmt: skip

# The list that each cursor is bound to, and what a page of it could have ended with.
LISTS: Final[dict[str, str]] = {
    "list_approvals": "approvals bean None",
    "list_held_referrals": "referrals bean",
    "list_history": "history bean {member_id}",
    "list_messages": "messages bean {member_id}",
    "list_redemptions": "redemptions bean {member_id}",
    "list_member_activities": "activities bean {member_id}",
    "list_endpoint_deliveries": "endpoint deliveries bean crm",
    "list_report_exports": "report exports bean",
    "list_reviews": "reviews bean None",
    "list_trials": "trials bean",
    "list_programs": "programs",
    "list_segment_members": "segment bean regulars",
    "list_services": "services",
    "list_survey_responses": "survey bean visit",
    "list_people": "people bean",
    "list_versions": "versions bean",
    "list_actions": "actions bean 2026-10-22 2026-11-21 None None None",
    "list_member_actions": "actions bean 2026-10-22 2026-11-21 None None {member_id}",
    "list_deployment_actions": "actions * 2026-10-22 2026-11-21 None None None",
    "list_deliveries": "deliveries bean online",
    "list_erasure_requests": "erasures bean online",
    "replay_deliveries": (
        "replay bean online 2026-11-21 00:00:00+00:00 2026-11-22 00:00:00+00:00 ['failed']"
    ),
    "export_member": "export bean {member_id}",
}
MOMENT: Final = "2026-11-21T09:00:00.000000Z"
RECEIVED: Final = "20261121T090000000000Z." + "0123456789" * 4
LISTED: Final = [f"{MOMENT}#1"]
POSITIONS: Final[dict[str, list[str]]] = {
    "list_approvals": LISTED,
    "list_held_referrals": [BOB],
    "list_history": LISTED,
    "list_messages": ["MESSAGE#2026-11-21#welcome"],
    "list_redemptions": LISTED,
    "list_member_activities": LISTED,
    "list_endpoint_deliveries": LISTED,
    "list_report_exports": LISTED,
    "list_reviews": LISTED,
    "list_trials": LISTED,
    "list_programs": ["bean"],
    "list_segment_members": [BOB],
    "list_services": ["shop"],
    "list_survey_responses": [f"{MOMENT}#{BOB}#2026-11", f"{MOMENT}#{BOB}#pos#1"],
    "list_people": LISTED,
    "list_versions": ["version 3"],
    "list_actions": LISTED,
    "list_member_actions": LISTED,
    "list_deployment_actions": LISTED,
    "list_deliveries": [RECEIVED],
    "list_erasure_requests": ["0123456789" * 4],
    "replay_deliveries": [f"{RECEIVED} 2026-11-21T10:00:00+00:00"],
    "export_member": [
        f"entries {BOB} {MOMENT}#1",
        f"vouchers {BOB} ",
        f"messages {BOB} MESSAGE#2026-11-21#welcome",
        f"survey_responses {BOB} RESPONSE#visit#pos#1",
        f"guest_orders 7 {MOMENT}#pos#1",
    ],
}
# No list has any of these; but a list of ids may go on after whatever can be an id.
NO_POSITIONS: Final[list[bytes]] = [
    *(each.encode() for each in (
        "", " ", "#", "1", "##", MOMENT, f"{MOMENT}#", f"{MOMENT}#a b",
        f"{MOMENT}#{'x' * 1100}", f"{MOMENT}#a#b#c#d",
        f"#{MOMENT}#a", "MESSAGE#", '{"after": "1"}', '{"after": 1}', "[]", "null", "[" * 1000,
        "20269999T090000000000Z." + "0" * 40, f"{RECEIVED} ", f"{RECEIVED} 2026-99-99T10:00:00Z",
        f"{RECEIVED} 2026-11-21T10:00:00", f"{RECEIVED} 0001-01-01T00:00:00+23:59",
        "x 2026-11-21T10:00:00Z", "entries", f"entries {BOB}", f"entries {BOB} {MOMENT}",
        f"messages {BOB} {MOMENT}#1", f"vouchers {BOB} ACCOUNT",
        f"survey_responses {BOB} RESPONSE#",
        f"nowhere {BOB} ", "guest_orders 0 1999-12-31T00:00:00.000000Z#pos#1",
    )),
    b"\x00", b"\xff", b"\xed\xa0\x80",
]  # fmt: skip


@pytest.fixture
def names(publish: Callable[..., PublishedProgram], cognito: FakeCognito) -> dict[str, str]:
    """What each name in a path may be: a member with points, an order, a voucher, a shop."""
    publish(**PROGRAM)
    members = directory("bean", settings(EnrollmentSettings))
    bob = Application(member_id=BOB, claims=[IdentityClaim(identify("email", "bob@example.com"))])
    enroll(bob, members=members, desk=open_desk("bean", table=TABLE))
    till.enroll_oneself(person())
    ana = till.enroll()
    till.earn(ana, 19_900, order_id="1")
    redeemed = till.redeem(ana, hold=True).body
    give_code(ana, engine(TABLE))
    hold(ana, BOB, table=TABLE)
    connect("online")
    ask("put_service", {"service_id": "shop"})
    url = f"{PROGRAM_PREFIX.replace('<program_id>', 'bean')}/endpoints/crm"
    call(
        SERVED["register_endpoint"][0],
        "PUT",
        url,
        body=BODIES["register_endpoint"],
        as_=caller("manager"),
    )
    return {
        "program_id": "bean",
        "ana": ana,
        "member_id": ana,
        "redemption_id": redeemed["id"],
        "other_id": BOB,
        "code": redeemed["voucher"]["code"],
        "referral_code": CODE,
        "storefront_id": "online",
        "source": "pos",
        "order_id": "1",
        "activity_id": "r-80",
        "name": "summary",
        "token": "nobody",
        "delivery_id": "unseen",
        "erasure_id": "unseen",
        "endpoint_id": "crm",
        "draft_id": "winter",
        "event_id": "unseen",
        "survey_id": "visit",
        "export_id": "unseen",
        "trial_id": "unseen",
        "approval_id": "unseen",
        "review_id": "unseen",
        "campaign_id": "club",
        "challenge_id": "three",
        "board_id": "cups",
        "segment_id": "regulars",
        "entry_id": "ent_unseen",
        "service_id": "shop",
        "subject": cognito.add("bea@example.com", "bean/cashier"),
        "version": "1",
    }


def ask(operation: str, names: dict[str, str], **sent: Any) -> Answer:
    """Ask for an operation as is right, but for what is said."""
    api, served = SERVED[operation]
    if served.allow == {"member"} and names["member_id"] == names["ana"]:
        # Nobody does that for somebody else.
        names = names | {"member_id": "me"}
    path = re.sub(r"<(\w+)>", lambda part: names[part[1]], served.rule)
    # The same caller may grant and redeem, but not by one key.
    headers = HEADERS | {"Idempotency-Key": operation}
    right: dict[str, Any] = {"headers": headers, "query": QUERIES.get(operation)}
    if served.allow:
        right["as_"] = caller(next(role for role in ROLES if role in served.allow))
    if "raw" not in sent:
        right["body"] = BODIES.get(operation)
    return call(api, served.method, path, **(right | sent))


def caller(role: Role, program_id: str = "bean") -> Claims:
    match role:
        case "service":
            return service(program_id)
        case "member":
            return person()
        case "operator":
            return operator()
        case _:
            return staff(program_id, role)


def require_an_answer(answer: Answer, what: str) -> None:
    """Done or refused in the words of the contract, but not failed."""
    assert answer.status < 500, f"{what}: {answer.text}"
    if answer.status >= 400:
        assert STATUS.get(answer.code) == answer.status, f"{what}: {answer.text}"
        for fault in answer.body["errors"]:
            assert not LIBRARYS_VOICE.search(fault["detail"]), f"{what}: {answer.text}"


def go_on(operation: str, names: dict[str, str], position: bytes) -> Answer:
    """Continue a list with a cursor that a caller made up."""
    of = LISTS[operation].format(**names)
    digest = hashlib.sha256(of.encode() + b"\0" + position).digest()[:12]
    cursor = base64.urlsafe_b64encode(digest + position).decode().rstrip("=")
    if operation in BODIES:
        return ask(operation, names, body=BODIES[operation] | {"cursor": cursor})
    return ask(operation, names, query=QUERIES.get(operation, {}) | {"cursor": cursor})


def mistaken(body: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The body with each of its parts left out, added to, or replaced by anything wrong."""
    for wrong in WRONG:
        yield f"{place} is {str(wrong)[:40]!r}", wrong
    if isinstance(body, dict):
        yield f"{place}/surprise", body | {"surprise": 1}
        for name, part in body.items():
            yield f"no {place}/{name}", {key: body[key] for key in body if key != name}
            for what, wrong in mistaken(part, f"{place}/{name}"):
                yield what, body | {name: wrong}
    if isinstance(body, list) and body:
        yield f"{place} twice", body * 2
        for what, wrong in mistaken(body[0], f"{place}/0"):
            yield what, [wrong, *body[1:]]


def test_the_unchanged_bodies_and_queries_of_these_tests_are_valid(names: dict[str, str]) -> None:
    described = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"].values()
    with_body = {
        operation["operationId"]
        for operations in described
        for operation in operations.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    ask("complete_redemption", names)

    answers = {name: ask(name, names) for name in BODIES}
    refused = {name: answer.text for name, answer in answers.items() if answer.status >= 300}

    assert set(BODIES) == with_body
    # Nothing waits for a decision here; the tests of approvals and of reviews decide about some.
    # And the redemption is one of a latte.
    assert set(refused) == {
        "make_access_token",
        "approve_request",
        "refuse_request",
        "decide_about_order",
        "refuse_referral",
    }, refused


@pytest.mark.parametrize("operation", BODIES)
def test_no_mistake_in_a_body_is_a_failure(operation: str, names: dict[str, str]) -> None:
    for number, (what, body) in enumerate(mistaken(BODIES[operation])):
        answer = ask(
            operation, names, body=body, headers=HEADERS | {"Idempotency-Key": f"{number}"}
        )

        require_an_answer(answer, what)


def test_a_body_that_is_not_json_is_malformed(names: dict[str, str]) -> None:
    for operation in BODIES:
        for raw in NO_JSON:
            answer = ask(operation, names, raw=raw)

            assert (answer.status, answer.code) == (400, "malformed_json"), (operation, raw)
        for raw in ("[]", "1", "null", '"text"'):
            answer = ask(operation, names, raw=raw)

            assert (answer.status, answer.code) == (422, "validation_failed"), (operation, raw)


def test_a_body_that_is_too_large_is_not_read(names: dict[str, str]) -> None:
    for operation in BODIES:
        answer = ask(operation, names, raw="x" * (400 * 1024))

        assert (answer.status, answer.code) == (413, "too_large"), operation


def test_an_impossible_id_in_a_path_finds_nothing(names: dict[str, str]) -> None:
    for operation, (_, served) in SERVED.items():
        for part in re.findall(r"<(\w+)>", served.rule):
            for wrong in WRONG_NAMES:
                answer = ask(operation, names | {part: wrong})

                assert answer.status in (404, 422), f"{operation} {part} {wrong!r}: {answer.text}"


def test_no_mistake_in_a_query_is_a_failure(names: dict[str, str]) -> None:
    for operation, right in QUERIES.items():
        for name in (*right, "cursor"):
            for wrong in {str(wrong) for wrong in WRONG} - {"\ud800"}:
                answer = ask(operation, names, query=right | {name: wrong})

                require_an_answer(answer, f"{operation}, {name} is {wrong!r:.40}")


@pytest.mark.parametrize("operation", LISTS)
def test_a_cursor_that_was_made_up_is_refused_or_leads_on(
    operation: str, names: dict[str, str]
) -> None:
    can_be_an_id = {"list_programs": PROGRAM_ID, "list_services": SERVICE_ID}.get(operation)
    for wrong in NO_POSITIONS:
        if can_be_an_id and can_be_an_id.fullmatch(wrong.decode("latin-1")):
            continue
        answer = go_on(operation, names, wrong)

        assert (answer.status, answer.code) == (422, "invalid_cursor"), f"{wrong!r}: {answer.text}"
    for right in POSITIONS[operation]:
        answer = go_on(operation, names, right.encode())

        assert answer.status in (200, 202), f"{right}: {answer.text}"


def test_every_operation_with_a_cursor_is_tried_with_made_up_cursors() -> None:
    described = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"].values()
    taking = {
        operation["operationId"]
        for operations in described
        for operation in operations.values()
        if "cursor" in {each["name"] for each in operation.get("parameters", ())}
    }

    assert set(LISTS) == set(POSITIONS) == taking | {"replay_deliveries"}


def test_a_cursor_that_names_somebody_elses_records_leads_to_none_of_them(
    names: dict[str, str], engine: DynamoEngine
) -> None:
    till.earn(BOB, 19_900, order_id="of-bob")
    till.redeem(BOB)
    for operation, partition in (
        ("list_history", keys.history_partition("bean", BOB)),
        ("list_redemptions", keys.vouchers_partition("bean", BOB)),
    ):
        own = {each["id"] for each in ask(operation, names).body["items"]}
        for item in engine.query(Query(pk=partition, index="history")):
            of_bob = cast("str", item["history_sk"])
            answer = go_on(operation, names, of_bob.encode())
            exported = go_on("export_member", names, f"entries {BOB} {of_bob}".encode())

            assert {each["id"] for each in answer.body["items"]} <= own
            assert BOB not in exported.text


def test_callers_of_another_program_find_nothing(names: dict[str, str]) -> None:
    for operation, served in SIGNED_IN.items():
        # An operator is one in every program.
        for role in served.allow - {"member", "operator"}:
            answer = ask(operation, names, as_=caller(role, "leaf"))

            assert (answer.status, answer.code) == (404, "not_found"), f"{operation} as {role}"


def test_a_caller_without_the_required_role_is_forbidden(names: dict[str, str]) -> None:
    for operation, served in SIGNED_IN.items():
        # Every person may be a member.
        asking: tuple[Role, ...] = ("service",) if "member" in served.allow else ROLES
        for role in set(asking) - served.allow:
            answer = ask(operation, names, as_=caller(role))

            assert (answer.status, answer.code) == (403, "forbidden"), f"{operation} as {role}"


def test_a_person_without_a_group_learns_nothing_of_others(names: dict[str, str]) -> None:
    for operation, served in SIGNED_IN.items():
        if "<member_id>" in served.rule:
            answer = ask(operation, names, as_=person("eve"))

            assert (answer.status, answer.code) in ((403, "forbidden"), (404, "not_found")), (
                operation
            )


def test_records_of_one_program_are_not_found_in_another(
    names: dict[str, str], publish: Callable[..., PublishedProgram]
) -> None:
    """The same people work for both, and know every id."""
    publish(program_id="leaf", **PROGRAM)
    both = {
        role: person("both", groups=(f"bean/{role}", f"leaf/{role}"))
        for role in ("manager", "cashier")
    }
    named = {"member_id", "redemption_id", "code", "storefront_id"}
    for operation, served in SIGNED_IN.items():
        if named & set(re.findall(r"<(\w+)>", served.rule)) and served.method != "PUT":
            role = "manager" if "manager" in served.allow else "cashier"
            # What only members and services may do has no member of staff who knows the id.
            if not served.allow & {"manager", "cashier"}:
                continue
            answer = ask(operation, names | {"program_id": "leaf"}, as_=both[role])

            assert (answer.status, answer.code) == (404, "not_found"), operation
