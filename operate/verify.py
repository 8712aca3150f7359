"""`make verify STAGE=`: play a short story against a deployed stage, with its real sign-in.

It opens a program of its own, `verification`, and creates people of this run only, with a second
factor, whom it deletes at the end. Nothing of other programs is read or changed.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import secrets
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from operate.stage import OperationError, Stage, run

PROGRAM_ID = "verification"
EXAMPLE = Path("examples/coffee.json")
ROLES = ("manager", "cashier", "analyst")
REPORT_WITHIN_S = 180.0
_REQUEST_S_MAX = 30.0
_PAUSE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone with a token, and the address of the program."""

    url: str
    token: str

    def send(self, method: str, path: str, *, expect: int, **sent: Any) -> Any:
        """Send a request and return the body of the response.

        Raises:
            OperationError: the response has another status.
        """
        headers = {"Authorization": f"Bearer {self.token}", **sent.pop("headers", {})}
        answer = httpx.request(
            method, self.url + path, headers=headers, timeout=_REQUEST_S_MAX, **sent
        )
        if answer.status_code != expect:
            raise OperationError(
                f"{method} {path or '/'} answered {answer.status_code}, not {expect}: {answer.text}"
            )
        return answer.json() if answer.content else None


@dataclass(slots=True, kw_only=True)
class Verification:
    """One run: its people, its member and its order.

    `started_on` is a local date of the program, as the days of its reports are.
    """

    stage: Stage
    api_url: str
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    say: Callable[[str], None] = print
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    document: Mapping[str, Any] = field(
        default_factory=lambda: json.loads(EXAMPLE.read_text(encoding="utf-8"))
    )
    started_on: date = field(init=False)

    def __post_init__(self) -> None:
        self.started_on = self._today()

    def _today(self) -> date:
        return self.now().astimezone(ZoneInfo(self.document["time_zone"])).date()

    def play(self) -> None:
        """Play every step; the first one that fails ends the run.

        Raises:
            OperationError: a step failed.
        """
        try:
            self._play({role: self._sign_in(role) for role in ROLES})
        finally:
            self._remove_people()

    def _play(self, callers: Mapping[str, Caller]) -> None:
        manager, cashier = callers["manager"], callers["cashier"]
        self._publish(manager)
        member_id = self._enroll(cashier)
        reported = self._reported(callers["analyst"])
        points = self._earn(cashier, member_id)
        self._redeem_all(cashier, member_id)
        self._refund(cashier, member_id)
        self._await_report(callers["analyst"], reported + points)
        cashier.send("DELETE", f"/members/{member_id}", expect=204)
        self.say("The member is erased.")

    def _sign_in(self, role: str) -> Caller:
        """Create the person of a role for this run, and sign in."""
        cognito, pool = self.stage.client("cognito-idp"), self.stage.output("StaffPoolId")
        name, group = self._name_of(role), f"{PROGRAM_ID}/{role}"
        password = f"{secrets.token_urlsafe(24)}Aa1-"
        with suppress(cognito.exceptions.GroupExistsException):
            cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": name},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=name, Password=password, Permanent=True
        )
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
        client = self.stage.output("StaffClientId")
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        if answer.get("ChallengeName") == "MFA_SETUP":
            session = self._add_second_factor(cognito, answer["Session"])
            answer = cognito.admin_respond_to_auth_challenge(
                UserPoolId=pool,
                ClientId=client,
                ChallengeName="MFA_SETUP",
                ChallengeResponses={"USERNAME": name},
                Session=session,
            )
        self.say(f"A {role} signed in.")
        token = answer["AuthenticationResult"]["IdToken"]
        return Caller(url=f"{self.api_url}/v1/programs/{PROGRAM_ID}", token=token)

    def _add_second_factor(self, cognito: Any, session: str) -> str:
        """Set up one-time passwords, which the staff pool requires; gives the session to go on."""
        associated = cognito.associate_software_token(Session=session)
        code = one_time_password(associated["SecretCode"], moment=self.now())
        verified = cognito.verify_software_token(Session=associated["Session"], UserCode=code)
        return str(verified["Session"])

    def _remove_people(self) -> None:
        cognito, pool = self.stage.client("cognito-idp"), self.stage.output("StaffPoolId")
        for role in ROLES:
            with suppress(cognito.exceptions.UserNotFoundException):
                cognito.admin_delete_user(UserPoolId=pool, Username=self._name_of(role))

    def _name_of(self, role: str) -> str:
        return f"{role}-{self.run_id}@{PROGRAM_ID}.example.com"

    def _publish(self, manager: Caller) -> None:
        """Publish the example, as the first version or after the one that is there."""
        headers = {"Authorization": f"Bearer {manager.token}"}
        there = httpx.get(manager.url, headers=headers, timeout=_REQUEST_S_MAX)
        if there.status_code == 200:
            self.say("The program is there.")
            return
        manager.send("PUT", "", expect=201, json=self.document, headers={"If-None-Match": "*"})
        self.say("The program is published.")

    def _enroll(self, cashier: Caller) -> str:
        identity = {"kind": "email", "value": f"{self.run_id}@{PROGRAM_ID}.example.com"}
        body = {"identities": [identity]}
        member_id = str(cashier.send("POST", "/members", expect=201, json=body)["id"])
        self.say(f"{member_id} is enrolled.")
        return member_id

    def _earn(self, cashier: Caller, member_id: str) -> int:
        order = self._order(member_id)
        earned = cashier.send("POST", "/orders", expect=201, json=order)
        again = cashier.send("POST", "/orders", expect=200, json=order)
        points = int(earned["entry"]["points"])
        if points <= 0 or again["entry"]["id"] != earned["entry"]["id"]:
            raise OperationError(f"The order earned {points} points, or counted twice.")
        self.say(f"An order earned {points} points, once.")
        return points

    def _order(self, member_id: str) -> dict[str, Any]:
        amount = {"amount": 4_900, "currency": self.document["currency"]}
        return {
            "source": "verification",
            "order_id": self.run_id,
            "occurred_at": self.now().isoformat(),
            "member_id": member_id,
            "lines": [{"line_id": "1", "sku": "BEANS", "quantity": 1, "amount": amount}],
        }

    def _redeem_all(self, cashier: Caller, member_id: str) -> None:
        """Redeem a reward, use its voucher, and have the second use refused."""
        cheapest = min(self.document["rewards"], key=lambda reward: int(reward["cost_points"]))
        redemption = cashier.send(
            "POST",
            f"/members/{member_id}/redemptions",
            expect=201,
            json={"reward_id": cheapest["id"]},
            headers={"Idempotency-Key": self.run_id},
        )
        code = redemption["voucher"]["code"]
        for number, status in ((1, 200), (2, 409)):
            key = {"Idempotency-Key": f"{self.run_id}-{number}"}
            cashier.send("POST", f"/vouchers/{code}/use", expect=status, json={}, headers=key)
        self.say(f"A voucher for {cheapest['id']} was used, once.")

    def _refund(self, cashier: Caller, member_id: str) -> None:
        body = {
            "refund_id": self.run_id,
            "occurred_at": self.now().isoformat(),
            "amount": {"amount": 900, "currency": self.document["currency"]},
        }
        path = f"/orders/verification/{self.run_id}/refunds"
        cashier.send("POST", path, expect=201, json=body)
        balance = cashier.send("GET", f"/members/{member_id}", expect=200)["balance"]
        self.say(f"A refund took points back; the balance is {balance}.")

    def _await_report(self, analyst: Caller, points: int) -> None:
        """Wait until the stream, the lake and the reports show this many points as earned."""
        waited = 0.0
        while self._reported(analyst) < points:
            if waited >= REPORT_WITHIN_S:
                raise OperationError("After three minutes the report shows nothing of it.")
            self.pause(_PAUSE_S)
            waited += _PAUSE_S
        self.say("The report shows it.")

    def _reported(self, analyst: Caller) -> int:
        """Read how many points were earned, by all runs on the day of this one's order or later."""
        query = {"from": self.started_on.isoformat(), "to": self._today().isoformat()}
        report = analyst.send("GET", "/reports/summary", expect=200, params=query)
        names = [column["name"] for column in report["columns"]]
        return int(report["rows"][0][names.index("points_earned")])


def one_time_password(secret: str, *, moment: datetime) -> str:
    """Compute the six digits of RFC 6238 that an authenticator app shows for a secret."""
    padded = secret + "=" * (-len(secret) % 8)
    counter = struct.pack(">Q", int(moment.timestamp()) // 30)
    digest = hmac.digest(base64.b32decode(padded), counter, "sha1")
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Play a short story against a deployed stage.")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--api-url", help="the API's address, if it has a domain of its own")
    options = parser.parse_args()
    stage = Stage(options.stage)
    Verification(
        stage=stage,
        api_url=options.api_url or stage.output("ApiUrl"),
        now=lambda: datetime.now(UTC),
        pause=time.sleep,
    ).play()
    print("Every step came out right.")
    return 0


if __name__ == "__main__":
    run(main)
