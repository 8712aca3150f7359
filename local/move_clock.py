"""`make clock DAYS=30 HOURS=8`: move the local cloud's clock forward and hurry the sweeps.

Without arguments it prints the clock's time. `RESET=1` returns to real time.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from local.failures import LocalCloudError
from local.living import LivingCloud, living_cloud, run_command
from local.schedules import hurried

# This cloud checks its schedules every ten seconds, so each sweep starts at least three times.
HURRIED_SECONDS: Final = 35.0
_DAYS_MAX: Final = 3660
_HOURS_MAX: Final = 24


def main(_arguments: list[str]) -> None:
    cloud = living_cloud()
    forward = timedelta(days=_chosen("DAYS", _DAYS_MAX), hours=_chosen("HOURS", _HOURS_MAX))
    if os.environ.get("RESET"):
        cloud.clock.set_right()
    elif forward:
        _move(cloud, forward)
    print(_reading(cloud))


def _move(cloud: LivingCloud, forward: timedelta) -> None:
    cloud.clock.move_to(cloud.clock.now() + forward)
    print(_reading(cloud))
    print(f"Expiries, reminders and audits run every ten seconds for {HURRIED_SECONDS:.0f} s …")
    sys.stdout.flush()
    with hurried(cloud.aws):
        time.sleep(HURRIED_SECONDS)


def _chosen(name: str, most: int) -> int:
    """Return the number in a variable; 0 if it is not set."""
    text = os.environ.get(name) or "0"
    if not text.isdecimal() or int(text) > most:
        raise LocalCloudError(
            f"{name}={text} is not a number from 0 to {most}. The clock moves forward only, "
            "because a sweep does not look again at days that it has finished."
        )
    return int(text)


def _reading(cloud: LivingCloud) -> str:
    now = cloud.clock.now()
    ahead = round((now - datetime.now(UTC)).total_seconds() / 3600)
    compared = f"{ahead // 24} days and {ahead % 24} hours ahead" if ahead else "real time"
    return f"The local cloud's clock shows {now:%Y-%m-%d %H:%M:%SZ}: {compared}."


if __name__ == "__main__":
    sys.exit(run_command(main))
