"""The part of the program document on messages to members: which, when, in what words."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Final

from pydantic import Field, StrictBool, StrictInt, StrictStr

from loyalty.domain.kernel.fields import LINE, LINES, ExternalId, Points, TimeOfDay
from loyalty.domain.program.kinds import MessageKind
from loyalty.domain.program.parts import DocumentPart

# A reminder further ahead than this is none.
DAYS_BEFORE_MAX: Final = 180

LOCALE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$"

DaysBefore = Annotated[StrictInt, Field(ge=1, le=DAYS_BEFORE_MAX)]
WebAddress = Annotated[
    StrictStr,
    Field(
        pattern=r"^https://[^\s\x22'<>\\{}]+$",
        max_length=500,
        description="An address that begins with https://.",
    ),
]


SEGMENT_MESSAGES_MAX: Final = 20


class PointsExpiring(DocumentPart):
    """Sent before points expire; one message covers all points that a stage is due for."""

    days_before: Annotated[
        tuple[DaysBefore, ...],
        Field(
            min_length=1,
            max_length=5,
            description="How many days before the last day to send it; each is sent once.",
        ),
    ] = (30, 7)


class VoucherExpiring(DocumentPart):
    """Sent before a voucher that was not used expires."""

    days_before: Annotated[
        DaysBefore, Field(description="How many days before the voucher's last day to send it.")
    ] = 3


class TierEnding(DocumentPart):
    """Sent before a level ends that the member has not reached again."""

    days_before: Annotated[
        DaysBefore, Field(description="How many days before the level's last day to send it.")
    ] = 30


class BirthdayMessage(DocumentPart):
    """Sent on the member's birthday, once a year; 29 February is the 28th in other years."""

    bonus_points: Annotated[
        Points | None, Field(description="Points as a present, also if no message can be sent.")
    ] = None
    min_member_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=365,
            description="Days that a member must have been enrolled on the birthday to get the "
            "points.",
        ),
    ] = 0
    min_unchanged_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=365,
            description="Days that a birthday must have stood before it gives points, once it was "
            "changed. The first one on file gives them at once.",
        ),
    ] = 60
    after_first_order: Annotated[
        StrictBool,
        Field(description="Whether only members with an order get the points."),
    ] = False


class WelcomeMessage(DocumentPart):
    """Sent after a member enrolled."""


class LapsedMessage(DocumentPart):
    """Sent to members who have not bought anything for a while; once until they buy again."""

    after_days: Annotated[
        StrictInt, Field(ge=7, le=730, description="Days since the last purchase.")
    ] = 60


class ChallengeCompletedMessage(DocumentPart):
    """Sent after a member completed a challenge; one message covers all completions of a day."""


class BadgeEarnedMessage(DocumentPart):
    """Sent after a challenge gave a member a badge."""


class ChallengeEndingMessage(DocumentPart):
    """Sent before a window ends, to members who have begun and have little left to do."""

    days_before: Annotated[
        StrictInt, Field(ge=0, le=60, description="How many days before the last day to send it.")
    ] = 2
    missing_percent_max: Annotated[
        StrictInt,
        Field(
            ge=1, le=100, description="The most that a member may lack, in percent of the target."
        ),
    ] = 50


class SegmentMessage(DocumentPart):
    """A segment that sends a message to members who enter it."""

    segment: Annotated[
        ExternalId,
        Field(description="The id of a computed segment."),
    ]
    announces: Annotated[
        ExternalId | None,
        Field(
            description="The id of the campaign that the message is about: members who are held "
            "out of it get no message; null: no campaign."
        ),
    ] = None
    again_after_days: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=730,
            description="Days after which a member who left the segment and enters it again "
            "gets a second message.",
        ),
    ] = 90


class Reminders(DocumentPart):
    """Which messages are sent automatically; null: this one is not sent."""

    points_expiring: Annotated[
        PointsExpiring | None, Field(description="Before points expire.")
    ] = None
    voucher_expiring: Annotated[
        VoucherExpiring | None, Field(description="Before an unused voucher expires.")
    ] = None
    tier_ending: Annotated[TierEnding | None, Field(description="Before a level ends.")] = None
    birthday: Annotated[BirthdayMessage | None, Field(description="On a birthday.")] = None
    welcome: Annotated[WelcomeMessage | None, Field(description="After enrollment.")] = None
    lapsed: Annotated[
        LapsedMessage | None, Field(description="After a time without a purchase.")
    ] = None
    challenge_completed: Annotated[
        ChallengeCompletedMessage | None, Field(description="After a challenge was completed.")
    ] = None
    badge_earned: Annotated[
        BadgeEarnedMessage | None, Field(description="After a challenge gave a badge.")
    ] = None
    challenge_ending: Annotated[
        ChallengeEndingMessage | None, Field(description="Before a challenge's window ends.")
    ] = None
    segment_entered: Annotated[
        tuple[SegmentMessage, ...],
        Field(max_length=SEGMENT_MESSAGES_MAX, description="When a member enters a segment."),
    ] = ()

    @property
    def of_challenges(self) -> bool:
        """Whether any of them is about challenges."""
        return bool(self.challenge_completed or self.badge_earned or self.challenge_ending)


