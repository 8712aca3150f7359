"""The largest numbers, and the form of ids."""

from typing import Final

POINTS_MAX: Final = 10**12
AMOUNT_MINOR_MAX: Final = 10**12

EXTERNAL_ID: Final = r"^[A-Za-z0-9._:-]{1,64}$"
# How a campaign's budget is named among the limits of an entry: this, and the campaign's id. Limits
# of members begin with an id, so no campaign's id begins like this.
BUDGET: Final = "budget:"
