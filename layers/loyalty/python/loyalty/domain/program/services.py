"""Services: a merchant's servers, and the programs that each may act for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from loyalty.domain.kernel.errors import LimitReached

# The scope of every service's token. Which programs a token opens is stored with its service.
SERVICE_SCOPE: Final = "loyalty/service"
# An item of 2,000 ids of 40 letters has some 90 KB.
PROGRAMS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server of the merchant's, its client at the issuer, and the programs it may act for.

    `revision` counts changes; `client_id` is what the issuer writes into the server's tokens.
    """

    service_id: str
    client_id: str
    programs: frozenset[str]
    created_at: datetime
    created_by: str
    description: str | None = None
    revision: int = 1

    def described(self, description: str | None) -> Service:
        return self._changed_to(replace(self, description=description))

    def with_program(self, program_id: str) -> Service:
        """The service with a right to act for one more program.

        Raises:
            LimitReached: it acts for as many programs as a service can.
        """
        programs = self.programs | {program_id}
        if len(programs) > PROGRAMS_MAX:
            raise LimitReached(f"A service can act for {PROGRAMS_MAX} programs")
        return self._changed_to(replace(self, programs=programs))

    def without_program(self, program_id: str) -> Service:
        return self._changed_to(replace(self, programs=self.programs - {program_id}))

    def _changed_to(self, after: Service) -> Service:
        return self if after == self else replace(after, revision=self.revision + 1)
