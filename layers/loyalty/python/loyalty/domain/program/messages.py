"""Messages to members as the program document describes them: which, when, in what words."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import LINE, LINES, Points, TimeOfDay
from loyalty.domain.program.parts import DocumentPart

# In the order in which they go out where a week's share does not suffice for all.
MessageKind = Literal[
    "points_expiring", "voucher_expiring", "tier_ending", "birthday", "welcome", "lapsed"
]
KINDS: Final[tuple[MessageKind, ...]] = get_args(MessageKind)

# A stage further ahead than this is no reminder any more.
DAYS_BEFORE_MAX: Final = 180

LOCALE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$"

DaysBefore = Annotated[StrictInt, Field(ge=1, le=DAYS_BEFORE_MAX)]
WebAddress = Annotated[
    StrictStr,
    Field(pattern=r"^https://[^\s\"'<>\\{}]+$", max_length=500, description="It begins https://."),
]


class PointsExpiring(DocumentPart):
    """Before points expire; one message tells of all lots that a stage has come for."""

    days_before: Annotated[
        tuple[DaysBefore, ...],
        Field(min_length=1, max_length=5, description="The stages, each once for each lot."),
    ] = (30, 7)


class VoucherExpiring(DocumentPart):
    """Before a voucher that was not used expires."""

    days_before: DaysBefore = 3


class TierEnding(DocumentPart):
    """Before a level ends that is not reached anew."""

    days_before: DaysBefore = 30


class BirthdayMessage(DocumentPart):
    """On the member's birthday, once a year; 29 February is the 28th in other years."""

    bonus_points: Annotated[
        Points | None, Field(description="A present, whether or not a message may be sent.")
    ] = None


class WelcomeMessage(DocumentPart):
    """When somebody has enrolled."""


class LapsedMessage(DocumentPart):
    """To members who have not bought anything for so many days; once until they buy again."""

    after_days: Annotated[StrictInt, Field(ge=7, le=730)] = 60


class Reminders(DocumentPart):
    """Which messages are sent by themselves; one that is null is not."""

    points_expiring: PointsExpiring | None = None
    voucher_expiring: VoucherExpiring | None = None
    tier_ending: TierEnding | None = None
    birthday: BirthdayMessage | None = None
    welcome: WelcomeMessage | None = None
    lapsed: LapsedMessage | None = None


class QuietHours(DocumentPart):
    """Hours of the program's time zone in which nobody is written to, over midnight or not."""

    starts_at: TimeOfDay = time(21)
    ends_at: Annotated[TimeOfDay, Field(description="The first moment to write again.")] = time(8)


class MailButton(DocumentPart):
    label: Annotated[StrictStr, Field(min_length=1, max_length=60), LINE]
    url: WebAddress


class MessageTemplate(DocumentPart):
    """The words of one kind of message, in one language.

    `subject`, `heading` and `body` may hold `{{ variables }}` and `{% if %}`; an empty line in the
    body begins a paragraph. It is plain text: what looks like HTML is shown as it is written.
    """

    kind: MessageKind
    locale: Annotated[
        StrictStr | None,
        Field(pattern=LOCALE, description="A BCP 47 tag; null: for members of all other locales."),
    ] = None
    subject: Annotated[StrictStr, Field(min_length=1, max_length=200), LINE]
    heading: Annotated[
        Annotated[StrictStr, LINE] | None,
        Field(min_length=1, max_length=200, description="Null: the subject."),
    ] = None
    body: Annotated[StrictStr, Field(min_length=1, max_length=5000), LINES]
    button: MailButton | None = None
    unsubscribe: Annotated[
        StrictStr,
        Field(min_length=1, max_length=60, description="What the link is called."),
        LINE,
    ] = "Unsubscribe"


class MailTheme(DocumentPart):
    """What mails look like."""

    color: Annotated[
        StrictStr,
        Field(pattern=r"^#[0-9A-Fa-f]{6}$", description="Of the band and the button."),
    ] = "#1F5C4A"
    logo_url: WebAddress | None = None
    footer: Annotated[
        Annotated[StrictStr, LINES] | None,
        Field(max_length=500, description="Who writes: laws ask for a postal address."),
    ] = None


class Messages(DocumentPart):
    """How members are written to."""

    quiet_hours: Annotated[
        QuietHours | None, Field(description="Null: members may be written to at any time.")
    ] = QuietHours()
    per_week_max: Annotated[
        StrictInt,
        Field(ge=1, le=50, description="The most messages that a member gets in seven days."),
    ] = 3
    locale: Annotated[
        StrictStr,
        Field(pattern=LOCALE, description="A BCP 47 tag, for members who told none."),
    ] = "en"
    reply_to: Annotated[
        StrictStr | None,
        Field(
            max_length=254,
            pattern=r"^[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+$",
            description="The e-mail address that answers go to.",
        ),
    ] = None
    look: MailTheme = MailTheme()
    templates: Annotated[
        tuple[MessageTemplate, ...],
        Field(max_length=200, description="Kinds without one have words of ours, in English."),
    ] = ()

    def template(self, kind: MessageKind, locale: str | None) -> MessageTemplate | None:
        """The words for a locale: its own, its language's, those for all; None: ours."""
        names = (locale.lower(), locale.partition("-")[0].lower()) if locale else ()
        ours = {(each.locale or "").lower(): each for each in self.templates if each.kind == kind}
        return next((ours[name] for name in (*names, "") if name in ours), None)
