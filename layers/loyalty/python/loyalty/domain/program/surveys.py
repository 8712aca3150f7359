"""The part of the program document on surveys: which question, how often, for what points."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import LINE, Day, ExternalId, Points
from loyalty.domain.program.kinds import SurveyKind
from loyalty.domain.program.parts import DocumentPart

# The scales of the Net Promoter Score (F. Reichheld, Harvard Business Review, December 2003) and of
# a satisfaction score by the share of the two best answers: other scales would not compare.
SCALES: Final[dict[SurveyKind, tuple[int, int]]] = {"nps": (0, 10), "csat": (1, 5)}
# The highest score of detractors, and of dissatisfied members.
LOW_SCORE_MAX: Final[dict[SurveyKind, int]] = {"nps": 6, "csat": 2}


class ProgramSurvey(DocumentPart):
    """A question that members answer with a score. Days are those of the program's time zone."""

    id: Annotated[ExternalId, Field(description="The survey's id, unique among the surveys.")]
    kind: Annotated[
        SurveyKind,
        Field(
            description="`nps`: would they recommend us, 0 to 10; `csat`: are they happy, 1 to 5."
        ),
    ]
    question: Annotated[
        StrictStr,
        Field(min_length=1, max_length=500, description="The question, as members see it."),
        LINE,
    ]
    per: Annotated[
        Literal["order", "month", "quarter", "year"],
        Field(description="A member can answer once: per order, or in each calendar period."),
    ] = "order"
    low_score_max: Annotated[
        StrictInt | None,
        Field(
            ge=0,
            le=10,
            description="The highest low score; null: 6 in an `nps`, 2 in a `csat` survey.",
        ),
    ] = None
    bonus_points: Annotated[
        Points | None, Field(description="Points for an answer; null: none.")
    ] = None
    starts_on: Annotated[
        Day | None, Field(description="The first day to answer; null: from the beginning.")
    ] = None
    ends_on: Annotated[
        Day | None, Field(description="The last day to answer, included; null: no end.")
    ] = None

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
        """The name of the calendar period of a day; None in a survey per order."""
        match self.per:
            case "order":
                return None
            case "month":
                return f"{day:%Y-%m}"
            case "quarter":
                return f"{day:%Y}-Q{(day.month + 2) // 3}"
            case "year":
                return f"{day:%Y}"
