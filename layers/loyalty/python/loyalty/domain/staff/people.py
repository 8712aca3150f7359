"""People: who has which role in a program, and which roles were taken away from whom.

Roles are held at the issuer of staff, as membership in the groups `<program>/<role>`, and a token
carries them until it expires. So a role that is taken away is also noted here, as withdrawn: tokens
that were issued before are no longer accepted. Roles in every program (`*/<role>`) and that of an
operator are noted together, under `DEPLOYMENT` instead of a program's id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, get_args

from loyalty.domain.kernel.errors import OwnAccount, WrongState

type StaffRole = Literal["cashier", "analyst", "manager"]
# What a token may carry for every program.
type DeploymentRole = Literal["cashier", "analyst", "manager", "operator"]
type AccountState = Literal["invited", "active", "disabled"]

STAFF_ROLES: Final[tuple[StaffRole, ...]] = get_args(StaffRole.__value__)
DEPLOYMENT_ROLES: Final[tuple[DeploymentRole, ...]] = get_args(DeploymentRole.__value__)
# The group of people who open programs and register services, in the whole deployment.
OPERATOR: Final = "operator"
# In a group's name, instead of a program: every program of the deployment.
EVERY_PROGRAM: Final = "*"

# How long the password in an invitation can be used.
INVITATION_DAYS: Final = 3
# The clocks of the issuer and of our functions differ a little, and the issuer may write a role
# that was just taken away into one more token.
WITHDRAWN_AHEAD: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRecord:
    """What is noted about a person in a program or the deployment, by the subject of their tokens.

    `email` and `name` are as last seen, so that actions can be shown with whose they were, also
    after the person left. `withdrawn` are roles that were taken away: tokens issued until that
    moment are outdated. `revision` is that of the stored record; 0: there is none.
    """

    subject: str
    email: str | None = None
    name: str | None = None
    is_erased: bool = False
    withdrawn: Mapping[DeploymentRole, datetime] = field(
        default_factory=lambda: MappingProxyType({})
    )
    revision: int = 0

    @property
    def label(self) -> str | None:
        """What colleagues call the person: their name, or else their e-mail."""
        return self.name or self.email

    def is_outdated(self, roles: Collection[str], *, issued_at: datetime) -> bool:
        """Whether a token with these roles was issued before one of them was withdrawn."""
        return any(role in roles and issued_at <= until for role, until in self.withdrawn.items())

    def seen_as(self, email: str | None, name: str | None) -> StaffRecord:
        """The record with the person's present e-mail and name; None keeps what is known.

        Nothing is noted about a person whose record was erased, until they are invited again.
        """
        if self.is_erased:
            return self
        return replace(self, email=email or self.email, name=name or self.name)

    def granted(self, roles: Collection[StaffRole]) -> StaffRecord:
        remaining = {role: until for role, until in self.withdrawn.items() if role not in roles}
        return replace(self, is_erased=False, withdrawn=MappingProxyType(remaining))

    def deprived(self, roles: Collection[DeploymentRole], *, now: datetime) -> StaffRecord:
        """The record after roles were withdrawn; `now` is the time by which tokens are issued."""
        withdrawn = dict(self.withdrawn) | dict.fromkeys(roles, now + WITHDRAWN_AHEAD)
        return replace(self, withdrawn=MappingProxyType(withdrawn))

    def erased(self) -> StaffRecord:
        return replace(self, email=None, name=None, is_erased=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccount:
    """A person's account at the issuer of staff.

    `invited_at` is when the latest invitation was sent to a person who has not used it yet; None:
    they have. `has_second_factor` is None if that was not asked.
    """

    subject: str
    email: str | None
    name: str | None
    state: AccountState
    created_at: datetime
    invited_at: datetime | None = None
    has_second_factor: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person who works with a program, and their roles there.

    Without an account, it is what is noted about them.
    """

    subject: str
    email: str | None
    name: str | None
    account: StaffAccount | None
    roles: frozenset[StaffRole]


def group_of(program_id: str, role: StaffRole) -> str:
    return f"{program_id}/{role}"


def is_of_deployment(group: str) -> bool:
    """Whether a group gives a role in every program, or that of an operator."""
    return group == OPERATOR or group in {group_of(EVERY_PROGRAM, role) for role in STAFF_ROLES}


def roles_in(program_id: str, groups: Collection[str]) -> frozenset[StaffRole]:
    """The roles that groups give in one program; those for every program do not count."""
    return frozenset(role for role in STAFF_ROLES if group_of(program_id, role) in groups)


def require_may_lose(
    roles: Collection[StaffRole],
    *,
    subject: str,
    by: str,
    is_by_operator: bool,
    other_managers: bool,
) -> None:
    """Require that a person may lose these roles.

    An operator can leave a program without a manager, because an operator can appoint another.

    Raises:
        OwnAccount: managers cannot take away their own role of manager.
        WrongState: the program would have no manager.
    """
    if "manager" not in roles:
        return
    if subject == by:
        raise OwnAccount("Another manager has to take away your role of manager")
    if not other_managers and not is_by_operator:
        raise WrongState("The program would have no manager; appoint another one first")
