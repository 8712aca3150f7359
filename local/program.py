"""`make program NAME=bakery`: open a program of your own on the cloud that is up.

It creates a person for each role and registers a service that acts for the program. The program
document is yours to publish; the command says how.
"""

import re
import sys

from local.failures import LocalCloudError
from local.living import LivingCloud, living_cloud, run_command
from local.people import STAFF_ROLES, Directory, email_of

_PROGRAM_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


def main(arguments: list[str]) -> None:
    match arguments:
        case [program_id] if _PROGRAM_ID.fullmatch(program_id):
            cloud = living_cloud()
            directory = Directory.find(cloud.aws, api_url=cloud.record["api_url"])
            was_open = directory.is_open(program_id)
            directory.open_program(program_id)
            print(_next_steps(cloud, program_id, was_open=was_open))
        case [program_id]:
            raise LocalCloudError(
                f"“{program_id}” cannot be the id of a program: use 2 to 40 lower-case letters, "
                "digits and hyphens, beginning with a letter or a digit."
            )
        case _:
            raise LocalCloudError("Name the program: make program NAME=bakery")


def _next_steps(cloud: LivingCloud, program_id: str, *, was_open: bool) -> str:
    people = ", ".join(email_of(role, program_id) for role in (*STAFF_ROLES, "member"))
    is_open = "was open already" if was_open else "is open"
    url = cloud.program_url(program_id)
    # The address holds a `$`, so it stands in single quotes.
    return f"""{program_id} {is_open}: {people}, and a service.

Its address    {url}
A token        make -s token ROLE=manager PROGRAM={program_id}

Publish its document, for instance a copy of examples/coffee.json:
curl -X PUT '{url}' -H "Authorization: Bearer $(make -s token ROLE=manager PROGRAM={program_id})" \
-H 'Content-Type: application/json' -H 'If-None-Match: *' --data-binary @{program_id}.json"""


if __name__ == "__main__":
    sys.exit(run_command(main))
