"""Mails to members, through everything that is deployed between an enrollment and SES."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, eventually, mails, order


@pytest.fixture
def api(open_program: Callable[..., OpenProgram]) -> Iterator[DescribedApi]:
    program = open_program(
        expiry={"model": "after_earning", "days": 30, "round_to": "none"},
        reminders={
            "welcome": {},
            "birthday": {"bonus_points": 20},
            "points_expiring": {"days_before": [7]},
        },
        messages={"quiet_hours": None, "look": {"footer": "1 rue du Four, Paris"}},
    )
    with DescribedApi(program) as api:
        yield api


def test_a_new_member_who_consents_is_welcomed_once_and_can_unsubscribe_with_one_click(
    api: DescribedApi,
) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    body = {
        "identities": [{"kind": "email", "value": email}],
        "profile": {"name": "Ana", "locale": "fr-FR"},
        "consents": {"email": True},
    }

    member = api.call("cashier", "POST", "/members", json=body, status=201)

    (mail,) = eventually(lambda: mails(api.program, to=email), bool)
    assert mail["Subject"] == "Welcome to Bean & Leaf"
    assert "1 rue du Four" in mail["BodyHtml"]
    link = mail["BodyText"].split("/unsubscribe/")[1].strip()
    api.send(None, "POST", f"/unsubscribe/{link}", status=200)
    seen = api.call("cashier", "GET", f"/members/{member['id']}")
    assert seen["consents"] == {"email": False}


def test_a_birthday_entered_on_the_day_gives_its_bonus_and_one_mail(
    api: DescribedApi,
) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    identity = {"kind": "email", "value": email}
    member = api.call(
        "cashier",
        "POST",
        "/members",
        json={"identities": [identity], "consents": {"email": True, "welcome": False}},
        status=201,
    )
    path = f"/members/{member['id']}"
    today = datetime.now(ZoneInfo(api.program.document["time_zone"])).date()

    birthday = {"birthday": f"1992{today.isoformat()[4:]}"}
    api.call("cashier", "PATCH", path, json={"profile": birthday})

    (mail,) = eventually(lambda: mails(api.program, to=email), bool)
    assert "20 beans" in mail["BodyText"]
    assert api.call("cashier", "GET", path)["balance"] == 20


def test_an_order_that_arrives_late_causes_a_reminder_at_once(
    api: DescribedApi,
) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    body = {
        "identities": [{"kind": "email", "value": email}],
        "profile": {"locale": "en"},
        "consents": {"email": True, "welcome": False},
    }
    member = api.call("cashier", "POST", "/members", json=body, status=201)
    long_ago = datetime.now(UTC) - timedelta(days=25)

    late_order = order("1", member_id=member["id"]) | {"occurred_at": long_ago.isoformat()}
    api.call("cashier", "POST", "/orders", json=late_order, status=201)

    (mail,) = eventually(lambda: mails(api.program, to=email), bool)
    assert mail["Subject"] == "49 beans will expire in 5 days"
