"""Which members are held out of which campaigns: by lot, the same for ever, and stored nowhere.

A member's lot is a number from 0 to 9,999 that follows from their id and a salt alone. The lowest
are held out. So a holdout that grows holds out more members and lets nobody in.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program, PublishedProgram

# A percent is so many lots.
LOTS_OF_A_PERCENT: Final = 100
_LOTS: Final = 100 * LOTS_OF_A_PERCENT


def lot(program_id: str, salt: str, member_id: str) -> int:
    """The lot of a member: from 0 to 9,999, each equally likely.

    Reports compute the same (`reports/shared/macros.sql`).
    """
    digest = sha256(f"{program_id}:{salt}:{member_id}".encode()).hexdigest()
    return int(digest[:8], 16) % _LOTS


def held_out_of(program: PublishedProgram, member_id: str) -> frozenset[str]:
    """The ids of the campaigns of a program that a member is held out of."""
    document, program_id = program.document, program.program_id
    everywhere = document.universal_holdout
    if everywhere and _is_held(program_id, everywhere.salt, member_id, everywhere.percent):
        return frozenset(each.id for each in document.campaigns)
    return frozenset(
        each.id
        for each in document.campaigns
        if each.holdout and _is_held(program_id, each.salt, member_id, each.holdout.percent)
    )


def experiments(document: Program) -> frozenset[str]:
    """The ids of the campaigns of a document that hold anybody out.

    They are promised to nobody whose id is not known.
    """
    return frozenset(
        each.id for each in document.campaigns if each.holdout or document.universal_holdout
    )


def _is_held(program_id: str, salt: str, member_id: str, percent: int) -> bool:
    return lot(program_id, salt, member_id) < percent * LOTS_OF_A_PERCENT
