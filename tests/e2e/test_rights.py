"""Authentication, and the rights of each function, as enforced and not only as declared."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin
from uuid import uuid4

import httpx
import jwt
import pytest

from infra.routes import CATCH_ALL, ROUTES
from local.deploy import zipped
from local.people import email_of
from local.shop import delivery, paid_order
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, enroll, eventually, instant, mails, order
from tests.e2e.functions import function, variables_of
from tests.support.documents import reward
from tests.support.receiver import receiving

# Runs with another function's role, and reports what that role may do.
INTRUDER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        getattr(boto3.client("dynamodb"), event["call"])(**event["arguments"])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""


def status_of(program: OpenProgram, token: str | None) -> int:
    with program.deployed.client(program.id, token) as client:
        return client.get("").status_code


class TestTheGateway:
    def test_lets_nobody_in_without_a_token(self, program: OpenProgram) -> None:
        with program.deployed.client(program.id) as client:
            answer = client.get("")

        assert answer.status_code == 401
        assert answer.json() == {"message": "Unauthorized"}

    @pytest.mark.parametrize("role", ["cashier", "service", "member"])
    def test_lets_no_tampered_token_in(self, program: OpenProgram, role: str) -> None:
        header, claims, signature = program.tokens[role].split(".")
        payload = json.loads(base64.urlsafe_b64decode(claims + "=="))
        payload["cognito:groups"] = [f"{program.id}/manager"]
        forged = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")

        assert status_of(program, program.tokens[role]) == 200
        assert status_of(program, f"{header}.{forged}.{signature}") == 403
        assert status_of(program, f"{header}.{claims}.{signature[:-8]}AAAAAAAA") == 403
        assert status_of(program, f"{header}.{claims}.") == 403

    def test_lets_no_unsigned_token_in_on_any_route(self, program: OpenProgram) -> None:
        """The claims are a manager's: on a route without an authorizer they would be accepted."""
        _, claims, _ = program.tokens["manager"].split(".")
        header = base64.urlsafe_b64encode(b'{"alg": "none", "typ": "JWT"}').decode().rstrip("=")
        prefix = "/v1/programs/{program_id}"
        let_in = {}
        for token, refused in ((None, 401), (f"{header}.{claims}.", 403)):
            with program.deployed.client(program.id, token) as client:
                for route in (route for route in ROUTES if route.signed_in):
                    path = re.sub(r"{\w+}", "x", route.path.removeprefix(prefix))
                    ask = client.of_deployment if path.startswith("/v1/") else client.request
                    status = ask(route.method, path).status_code
                    if status != refused:
                        let_in[route.key, token] = status

        assert let_in == {}

    def test_lets_no_token_of_another_pool_in(self, program: OpenProgram) -> None:
        with another_pool(program) as token:
            assert status_of(program, token) == 403

    def test_gives_a_group_no_meaning_in_the_pool_where_anyone_may_sign_up(
        self, program: OpenProgram
    ) -> None:
        members = program.deployed.directory.members
        email = members.add("mallory@example.com", group=f"{program.id}/manager")
        members.add(email, group="operator")

        with program.deployed.client(program.id, members.token(email)) as client:
            assert client.get("").status_code == 200
            assert client.put("", json=program.document).status_code == 403
            assert client.get("/reports/summary").status_code == 403
            assert client.of_deployment("GET", "/v1/services").status_code == 403

    def test_lets_a_service_act_for_no_program_but_those_of_its_item(
        self, program: OpenProgram, open_program: Callable[..., OpenProgram]
    ) -> None:
        other = open_program()
        token = program.tokens["service"]

        assert status_of(program, token) == 200
        assert status_of(other, token) == 404
        with program.client("operator") as operator:
            path = f"/v1/services/{program.id}/programs/{other.id}"
            operator.of_deployment("PUT", path)
            eventually(lambda: status_of(other, token), lambda status: status == 200)
            operator.of_deployment("DELETE", f"/v1/services/{program.id}")
            eventually(lambda: status_of(program, token), lambda status: status == 404)

    def test_lets_no_expired_token_in(self, program: OpenProgram) -> None:
        with tokens_that_last_a_second(program):
            token = program.deployed.directory.token("manager", program.id)
        time.sleep(2)

        assert status_of(program, token) == 401


