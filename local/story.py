"""The story of one member on the deployed API: each step does something, then checks it."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from local.checks import StepFailedError, expect, new_key, require, wait_for
from local.console import Console
from local.deployment import Deployment
from local.people import email_of
from local.sequel import CAMPAIGN_CODE, CAMPAIGN_ID, Sequel, Steps, bonus_of
from local.shop import delivery, paid_order

STOREFRONT_ID = "online-shop"
STOREFRONT_SECRET = "local-shop-app-secret"  # noqa: S105  of a shop that exists in this story only
REWARD_ID = "latte"

_CUP_EUROS = 12
_CUP_ORDER = "1003"


class Story:
    """A member enrolls, earns from a storefront, redeems; the till uses the voucher; a report.

    It begins when the cloud's clock says so, goes on with what the calendar does, and ends now.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        program_id: str,
        document: dict[str, Any],
        tokens: dict[str, str],
        folder: Path,
    ) -> None:
        self._deployment = deployment
        self._program_id = program_id
        self._tokens = tokens
        self._folder = folder
        self._document = document
        self._now = deployment.cloud.clock.now
        self._many = document["points"]["many"]
        self._zone = ZoneInfo(document["time_zone"])
        self._cost = next(r["cost_points"] for r in document["rewards"] if r["id"] == REWARD_ID)
        self._bonus = bonus_of(document)
        self._began_on = self._today()
        self.member_id = ""
        self._balance = 0
        self._voucher_code = ""
        self._recovered = 0

    def play(self, console: Console) -> None:
        """Play every step on a line of its own. The first step that fails ends the story."""
        with ExitStack() as stack:
            self._as = {
                role: stack.enter_context(self._deployment.client(self._program_id, token))
                for role, token in self._tokens.items()
            }
            self._shop = stack.enter_context(self._deployment.client(self._program_id))
            self._tell_of(self._steps(), console)
            sequel = Sequel(
                self._deployment,
                program_id=self._program_id,
                document=self._document,
                clients=self._as,
                member_id=self.member_id,
                balance=self._balance,
                folder=self._folder,
            )
            console.heading("What the calendar does")
            self._tell_of(stack.enter_context(sequel.steps()), console)

    def _steps(self) -> Steps:
        return (
            ("Ana enrolls", self._enroll),
            ("A manager connects the shop", self._connect_shop),
            ("Ana's signed Shopify order earns", self._earn),
            ("The same webhook changes nothing", self._deliver_again),
            ("Ana redeems a reward", self._redeem),
            ("The till uses the voucher", self._use_voucher),
            ("A second use is refused", self._use_voucher_again),
            ("A campaign rewards a flyer's code", self._buy_with_code),
            ("She returns it, and both go", self._return),
            ("The report shows it", self._report),
        )

    def _tell_of(self, steps: Steps, console: Console) -> None:
        for title, step in steps:
            with console.line(title) as line:
                try:
                    line.detail = step()
                except StepFailedError as failure:
                    failure.log = self._deployment.log
                    raise

    def _enroll(self) -> str:
        body = {
            "profile": {"name": "Ana Moreau", "locale": "fr-FR"},
            "consents": {"email": True},
        }

        member = expect(self._as["member"].post("/members", json=body), 201)

        self.member_id = member["id"]
        require(member["balance"] == 0, f"a new member has a balance of {member['balance']}")
        return f"{member['id']}, 0 {self._many}"

    def _connect_shop(self) -> str:
        body = {
            "platform": "shopify",
            "source": "shop",
            "store": "bean-and-leaf",
            "secrets": [STOREFRONT_SECRET],
        }

        answer = self._as["manager"].put(f"/storefronts/{STOREFRONT_ID}", json=body)

        expect(answer, 201)
        require(STOREFRONT_SECRET not in answer.text, "the answer shows the storefront's secret")
        return STOREFRONT_ID

    def _earn(self) -> str:
        email = email_of("member", self._program_id)
        self._order = paid_order(email=email, paid_at=self._now().astimezone(self._zone))

        self._deliver(event_id="evt-1")

        member = self._wait_for_member(lambda member: member["balance"] > 0)
        # Two bags at 14.90, a cup at 18.00 less 3.00; neither the gift card nor the shipping earns.
        require(member["balance"] == 44, f"expected 44 earned, not {member['balance']}")
        self._balance = member["balance"]
        (lot,) = member["lots"]
        return f"{self._balance} {self._many}, good until {lot['expires_on']}"

    def _deliver_again(self) -> str:
        self._deliver(event_id="evt-1")  # Shopify's own retry
        self._deliver(event_id="evt-2")  # another subscription to the same topic
        self._wait_until_applied()

        member = self._me()
        entries = expect(self._as["member"].get("/members/me/history"), 200)["items"]

        require(member["balance"] == self._balance, f"the balance is now {member['balance']}")
        require(len(entries) == 1, f"the history has {len(entries)} entries, not 1")
        return f"still {self._balance} {self._many}, still one entry"

    def _redeem(self) -> str:
        redemption = expect(
            self._as["member"].post(
                "/members/me/redemptions", json={"reward_id": REWARD_ID}, headers=new_key()
            ),
            201,
        )

        self._voucher_code = redemption["voucher"]["code"]
        self._balance -= self._cost
        left = self._me()["balance"]
        require(redemption["points"] == self._cost, f"it cost {redemption['points']}")
        require(left == self._balance, f"expected {self._balance} left, not {left}")
        return f"a {REWARD_ID} for {self._cost}, {left} left; voucher {self._voucher_code}"

    def _use_voucher(self) -> str:
        voucher = expect(self._use(), 200)

        require(voucher["state"] == "used", f"the voucher is {voucher['state']}")
        return f"used at {voucher['used_at']}"

    def _use_voucher_again(self) -> str:
        problem = expect(self._use(), 409)

        require(problem["code"] == "voucher_used", f"the code is {problem['code']}")
        return f"409 {problem['code']}"

    def _buy_with_code(self) -> str:
        price = {"amount": _CUP_EUROS * 100, "currency": "EUR"}
        sale = {
            "source": "till",
            "order_id": _CUP_ORDER,
            "member_id": self.member_id,
            "occurred_at": self._now().isoformat(),
            "codes": [CAMPAIGN_CODE],
            "lines": [{"line_id": "1", "category": "merch", "amount": price}],
        }

        quoted = expect(self._as["cashier"].post("/orders/quote", json=sale), 200)
        entry = expect(self._as["cashier"].post("/orders", json=sale), 201)["entry"]

        given = {share["rule_id"]: share["points"] for share in entry["breakdown"]}
        expected = {"base": _CUP_EUROS, CAMPAIGN_ID: self._bonus}
        require(given == expected, f"expected {expected}, not {given}")
        require(quoted["points"] == entry["points"], f"the quote was {quoted['points']}")
        self._recovered = entry["points"]
        return f"{_CUP_EUROS} {self._many}, and {self._bonus} more by “{CAMPAIGN_ID}”"

    def _return(self) -> str:
        refund = {"refund_id": "r1", "occurred_at": self._now().isoformat(), "whole": True}

        entry = expect(
            self._as["cashier"].post(f"/orders/till/{_CUP_ORDER}/refunds", json=refund), 201
        )["entry"]

        left = self._me()["balance"]
        require(entry["points"] == -self._recovered, f"{-entry['points']} were taken back")
        require(left == self._balance, f"expected {self._balance} left, not {left}")
        return f"{self._recovered} taken back, {left} left; the code can be used again"

    def _report(self) -> str:
        expected = {
            "members": 1,
            "new_members": 1,
            "active_members": 1,
            "orders": 2,
            "points_earned": self._balance + self._cost + self._recovered,
            "points_clawed_back": self._recovered,
            "points_redeemed": self._cost,
            "points_outstanding": self._balance,
        }

        shown = wait_for(
            lambda: self._summary(expected),
            until=lambda summary: summary == expected,
            otherwise=lambda summary: f"the report shows {summary}, not {expected}",
        )

        return (
            f"1 member, 2 orders, {shown['points_earned']} earned, "
            f"{shown['points_clawed_back']} taken back, {shown['points_redeemed']} redeemed, "
            f"{shown['points_outstanding']} outstanding"
        )

    def _deliver(self, *, event_id: str) -> None:
        sent = delivery(
            self._order,
            topic="orders/paid",
            secret=STOREFRONT_SECRET,
            webhook_id=str(uuid4()),
            event_id=event_id,
        )
        expect(
            self._shop.post(f"/webhooks/{STOREFRONT_ID}", content=sent.body, headers=sent.headers),
            200,
        )

    def _use(self) -> httpx.Response:
        """Use the voucher as a new request, which a lost answer's retry would not be."""
        return self._as["cashier"].post(
            f"/vouchers/{self._voucher_code}/use",
            json={"order": {"source": "till", "order_id": "1002"}},
            headers=new_key(),
        )

    def _me(self) -> dict[str, Any]:
        return expect(self._as["member"].get("/members/me"), 200)

    def _wait_for_member(self, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        return wait_for(
            self._me,
            until=until,
            otherwise=lambda member: f"the member's balance stayed at {member['balance']}",
        )

    def _wait_until_applied(self) -> None:
        """Wait until the deliveries that were answered have also left the intake queue."""
        wait_for(
            self._deployment.queued_deliveries,
            until=lambda count: count == 0,
            otherwise=lambda count: f"{count} deliveries stayed in the intake queue",
        )

    def _summary(self, names: Iterable[str]) -> dict[str, int]:
        report = expect(
            self._as["analyst"].get(
                "/reports/summary",
                params={"from": self._began_on.isoformat(), "to": self._today().isoformat()},
            ),
            200,
        )
        (row,) = report["rows"]
        summary = dict(zip((column["name"] for column in report["columns"]), row, strict=True))
        return {name: summary[name] for name in names}

    def _today(self) -> date:
        return self._now().astimezone(self._zone).date()
