"""The lists of segments, as staff and services change them."""

from typing import Annotated, Final

from pydantic import Field

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import ExternalId
from loyalty.edge.http.schemas import AnswerPart, RequestPart
from loyalty.usecases.segment_lists import ListChange

MEMBERS_MAX: Final = 1_000

_Members = Annotated[tuple[ExternalId, ...], Field(max_length=MEMBERS_MAX)]
_Bound = Annotated[ExternalId | None, Field()]


class ListChangeRequest(RequestPart):
    """Members to put on a list and to take off it."""

    add: Annotated[_Members, Field(description="The ids of members to put on the list.")] = ()
    remove: Annotated[_Members, Field(description="The ids of members to take off it.")] = ()

    def require_a_change(self) -> None:
        """Refuse a request that names nobody, or somebody twice.

        Raises:
            ValidationFailed: it does.
        """
        if not (self.add or self.remove):
            raise _fault("", "empty", "Name members to add or to remove")
        for number, each in enumerate(self.remove):
            if each in self.add:
                raise _fault(
                    f"/remove/{number}", "contradictory", "This member is to be added, too"
                )


class ListStretchRequest(RequestPart):
    """All members of a list whose ids are in a stretch; without bounds, all members of the list."""

    members: Annotated[_Members, Field(description="The ids of the members on the list.")]
    after: Annotated[
        _Bound,
        Field(description="The stretch begins beyond this id; if left out, with the first."),
    ] = None
    up_to: Annotated[
        _Bound, Field(description="The last id of the stretch; if left out, to the end.")
    ] = None

    def require_within(self) -> None:
        """Refuse members outside of the stretch.

        Raises:
            ValidationFailed: it names one.
        """
        for number, each in enumerate(self.members):
            is_after = self.after is None or each > self.after
            if not (is_after and (self.up_to is None or each <= self.up_to)):
                detail = "The id is not in the stretch of `after` and `up_to`"
                raise _fault(f"/members/{number}", "out_of_stretch", detail)


class ListChangeAnswer(AnswerPart):
    """How a list changed."""

    added: Annotated[
        int, Field(description="How many of the members are on it now, new ones or not.")
    ]
    removed: Annotated[int, Field(description="How many members were taken off it.")]
    unknown: Annotated[
        tuple[str, ...],
        Field(description="Ids of nobody, or of members who left; they were not put on it."),
    ]


def list_change_answer(change: ListChange) -> ListChangeAnswer:
    return ListChangeAnswer(added=change.added, removed=change.removed, unknown=change.unknown)


def _fault(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
