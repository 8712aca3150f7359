"""`make withdraw STAGE= WHO=`: take away roles in every program, and that of an operator.

Tokens that they have are refused within 30 seconds. Roles in one program are taken away through the
API. It can be killed and repeated.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from loyalty.domain.staff.actions import DEPLOYMENT
from loyalty.edge.aws import clients
from loyalty.edge.aws.staff_accounts import CognitoStaffAccounts
from loyalty.edge.aws.table import pause
from loyalty.table.engine import DynamoEngine, Persistent
from loyalty.table.staff import TableStaff
from loyalty.usecases.staff.people import leave_deployment
from operate.stage import OperationError, Stage, run


def withdraw(stage: Stage, who: str, *, now: datetime) -> frozenset[str]:
    """Withdraw the roles of a person, named by e-mail or by the subject of their tokens.

    Returns the groups that they were in. If staff have another issuer, it knows the groups: take
    the person out of them there first, and name them by their subject.

    Raises:
        OperationError: the staff pool knows nobody of this name.
    """
    engine = Persistent(
        DynamoEngine(clients.dynamodb(), table=stage.output("TableName")), pause=pause
    )
    records = TableStaff(engine, program_id=DEPLOYMENT)
    pool_id = stage.output_if_any("StaffPoolId")
    if pool_id is None:
        return leave_deployment(who, accounts=None, records=records, now=now)
    accounts = CognitoStaffAccounts(clients.cognito(), pool_id=pool_id)
    account = accounts.find_by_email(who)
    if account is None:
        raise OperationError(f"Nobody in the staff pool is called {who}.")
    return leave_deployment(account.subject, accounts=accounts, records=records, now=now)


def main() -> int:
    parser = argparse.ArgumentParser(description="Take away roles in every program.")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--who", required=True, help="an e-mail, or the subject of their tokens")
    options = parser.parse_args()
    groups = withdraw(Stage(options.stage), options.who, now=datetime.now(UTC))
    left = ", ".join(sorted(groups)) or "in none of the groups of the deployment"
    print(f"{options.who} was {left}. Tokens issued until now are refused within 30 seconds.")
    return 0


if __name__ == "__main__":
    run(main)
