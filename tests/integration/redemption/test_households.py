"""Households over HTTP: joined by one's own token, spent from, and erased with their members."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from functions.redemption.handler import handler
from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import reward
from tests.support.http import Answer, Claims, call, person, staff

ANA: Final = person("ana", email="ana@example.com")
BEN: Final = person("ben", email="ben@example.com")
OWN: Final = f"{till.PROGRAM}/members/me/household"


@pytest.fixture(autouse=True)
def program(publish: Callable[..., PublishedProgram]) -> PublishedProgram:
    return publish(rewards=[reward(cost_points=60)], households={"waits_days": 0})


def ask(method: str, path: str, *, as_: Claims, **body: Any) -> Answer:
    sent = body if method in ("POST", "PATCH") else None
    return call(handler, method, path, body=sent, as_=as_, headers={"Idempotency-Key": "k1"})


@pytest.fixture
def together(time: Clock) -> tuple[str, str]:
    """Ana and Ben, with 49 points each, in one household."""
    ana, ben = till.enroll_oneself(ANA), till.enroll_oneself(BEN)
    for member_id in (ana, ben):
        till.earn(member_id, 4999)
    assert ask("POST", OWN, as_=ANA).status == 201
    invited = ask("POST", f"{OWN}/invitations", as_=ANA)
    assert invited.status == 201
    token = invited.body["invitation"]
    assert ask("POST", OWN, as_=BEN, invitation=token).status == 201
    assert ask("POST", OWN, as_=BEN, invitation=token).status == 200
    return ana, ben


def test_two_spend_from_each_other_and_a_cancellation_returns_it(together: tuple[str, str]) -> None:
    ana, ben = together
    seen = ask("GET", OWN, as_=ANA).body["household"]
    assert seen["spendable"] == 98
    assert [(each["member_id"], each["is_owner"]) for each in seen["members"]] == [
        (ana, True),
        (ben, False),
    ]

    path = f"{till.PROGRAM}/members/me/redemptions"
    redeemed = ask("POST", path, as_=ANA, reward_id="latte", **{"from": "household"})

    assert redeemed.status == 201, redeemed.text
    assert redeemed.body["points"] == 60
    assert redeemed.body["contributions"] == [{"member_id": ben, "points": 11}]
    assert [till.member(each)["balance"] for each in together] == [0, 38]
    cancel = f"{till.PROGRAM}/members/{ana}/redemptions/{redeemed.body['id']}/cancel"
    cancelled = ask("POST", cancel, as_=till.CASHIER)
    assert cancelled.body["contributions"] == redeemed.body["contributions"]
    assert [till.member(each)["balance"] for each in together] == [49, 49]


def test_staff_take_members_out_but_never_in(together: tuple[str, str]) -> None:
    _, ben = together
    path = f"{till.PROGRAM}/members/{ben}/household"

    assert ask("POST", path, as_=till.MANAGER).code == "forbidden"
    assert ask("DELETE", path, as_=till.MANAGER).status == 204
    assert till.member(ben)["household"] is None
    assert len(ask("GET", OWN, as_=ANA).body["household"]["members"]) == 1


def test_an_erased_member_is_in_no_household(together: tuple[str, str]) -> None:
    ana, _ = together

    till.erase(ana, as_=staff("bean", "manager"))

    (left,) = ask("GET", OWN, as_=BEN).body["household"]["members"]
    assert left["is_owner"]


@pytest.mark.parametrize("parts", [{"points": 60}, {"redeemed_at": "2026-11-21T09:59:00Z"}])
def test_a_household_pays_fixed_prices_at_once(
    together: tuple[str, str], parts: dict[str, Any]
) -> None:
    ana, _ = together
    path = f"{till.PROGRAM}/members/{ana}/redemptions"

    answer = ask(
        "POST", path, as_=till.CASHIER, reward_id="latte", **parts, **{"from": "household"}
    )

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/from")
