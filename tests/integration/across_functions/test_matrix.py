"""Every route of the API for every caller: allowed, allowed for their own data only, or refused.

The routes are read off the OpenAPI document, and what is expected is written down here by hand: a
new route without a rule fails. Each refused request must leave the table as it was.

Tokens that are forged, unsigned or of another issuer never get this far. The authorizer refuses
them (`tests/integration/authorizer/test_authorizer.py`), `tests/infra/test_service_stack.py` holds
every route to it, and `tests/e2e/test_rights.py` tries such tokens. A token of a person whose role
was taken away is in `tests/integration/registry/test_people.py`. A token of a person who was
disabled at the issuer is not among the callers, because nothing tells it from another: it is good
until it expires (`docs/operations.md`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import boto3
import pytest

from functions.adjustments.handler import handler as adjustments
from functions.enrollment.handler import handler as enrollment
from functions.exports.handler import handler as exports
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_desk
from loyalty.edge.http.auth import Kind
from loyalty.table.programs import TablePrograms
from loyalty.usecases.households.membership import begin_household, invite, join_household
from tests.integration.across_functions import test_bad_input as right
from tests.integration.conftest import REGION, TABLE
from tests.integration.lakeside import archived
from tests.support import cold, till
from tests.support.access_keys import KeyService, sign_with
from tests.support.deliveries import connect, deliver, drain
from tests.support.documents import published, reward
from tests.support.erasing import items
from tests.support.http import (
    EVERY_KIND,
    Answer,
    Claims,
    call,
    operator,
    person,
    service,
    staff,
)
from tests.support.referrals import CODE, give_code, hold
from tests.support.shopify import DATA_REQUEST, REDACT
from tests.support.snapshot import Snapshot

DESCRIBED: Final = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi.json").read_text(encoding="utf-8")
)["paths"]
OPERATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    operation["operationId"]: operation | {"method": method.upper(), "path": path}
    for path, operations in DESCRIBED.items()
    for method, operation in operations.items()
}
PUBLIC: Final = {name for name, each in OPERATIONS.items() if each.get("security") == []}


class Rule(NamedTuple):
    """The allowed roles: `roles` for every member of the program, `own` for oneself."""

    roles: frozenset[str]
    own: bool = False

    @property
    def is_of_deployment(self) -> bool:
        """About no program, so no program can be another one."""
        return self.roles == {"operator"}


def only(*roles: str) -> Rule:
    return Rule(frozenset(roles))


def own_or(*roles: str) -> Rule:
    return Rule(frozenset(roles), own=True)


RULES: Final[Mapping[str, Rule]] = {
    # What everybody may know.
    "read_program": only("member", "cashier", "analyst", "manager", "service", "operator"),
    "list_rewards": only("member", "cashier", "analyst", "manager", "service", "operator"),
    # Figures of members.
    "read_member": own_or("cashier", "analyst", "manager", "service"),
    "list_history": own_or("cashier", "analyst", "manager", "service"),
    "list_messages": own_or("cashier", "analyst", "manager", "service"),
    "read_statement": own_or("cashier", "analyst", "manager", "service"),
    "explain_balance": own_or("cashier", "analyst", "manager", "service"),
    "read_balance": own_or("cashier", "analyst", "manager", "service"),
    "list_member_rewards": own_or("cashier", "analyst", "manager", "service"),
    "list_member_challenges": own_or("cashier", "analyst", "manager", "service"),
    "list_member_activities": own_or("cashier", "analyst", "manager", "service"),
    "list_member_badges": own_or("cashier", "analyst", "manager", "service"),
    "read_member_board": own_or("cashier", "analyst", "manager", "service"),
    "list_boards": only("member", "cashier", "analyst", "manager", "service"),
    "read_board": only("member", "cashier", "analyst", "manager", "service"),
    "read_plan": own_or("cashier", "analyst", "manager", "service"),
    "read_member_referral": own_or("cashier", "analyst", "manager", "service"),
    "read_household": own_or("cashier", "analyst", "manager", "service"),
    "list_redemptions": own_or("cashier", "analyst", "manager", "service"),
    "read_order": only("cashier", "analyst", "manager", "service"),
    "explain_order": own_or("cashier", "manager", "service"),
    "quote_refund": own_or("cashier", "manager", "service"),
    # People.
    "enroll_member": own_or("cashier", "manager", "service"),
    "look_up_member": only("cashier", "manager", "service"),
    "change_member": own_or("cashier", "manager", "service"),
    "erase_member": own_or("cashier", "manager", "service"),
    "export_member": own_or("cashier", "manager", "service"),
    # Spending what a member has.
    "redeem": own_or("cashier", "service"),
    "transfer_points": own_or("cashier", "service"),
    "join_household": own_or(),
    "share_points": own_or(),
    "invite_to_household": own_or(),
    "remove_from_household": own_or(),
    "leave_household": own_or("manager", "service"),
    "complete_redemption": own_or("cashier", "manager", "service"),
    "make_access_token": own_or("service"),
    "cancel_redemption": own_or("cashier", "manager", "service"),
    "claim_referral": own_or("cashier", "service"),
    "answer_survey": own_or("cashier", "manager", "service"),
    # Corrections: nobody's own account.
    "adjust_balance": only("cashier", "manager", "service"),
    "list_approvals": only("manager"),
    "read_approval": only("manager"),
    "approve_request": only("manager"),
    "refuse_request": only("manager"),
    "list_held_referrals": only("manager"),
    "approve_referral": only("manager"),
    "refuse_referral": only("manager"),
    "list_reviews": only("manager"),
    "read_review": only("manager"),
    "decide_about_order": only("manager"),
    "grant_reward": only("manager", "service"),
    "merge_members": only("manager", "service"),
    "preview_merge": only("manager", "service"),
    "give_plan": only("manager", "service"),
    "end_plan": only("manager", "service"),
    "grant_tier": only("manager"),
    "revoke_tier": only("manager"),
    # The counter.
    "record_order": only("cashier", "service"),
    "record_activity": only("cashier", "service"),
    "retract_activity": only("cashier", "service"),
    "correct_order": only("cashier", "service"),
    "quote_order": only("cashier", "service"),
    "record_refund": only("cashier", "service"),
    "check_voucher": only("cashier", "service"),
    "use_voucher": only("cashier", "service"),
    "make_survey_link": only("cashier", "manager", "service"),
    # Campaigns.
    "list_campaigns": only("analyst", "manager"),
    "read_campaign": only("analyst", "manager"),
    "list_segments": only("analyst", "manager"),
    "list_segment_members": only("analyst", "manager"),
    "count_segment_members": only("analyst", "manager"),
    "recommend": own_or("cashier", "manager", "service"),
    "change_segment_list": only("manager", "service"),
    "replace_segment_list": only("manager", "service"),
    "list_member_offers": own_or("cashier", "manager", "service"),
    "list_member_campaigns": own_or("cashier", "manager", "service"),
    "join_campaign": own_or("cashier", "manager", "service"),
    "leave_campaign": own_or("cashier", "manager", "service"),
    "join_challenge": own_or("cashier", "manager", "service"),
    "leave_challenge": own_or("cashier", "manager", "service"),
    # An overview for staff.
    "read_home": only("cashier", "analyst", "manager"),
    "list_goals": only("analyst", "manager"),
    "search_program": only("cashier", "analyst", "manager", "service"),
    "try_document": only("manager"),
    "list_trials": only("manager"),
    "read_trial": only("manager"),
    "try_holdout": only("analyst", "manager"),
    "find_entry": only("cashier", "analyst", "manager"),
    # Reports.
    "read_report": only("analyst", "manager"),
    "request_report_export": only("analyst", "manager"),
    "list_report_exports": only("analyst", "manager"),
    "read_report_export": only("analyst", "manager"),
    # Running the program.
    "publish_program": only("manager", "operator"),
    "check_program": only("manager", "operator"),
    "quote_sample_order": only("manager", "operator"),
    "list_actions": only("manager"),
    "list_member_actions": only("manager"),
    "list_versions": only("cashier", "analyst", "manager"),
    "read_version": only("cashier", "analyst", "manager"),
    "list_drafts": only("manager"),
    "read_draft": only("manager"),
    "save_draft": only("manager"),
    "delete_draft": only("manager"),
    "list_survey_responses": only("manager"),
    "connect_storefront": only("manager"),
    "read_storefront": only("manager"),
    "disconnect_storefront": only("manager"),
    "check_storefront": only("manager"),
    "list_deliveries": only("manager"),
    "list_storefronts": only("manager"),
    "read_delivery": only("manager"),
    "show_data_request": only("manager", "service"),
    "list_erasure_requests": only("manager"),
    "stop_requested_erasure": only("manager"),
    "replay_delivery": only("manager"),
    "replay_deliveries": only("manager"),
    "list_endpoints": only("manager"),
    "register_endpoint": only("manager"),
    "read_endpoint": only("manager"),
    "remove_endpoint": only("manager"),
    "rotate_secret": only("manager"),
    "send_test_event": only("manager"),
    "list_endpoint_deliveries": only("manager"),
    "redeliver_event": only("manager"),
    "preview_message": only("manager"),
    "list_people": only("manager", "operator"),
    "invite_person": only("manager", "operator"),
    "read_person": only("manager", "operator"),
    "change_person": only("manager", "operator"),
    "remove_person": only("manager", "operator"),
    # The deployment: of no program.
    "list_programs": only("operator"),
    "list_deployment_actions": only("operator"),
    "put_service": only("operator"),
    "list_services": only("operator"),
    "read_service": only("operator"),
    "delete_service": only("operator"),
    "allow_service": only("operator"),
    "stop_service": only("operator"),
}

# Routes without a token, and what stands in its place.
OPEN: Final[Mapping[str, str]] = {
    "read_referral_code": "It says what a code promises, and whose it is to nobody.",
    "read_openapi": "The description of the API is public.",
    "open_console": "A page without data.",
    "open_mail_frame": "A page without data, in which that page shows a mail.",
    "open_reports": "A redirect to that page.",
    "read_console_file": "Scripts and styles of that page.",
    "read_console_view": "Scripts of that page.",
    "receive_delivery": "The platform's signature.",
    "read_access_keys": "Public halves of keys.",
    "ask_to_unsubscribe": "A sealed link.",
    "unsubscribe": "A sealed link.",
    "open_survey": "A sealed link.",
    "answer_survey_by_link": "A sealed link.",
}

# Where an answer is not what the rule says, and why that is right.
EXCEPTIONS: Final[Mapping[tuple[str, str, str], tuple[tuple[int, str], str]]] = {
    ("enroll_member", "service", "me"): (
        (422, "validation_failed"),
        "A service is nobody itself, so it has to name whom it enrolls.",
    ),
    ("enroll_member", "cashier of the staff pool", "me"): (
        (422, "validation_failed"),
        "Staff with a sign-in of their own are no members by it.",
    ),
    ("enroll_member", "manager of the staff pool", "me"): (
        (422, "validation_failed"),
        "The same.",
    ),
    ("enroll_member", "member", "victim"): (
        (409, "identity_taken"),
        "A person enrolls themselves, by what their token proves and by nobody's identities.",
    ),
    ("enroll_member", "analyst", "victim"): (
        (409, "identity_taken"),
        "The same: an analyst enrolls as any person does.",
    ),
    **{
        ("enroll_member", name, "victim"): (
            (409, "identity_taken"),
            "The same: they are members here, and nothing else.",
        )
        for name in (
            "operator",
            "manager's groups in the members' pool",
            "operator's group in the members' pool",
        )
    },
}


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller, and their roles in the program `bean`."""

    claims: Claims | None
    roles: frozenset[str] = frozenset()
    stranger: bool = False
    """Of another program: this one does not exist for them."""
    kinds: tuple[Kind, ...] = EVERY_KIND
    """For whom the issuer of their token is trusted."""
    expired: bool = False

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & {"cashier", "analyst", "manager"})