class QuietHours(DocumentPart):
    """Hours of the program's time zone in which no message is sent; they can span midnight."""

    # The schema says a default as a document does, with minutes only.
    starts_at: Annotated[
        TimeOfDay,
        Field(description="The first quiet minute.", json_schema_extra={"default": "21:00"}),
    ] = time(21)
    ends_at: Annotated[
        TimeOfDay,
        Field(
            description="The first minute at which messages are sent again.",
            json_schema_extra={"default": "08:00"},
        ),
    ] = time(8)


class MailButton(DocumentPart):
    """A button in a mail."""

    label: Annotated[
        StrictStr, Field(min_length=1, max_length=60, description="The button's text."), LINE
    ]
    url: WebAddress


class MessageTemplate(DocumentPart):
    """The words of one kind of message, in one language.

    `subject`, `heading` and `body` can use `{{ variables }}` and `{% if %}`; an empty line in the
    body begins a paragraph. It is plain text: HTML is shown as text.
    """

    kind: Annotated[MessageKind, Field(description="The kind of message.")]
    segment: Annotated[
        ExternalId | None,
        Field(
            description="With the kind `segment_entered`: the id of the segment that the "
            "message is for; null: any segment."
        ),
    ] = None
    locale: Annotated[
        StrictStr | None,
        Field(
            pattern=LOCALE,
            description="A BCP 47 tag; null: for all locales without words of their own.",
        ),
    ] = None
    subject: Annotated[
        StrictStr, Field(min_length=1, max_length=200, description="The mail's subject."), LINE
    ]
    heading: Annotated[
        Annotated[StrictStr, LINE] | None,
        Field(
            min_length=1, max_length=200, description="The heading in the mail; null: the subject."
        ),
    ] = None
    body: Annotated[
        StrictStr, Field(min_length=1, max_length=5000, description="The mail's text."), LINES
    ]
    button: Annotated[MailButton | None, Field(description="A button below the text.")] = None
    unsubscribe: Annotated[
        Annotated[StrictStr, LINE] | None,
        Field(
            min_length=1,
            max_length=60,
            description="The text of the link to unsubscribe; null: built-in words in the "
            "template's language.",
        ),
    ] = None


class MailTheme(DocumentPart):
    """What mails, and the pages that their links open, look like."""

    color: Annotated[
        StrictStr,
        Field(
            pattern=r"^#[0-9A-Fa-f]{6}$",
            description="The color of the band and of buttons, as #RRGGBB.",
        ),
    ] = "#1F5C4A"
    logo_url: Annotated[
        WebAddress | None, Field(description="The address of a logo; null: the program's name.")
    ] = None
    footer: Annotated[
        Annotated[StrictStr, LINES] | None,
        Field(max_length=500, description="Who sends the mail; laws require a postal address."),
    ] = None


class Messages(DocumentPart):
    """How members are written to."""

    quiet_hours: Annotated[
        QuietHours | None,
        Field(description="When no message is sent; null: messages are sent at any time."),
    ] = QuietHours()
    per_week_max: Annotated[
        StrictInt,
        Field(ge=1, le=50, description="How many messages a member gets in seven days at most."),
    ] = 3
    locale: Annotated[
        StrictStr,
        Field(pattern=LOCALE, description="The locale of members who have none, as a BCP 47 tag."),
    ] = "en"
    reply_to: Annotated[
        StrictStr | None,
        Field(
            max_length=254,
            pattern=r"^[^@\s<>,;:\x22]+@[^@\s<>,;:\x22]+\.[^@\s<>,;:\x22]+$",
            description="The e-mail address that replies go to.",
        ),
    ] = None
    look: Annotated[MailTheme, Field(description="What mails look like.")] = MailTheme()
    templates: Annotated[
        tuple[MessageTemplate, ...],
        Field(
            max_length=200,
            description="The words of messages; kinds without a template have English words.",
        ),
    ] = ()

    def template(
        self, kind: MessageKind, locale: str | None, *, segment: str | None = None
    ) -> MessageTemplate | None:
        """The template of the locale, its language, or all locales; None: the default words.

        Templates for one segment come before those for any segment.
        """
        names = (locale.lower(), locale.partition("-")[0].lower()) if locale else ()
        ours = {
            (each.segment, (each.locale or "").lower()): each
            for each in self.templates
            if each.kind == kind
        }
        places = [(of, name) for of in (segment, None) for name in (*names, "")]
        return next((ours[each] for each in places if each in ours), None)
