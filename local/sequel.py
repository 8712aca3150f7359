"""The second part of the story: what the deployed schedules do as time passes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.bus import Listener, listening
from local.checks import expect, new_key, require, wait_for
from local.cloud import ROOT
from local.deployment import Deployment, ProgramClient
from local.people import email_of
from local.schedules import hurried

type Steps = tuple[tuple[str, Callable[[], str]], ...]

MAIL_FILE: Final = "reminder.html"

# The campaign of the program, and the code on its flyer.
CAMPAIGN_ID: Final = "neighbors"
CAMPAIGN_CODE: Final = "NEIGHBOR"

_MACHINE_EUROS: Final = 199
_GIFT: Final = 25
_LEVEL: Final = "regular"

# The gift is good until yesterday, and the member is reminded this many days before.
_REMINDED_DAYS_BEFORE: Final = 7
_PENDING_DAYS: Final = 14
_SPAN_DAYS: Final = _PENDING_DAYS + 1 + _REMINDED_DAYS_BEFORE + 1


def beginning(*, now: datetime, zone: ZoneInfo) -> datetime:
    """When the story has to begin to end now: at noon, outside of quiet hours."""
    return _noon(now.astimezone(zone).date() - timedelta(days=_SPAN_DAYS), zone)


def bonus_of(document: dict[str, Any]) -> int:
    """Return the points that the program's campaign gives."""
    (campaign,) = (each for each in document["campaigns"] if each["id"] == CAMPAIGN_ID)
    return int(campaign["effect"]["points"])


class Sequel:
    """Points wait and become available, a level is reached, a reminder comes, points expire."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        program_id: str,
        document: dict[str, Any],
        clients: Mapping[str, ProgramClient],
        member_id: str,
        balance: int,
        folder: Path,
    ) -> None:
        self._deployment = deployment
        self._clock = deployment.cloud.clock
        self._email = email_of("member", program_id)
        self._many = document["points"]["many"]
        self._bonus = bonus_of(document)
        self._zone = ZoneInfo(document["time_zone"])
        self._as = clients
        self._member_id = member_id
        self._balance = balance
        self._mail_file = folder / MAIL_FILE
        self._began_on = self._today()
        self._gift_until = self._began_on + timedelta(days=_SPAN_DAYS - 1)

    @contextmanager
    def steps(self) -> Iterator[Steps]:
        """Play the steps in order. At the end the clock shows the real time again."""
        aws = self._deployment.cloud.aws
        levels = listening(aws, bus=self._deployment.bus, to="TierChanged")
        try:
            with levels as self._levels, hurried(aws):
                yield (
                    ("She buys a machine with the code", self._buy_machine),
                    ("It makes her a regular", self._hear_of_level),
                    ("A manager gives her a present", self._give),
                    ("Two weeks on, all can be spent", self._let_weeks_pass),
                    ("A reminder comes by mail", self._be_reminded),
                    ("Today the present has expired", self._let_expire),
                )
        finally:
            self._clock.set_right()

    _levels: Listener

    def _buy_machine(self) -> str:
        price = {"amount": _MACHINE_EUROS * 100, "currency": "EUR"}
        sale = {
            "source": "till",
            "order_id": "1001",
            "member_id": self._member_id,
            "occurred_at": self._clock.now().isoformat(),
            "codes": [CAMPAIGN_CODE],
            "lines": [{"line_id": "1", "category": "machine", "amount": price}],
        }

        entry = expect(self._as["cashier"].post("/orders", json=sale), 201)["entry"]

        earned = _MACHINE_EUROS + self._bonus
        self._balance += earned
        points, pending = entry["points"], entry["pending_points"]
        require(points == earned, f"expected {earned} earned, not {points}")
        require(pending == _MACHINE_EUROS, f"expected {_MACHINE_EUROS} pending, not {pending}")
        return f"{points} {self._many}, and {pending} more from {entry['available_on']} on"

    def _hear_of_level(self) -> str:
        (event,) = wait_for(
            lambda: self._levels.heard(member_id=self._member_id),
            until=bool,
            otherwise=lambda _: "there was no event of a level",
        )

        level = expect(self._as["member"].get("/members/me"), 200)["tier"]
        require(event["tier"] == level == _LEVEL, f"the event has {event['tier']}, not {level}")
        return f"TierChanged {event['direction']}, from {event['tier_before'] or 'none'} to {level}"

    def _give(self) -> str:
        gift = {
            "points": _GIFT,
            "reason": "a rainy day",
            "expires_on": self._gift_until.isoformat(),
        }

        expect(
            self._as["manager"].post(
                f"/members/{self._member_id}/adjustments", json=gift, headers=new_key()
            ),
            201,
        )

        self._balance += _GIFT
        return f"{_GIFT} {self._many}, good until {self._gift_until}"

    def _let_weeks_pass(self) -> str:
        reminded_on = self._gift_until - timedelta(days=_REMINDED_DAYS_BEFORE)
        self._clock.move_to(_noon(reminded_on, self._zone))

        entry = self._wait_for_entry("activation")

        self._balance += _MACHINE_EUROS
        require(entry["points"] == _MACHINE_EUROS, f"{entry['points']} became available")
        self._require_balance()
        return f"the clock says {reminded_on}: {self._balance} {self._many}"

    def _be_reminded(self) -> str:
        def sent() -> list[dict[str, Any]]:
            mails = self._deployment.mails(to=self._email)
            return [mail for mail in mails if f"{_GIFT} {self._many}" in mail["Subject"]]

        (mail,) = wait_for(sent, until=bool, otherwise=lambda _: "no reminder was sent")

        self._mail_file.write_text(mail["BodyHtml"], encoding="utf-8")
        file = self._mail_file
        shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        return f"“{mail['Subject']}”; look at {shown}"

    def _let_expire(self) -> str:
        self._clock.set_right()

        entry = self._wait_for_entry("expiry")

        self._balance -= _GIFT
        require(entry["points"] == -_GIFT, f"expected {_GIFT} to expire, not {-entry['points']}")
        self._require_balance()
        return f"{_GIFT} gone, {self._balance} {self._many} left"

    def _wait_for_entry(self, kind: str) -> dict[str, Any]:
        """Wait for the entry that a sweep writes. What members see is right by date even before."""

        def written() -> list[dict[str, Any]]:
            history = expect(self._as["member"].get("/members/me/history"), 200)
            return [entry for entry in history["items"] if entry["kind"] == kind]

        (entry,) = wait_for(written, until=bool, otherwise=lambda _: f"there is no {kind}")
        return entry

    def _require_balance(self) -> None:
        shown = expect(self._as["member"].get("/members/me"), 200)["balance"]
        require(shown == self._balance, f"expected a balance of {self._balance}, not {shown}")

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(12), zone)