def of_bean(*roles: str) -> Caller:
    """All callers are the same member; they differ only in their other roles."""
    return Caller(staff("bean", *roles, subject="caller"), frozenset({"member", *roles}))


def of_bean_and(*groups: str, roles: tuple[str, ...] = ("operator",)) -> Caller:
    """The same person, in other groups."""
    return Caller(person("caller", groups=groups), frozenset({"member", *roles}))


def apart(role: str) -> Caller:
    """Somebody of the staff's own pool, where nobody is a member."""
    return Caller(staff("bean", role, subject="at work"), frozenset({role}), kinds=("staff",))


CALLERS: Final[Mapping[str, Caller]] = {
    "nobody": Caller(None),
    "member": of_bean(),
    "cashier": of_bean("cashier"),
    "analyst": of_bean("analyst"),
    "manager": of_bean("manager"),
    "cashier and analyst": of_bean("cashier", "analyst"),
    "cashier and manager": of_bean("cashier", "manager"),
    "analyst and manager": of_bean("analyst", "manager"),
    "all roles": of_bean("cashier", "analyst", "manager"),
    "service": Caller(service("bean"), frozenset({"service"})),
    "operator": of_bean_and("operator"),
    "manager of every program": of_bean_and("*/manager", roles=("manager",)),
    # With user pools of their own, staff are no members, and members have no rights by a group.
    "cashier of the staff pool": apart("cashier"),
    "analyst of the staff pool": apart("analyst"),
    "manager of the staff pool": apart("manager"),
    "operator of the staff pool": Caller(
        operator(subject="caller"), frozenset({"operator"}), kinds=("staff",)
    ),
    "nobody of the staff pool": Caller(person("caller"), kinds=("staff",)),
    "manager's groups in the members' pool": Caller(
        staff("bean", "manager", subject="caller"), frozenset({"member"}), kinds=("members",)
    ),
    "operator's group in the members' pool": Caller(
        operator(subject="caller"), frozenset({"member"}), kinds=("members",)
    ),
    "service's scope in the members' pool": Caller(service("bean"), kinds=("members",)),
    "service's scope in the staff pool": Caller(service("bean"), kinds=("staff",)),
    "expired manager": Caller(staff("bean", "manager") | {"exp": "1"}, expired=True),
    "expired service": Caller(service("bean") | {"exp": "1"}, expired=True),
    "member's access token": Caller(person("caller") | {"token_use": "access"}),
    "manager's access token": Caller(staff("bean", "manager") | {"token_use": "access"}),
    "service's ID token": Caller(service("bean") | {"token_use": "id"}),
    "cashier elsewhere": Caller(staff("leaf", "cashier", subject="caller"), stranger=True),
    "analyst elsewhere": Caller(staff("leaf", "analyst", subject="caller"), stranger=True),
    "manager elsewhere": Caller(staff("leaf", "manager", subject="caller"), stranger=True),
    "service elsewhere": Caller(service("leaf"), stranger=True),
}

