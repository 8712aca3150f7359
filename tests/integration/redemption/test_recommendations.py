"""What a member gets recommended over HTTP, from what the lake knows of the program."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.redemption.handler import handler
from loyalty.edge.neighborhoods import REMEMBERED_FOR
from tests.integration.conftest import Clock
from tests.integration.lakeside import archived, compact
from tests.support import till
from tests.support.documents import reward
from tests.support.http import call, person

pytestmark = pytest.mark.usefixtures("disk")

HIMSELF: Final = person("caller")
REWARDS: Final = (
    reward(id="latte", name="Latte", cost_points=40),
    reward(id="cake", name="Cake", cost_points=75, skus=["CAKE"]),
    # Only for members who agree to mail.
    reward(id="letter", cost_points=1, **{"for": {"fact": "consent", "name": "email"}}),
)


def recommended(member_id: str, *, as_: Any = till.CASHIER) -> dict[str, Any]:
    path = f"{till.PROGRAM}/members/{member_id}/recommendations"
    answer = call(handler, "GET", path, as_=as_)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def buys(member_id: str, *skus: str, time: Clock) -> None:
    lines = [till.line(2500, f"{number}", sku=sku) for number, sku in enumerate(skus)]
    till.earn(member_id, 0, lines=lines, occurred_at=f"{time.now:%Y-%m-%dT%H:%M:%SZ}")


def test_a_program_learns_what_goes_together(publish: Callable[..., Any], time: Clock) -> None:
    publish(rewards=list(REWARDS))
    ana = till.enroll_oneself(HIMSELF)
    buys(ana, "BEANS", time=time)

    # Nothing is known yet but how many points she has.
    cold = recommended("me", as_=HIMSELF)
    assert (cold["rests_on"], cold["as_of"], cold["goods"]) == ("balance", None, [])
    assert cold["items"] == []
    buys(ana, "BEANS", time=time)
    (latte,) = recommended(ana)["items"]
    assert latte == {
        "reward_id": "latte",
        "name": "Latte",
        "cost_points": 40,
        "missing": 0,
        "days": None,
        "because": {"kind": "close_to", "missing": 0, "days": None},
    }

    for number in range(10):
        other = till.enroll(f"other-{number}@example.com")
        buys(other, "BEANS", "FILTER", "CAKE", time=time)
        assert till.redeem(other, "cake").status == 201
    archived()
    assert compact() == []
    time.now += REMEMBERED_FOR + timedelta(minutes=1)

    learned = recommended(ana)
    because = {"kind": "you_bought", "thing": {"kind": "sku", "id": "BEANS"}}
    assert learned["rests_on"] == "skus"
    assert learned["as_of"] == "2026-11-21T10:00:00Z"
    assert learned["goods"] == [
        {"kind": "sku", "id": "CAKE", "because": because},
        {"kind": "sku", "id": "FILTER", "because": because},
    ]
    assert [(each["reward_id"], each["missing"], each["because"]) for each in learned["items"]] == [
        ("cake", 25, because),
        ("latte", 0, {"kind": "close_to", "missing": 0, "days": None}),
    ]

    # Who wants nothing chosen for them gets what all like.
    till.change(ana, consents={"personalization": False})
    anonymous = recommended(ana)
    popular = {"kind": "popular_here", "level": None}
    assert anonymous["rests_on"] == "popularity"
    assert [(each["reward_id"], each["because"]) for each in anonymous["items"]] == [
        ("cake", popular)
    ]
    assert [(each["id"], each["because"]) for each in anonymous["goods"]] == [
        ("BEANS", popular),
        ("CAKE", popular),
        ("FILTER", popular),
    ]

    # Nothing is left of a member who was erased.
    till.erase(ana)
    gone = call(handler, "GET", f"{till.PROGRAM}/members/{ana}/recommendations", as_=till.CASHIER)
    assert gone.status == 404
