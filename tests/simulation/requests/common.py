"""What several kinds of requests share."""

from typing import TYPE_CHECKING, ClassVar, Final

from loyalty.domain.people.identity import Identity
from loyalty.table import keys
from loyalty.table.members import TableMembers
from loyalty.table.operations import Key
from tests.simulation.world import PROGRAM_ID, keyring, stepped_engine

# The identities of guests.
EMAIL: Final = Identity("email", "guest@example.com")
PHONE: Final = Identity("phone", "+493012345678")


class Keyed:
    """A request with a key of its own: `ENTRY` names the entry that it is recorded as."""

    __slots__ = ()
    ENTRY: ClassVar[str]
    if TYPE_CHECKING:
        request_id: str

    @property
    def cause(self) -> Key:
        return keys.request_entry(PROGRAM_ID, self.request_id, self.ENTRY)


def table_members() -> TableMembers:
    return TableMembers(stepped_engine(), program_id=PROGRAM_ID, keyring=keyring)
