"""The ledger after an attack: every account is the sum of its entries, and owes no explanation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from local.deploy import stack_outputs
from local.deployment import Deployment
from loyalty.edge.aws.table import pause
from loyalty.edge.desk import new_code
from loyalty.table import keys
from loyalty.table.books import TableBooks
from loyalty.table.engine import DynamoEngine, Persistent
from loyalty.table.programs import ProgramShelf, TablePrograms
from loyalty.usecases.ledger.statements import audit_member
from loyalty.usecases.ports import Desk


def books_differ(deployed: Deployment, program_id: str) -> tuple[int, list[str]]:
    """How many accounts a program has, and every difference between one and its entries."""
    aws = deployed.cloud.aws
    table = stack_outputs(aws)["TableName"]
    engine = Persistent(DynamoEngine(aws.table_service, table=table), pause=pause)
    programs = ProgramShelf(TablePrograms(engine))
    now = datetime.now(UTC)
    program = programs.in_force(program_id, now=now)
    desk = Desk(
        books=TableBooks(engine, program_id=program_id, zone=program.document.zone),
        program=program,
        version=partial(programs.version, program_id),
        now=now,
        new_code=new_code,
        pause=pause,
    )
    members = list(_members(deployed, table=table, program_id=program_id))
    differences = [
        f"{member_id}: {difference.what}, {difference.of_account} of the account and "
        f"{difference.of_entries} of its entries"
        for member_id in members
        for difference in audit_member(member_id, desk=desk)
    ]
    return len(members), differences


def _members(deployed: Deployment, *, table: str, program_id: str) -> Iterator[str]:
    """All members with an account, including ended accounts."""
    pages = deployed.cloud.aws.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression="pk",
        FilterExpression="sk = :account AND begins_with(pk, :members)",
        ExpressionAttributeValues={
            ":account": {"S": keys.account(program_id, "").sk},
            ":members": {"S": keys.account(program_id, "").pk},
        },
    )
    for page in pages:
        yield from (item["pk"]["S"].rpartition("#")[2] for item in page["Items"])