class TestTheRightsOfAFunction:
    def test_is_what_its_role_lists_and_nothing_else(
        self, program: OpenProgram, tmp_path: Path
    ) -> None:
        """The other tests prove nothing if the cloud allows everything."""
        reporting = function(program.deployed, "reporting")
        lambda_ = program.deployed.cloud.aws.functions
        (tmp_path / "handler.py").write_text(INTRUDER)
        lambda_.create_function(
            FunctionName="intruder",
            Runtime="python3.13",
            Role=reporting["Role"],
            Handler="handler.handler",
            Code={"ZipFile": zipped(tmp_path)},
        )

        def attempt(call: str, **arguments: Any) -> str:
            table = variables_of(reporting)["LOYALTY_TABLE"]
            request = json.dumps({"call": call, "arguments": {"TableName": table} | arguments})
            answer = lambda_.invoke(FunctionName="intruder", Payload=request)["Payload"].read()
            return str(json.loads(answer))

        key = {"pk": {"S": f"PROGRAM#{program.id}"}, "sk": {"S": "CURRENT"}}
        assert attempt("get_item", Key=key) == "allowed"
        assert attempt("delete_item", Key=key) == "AccessDeniedException"
        assert attempt("put_item", Item=key) == "AccessDeniedException"
        assert attempt("scan") == "AccessDeniedException"
        assert attempt("delete_table") == "AccessDeniedException"

    def test_is_enough_for_every_route(
        self, open_program: Callable[..., OpenProgram], document: dict[str, Any]
    ) -> None:
        """A right that is missing shows only here: each route does the most that it ever does."""
        program = open_program(
            expiry={"model": "after_earning", "days": 1, "round_to": "none"},
            transfers={"points_max": 1000},
            surveys=[{"id": "visit", "kind": "csat", "question": "?", "bonus_points": 1}],
            reminders={"welcome": {}},
            messages={"quiet_hours": None},
            segments=[
                {
                    "id": "regulars",
                    "name": "Regulars",
                    "who": {"fact": "orders", "days": 9, "at_least": 2},
                },
                {"id": "press", "name": "Press", "who": {"fact": "listed"}},
            ],
            campaigns=[
                {
                    "id": "club",
                    "name": "Club",
                    "activation": "join",
                    "when": {"ends_on": f"{datetime.now(UTC).year + 1}-12-31"},
                    "effect": {"kind": "fixed", "points": 3},
                    "limits": {"budget": {"points": 5}},
                }
            ],
            activities=[{"id": "visit", "name": "A visit", "points": 5}],
            challenges=[
                {
                    "id": "three",
                    "name": "Three visits",
                    "counts": {"what": "orders"},
                    "target": 3,
                    "gives": [{"badge": "regular"}],
                },
                {
                    "id": "weeks",
                    "name": "Four weeks in a row",
                    "activation": "join",
                    "counts": {"what": "orders"},
                    "streak": {"every": "week", "in_a_row": 4},
                    "gives": [{"points": 100}],
                },
            ],
            badges=[{"id": "regular", "name": "Regular"}],
            boards=[{"id": "visits", "name": "Most visits", "challenge": "three"}],
            plans=[{"id": "prime", "name": "Prime", "benefits": {"multiplier_percent": 200}}],
            referrals={
                "friend": {"points": 1},
                "signals": [{"signal": "device", "then": "hold"}],
            },
            households={"waits_days": 0},
            rewards=[*document["rewards"], reward(id="early", kind="access", cost_points=0)],
            tiers={
                "basis": "spend",
                "period": "calendar_year",
                "levels": [{"id": "gold", "name": "Gold", "reached_at": 1000}],
            },
        )
        with DescribedApi(program) as api:
            drive_everything(api)

            assert api.driven == {route.key for route in ROUTES if route.path != CATCH_ALL}


