"""`python -m local.year`: generate the year up to today ahead of time."""

import os
from datetime import UTC, datetime

from local.year.loading import IDENTITY_KEYRING
from local.year.opening import year_of


def main() -> None:
    # The story runs meanwhile and goes first.
    os.nice(10)
    year_of(datetime.now(UTC), keyring=IDENTITY_KEYRING).make()


if __name__ == "__main__":
    main()
