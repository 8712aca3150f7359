"""`make token ROLE=cashier`: print a fresh token for the cloud that is up."""

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
        case [role] if role in ROLES:
            pass
        case _:
            print(f"Say whose: make token ROLE={'|'.join(ROLES)}", file=sys.stderr)
            return 2
    try:
        print(fresh_token(role))
    except LocalCloudError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fresh_token(role: str) -> str:
    down = LocalCloudError("The local cloud is not up: start it with `make run`.")
    if not RECORD.exists():
        raise down
    record = read_record(RECORD)
    aws = Aws(httpx.URL(record["api_url"]).port or 80)
    try:
        return Directory.find(aws).token(role, record["program_id"])
    except (BotoCoreError, ClientError, httpx.TransportError) as error:
        raise down from error


if __name__ == "__main__":
    sys.exit(main())