def drive_everything(api: DescribedApi) -> None:
    # The deployment: its programs, and a service whose client is made and deleted.
    api.call("operator", "GET", "/v1/programs")
    api.call("operator", "PUT", "/v1/services/desk", json={"description": "Desk"}, status=201)
    api.call("operator", "PUT", f"/v1/services/desk/programs/{api.program.id}")
    api.call("operator", "GET", "/v1/services")
    api.call("operator", "GET", "/v1/services/desk")
    assert api.call("operator", "GET", "/v1/actions", params={"target": "service:desk"})["items"]
    path_of_right = f"/v1/services/desk/programs/{api.program.id}"
    api.send("operator", "DELETE", path_of_right, status=204)
    api.send("operator", "DELETE", "/v1/services/desk", status=204)

    # People: invited, which makes a group and sends a mail; changed; taken away with their account.
    body = {"email": "bea@example.com", "roles": ["cashier"]}
    bea = api.call("manager", "POST", "/people", json=body, status=201)["subject"]
    api.call("manager", "POST", "/people", json=body | {"send_again": True})
    assert len(api.call("manager", "GET", "/people")["items"]) >= 4
    api.call("manager", "PUT", f"/people/{bea}", json={"roles": ["analyst"]})
    assert api.call("manager", "GET", f"/people/{bea}")["roles"] == ["analyst"]
    api.send("manager", "DELETE", f"/people/{bea}", params={"erase": True}, status=204)

    # Program and storefronts; a secret is made, replaced and deleted.
    etag = api.send("analyst", "GET", "", status=200).headers["ETag"]
    api.call("manager", "PUT", "", json=api.program.document, headers={"If-Match": etag})
    api.call("manager", "POST", "/check", json=api.program.document)
    sample = {"document": api.program.document, "order": {"occurred_at": instant(), "lines": []}}
    api.call("manager", "POST", "/check/quote", json=sample)
    assert api.call("cashier", "GET", "/versions")["items"]
    api.call("analyst", "GET", "/versions/1")
    draft = {"document": {"name": "Unfinished"}, "based_on": 1}
    begin = {"If-None-Match": "*"}
    api.call("manager", "PUT", "/drafts/winter", json=draft, headers=begin, status=201)
    api.call("manager", "GET", "/drafts")
    api.call("manager", "GET", "/drafts/winter")
    api.send("manager", "DELETE", "/drafts/winter", status=204)
    api.call("member", "GET", "/rewards")
    shop = {"platform": "shopify", "source": "shop", "store": "bean-and-leaf", "secrets": ["one"]}
    api.call("manager", "PUT", "/storefronts/online", json=shop, status=201)
    api.call("manager", "PUT", "/storefronts/online", json=shop | {"secrets": ["two", "one"]})
    api.call("manager", "GET", "/storefronts/online")
    api.call("manager", "GET", "/storefronts")
    deliver(api, secret="two")
    path = "/storefronts/online/deliveries"
    (delivery,) = eventually(lambda: api.call("manager", "GET", path)["items"], bool)
    api.call("manager", "POST", f"{path}/{delivery['id']}/replay", status=202)
    api.call("manager", "GET", f"{path}/{delivery['id']}")
    api.send("manager", "GET", f"{path}/{delivery['id']}/data-request", status=404)
    path_of_erasures = "/storefronts/online/erasures"
    api.call("manager", "GET", path_of_erasures)
    api.send("manager", "POST", f"{path_of_erasures}/nobody-body/stop", status=404)
    span = {"from": delivery["received_at"], "to": datetime.now(UTC).isoformat()}
    api.call("manager", "POST", f"{path}/replay", json=span, status=202)
    api.call("manager", "POST", "/storefronts/online/check")
    api.send("manager", "DELETE", "/storefronts/online", status=204)
    (latest, *_) = api.call("manager", "GET", "/actions")["items"]
    assert (latest["action"], latest["state"]) == ("storefront.disconnect", "done")
    about = {"target": "storefront:online", "limit": 100}
    assert eventually(lambda: api.call("manager", "GET", "/actions", params=about)["items"], bool)

    # Members: claimed, linked, changed, given up.
    email = email_of("member", api.program.id)
    ana = enroll(api, email)
    bob = enroll(api, "bob@example.com")
    assert api.call("member", "POST", "/members", json={})["id"] == ana
    assert api.call("manager", "GET", f"/members/{ana}/actions")["items"]
    assert api.call("manager", "GET", "/approvals")["items"] == []
    api.send("manager", "GET", "/approvals/nothing", status=404)
    assert api.call("manager", "GET", "/reviews")["items"] == []
    api.send("manager", "GET", "/reviews/nothing", status=404)
    api.send("manager", "GET", "/entries/ent_nothing", status=404)
    for decision in ("approve", "refuse"):
        path = f"/approvals/nothing/{decision}"
        api.send("manager", "POST", path, json={"reason": "checked"}, status=404)
    verdict = {"decision": "release", "reason": "checked"}
    api.send("manager", "POST", "/reviews/nothing/decision", json=verdict, status=404)
    card = {"identities": [{"kind": "card", "value": "6034-1"}]}
    api.call("cashier", "PATCH", f"/members/{ana}", json=card)
    api.call("cashier", "PATCH", f"/members/{ana}", json={"remove_identities": card["identities"]})
    api.call(
        "service", "POST", "/members/lookup", json={"identity": {"kind": "email", "value": email}}
    )

    # Webhooks out: registered, changed, tried, body for again, removed; a secret as well.
    webhooks_out(api)

    # Messages: looked at, sent, no longer wanted.
    api.call("manager", "POST", "/messages/preview", json={"kind": "welcome"})
    api.call("cashier", "PATCH", f"/members/{ana}", json={"consents": {"email": True}})
    (mail,) = eventually(lambda: mails(api.program, to=email), bool)
    assert api.call("cashier", "GET", f"/members/{ana}/messages")["items"]
    path = f"/unsubscribe/{mail['BodyText'].split('/unsubscribe/')[1].strip()}"
    api.send(None, "GET", path, status=200)
    api.send(None, "POST", path, status=200, data={"List-Unsubscribe": "One-Click"})

    # Campaigns: joined, so that orders take from its budget; left.
    api.call("member", "PUT", "/members/me/campaigns/club")
    api.call("cashier", "PUT", f"/members/{bob}/campaigns/club")
    api.send("cashier", "DELETE", f"/members/{bob}/campaigns/club", status=204)
    (club,) = api.call("member", "GET", "/members/me/campaigns")["items"]
    assert club["joined"]
    assert api.call("analyst", "GET", "/campaigns")["items"][0]["state"] == "running"
    api.call("manager", "GET", "/campaigns/club")

    # Challenges.
    three, _ = api.call("member", "GET", "/members/me/challenges")["items"]
    assert three["target"] == 3
    api.send("member", "PUT", "/members/me/challenges/weeks", status=204)
    api.send("cashier", "DELETE", f"/members/{bob}/challenges/weeks", status=204)
    api.call("analyst", "GET", f"/members/{bob}/badges")
    assert api.call("member", "GET", "/boards")["items"][0]["window"] == "ever"
    assert api.call("member", "GET", "/boards/visits")["items"] == []
    assert api.call("member", "GET", "/members/me/boards/visits")["score"] == 0

    # Friends of Ana; three have the same device.
    friend_code = api.call("member", "GET", "/members/me/referral")["code"]
    assert api.call(None, "GET", f"/referrals/{friend_code}")["points"] == 1
    friends = []
    for number in range(3):
        named = {"kind": "email", "value": f"friend-{number}@example.com"}
        friend = api.call("cashier", "POST", "/members", json={"identities": [named]}, status=201)
        friends.append(friend["id"])
        claim = {"code": friend_code, "member_id": friend["id"], "signals": {"device": "one"}}
        api.call("cashier", "POST", "/referrals/claims", json=claim, status=201)
    waiting = api.call("manager", "GET", "/referrals")["items"]
    assert [each["member_id"] for each in waiting] == sorted(friends[1:])
    for friend_id, decides in zip(friends[1:], ("approve", "refuse"), strict=True):
        reason = {"reason": "I know them"}
        api.call("manager", "POST", f"/members/{friend_id}/referral/{decides}", json=reason)
    # Activities: done, and removed.
    stay = {"source": "door", "activity_id": "1", "activity": "visit", "member_id": bob}
    stay["occurred_at"] = datetime.now(UTC).isoformat()
    api.call("service", "POST", "/activities", json=stay, status=201)
    (done,) = api.call("cashier", "GET", f"/members/{bob}/activities")["items"]
    assert done["points"] == 5
    assert api.call("cashier", "DELETE", "/activities/door/1")["status"] == "retracted"

    # Segments.
    assert api.call("analyst", "GET", "/segments")["items"][0]["id"] == "regulars"
    api.call("manager", "GET", "/segments/regulars/members")
    rule = {"fact": "orders", "days": 9, "at_least": 2}
    api.call("analyst", "POST", "/segments/count", json={"who": rule})

    api.call("manager", "POST", "/lists/press", json={"add": [ana]})
    api.call("service", "PUT", "/lists/press", json={"members": [ana, bob]})

    # Points: earned, of a guest, expired at once and then refunded, corrected, given away.
    api.call("service", "POST", "/orders", json=order("1", member_id=ana), status=201)
    api.call(
        "service", "POST", "/orders", json=order("2", identities=card["identities"]), status=202
    )
    api.call("service", "POST", "/orders/quote", json=order("3", member_id=ana))
    long_ago = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    old = order("4", member_id=ana) | {"occurred_at": long_ago}
    api.call("service", "POST", "/orders", json=old, status=201)
    refund = {"refund_id": "r", "occurred_at": long_ago, "whole": True}
    api.call("service", "POST", "/orders/pos/4/refunds/quote", json=refund)
    api.call("service", "POST", "/orders/pos/4/refunds", json=refund, status=201)
    api.call("service", "POST", "/orders/pos/5/refunds", json=refund, status=202)
    api.call("service", "GET", "/orders/pos/4")
    assert api.call("service", "GET", "/orders/pos/4/explanation")["kept"] == 0
    content = order("1", 6000, member_id=ana)
    corrected = {name: content[name] for name in content.keys() - {"source", "order_id"}}
    api.call("service", "PUT", "/orders/pos/1", json=corrected)
    adjusted = {"points": 400, "reason": "goodwill"}
    api.call("manager", "POST", f"/members/{ana}/adjustments", json=adjusted, status=201)
    gift = {"to_member_id": bob, "points": 5}
    api.call("member", "POST", f"/members/{ana}/transfers", json=gift, status=201)
    grant = {"reward_id": "latte", "reason": "The last one was cold"}
    api.call("manager", "POST", f"/members/{ana}/grants", json=grant, status=201)

    # Surveys: answered, with a bonus, and read.
    visit = {"order": {"source": "pos", "order_id": "1"}, "score": 2, "comment": "Cold"}
    api.call("member", "POST", "/surveys/visit/responses", json=visit, status=201)
    api.call("manager", "GET", "/surveys/visit/responses")
    link = api.call(
        "service", "POST", "/surveys/visit/links", json={"order": visit["order"]}, status=201
    )
    path = link["path"].removeprefix(f"/v1/programs/{api.program.id}")
    api.send(None, "GET", path, status=200)
    api.send(None, "POST", path, status=200, data={"score": "2", "comment": "Cold"})

    gold = {"level": "gold", "until": f"{datetime.now(UTC).year + 1}-12-31"}
    api.call("manager", "PUT", f"/members/{ana}/tier-floor", json=gold)
    api.send("manager", "DELETE", f"/members/{ana}/tier-floor", status=204)
    prime = {"plan": "prime", "until": gold["until"], "reason": "Paid at the counter"}
    api.call("manager", "PUT", f"/members/{ana}/plan", json=prime)
    assert api.call("member", "GET", "/members/me/plan")["plan"]["state"] == "active"
    api.send("manager", "DELETE", f"/members/{ana}/plan", status=204)

    # Rewards, one of them counted.
    api.call("member", "GET", "/members/me/rewards")
    api.call("member", "GET", "/members/me/recommendations")
    api.call("member", "GET", "/members/me/offers")
    path = f"/members/{ana}/redemptions"
    stored, undone = (
        api.call("cashier", "POST", path, json={"reward_id": reward, "hold": True}, status=201)
        for reward in ("latte", "tote")
    )
    api.call("cashier", "POST", f"{path}/{stored['id']}/complete")
    api.call("cashier", "POST", f"{path}/{undone['id']}/cancel")
    api.call("cashier", "GET", path)
    live_together(api)
    code = stored["voucher"]["code"]
    api.call("cashier", "GET", f"/vouchers/{code}")
    api.call("cashier", "POST", f"/vouchers/{code}/use", json={})

    # What is there to be seen; then two become one, and one nobody.
    today = datetime.now(UTC).date().isoformat()
    api.call("member", "GET", "/members/me")
    api.call("member", "GET", "/members/me/history")
    api.call("member", "GET", "/members/me/export")
    api.call("member", "GET", "/members/me/balance", params={"at": long_ago})
    explained = api.call("member", "GET", "/members/me/explain")
    assert explained["balance"] == sum(lot["points"] for lot in explained["lots"])
    api.call("member", "GET", "/members/me/statement", params={"from": today, "to": today})
    api.call("analyst", "GET", "/reports/summary", params={"from": today, "to": today})
    proposed = api.call("manager", "GET", "")["document"]
    tried = {"document": proposed, "from": today, "to": today}
    sample = api.call("manager", "POST", "/trials", json=tried | {"members_max": 10})
    accepted = api.call("manager", "POST", "/trials", json=tried, status=202)
    whole = eventually(
        lambda: api.call("manager", "GET", f"/trials/{accepted['id']}"),
        lambda trial: trial["state"] in ("done", "failed"),
    )
    assert whole["answer"]["members"] == sample["members"]
    api.call("manager", "GET", "/trials")
    api.call("analyst", "POST", "/trials/holdout", json={"percent": 50, "from": today, "to": today})
    api.send("cashier", "GET", "/entries/ent_0123456789abcdef", status=404)
    open_console(api)
    api.call("manager", "GET", "/home")
    api.call("manager", "GET", "/goals")
    api.call("cashier", "POST", "/search", json={"text": ana})
    fetch_a_file(api)
    api.call("manager", "POST", f"/members/{bob}/merge/preview", json={"into": ana})
    api.call("manager", "POST", f"/members/{bob}/merge", json={"into": ana}, status=201)
    enter_early(api, ana)
    api.send("service", "DELETE", f"/members/{ana}", status=204)