VICTIM: Final = "victim"
ME: Final = "me"
OWN_ID: Final = "own id"

# In the answers of routes that an analyst may use these never stand.
PROFILE: Final = {
    "name": "Vera Wharfinger",
    "birthday": "1971-07-17",
    "attributes": {"street": "77 Wharfinger Lane"},
}
MARKS: Final = ("wharfinger", "1971-07-17", "33655501234")
DOCUMENT: Final[dict[str, Any]] = right.PROGRAM | {
    "rewards": [reward(), reward(id="early", kind="access", cost_points=0)],
    "adjustments": {
        "cashier": {"per_day": 1000},
        "service": {"per_day": 1000},
        "approval_above": 100,
    },
    "safeguards": [{"id": "a-lot", "count": "points", "at_most": 400, "then": "flag"}],
    "surveys": [
        *right.PROGRAM["surveys"],
        {"id": "mood", "kind": "nps", "question": "Would you come again?", "per": "month"},
    ],
}


@dataclass(frozen=True, slots=True)
class World:
    """A program with a victim and a caller, and the names of all that paths may name."""

    names: Mapping[str, str]
    members: Mapping[str, str]
    redemptions: Mapping[str, str]
    accesses: Mapping[str, str]
    codes: tuple[str, ...]
    resources: Snapshot

    def put_back(self) -> None:
        self.resources.put_back()
        put_colleague()
        cold.forget()


