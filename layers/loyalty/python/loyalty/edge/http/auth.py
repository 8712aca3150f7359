"""The caller of a request, as one principal that never crosses programs.

The gateway has verified the token and passes its claims here. Every value is a string, and lists
are written as `[a b]`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from loyalty.domain.kernel.errors import Forbidden, NotFound

type Role = Literal["member", "cashier", "analyst", "manager", "service"]
type StaffRole = Literal["cashier", "analyst", "manager"]

STAFF: Final[frozenset[Role]] = frozenset(get_args(StaffRole.__value__))
EVERYONE: Final[frozenset[Role]] = frozenset(get_args(Role.__value__))
# The roles for routes that members use for their own account, and staff for any member.
MEMBER_AND_STAFF: Final[frozenset[Role]] = STAFF | {"member"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSettings:
    """The names of the claims that are read from tokens; the defaults are Cognito's."""

    groups_claim: str = "cognito:groups"
    token_use_claim: str = "token_use"  # noqa: S105  # the name of a claim
    scopes_claim: str = "scope"
    email_claim: str = "email"
    email_verified_claim: str = "email_verified"
    phone_claim: str = "phone_number"
    phone_verified_claim: str = "phone_number_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller within one program; on a route, with only the roles that the route allows.

    Every person has the role `member`: it means that they may act for themselves, not that they
    have enrolled. `email` and `phone` are set only if the issuer has verified them. `is_staff` is
    true if they have a staff role in this program, whether or not the route allows that role.
    """

    program_id: str
    subject: str
    roles: frozenset[Role]
    is_staff: bool = False
    email: str | None = None
    phone: str | None = None

    @property
    def is_person(self) -> bool:
        return "service" not in self.roles

    @property
    def is_trusted(self) -> bool:
        """Whether the caller may act for members other than themselves."""
        return bool(self.roles - {"member"})

    @property
    def sees_staff(self) -> bool:
        """Whether the caller sees which staff member or service recorded something."""
        return bool(self.roles - {"member", "analyst"})

    @property
    def sees_personal_data(self) -> bool:
        """Whether the caller sees personal data: all do, except callers who are only analysts."""
        return self.roles != {"analyst"}

    def acting_as(self, roles: Collection[Role]) -> "Principal":
        """The same caller with only these of their roles.

        Raises:
            Forbidden: the caller has none of these roles.
        """
        remaining = self.roles.intersection(roles)
        if not remaining:
            raise Forbidden
        return replace(self, roles=remaining)


def principal_of(claims: Mapping[str, str], *, program_id: str, names: ClaimSettings) -> Principal:
    """The caller as this program sees them.

    Raises:
        NotFound: the token is for other programs only, so this one does not exist for the caller.
        Forbidden: the token is of a kind that does not identify the caller, or it is a server's and
            names several programs.
    """
    scopes = _listed(claims.get(names.scopes_claim, ""), frozenset({"service"}))
    _require_kind(claims.get(names.token_use_claim), is_service=bool(scopes))
    if len(scopes) > 1:
        raise Forbidden("A server's token names one program: ask for one scope.")
    if program_id in scopes:
        return Principal(program_id=program_id, subject=claims["sub"], roles=scopes[program_id])
    groups = _listed(claims.get(names.groups_claim, ""), STAFF)
    if scopes or (groups and program_id not in groups):
        raise NotFound
    return Principal(
        program_id=program_id,
        subject=claims["sub"],
        roles=groups.get(program_id, frozenset()) | {"member"},
        is_staff=program_id in groups,
        email=_verified(claims, names.email_claim, names.email_verified_claim),
        phone=_verified(claims, names.phone_claim, names.phone_verified_claim),
    )


def _require_kind(token_use: str | None, *, is_service: bool) -> None:
    """Raise `Forbidden` if the issuer says that a token is of the wrong kind.

    Cognito says `id` or `access`. Other issuers may say neither; the gateway checks the audience.
    """
    if is_service and token_use not in (None, "access"):
        raise Forbidden("A service sends its access token")
    if not is_service and token_use not in (None, "id"):
        raise Forbidden("People send the ID token, not the access token")


def _listed(claim: str, roles: frozenset[Role]) -> dict[str, frozenset[Role]]:
    """The roles by program in a list of `<program>/<role>`; other entries are ignored."""
    listed: dict[str, frozenset[Role]] = {}
    for name in re.split(r"[\s,]+", claim.strip("[] ")):
        program_id, _, named = name.rpartition("/")
        role = next((role for role in roles if role == named), None)
        if program_id and role:
            listed[program_id] = listed.get(program_id, frozenset()) | {role}
    return listed


def _verified(claims: Mapping[str, str], value: str, verified: str) -> str | None:
    return claims.get(value) if claims.get(verified) == "true" else None