def enter_early(api: DescribedApi, member_id: str) -> None:
    """A shop verifies a member's access with what the key service publishes."""
    path = f"/members/{member_id}/redemptions"
    redeemed = api.call("service", "POST", path, json={"reward_id": "early"}, status=201)
    audience = {"audience": "online"}
    made = api.call("service", "POST", f"{path}/{redeemed['id']}/access", json=audience, status=201)
    (key,) = jwt.PyJWKSet.from_dict(api.call(None, "GET", "/jwks.json")).keys
    claims = jwt.decode(
        made["token"], key, algorithms=["ES256"], audience="online", issuer=api.program.id
    )
    assert claims["sub"] == member_id


def live_together(api: DescribedApi) -> None:
    """A household of one, who shares, invites, removes nobody and leaves."""
    path = "/members/me/household"
    api.call("member", "POST", path, json={}, status=201)
    api.call("member", "POST", f"{path}/invitations", json={}, status=201)
    api.call("member", "PATCH", path, json={"shares_max": 5})
    api.send("member", "DELETE", f"{path}/members/mem_nobody", status=404)
    (ana,) = api.call("member", "GET", path)["household"]["members"]
    api.send("manager", "DELETE", f"/members/{ana['member_id']}/household", status=204)


def open_console(api: DescribedApi) -> None:
    page = api.send(None, "GET", "/reports", status=303)
    address = page.url.join(page.headers["location"])
    shell = httpx.get(address, trust_env=False, timeout=60)
    api.driven |= {"GET /v1/console", "GET /v1/console/assets/{digest}/{name}"}
    paths = re.findall(r'(?:src|href)="([^"#]+/assets/[^"]+)"', shell.text)
    views = urljoin(paths[0], "views/home.js")
    mail = urljoin(paths[0], "frames/mail")
    api.driven |= {
        "GET /v1/console/assets/{digest}/views/{name}",
        "GET /v1/console/assets/{digest}/frames/mail",
    }
    for path in (*paths, views, mail):
        file = httpx.get(address.join(path), trust_env=False, timeout=60)
        assert file.status_code == 200, file.text