def put_colleague() -> str:
    """Have one person in the pool of staff; gives their subject."""
    pool: Any = clients.cognito()
    pool.remove_everybody()
    return str(pool.add("bea@example.com", "bean/cashier"))


def sign_up(claims: Claims) -> str:
    answer = call(enrollment, "POST", f"{till.PROGRAM}/members", body={}, as_=claims)
    return str(answer.body["id"])


@cache
def made() -> World:
    """Built once; every test and every request that is granted begins with a copy of it."""
    for program_id in ("bean", "leaf"):
        TablePrograms(engine(TABLE)).publish(published(program_id=program_id, **DOCUMENT))
    members = {
        VICTIM: sign_up(person("victim", email="vera@wharfinger.example", phone="+33655501234"))
    }
    members[ME] = members[OWN_ID] = sign_up(person("caller"))
    change = {"profile": PROFILE, "identities": [{"kind": "card", "value": "wharfinger-1"}]}
    path = f"{till.PROGRAM}/members/{members[VICTIM]}"
    assert call(enrollment, "PATCH", path, body=change, as_=till.CASHIER).status == 200
    referrer = till.enroll("bob@example.com")
    give_code(referrer, engine(TABLE))
    hold(members[VICTIM], referrer, table=TABLE)
    hold(members[ME], referrer, table=TABLE)
    till.earn(members[VICTIM], 50_000, order_id="1")
    till.earn(members[ME], 50_000, order_id="3")
    desk = open_desk("bean", table=TABLE)
    begin_household(members[ME], desk=desk)
    invitation = invite(members[ME], desk=desk)
    join_household(referrer, invitation.token, desk=desk)
    redeemed = {whose: till.redeem(members[whose], hold=True).body for whose in (VICTIM, ME)}
    early = {whose: till.redeem(members[whose], "early").body for whose in (VICTIM, ME)}
    issued = till.redeem(members[VICTIM]).body["voucher"]["code"]
    till.answer("visit", order="1", score=2, comment="Ask Vera Wharfinger")
    connect("online")
    deliver(REDACT, topic="customers/redact", event_id="d0")
    drain()
    deliver(DATA_REQUEST, topic="customers/data_request", event_id="d1")
    drain()
    names = {
        "program_id": "bean",
        "campaign_id": "club",
        "challenge_id": "three",
        "board_id": "cups",
        "segment_id": "regulars",
        "code": issued,
        "referral_code": CODE,
        "storefront_id": "online",
        "source": "pos",
        "order_id": "1",
        "activity_id": "r-80",
        "name": "summary",
        "endpoint_id": "crm",
        "draft_id": "winter",
        "survey_id": "mood",
        "service_id": "shop",
        "subject": put_colleague(),
        "version": "1",
        "other_id": referrer,
    }
    bare = World(names, members, {}, {}, (), Snapshot(region=REGION))
    assert ask(bare, "put_service", operator()).status == 201
    boss = staff("bean", "manager", subject="boss")
    flagged = {"source": "pos", "order_id": "1"}
    reviews = call(adjustments, "GET", f"{till.PROGRAM}/reviews", as_=boss).body["items"]
    names["review_id"] = next(each["id"] for each in reviews if each["order"] == flagged)
    names["approval_id"] = till.adjust(members[VICTIM], 200, as_=boss).body["approval"]["id"]
    manager = CALLERS["manager"].claims
    assert ask(bare, "register_endpoint", manager).status == 201
    assert ask(bare, "save_draft", manager).status == 201
    deliveries = ask(bare, "list_deliveries", manager).body["items"]
    sent = ask(bare, "send_test_event", manager).body["delivery"]
    export = call(
        exports,
        "POST",
        f"{till.PROGRAM}/reports/exports",
        body=right.BODIES["request_report_export"],
        headers=right.HEADERS,
        as_=manager,
    )
    of_all = {**right.BODIES["try_document"], "members_max": None}
    trial = call(exports, "POST", f"{till.PROGRAM}/trials", body=of_all, as_=manager)
    archived()
    earned = till.history(members[VICTIM])[-1]
    more = {
        "entry_id": earned["id"],
        "delivery_id": deliveries[0]["id"],
        "erasure_id": ask(bare, "list_erasure_requests", manager).body["items"][0]["id"],
        "event_id": sent["event_id"],
        "export_id": export.body["id"],
        "trial_id": trial.body["id"],
    }
    return World(
        names=names | more,
        members=members,
        redemptions={whose: redeemed[ME if whose == OWN_ID else whose]["id"] for whose in members},
        accesses={whose: early[ME if whose == OWN_ID else whose]["id"] for whose in members},
        codes=(*(each[VICTIM]["voucher"]["code"] for each in (redeemed, early)), issued),
        resources=Snapshot(region=REGION),
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    sign_with(KeyService(), monkeypatch)
    populated = made()
    populated.put_back()
    return populated


def ask_as(world: World, operation: str, caller: Caller, whose: str | None) -> Answer:
    return ask(world, operation, caller.claims, whose, kinds=caller.kinds)


def ask(
    world: World,
    operation: str,
    claims: Claims | None,
    whose: str | None = None,
    kinds: tuple[Kind, ...] = EVERY_KIND,
) -> Answer:
    """A request that would be done, for the victim or for the caller themselves."""
    api, served = right.SERVED[operation]
    names = dict(world.names)
    if whose:
        names["member_id"] = ME if whose == ME else world.members[whose]
        of_kind = world.accesses if operation == "make_access_token" else world.redemptions
        names["redemption_id"] = of_kind.get(whose, "")
    if operation in ("explain_order", "quote_refund") and whose == OWN_ID:
        names["order_id"] = "3"
    path = re.sub(r"<(\w+)>", lambda part: names[part[1]], served.rule)
    return call(
        api,
        served.method,
        path,
        body=body_of(world, operation, whose),
        headers=right.HEADERS | {"If-Match": '"1"'} if operation == "publish_program"
        else right.HEADERS,
        query=right.QUERIES.get(operation),
        as_=claims,
        kinds=kinds,
    )  # fmt: skip


def body_of(world: World, operation: str, whose: str | None) -> Any:
    match operation:
        case "answer_survey" | "claim_referral":
            answer = {"score": 9} if operation == "answer_survey" else {"code": CODE}
            return answer | ({} if whose == ME else {"member_id": world.members[str(whose)]})
        case "enroll_member":
            return right.BODIES[operation] if whose == VICTIM else {}
        case "change_member":
            return {"profile": {"locale": "fr-FR"}}
        case "make_survey_link":
            return {"member_id": world.members[VICTIM]}
        case "adjust_balance":
            return {"points": 5, "reason": "goodwill"}
        case "merge_members" | "preview_merge":
            return {"into": bob(world)}
        case "transfer_points":
            return {"to_member_id": bob(world), "points": 5}
    return right.BODIES.get(operation)


def bob(world: World) -> str:
    body = {"identity": {"kind": "email", "value": "bob@example.com"}}
    found = call(enrollment, "POST", f"{till.PROGRAM}/members/lookup", body=body, as_=till.CASHIER)
    return str(found.body["id"])


type Expected = tuple[int, str] | None
"""A refusal, or None where the request is done."""

UNAUTHENTICATED: Final[Expected] = (401, "unauthenticated")
NOT_FOUND: Final[Expected] = (404, "not_found")
FORBIDDEN: Final[Expected] = (403, "forbidden")


def expected(rule: Rule, caller: Caller, whose: str | None) -> Expected:
    """What a caller is answered, by the one rule there is."""
    if caller.claims is None or caller.expired:
        return UNAUTHENTICATED
    if caller.stranger and not rule.is_of_deployment:
        return NOT_FOUND
    if not caller.roles & rule.roles and not (rule.own and "member" in caller.roles):
        return FORBIDDEN
    match whose:
        case "me" if "member" not in caller.roles:
            return NOT_FOUND
        case "me" | "own id" if rule.own or "member" not in caller.roles:
            return None
        case "me" | "own id":
            return (403, "own_account")
        case "victim" if not caller.roles & rule.roles:
            return FORBIDDEN if caller.is_staff else NOT_FOUND
    return None


def targets(operation: str) -> Sequence[str | None]:
    """The members that a request may be about."""
    match operation:
        case "enroll_member":
            return (VICTIM, ME)
        case "answer_survey" | "claim_referral" | "explain_order" | "quote_refund":
            return (VICTIM, OWN_ID)
    return (VICTIM, ME, OWN_ID) if "{member_id}" in OPERATIONS[operation]["path"] else (None,)


def cases(operation: str) -> Iterator[tuple[str, str | None, Expected]]:
    for name, caller in CALLERS.items():
        for whose in targets(operation):
            yield name, whose, expected(RULES[operation], caller, whose)


def exception(operation: str, name: str, whose: str | None, *, otherwise: Expected) -> Expected:
    found = EXCEPTIONS.get((operation, name, str(whose)))
    return found[0] if found else otherwise


def refused(answer: Answer) -> Expected:
    return None if answer.status < 300 else (answer.status, answer.code)


def test_every_route_has_a_rule_and_every_open_one_a_reason() -> None:
    assert set(RULES) == set(OPERATIONS) - PUBLIC
    assert set(OPEN) == PUBLIC


def unwatched() -> list[dict[str, Any]]:
    """Every item but the actions of staff: what is refused is an action too."""
    table = items(boto3.client("dynamodb"), TABLE)
    return [item for item in table if item.get("kind") != {"S": "action"}]


@pytest.mark.parametrize("operation", RULES)
def test_a_route_is_for(operation: str, world: World) -> None:
    wrong = {}
    granted = []
    before = unwatched()
    for name, whose, refusal in cases(operation):
        if refusal is None:
            granted.append((name, whose))
            continue
        answer = ask_as(world, operation, CALLERS[name], whose)
        if refused(answer) != exception(operation, name, whose, otherwise=refusal):
            wrong[name, whose] = (answer.status, answer.text)
    assert unwatched() == before

    for name, whose in granted:
        if OPERATIONS[operation]["method"] != "GET":
            world.put_back()
        answer = ask_as(world, operation, CALLERS[name], whose)
        if refused(answer) is not None:
            wrong[name, whose] = (answer.status, answer.text)

    assert wrong == {}


@pytest.mark.parametrize(
    "operation", [name for name, rule in RULES.items() if "analyst" in rule.roles]
)
def test_an_analyst_is_answered_without_personal_data_and_codes(
    operation: str, world: World
) -> None:
    whose = targets(operation)[0]

    seen = ask(world, operation, CALLERS["analyst"].claims, whose).text.lower()

    assert [mark for mark in MARKS if mark in seen] == []
    assert [code for code in world.codes if code.lower() in seen] == []


def test_a_manager_sees_the_fields_hidden_from_an_analyst(world: World) -> None:
    """So that the marks are there to be found."""
    manager = CALLERS["manager"].claims

    member = ask(world, "read_member", manager, VICTIM).text.lower()
    redemptions = ask(world, "list_redemptions", manager, VICTIM).text

    assert [mark for mark in MARKS if mark not in member] == []
    assert [code for code in world.codes if code not in redemptions] == []
