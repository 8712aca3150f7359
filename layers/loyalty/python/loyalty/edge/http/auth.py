"""Who is calling, as one principal that never crosses programs.

The gateway has verified the token; what arrives here are its claims, every value a string and
lists written as `[a b]`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from loyalty.domain.kernel.errors import Forbidden, NotFound
from loyalty.edge.settings import ClaimSettings

type Role = Literal["member", "cashier", "analyst", "manager", "service"]
type StaffRole = Literal["cashier", "analyst", "manager"]

STAFF: Final[frozenset[Role]] = frozenset(get_args(StaffRole.__value__))
EVERYONE: Final[frozenset[Role]] = frozenset(get_args(Role.__value__))
# Members for what is their own, and the people at the counter.
MEMBER_AND_STAFF: Final[frozenset[Role]] = STAFF | {"member"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller within one program.

    Every person has the role `member`: it says that they may act for themself, not that they have
    enrolled. `email` and `phone` are there only when the issuer has verified them.
    """

    program_id: str
    subject: str
    roles: frozenset[Role]
    email: str | None = None
    phone: str | None = None

    @property
    def is_person(self) -> bool:
        return "service" not in self.roles

    @property
    def is_trusted(self) -> bool:
        """Staff and services may learn of members that are not themselves."""
        return bool(self.roles & (STAFF | {"service"}))


def principal_of(claims: Mapping[str, str], *, program_id: str, names: ClaimSettings) -> Principal:
    """The caller as this program sees them.

    Raises:
        NotFound: the token is for other programs only, so this one does not exist for them.
    """
    scopes = _listed(claims.get(names.scopes_claim, ""), frozenset({"service"}))
    if program_id in scopes:
        return Principal(program_id=program_id, subject=claims["sub"], roles=scopes[program_id])
    groups = _listed(claims.get(names.groups_claim, ""), STAFF)
    if scopes or (groups and program_id not in groups):
        raise NotFound
    return Principal(
        program_id=program_id,
        subject=claims["sub"],
        roles=groups.get(program_id, frozenset()) | {"member"},
        email=_verified(claims, names.email_claim, names.email_verified_claim),
        phone=_verified(claims, names.phone_claim, names.phone_verified_claim),
    )


def require(principal: Principal, *roles: Role) -> None:
    """Raises `Forbidden` unless the principal has one of the roles."""
    if principal.roles.isdisjoint(roles):
        raise Forbidden


def _listed(claim: str, roles: frozenset[Role]) -> dict[str, frozenset[Role]]:
    """The roles by program that a list of `<program>/<role>` names; what else it names is none."""
    listed: dict[str, frozenset[Role]] = {}
    for name in re.split(r"[\s,]+", claim.strip("[] ")):
        program_id, _, named = name.rpartition("/")
        role = next((role for role in roles if role == named), None)
        if program_id and role:
            listed[program_id] = listed.get(program_id, frozenset()) | {role}
    return listed


def _verified(claims: Mapping[str, str], value: str, verified: str) -> str | None:
    return claims.get(value) if claims.get(verified) == "true" else None