def fetch_a_file(api: DescribedApi) -> None:
    today = datetime.now(UTC).date().isoformat()
    request = {"report": "summary", "from": today, "to": today, "format": "csv"}
    accepted = api.call("analyst", "POST", "/reports/exports", json=request, status=202)
    done = eventually(
        lambda: api.call("analyst", "GET", f"/reports/exports/{accepted['id']}"),
        lambda export: export["state"] in ("done", "failed"),
    )
    file = httpx.get(done["download"]["url"], trust_env=False, timeout=60)
    assert (file.status_code, len(file.content)) == (200, done["size_bytes"])
    api.call("analyst", "GET", "/reports/exports")


def webhooks_out(api: DescribedApi) -> None:
    path = "/endpoints/crm"
    with receiving() as receiver:
        # Nothing here causes it: only what is sent for a test arrives.
        body = {"url": f"{receiver.origin}/", "events": ["MemberErased"]}
        api.call("manager", "PUT", path, json=body, status=201)
        api.call("manager", "PUT", path, json=body | {"description": "Our CRM"})
        api.call("manager", "GET", path)
        api.call("manager", "GET", "/endpoints")
        api.call("manager", "POST", f"{path}/rotate")
        accepted = api.call("manager", "POST", f"{path}/test", status=202)
        eventually(lambda: len(receiver.posts), lambda count: count == 1)
        event_id = accepted["delivery"]["event_id"]
        api.call("manager", "POST", f"{path}/deliveries/{event_id}/redeliver", status=202)
        eventually(lambda: len(receiver.posts), lambda count: count == 2)
        eventually(
            lambda: api.call("manager", "GET", f"{path}/deliveries")["items"],
            lambda items: [each["state"] for each in items] == ["delivered"],
        )
        api.send("manager", "DELETE", path, status=204)


