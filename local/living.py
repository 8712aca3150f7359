"""The running local cloud, as the commands beside `make run` find it."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.clock import Clock
from local.cloud import scratch_folder
from local.failures import LocalCloudError
from local.home import HOME, RECORD
from local.record import Record, find_record, is_up, port_of

DOWN: Final = "The local cloud is not running. Start it with `make run`."


class LivingCloud(NamedTuple):
    """A running cloud that `make run` started in this checkout."""

    record: Record
    aws: Aws
    clock: Clock

    def program_url(self, program_id: str) -> str:
        return f"{self.record['api_url']}/v1/programs/{program_id}"


def living_cloud(environment: Mapping[str, str] = os.environ) -> LivingCloud:
    """Return the cloud on `PORT`, or the first cloud of this checkout.

    Raises:
        LocalCloudError: it is not running.
    """
    chosen = environment.get("PORT")
    if chosen and not chosen.isdecimal():
        raise LocalCloudError(f"PORT={chosen} is not a port.")
    record = find_record(RECORD, port=int(chosen) if chosen else None)
    if record is None or not is_up(port_of(record)):
        raise LocalCloudError(
            DOWN if not chosen else f"No local cloud is running on port {chosen}."
        )
    port = port_of(record)
    return LivingCloud(record, Aws(port), Clock(scratch_folder(HOME, port) / "clock"))


def run_command(command: Callable[[list[str]], None]) -> int:
    """Run a command with the arguments of this process; a failure is one sentence."""
    try:
        with _plain_failures():
            command(sys.argv[1:])
    except LocalCloudError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _plain_failures() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        reason = error.response["Error"]
        raise LocalCloudError(
            f"The local cloud refused {error.operation_name}: "
            f"{reason['Code']}. {reason.get('Message', '')}".rstrip()
        ) from error
    except httpx.HTTPStatusError as error:
        answer = error.response
        raise LocalCloudError(
            f"The local cloud answered {answer.status_code}: {answer.text}"
        ) from error
    except (BotoCoreError, httpx.TransportError) as error:
        raise LocalCloudError(f"The local cloud stopped answering. {error}") from error
