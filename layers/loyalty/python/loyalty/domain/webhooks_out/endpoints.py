"""Endpoints: the addresses that a merchant registers for events, and the secrets that sign them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

ENDPOINTS_MAX: Final = 20
EVERY_EVENT: Final = "*"

# How long a replaced secret goes on signing beside the new one.
OVERLAP: Final = timedelta(hours=24)
# Longer than a request lives, so that two requests never change one secret at the same time.
ROTATED_EVERY_MIN: Final = timedelta(minutes=1)
# More rotations than that within the overlap come from a loop in a client.
RETIRING_MAX: Final = 4

type DisabledBecause = Literal["asked", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address that events are sent to.

    `events` are the names of the events it wants, or `*` for every event, including future ones.
    `disabled` says why nothing is sent: a manager disabled it, or the endpoint answered 410.
    `rotated_at` is when its secret was last replaced.
    """

    endpoint_id: str
    url: str
    events: tuple[str, ...]
    description: str | None
    created_at: datetime
    changed_at: datetime
    disabled: DisabledBecause | None = None
    rotated_at: datetime | None = None

    def wants(self, event: str) -> bool:
        return self.disabled is None and (EVERY_EVENT in self.events or event in self.events)

    def may_be_rotating(self, now: datetime) -> bool:
        return self.rotated_at is not None and now < self.rotated_at + ROTATED_EVERY_MIN


@dataclass(frozen=True, slots=True)
class RetiringSecret:
    """A replaced secret, which signs beside the new one until receivers have had time to switch."""

    secret: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """The secrets that sign an endpoint's deliveries."""

    current: str
    retiring: tuple[RetiringSecret, ...] = ()

    def valid_at(self, now: datetime) -> tuple[str, ...]:
        """All secrets that sign at this moment, the current one first."""
        return (self.current, *(each.secret for each in self.retiring if now < each.until))

    def rotated(self, secret: str, *, now: datetime) -> SigningSecrets:
        """Make a new secret the current one; a receiver that has only an old one can still verify.

        The replaced secret signs for `OVERLAP` more.
        """
        retiring = (
            RetiringSecret(self.current, now + OVERLAP),
            *(each for each in self.retiring if now < each.until),
        )
        return SigningSecrets(secret, retiring[:RETIRING_MAX])
