"""`make token ROLE=cashier`: print a fresh token for the cloud that is up.

`PROGRAM=` chooses a program other than the example's.
"""

import sys

from local.failures import LocalCloudError
from local.living import living_cloud, run_command
from local.people import ROLES, Directory


def main(arguments: list[str]) -> None:
    match arguments:
        case [role, *rest] if role in ROLES and len(rest) <= 1:
            print(fresh_token(role, *rest))
        case [role, *_] if role not in ROLES:
            raise LocalCloudError(
                f"There is no role “{role}”. A role is one of {', '.join(ROLES)}."
            )
        case _:
            raise LocalCloudError(f"Name a role: make token ROLE={'|'.join(ROLES)}")


def fresh_token(role: str, program_id: str | None = None) -> str:
    """Return a new token for the program's person in this role, or for its service.

    Raises:
        LocalCloudError: no cloud is running, or it has no such program.
    """
    cloud = living_cloud()
    program_id = program_id or cloud.record["program_id"]
    directory = Directory.find(cloud.aws, api_url=cloud.record["api_url"])
    if not directory.is_open(program_id):
        raise LocalCloudError(
            f"The local cloud has no program “{program_id}”. "
            f"Open it first: make program NAME={program_id}"
        )
    return directory.token(role, program_id)


if __name__ == "__main__":
    sys.exit(run_command(main))
