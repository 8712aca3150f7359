"""Surveys as the program document describes them: which question, to whom, how often."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import LINE, Day, ExternalId, Points
from loyalty.domain.program.parts import DocumentPart

SurveyKind = Literal["nps", "csat"]

# Of the Net Promoter Score (F. Reichheld, Harvard Business Review, December 2003) and of a
# satisfaction score by the share of the two best answers: with other scales neither compares.
SCALES: Final[dict[SurveyKind, tuple[int, int]]] = {"nps": (0, 10), "csat": (1, 5)}
# Detractors, and those who are dissatisfied.
LOW_SCORE_MAX: Final[dict[SurveyKind, int]] = {"nps": 6, "csat": 2}


class ProgramSurvey(DocumentPart):
    """A question that members answer with a score. Days are those of the program's time zone."""

    id: ExternalId
    kind: Annotated[
        SurveyKind,
        Field(description="nps: would they recommend us, 0 to 10; csat: are they happy, 1 to 5."),
    ]
    question: Annotated[StrictStr, Field(min_length=1, max_length=500), LINE]
    per: Annotated[
        Literal["order", "month", "quarter", "year"],
        Field(description="Once for each order, or once for each member in a calendar period."),
    ] = "order"
    low_score_max: Annotated[
        StrictInt | None,
        Field(ge=0, le=10, description="Up to this a score is low; null: 6 of an nps, 2 of csat."),
    ] = None
    bonus_points: Annotated[Points | None, Field(description="What an answer is given.")] = None
    starts_on: Day | None = None
    ends_on: Annotated[Day | None, Field(description="The last day, included.")] = None

    @property
    def scale(self) -> tuple[int, int]:
        """The lowest and the highest score."""
        return SCALES[self.kind]

    def is_low(self, score: int) -> bool:
        return score <= (
            LOW_SCORE_MAX[self.kind] if self.low_score_max is None else self.low_score_max
        )

    def is_open(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day <= self.ends_on
        )

    def period(self, day: date) -> str | None:
        """The name of the calendar period of a day; none where an order is asked about."""
        match self.per:
            case "order":
                return None
            case "month":
                return f"{day:%Y-%m}"
            case "quarter":
                return f"{day:%Y}-Q{(day.month + 2) // 3}"
            case "year":
                return f"{day:%Y}"
