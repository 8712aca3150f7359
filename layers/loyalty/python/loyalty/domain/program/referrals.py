"""Referrals: members bring friends, and both get something once the friend has bought."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from loyalty.domain.kernel.fields import AmountMinor
from loyalty.domain.program.gifts import PointsOrReward
from loyalty.domain.program.kinds import SignalName
from loyalty.domain.program.line_selectors import EVERY_LINE, LineSelector
from loyalty.domain.program.parts import DocumentPart

SIGNALS_MAX: Final = 10
CODE_IN_URL: Final = "{code}"

SignalOutcome = Literal["hold", "refuse"]


class ReferralCount(DocumentPart):
    """Which orders of the friend count."""

    of: Annotated[LineSelector, Field(description="The lines that count; empty: all goods.")] = (
        EVERY_LINE
    )
    amount_minor_min: Annotated[
        AmountMinor | None,
        Field(
            ge=1,
            description="The least that these lines must cost after refunds; null: anything.",
        ),
    ] = None
    within_days: Annotated[
        StrictInt,
        Field(
            ge=1, le=365, description="For how many days after the claim the friend's orders count."
        ),
    ] = 60


class ReferralCaps(DocumentPart):
    """For how many friends a member gets something. Beyond that, only the friends do."""

    per_month: Annotated[
        StrictInt | None,
        Field(ge=1, le=10_000, description="Friends in a calendar month; null: no limit."),
    ] = None
    ever: Annotated[
        StrictInt | None, Field(ge=1, le=100_000, description="Friends ever; null: no limit.")
    ] = None


class ReferralSignal(DocumentPart):
    """What happens if a claim has something in common with other members."""

    signal: Annotated[
        SignalName,
        Field(
            description="`device`: the same device as the member, or as a different friend of "
            "theirs. `network`: many friends come from one network. `email_alike`: the e-mail "
            "differs from the member's in a letter, a dot or a tag."
        ),
    ]
    per_week_max: Annotated[
        StrictInt | None,
        Field(
            ge=1,
            le=100,
            description="How many friends may come from one network within seven days; only for "
            "`network`.",
        ),
    ] = None
    then: Annotated[
        SignalOutcome,
        Field(description="Whether to hold the claim for a manager, or to refuse it."),
    ] = "hold"


class Referrals(DocumentPart):
    """Members bring friends. Both get something once the friend has bought something and kept it.

    A claim keeps the terms of the version that was in force when the friend made it.
    """

    url: Annotated[
        StrictStr | None,
        Field(
            max_length=500,
            pattern=r"^https://[^\s\x22'<>\\]*\{code\}[^\s\x22'<>\\]*$",
            description="The address that members share, with `{code}` in it; null: they share "
            "the code.",
        ),
    ] = None
    counts: Annotated[ReferralCount, Field(description="Which orders of the friend count.")] = (
        ReferralCount()
    )
    orders: Annotated[
        StrictInt,
        Field(ge=1, le=2, description="After how many such orders both members get something."),
    ] = 1
    wait_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=90,
            description="Days until the points are available. A refund in that time takes pending "
            "points and never leaves a debt; choose your return window.",
        ),
    ] = 14
    referrer: Annotated[
        PointsOrReward | None, Field(description="What the member gets; null: nothing.")
    ] = None
    friend: Annotated[
        PointsOrReward | None, Field(description="What the friend gets; null: nothing.")
    ] = None
    caps: Annotated[
        ReferralCaps, Field(description="For how many friends a member gets something.")
    ] = ReferralCaps()
    new_only: Annotated[
        StrictBool, Field(description="Whether a friend must not have bought before the claim.")
    ] = True
    signals: Annotated[
        tuple[ReferralSignal, ...],
        Field(max_length=SIGNALS_MAX, description="What makes a claim suspicious."),
    ] = ()
    if_undone: Annotated[
        Literal["take_back", "keep"],
        Field(
            description="What happens if refunds leave too little: both members lose what they "
            "got, or keep it."
        ),
    ] = "take_back"
