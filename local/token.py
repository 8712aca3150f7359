"""`make token ROLE=cashier`: print a fresh token for the cloud that is up.

`PROGRAM=` chooses another program than the one that the story is told of.
"""

import sys

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.failures import LocalCloudError
from local.home import RECORD
from local.people import ROLES, Directory
from local.record import read_record


def main() -> int:
    match sys.argv[1:]:
        case [role, *program] if role in ROLES and len(program) <= 1:
            pass
        case _:
            print(f"Say whose: make token ROLE={'|'.join(ROLES)}", file=sys.stderr)
            return 2
    try:
        print(fresh_token(role, *program))
    except LocalCloudError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fresh_token(role: str, program_id: str | None = None) -> str:
    down = LocalCloudError("The local cloud is not up: start it with `make run`.")
    if not RECORD.exists():
        raise down
    record = read_record(RECORD)
    aws = Aws(httpx.URL(record["api_url"]).port or 80)
    try:
        return Directory.find(aws).token(role, program_id or record["program_id"])
    except (BotoCoreError, ClientError, httpx.TransportError) as error:
        raise down from error


if __name__ == "__main__":
    sys.exit(main())
