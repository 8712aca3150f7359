"""`make run`: the whole product on this machine. It plays a story, then stays up to try."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Never, Self
from zoneinfo import ZoneInfo

from local.cloud import require_free
from local.console import Console
from local.deployment import Deployment, deployment
from local.failures import LocalCloudError
from local.home import EXAMPLE, HOME, PROGRAM_ID, RECORD
from local.invitation import invitation
from local.record import Record, remove_stale_records, write_record
from local.sequel import beginning
from local.story import STOREFRONT_ID, STOREFRONT_SECRET, Story
from local.year.keeping import made_ahead
from local.year.loading import settle_identity_key
from local.year.opening import open_year

_PORT = 4566
_INTERRUPTED = 130
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options: `PORT=`, `ONCE=1` stops after the story, `YEAR=0` leaves out the year."""

    port: int
    once: bool
    year: bool

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        port = environment.get("PORT") or str(_PORT)
        if not port.isdecimal() or not 1 <= int(port) <= 65_535:
            raise LocalCloudError(f"PORT={port} is not a port. Choose one from 1 to 65535.")
        once = environment.get("ONCE", "") not in {"", "0"}
        year = environment.get("YEAR", "") != "0"
        return cls(port=int(port), once=once, year=year and not once)


def main() -> int:
    console = Console()
    try:
        options = Options.of(os.environ)
        with _interruptible():
            _run(options, console)
    except LocalCloudError as error:
        console.fail(str(error), log=error.log)
        return 1
    except KeyboardInterrupt:
        console.say("\n  Stopped.")
        return _INTERRUPTED
    return 0


def _run(options: Options, console: Console) -> None:
    started = time.monotonic()
    require_free(options.port)
    remove_stale_records(RECORD)
    document = json.loads(EXAMPLE.read_text())
    console.heading(f"{document['name']} on a local cloud")
    with ExitStack() as stack:
        # The story mostly waits for schedules and queues, so the year is generated meanwhile.
        ahead = stack.enter_context(made_ahead(log=HOME / "year.log")) if options.year else None
        deployed = stack.enter_context(deployment(port=options.port, home=HOME, console=console))
        settle_identity_key(deployed.cloud.aws)
        began = beginning(now=datetime.now(UTC), zone=ZoneInfo(document["time_zone"]))
        deployed.cloud.clock.move_to(began)
        with console.line("Open the program") as line:
            tokens = deployed.open_program(PROGRAM_ID, document)
            line.detail = f"{PROGRAM_ID}, with a person for each role"
        story = Story(
            deployed,
            program_id=PROGRAM_ID,
            document=document,
            tokens=tokens,
            folder=HOME,
        )
        console.heading(f"The story, which begins on {began:%-d %B}")
        story.play(console)
        written = write_record(RECORD, _record(deployed, tokens=tokens, member_id=story.member_id))
        stack.callback(written.unlink, missing_ok=True)
        console.say(f"\n  Every step came out right. {time.monotonic() - started:.0f} s in all.")
        if not options.once:
            # The API can be used while the year is generated.
            console.say(
                invitation(
                    deployed.api_url,
                    record=written,
                    program_id=PROGRAM_ID,
                    document=document,
                    member_id=story.member_id,
                    now=datetime.now(UTC),
                )
            )
            if ahead:
                link = open_year(deployed, others=PROGRAM_ID, ahead=ahead, console=console)
                console.say(f"\n  Its console    {link}")
            console.say("\n  Ctrl-C stops everything.")
            with suppress(KeyboardInterrupt):
                deployed.cloud.wait_until_it_ends()
            console.say("\n  Stopping.")


def _record(deployed: Deployment, *, tokens: dict[str, str], member_id: str) -> Record:
    return {
        "api_url": deployed.api_url,
        "program_id": PROGRAM_ID,
        "tokens": tokens,
        "member_id": member_id,
        "storefront": {"id": STOREFRONT_ID, "platform": "shopify", "secret": STOREFRONT_SECRET},
    }


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a signal end the run in order. A second signal does not disturb that."""

    def interrupt(*_: object) -> Never:
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
