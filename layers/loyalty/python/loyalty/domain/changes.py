"""A change of the books as the table's stream tells it: what was there before, what is there now.

Events and facts are both read off changes, and off nothing else: no handler publishes by itself.
"""

from dataclasses import dataclass
from datetime import datetime

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Entry, Placeholder
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.member import Member
from loyalty.domain.people.privacy_requests import DataRequest
from loyalty.domain.people.survey_responses import Response

type Kept = Entry | Placeholder | Account | Voucher | Member | Message | Response | DataRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """One item of a program, written; `made_at` is when.

    Whatever is told of a change derives from it alone, so that a change delivered twice is told
    twice in the same words.
    """

    program_id: str
    made_at: datetime
    before: Kept | None
    after: Kept
