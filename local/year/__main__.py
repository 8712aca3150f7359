"""`python -m local.year`: make the year of today ahead of time, for who asks for it next."""

import os
from datetime import UTC, datetime

from local.year.loading import IDENTITY_KEYRING
from local.year.opening import year_of


def main() -> None:
    # Whatever is told meanwhile goes first.
    os.nice(10)
    year_of(datetime.now(UTC), keyring=IDENTITY_KEYRING).make()


if __name__ == "__main__":
    main()
