"""What a check of a storefront's connection found."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from loyalty.domain.shops.checks import FINDING_CODES, FindingSeverity
from loyalty.edge.http.schemas import AnswerPart
from loyalty.usecases.shops.checks import CheckedConnection


class FindingAnswer(AnswerPart):
    """Something that keeps a connection from working, or may."""

    code: Annotated[
        str,
        Field(description="A stable code.", json_schema_extra={"enum": [*sorted(FINDING_CODES)]}),
    ]
    severity: Annotated[
        FindingSeverity,
        Field(
            description="`error`: orders do not count as they should. `warning`: some may not. "
            "`info`: good to know."
        ),
    ]
    step: Annotated[str, Field(description="What to do about it.")]
    subject: Annotated[
        str | None, Field(description="The topic, scope or other name that it is about.")
    ]


class StorefrontCheck(AnswerPart):
    """What a check of a connection found, the most severe first."""

    checked_at: Annotated[datetime, Field(description="When it was checked, in UTC.")]
    works: Annotated[bool, Field(description="Whether no finding is an `error`.")]
    asked_platform: Annotated[
        bool, Field(description="Whether the platform's API answered, which needs a token.")
    ]
    findings: Annotated[list[FindingAnswer], Field(description="What was found.")]


def storefront_check(checked: CheckedConnection, *, now: datetime) -> StorefrontCheck:
    return StorefrontCheck(
        checked_at=now,
        works=all(each.severity != "error" for each in checked.findings),
        asked_platform=checked.asked_platform,
        findings=[
            FindingAnswer(
                code=each.code, severity=each.severity, step=each.step, subject=each.subject
            )
            for each in checked.findings
        ],
    )
