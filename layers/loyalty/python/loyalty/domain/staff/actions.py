"""Actions: the trace of what staff change, and of personal data that they look up.

An action is recorded before its request is carried out, and completed afterwards. If the function
stops in between, the action stays `begun`, which is the truth: the request may have had its effect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from loyalty.domain.people.member import MemberUpdate
    from loyalty.domain.staff.people import StaffRole

type ActionName = Literal[
    "approval.approve",
    "approval.refuse",
    "campaign.join",
    "campaign.leave",
    "challenge.join",
    "challenge.leave",
    "delivery.read",
    "delivery.read_data_request",
    "delivery.replay",
    "delivery.replay_period",
    "draft.delete",
    "endpoint.change",
    "endpoint.redeliver",
    "endpoint.remove",
    "endpoint.rotate_secret",
    "endpoint.test",
    "erasure.stop",
    "household.leave",
    "level.grant",
    "level.withdraw",
    "list.change",
    "list.replace",
    "member.answer_survey",
    "member.change",
    "member.enroll",
    "member.erase",
    "member.export",
    "member.look_up",
    "member.merge",
    "member.search",
    "person.change",
    "person.invite",
    "person.remove",
    "plan.end",
    "plan.give",
    "points.adjust",
    "points.transfer",
    "program.publish",
    "referral.approve",
    "referral.claim",
    "referral.refuse",
    "report.export",
    "review.decide",
    "reward.grant",
    "service.allow",
    "service.register",
    "service.remove",
    "service.stop",
    "storefront.change",
    "storefront.disconnect",
]
type ActionState = Literal["begun", "done", "refused", "failed"]
type TargetKind = Literal[
    "program",
    "member",
    "storefront",
    "delivery",
    "erasure",
    "endpoint",
    "report_export",
    "service",
    "person",
    "draft",
    "approval",
    "review",
    "segment",
]
type ChangedValue = None | bool | int | str

ACTION_NAMES: Final[tuple[ActionName, ...]] = get_args(ActionName.__value__)
TARGET_KINDS: Final[tuple[TargetKind, ...]] = get_args(TargetKind.__value__)

# Instead of a program's id: actions about the whole deployment are recorded under it.
DEPLOYMENT: Final = "*"

# A request can change many attributes of a profile. The list of changes is a help for the reader,
# and it must fit into the item.
CHANGES_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class ActionTarget:
    """What an action is about; `id` is empty until it is known."""

    kind: TargetKind
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A field that an action changed. Personal data and secrets are never named by value."""

    field: str
    before: ChangedValue = None
    after: ChangedValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOutcome:
    """What a request that was carried out reports about itself.

    `results` are the ids of what came of it by kind, such as `{"entry": …}` or `{"version": …}`.
    `target_id` is the target's id, if only carrying it out showed whom it was about.
    """

    target_id: str | None = None
    changes: Sequence[Change] = ()
    results: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAction:
    """An action of one person; `by` is the subject of their token, a pseudonym.

    `code` is the stable code of the refusal, if it was refused.
    """

    action_id: str
    name: ActionName
    began_at: datetime
    by: str
    roles: tuple[str, ...]
    target: ActionTarget
    request_id: str
    state: ActionState = "begun"
    code: str | None = None
    changes: tuple[Change, ...] = ()
    results: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def points(self) -> int | None:
        """The points that it added by hand or, if negative, took; None if it moved none."""
        moved = next((each.after for each in self.changes if each.field == "points"), None)
        return moved if isinstance(moved, int) else None

    def done(self, outcome: ActionOutcome) -> StaffAction:
        target = self.target
        if outcome.target_id is not None:
            target = replace(target, id=outcome.target_id)
        return replace(
            self,
            state="done",
            target=target,
            changes=tuple(outcome.changes)[:CHANGES_MAX],
            results=MappingProxyType(dict(outcome.results)),
        )

    def refused(self, code: str) -> StaffAction:
        return replace(self, state="refused", code=code)

    def failed(self) -> StaffAction:
        return replace(self, state="failed")


def changes_of_member(update: MemberUpdate) -> tuple[Change, ...]:
    """What an update of a member names; of personal data, only the names of the fields.

    Consents are given with their value, because staff who change one must be able to account for
    it.
    """
    return (
        *(Change(field=f"profile.{name}") for name in sorted(update.profile)),
        *(
            Change(field=f"consents.{name}", after=update.consents[name])
            for name in update.consents
        ),
        *(Change(field=f"identities.{each.kind}", after="added") for each in update.add),
        *(Change(field=f"identities.{each.kind}", before="removed") for each in update.remove),
        *([Change(field="identities.subject", before="removed")] if update.unlink else ()),
    )


def changes_of_roles(
    *, added: Collection[StaffRole] = (), lost: Collection[StaffRole] = ()
) -> tuple[Change, ...]:
    return (
        *(Change(field=f"roles.{role}", after="added") for role in sorted(added)),
        *(Change(field=f"roles.{role}", before="removed") for role in sorted(lost)),
    )
