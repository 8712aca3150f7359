"""The caller of a request, as one principal that never crosses programs.

The authorizer has verified the token's signature, issuer and audience, and passes its claims here
(`edge.tokens`). Every value is a string, and lists are written as `[a b]`. The gateway remembers
the authorizer's answer for some minutes, so the edge checks on every request that the token has
not expired.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from loyalty.domain.kernel.errors import Forbidden, NotFound, Unauthenticated
from loyalty.domain.program.services import SERVICE_SCOPE
from loyalty.domain.staff.people import EVERY_PROGRAM, OPERATOR, STAFF_ROLES

type Role = Literal["member", "cashier", "analyst", "manager", "service", "operator"]
type Kind = Literal["members", "staff", "services"]

STAFF: Final[frozenset[Role]] = frozenset(STAFF_ROLES)
EVERYONE: Final[frozenset[Role]] = frozenset(get_args(Role.__value__))
# The roles for routes that members use for their own account, and staff for any member.
MEMBER_AND_STAFF: Final[frozenset[Role]] = STAFF | {"member"}

# Of a token that does not say when it was issued: older than any other.
NEVER_ISSUED: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSettings:
    """The names of the claims that are read from tokens; the defaults are Cognito's."""

    groups_claim: str = "cognito:groups"
    token_use_claim: str = "token_use"  # noqa: S105  # the name of a claim
    scopes_claim: str = "scope"
    client_claim: str = "client_id"
    email_claim: str = "email"
    email_verified_claim: str = "email_verified"
    name_claim: str = "name"
    phone_claim: str = "phone_number"
    phone_verified_claim: str = "phone_number_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller within one program; on a route, with only the roles that the route allows.

    People of the members' issuer have the role `member`: it means that they may act for themselves,
    not that they have enrolled. `email` and `phone` are set only if the issuer has verified them.
    `name` and `issued_at` are of the token. `is_staff` is true if they have a staff role in this
    program, whether or not the route allows that role. `deployment_roles` are those that they have
    in every program, or as an operator. On routes of the whole deployment, `program_id` is empty.
    """

    program_id: str
    subject: str
    roles: frozenset[Role]
    is_staff: bool = False
    deployment_roles: frozenset[Role] = frozenset()
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    issued_at: datetime = NEVER_ISSUED

    @property
    def is_person(self) -> bool:
        return "service" not in self.roles

    @property
    def acts_for_self(self) -> bool:
        """Whether the caller may be a member; staff with a sign-in of their own are none by it."""
        return "member" in self.roles

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


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified token: its claims, and for which kinds of callers its issuer is trusted."""

    claims: Mapping[str, str]
    kinds: frozenset[Kind]


def verified(context: Mapping[str, Any], *, now: float) -> Verified:
    """The token as the authorizer passes it on; `now` is in seconds since the epoch.

    Raises:
        Unauthenticated: the token has expired.
    """
    claims: dict[str, str] = json.loads(context["claims"])
    kinds: tuple[Kind, ...] = get_args(Kind.__value__)
    if not now < float(claims.get("exp", "0")):
        raise Unauthenticated("The token has expired.")
    named = str(context["kinds"]).split()
    return Verified(claims, frozenset(kind for kind in kinds if kind in named))


def principal_of(
    token: Verified,
    *,
    program_id: str,
    names: ClaimSettings,
    serves: Callable[[str, str], bool],
) -> Principal:
    """The caller as this program sees them.

    `serves` says whether a client (the first argument) may act for a program (the second).

    Raises:
        NotFound: the caller has rights in other programs only, so this one does not exist for them.
        Forbidden: the token is of a kind that does not identify the caller.
    """
    claims = token.claims
    is_service = "services" in token.kinds and SERVICE_SCOPE in _names(claims, names.scopes_claim)
    _require_kind(claims.get(names.token_use_claim), is_service=is_service)
    if is_service:
        if not serves(claims.get(names.client_claim, claims["sub"]), program_id):
            raise NotFound
        roles: frozenset[Role] = frozenset({"service"})
        return Principal(program_id=program_id, subject=claims["sub"], roles=roles)
    groups = _names(claims, names.groups_claim) if "staff" in token.kinds else []
    staff = _staff_roles(groups)
    everywhere = staff.get(EVERY_PROGRAM, frozenset())
    here = staff.get(program_id, frozenset()) | everywhere
    of_deployment: frozenset[Role] = frozenset({"operator"} if OPERATOR in groups else ())
    if staff and not here and not of_deployment:
        raise NotFound
    own: frozenset[Role] = frozenset({"member"} if "members" in token.kinds else ())
    return Principal(
        program_id=program_id,
        subject=claims["sub"],
        roles=here | of_deployment | own,
        is_staff=bool(here),
        deployment_roles=everywhere | of_deployment,
        email=_verified(claims, names.email_claim, names.email_verified_claim),
        phone=_verified(claims, names.phone_claim, names.phone_verified_claim),
        name=claims.get(names.name_claim),
        issued_at=_issued_at(claims),
    )


def operator_of(token: Verified, *, names: ClaimSettings) -> Principal:
    """The caller on a route of the whole deployment; without roles if they are no operator.

    Raises:
        Forbidden: the token is of a kind that does not identify the caller.
    """
    _require_kind(token.claims.get(names.token_use_claim), is_service=False)
    groups = _names(token.claims, names.groups_claim) if "staff" in token.kinds else []
    roles: frozenset[Role] = frozenset({"operator"} if OPERATOR in groups else ())
    return Principal(
        program_id="",
        subject=token.claims["sub"],
        roles=roles,
        deployment_roles=roles,
        issued_at=_issued_at(token.claims),
        email=_verified(token.claims, names.email_claim, names.email_verified_claim),
        name=token.claims.get(names.name_claim),
    )


def _require_kind(token_use: str | None, *, is_service: bool) -> None:
    """Raise `Forbidden` if the issuer says that a token is of the wrong kind.

    Cognito says `id` or `access`. Other issuers may say neither; the gateway checks the audience.
    """
    if is_service and token_use not in (None, "access"):
        raise Forbidden("A service sends its access token")
    if not is_service and token_use not in (None, "id"):
        raise Forbidden("People send the ID token, not the access token")


def _names(claims: Mapping[str, str], claim: str) -> list[str]:
    """The names in a claim that is a list."""
    return [name for name in re.split(r"[\s,]+", claims.get(claim, "").strip("[] ")) if name]


def _staff_roles(groups: Collection[str]) -> dict[str, frozenset[Role]]:
    """The roles by program in groups `<program>/<role>`; other groups are ignored."""
    listed: dict[str, frozenset[Role]] = {}
    for name in groups:
        program_id, _, named = name.rpartition("/")
        role = next((role for role in STAFF if role == named), None)
        if program_id and role:
            listed[program_id] = listed.get(program_id, frozenset()) | {role}
    return listed


def _issued_at(claims: Mapping[str, str]) -> datetime:
    try:
        return datetime.fromtimestamp(float(claims.get("iat", "0")), UTC)
    except (ValueError, OverflowError, OSError):
        # Issuers other than ours may write anything.
        return NEVER_ISSUED


def _verified(claims: Mapping[str, str], value: str, verified: str) -> str | None:
    return claims.get(value) if claims.get(verified) == "true" else None
