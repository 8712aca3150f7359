"""The lists of segments that are kept through the API: put members on one, take them off it.

A list only says who was put on it. The run that finds who is in segments reads it, so members are
in the segment a minute later, as are merged ones under the id of who they became.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import TooLarge

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account

# As many as one call changes within seconds.
TAKEN_OFF_MAX: Final = 5_000


class KeptLists(Protocol):
    """The lists of one program, to be changed."""

    def accounts(self, member_ids: Collection[str]) -> Mapping[str, Account]: ...

    def members(
        self, segment_id: str, *, after: str | None = None, up_to: str | None = None
    ) -> Iterator[str]: ...

    def add(self, segment_id: str, member_ids: Collection[str]) -> None: ...

    def remove(self, segment_id: str, member_ids: Collection[str]) -> None: ...

    def note_change(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """How many members are on the list because of a request, how many were taken off it.

    `unknown` are ids of nobody, or of members who left the program.
    """

    added: int
    removed: int
    unknown: tuple[str, ...]


def change_list(
    segment_id: str, *, add: Collection[str], remove: Collection[str], lists: KeptLists
) -> ListChange:
    """Put members on the list of a segment, and take others off it; the same again does nothing.

    A merged member is on it under any of their ids, and is taken off under all.
    """
    accounts = lists.accounts({*add, *remove})
    here = [each for each in dict.fromkeys(add) if _is_here(accounts.get(each))]
    off = {
        name
        for each in remove
        for name in (each, *(accounts[each].absorbed if each in accounts else ()))
    }
    lists.remove(segment_id, sorted(off))
    lists.add(segment_id, here)
    lists.note_change()
    unknown = sorted({*add} - {*here})
    return ListChange(added=len(here), removed=len({*remove}), unknown=tuple(unknown))


def replace_stretch(
    segment_id: str,
    member_ids: Collection[str],
    *,
    after: str | None,
    up_to: str | None,
    lists: KeptLists,
) -> ListChange:
    """Have exactly these members on a list among those with ids beyond `after` and to `up_to`.

    A whole list can so be replaced in stretches, in any order, and each of them again.

    Raises:
        TooLarge: more members would be taken off than one call can; nothing was changed.
    """
    others: list[str] = []
    for each in lists.members(segment_id, after=after, up_to=up_to):
        if each in member_ids:
            continue
        others.append(each)
        if len(others) > TAKEN_OFF_MAX:
            raise TooLarge("This takes off too many members at once: send shorter stretches")
    accounts = lists.accounts(member_ids)
    here = [each for each in dict.fromkeys(member_ids) if _is_here(accounts.get(each))]
    lists.remove(segment_id, others)
    lists.add(segment_id, here)
    lists.note_change()
    unknown = sorted({*member_ids} - {*here})
    return ListChange(added=len(here), removed=len(others), unknown=tuple(unknown))


def _is_here(account: Account | None) -> bool:
    return account is not None and account.status != "closed"
