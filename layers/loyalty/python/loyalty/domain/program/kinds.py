"""Words of program documents that are stored and published elsewhere too.

Many functions know these words and never read a document, so they import no models.
"""

from typing import Final, Literal, get_args

# Lines of these categories earn only under a rule that names them in `also_earn_on`.
Charge = Literal["fee", "gift_card", "shipping", "tax", "tip"]
CHARGES: Final[tuple[Charge, ...]] = get_args(Charge)

RewardKind = Literal[
    "amount_off",
    "percent_off",
    "free_product",
    "free_shipping",
    "gift_card",
    "experience",
    "donation",
    "access",
]

# In the order in which they are sent when the weekly limit does not allow all.
MessageKind = Literal[
    "points_expiring",
    "voucher_expiring",
    "tier_ending",
    "birthday",
    "welcome",
    "challenge_completed",
    "badge_earned",
    "challenge_ending",
    "lapsed",
    "segment_entered",
]
KINDS: Final[tuple[MessageKind, ...]] = get_args(MessageKind)

SurveyKind = Literal["nps", "csat"]

# What points are given for, apart from orders. `bonus` is any bonus without an entry of its own.
PointSource = Literal[
    "adjustment",
    "bonus",
    "birthday",
    "survey",
    "sign_up",
    "completed_profile",
    "anniversary",
    "challenge",
    "referral",
    "activity",
    "board",
    "plan",
    "transfer",
]

TierBasis = Literal["qualifying_points", "spend", "orders"]

Activity = Literal["order", "redemption", "adjustment", "transfer", "survey"]

# The most lots that a policy of expiry can make.
LOTS_MAX: Final = 60

# The longest document, in bytes of its canonical form.
DOCUMENT_BYTES_MAX: Final = 300 * 1024

# The most campaigns of a document.
CAMPAIGNS_MAX: Final = 200

Activation = Literal["auto", "join", "offer"]
MemberPeriod = Literal["order", "day", "week", "month", "year", "campaign"]
BudgetPeriod = Literal["day", "week", "month", "year", "campaign"]

# Signals that a friend may not be a new person. They are stored.
SignalName = Literal["device", "network", "email_alike"]
