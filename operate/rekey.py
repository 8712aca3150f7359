"""`make rekey STAGE=`: put every member's identities under the current key of the identity secret.

Profiles hold identities in clear, so nothing else is needed: neither older keys nor their digests.
It can be killed, repeated, and run while members are served.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from loyalty.domain.people.identity import Keyring
from loyalty.edge.aws import clients
from loyalty.edge.directory import read_keyring
from loyalty.table.engine import DynamoEngine, key_of
from loyalty.table.members import TableMembers
from loyalty.table.records.members import member_from_item
from operate.stage import Stage, run

_SAY_EVERY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekeyed:
    """How many members were moved, and those who changed meanwhile: `program/member`."""

    done: int
    changed: tuple[str, ...]


def rekey(stage: Stage, *, say: Callable[[str], None] = print) -> Rekeyed:
    """Read the whole table and move the identities of each profile."""
    engine = DynamoEngine(clients.dynamodb(), table=stage.output("TableName"))
    ring = keyring(stage)
    done, changed, after = 0, [], None
    while True:
        page = engine.scan(segment=0, segments=1, after=after)
        for item in page.items:
            if item.get("kind") != "profile":
                continue
            program_id, member = str(item["pk"]).split("#")[1], member_from_item(item)
            members = TableMembers(engine, program_id=program_id, keyring=lambda: ring)
            if not member.identities or members.rekey(member):
                done += 1
            else:
                changed.append(f"{program_id}/{member.member_id}")
            if done and done % _SAY_EVERY == 0:
                say(f"{done} members.")
        if page.next is None:
            return Rekeyed(done=done, changed=tuple(changed))
        after = key_of(page.next)


def keyring(stage: Stage) -> Keyring:
    secret = stage.client("secretsmanager").get_secret_value(
        SecretId=stage.output("IdentitySecretArn")
    )
    return read_keyring(secret["SecretString"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Put identities under the current key.")
    parser.add_argument("--stage", required=True)
    rekeyed = rekey(Stage(parser.parse_args().stage))
    print(f"{rekeyed.done} members are under the current key.")
    if rekeyed.changed:
        print(f"{len(rekeyed.changed)} changed meanwhile; run it again.")
    return 1 if rekeyed.changed else 0


if __name__ == "__main__":
    run(main)
