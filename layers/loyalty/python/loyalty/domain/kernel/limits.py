"""The largest numbers, and the form of ids."""

from typing import Final

POINTS_MAX: Final = 10**12
AMOUNT_MINOR_MAX: Final = 10**12

EXTERNAL_ID: Final = r"^[A-Za-z0-9._:-]{1,64}$"