def deliver(api: DescribedApi, *, secret: str) -> None:
    sent = delivery(
        paid_order(email="nobody@example.com", paid_at=datetime.now(UTC)),
        topic="orders/paid",
        secret=secret,
        webhook_id=str(uuid4()),
        event_id=str(uuid4()),
    )
    path = "/webhooks/online"
    api.call(None, "POST", path, content=sent.body, headers=sent.headers)
    eventually(api.program.deployed.queued_deliveries, lambda waiting: waiting == 0)


@contextmanager
def another_pool(program: OpenProgram) -> Iterator[str]:
    """A manager's token of the same groups, from a pool that the API knows nothing of."""
    cognito = program.deployed.cloud.aws.cognito
    pool_id = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="another",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]["ClientId"]
    group = f"{program.id}/manager"
    cognito.admin_create_user(UserPoolId=pool_id, Username="mallory", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username="mallory", Password="Mallory-0", Permanent=True
    )
    cognito.create_group(UserPoolId=pool_id, GroupName=group)
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="mallory", GroupName=group)
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "mallory", "PASSWORD": "Mallory-0"},
    )
    yield signed_in["AuthenticationResult"]["IdToken"]
    cognito.delete_user_pool(UserPoolId=pool_id)


@contextmanager
def tokens_that_last_a_second(program: OpenProgram) -> Iterator[None]:
    """Sign people in for a second, which only a local cloud allows."""
    directory = program.deployed.directory

    def last(validity: int, unit: Literal["seconds", "minutes"]) -> None:
        program.deployed.cloud.aws.cognito.update_user_pool_client(
            UserPoolId=directory.staff.pool_id,
            ClientId=directory.staff.client_id,
            IdTokenValidity=validity,
            TokenValidityUnits={"IdToken": unit},
        )

    last(1, "seconds")
    try:
        yield
    finally:
        last(60, "minutes")
