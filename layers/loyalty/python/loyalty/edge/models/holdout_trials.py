"""How small an effect a holdout could show, as it is asked for and answered."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, StrictInt

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import ExternalId
from loyalty.edge.http.periods import ReportDay, require_period
from loyalty.edge.http.schemas import AnswerPart, Money, RequestPart

if TYPE_CHECKING:
    from loyalty.domain.campaigns.visible_effects import LeastEffect, Purchases

YEAR_DAYS: Final = 366


class HoldoutTrialRequest(RequestPart):
    """A campaign that is planned: for how long, for whom, and how many are held out."""

    percent: Annotated[
        StrictInt, Field(ge=1, le=99, description="How many percent of members are held out.")
    ]
    first: Annotated[ReportDay, Field(alias="from", description="Its first day.")]
    last: Annotated[ReportDay, Field(alias="to", description="Its last day, included.")]
    segment: Annotated[
        ExternalId | None,
        Field(description="The segment that it is for; if left out, all members."),
    ] = None

    def periods(self, *, today: date) -> tuple[tuple[date, date], tuple[date, date]]:
        """The days whose purchases may be looked at: those of a year before, and the latest.

        Both are as many as the campaign has; a year before, they are the same days of the week.

        Raises:
            ValidationFailed: the campaign ends before it begins, or lasts for more than a year.
        """
        require_period(self.first, self.last, pointer="/to")
        length = self.last - self.first
        if length.days >= YEAR_DAYS:
            detail = "A campaign can be compared for up to a year"
            raise ValidationFailed(detail, faults=(Fault("/to", "period_too_long", detail),))
        yesterday = today - timedelta(days=1)
        a_year_before = min(self.last - timedelta(weeks=52), yesterday)
        return (a_year_before - length, a_year_before), (yesterday - length, yesterday)


class HoldoutTrialAnswer(AnswerPart):
    """The least effect that the campaign's holdout could show."""

    members: Annotated[int, Field(description="Members who would have the campaign.")]
    held_out: Annotated[int, Field(description="Members who would be held out.")]
    first_day: Annotated[date, Field(description="The first day whose purchases it is based on.")]
    last_day: Annotated[date, Field(description="The last of these days.")]
    mean: Annotated[Money, Field(description="What a member bought in these days, less refunds.")]
    least: Annotated[
        Money | None,
        Field(
            description="The least change of a member's purchases that would be proven in four of "
            "five such campaigns; null: fewer than 100 members on one side show nothing."
        ),
    ]
    least_ratio: Annotated[
        float | None,
        Field(description="The same as a share of `mean`; null if members bought nothing."),
    ]


def holdout_trial_answer(
    effect: "LeastEffect", purchases: "Purchases", *, days: tuple[date, date], currency: str
) -> HoldoutTrialAnswer:
    first, last = days
    return HoldoutTrialAnswer(
        members=effect.members,
        held_out=effect.held_out,
        first_day=first,
        last_day=last,
        mean=Money(amount=purchases.mean_minor, currency=currency),
        least=None if effect.minor is None else Money(amount=effect.minor, currency=currency),
        least_ratio=None if effect.per_mille is None else effect.per_mille / 1000,
    )
