"""Previews: a message as a sample member would get it, by a document that may be a draft."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field, StrictStr, ValidationError

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import ExternalId
from loyalty.domain.messaging.messages import Message, Row
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, Profile
from loyalty.domain.program.document import Program
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX, MessageKind
from loyalty.domain.program.messages import LOCALE
from loyalty.domain.program.parts import Unread, read_partly
from loyalty.domain.program.publication import faults, faults_of_broken
from loyalty.domain.recommendations.ending import PaidReward
from loyalty.edge.aws.mailbox import RenderedMail
from loyalty.edge.http.schemas import AnswerPart, Label, RequestPart
from loyalty.edge.http.validation import faults_of
from loyalty.edge.mail.render import Letter, mail

# A document, and what is said beside it.
REQUEST_BYTES_MAX: Final = DOCUMENT_BYTES_MAX + 4 * 1024
# The parts of a document that a mail is made from.
READ_PARTS: Final = frozenset(
    {
        "name",
        "time_zone",
        "currency",
        "points",
        "messages",
        "reminders",
        "rewards",
        "tiers",
        "challenges",
        "badges",
    }
)
SAMPLE_NAME: Final = "Ana"
SAMPLE_BALANCE: Final = 1234
SAMPLE_POINTS: Final = 120
SAMPLE_AMOUNT: Final = 2500
# Makes the two rows of a sample differ.
LATER: Final = timedelta(days=23)


class PreviewRequest(RequestPart):
    """A kind of message, and a document that need not be published yet."""

    kind: Annotated[MessageKind, Field(description="The kind of message.")]
    segment: Annotated[
        ExternalId | None,
        Field(
            description="With the kind `segment_entered`: the segment that the sample member "
            "entered; null: the first one with a message."
        ),
    ] = None
    locale: Annotated[
        StrictStr | None,
        Field(pattern=LOCALE, description="The sample member's language, such as fr-FR."),
    ] = None
    name: Annotated[
        Label | None, Field(description="The sample member's name; null: they have none.")
    ] = SAMPLE_NAME
    document: Annotated[
        dict[str, Any] | None,
        Field(
            description="The program document to show it by, such as a draft; null: the one in "
            "force. Mistakes in parts that no mail reads do not matter."
        ),
    ] = None


class PreviewAnswer(AnswerPart):
    """The mail that would be sent."""

    subject: Annotated[str, Field(description="The subject.")]
    html: Annotated[str, Field(description="The HTML part.")]
    text: Annotated[str, Field(description="The plain text part.")]


def preview(
    request: PreviewRequest,
    *,
    in_force: Callable[[], Program],
    now: datetime,
    unsubscribe_url: str,
) -> RenderedMail:
    """The mail that a sample member would get.

    Raises:
        ValidationFailed: the document has mistakes in what the mail reads.
        NotFound: no document is given, and none is in force.
    """
    given = request.document
    document, mistakes = _read(given) if given is not None else (in_force(), ())
    if in_the_way := [each for each in mistakes if each.pointer.split("/")[1] in READ_PARTS]:
        raise _invalid(in_the_way)
    try:
        letter = sample(request, document=document, now=now, unsubscribe_url=unsubscribe_url)
        return mail(letter, document)
    except Unread:
        # A misspelled name can hide what the mail reads.
        raise _invalid(mistakes) from None


def sample(
    preview: PreviewRequest, *, document: Program, now: datetime, unsubscribe_url: str
) -> Letter:
    """A letter to a made-up member, with a sample of everything that the kind can mention."""
    today = document.today(now)
    about = _about(preview.kind, document, today=today)
    tiers = document.tiers
    return Letter(
        message=Message(
            member_id="mem_sample",
            kind=preview.kind,
            day=today,
            written_at=now,
            until=today,
            about=about,
            points=_points(preview.kind, document),
            level=tiers.levels[-1].name if tiers else "Gold",
            segment=preview.segment or _segment(preview.kind, document),
            missing=SAMPLE_AMOUNT,
            rows=_rows(
                preview.kind,
                document,
                about=about or today,
                locale=preview.locale or document.messages.locale,
            ),
            pays_for=_pays_for(document) if preview.kind == "points_expiring" else None,
        ),
        member=Member(
            member_id="mem_sample",
            enrolled_at=now,
            enrolled_by="",
            profile=Profile(name=preview.name, locale=preview.locale),
            identities={Identity("email", "ana@example.com"): True},
        ),
        balance=SAMPLE_BALANCE,
        today=today,
        unsubscribe_url=unsubscribe_url,
    )


def _read(given: dict[str, Any]) -> tuple[Program, Sequence[Fault]]:
    """As much of a document as can be read, and the mistakes in it."""
    try:
        document = Program.model_validate(given)
    except ValidationError as error:
        found = faults_of(error.errors(), given, inspect=faults_of_broken)
        return read_partly(Program, given), found
    return document, faults(document)


def _invalid(mistakes: Sequence[Fault]) -> ValidationFailed:
    placed = tuple(replace(each, pointer=f"/document{each.pointer}") for each in mistakes)
    return ValidationFailed(placed[0].detail, faults=placed)


def _about(kind: MessageKind, document: Program, *, today: date) -> date | None:
    """The day that a message of a kind is about when it is sent today."""
    reminders = document.reminders
    match kind:
        case "points_expiring":
            stages = reminders.points_expiring.days_before if reminders.points_expiring else (7,)
            return today + timedelta(days=min(stages))
        case "voucher_expiring":
            expiring = reminders.voucher_expiring
            return today + timedelta(days=expiring.days_before if expiring else 3)
        case "tier_ending":
            return today + timedelta(
                days=reminders.tier_ending.days_before if reminders.tier_ending else 30
            )
        case "challenge_completed" | "badge_earned":
            return today
        case "challenge_ending":
            ending = reminders.challenge_ending
            return today + timedelta(days=ending.days_before if ending else 2)
        case "lapsed":
            return today - timedelta(days=reminders.lapsed.after_days if reminders.lapsed else 60)
        case _:
            return None


def _points(kind: MessageKind, document: Program) -> int:
    birthday = document.reminders.birthday
    if kind == "birthday":
        return (birthday.bonus_points or 0) if birthday else 0
    return SAMPLE_POINTS


def _segment(kind: MessageKind, document: Program) -> str | None:
    """The first segment with a message."""
    if kind != "segment_entered":
        return None
    return next((each.segment for each in document.reminders.segment_entered), "lapsed")


def _pays_for(document: Program) -> PaidReward | None:
    """The dearest reward that the sample's points pay for."""
    payable = [
        PaidReward(each.id, each.cost_points)
        for each in document.rewards
        if each.offered and each.cost_points <= SAMPLE_POINTS
    ]
    return max(payable, key=lambda each: each.cost_points, default=None)


def _rows(
    kind: MessageKind, document: Program, *, about: date, locale: str | None
) -> tuple[Row, ...]:
    match kind:
        case "points_expiring":
            first = Row(day=about, points=SAMPLE_POINTS)
            return (first, Row(day=about + LATER, points=SAMPLE_POINTS // 3))
        case "voucher_expiring":
            name = document.rewards[0].name_in(locale) if document.rewards else "Latte"
            return (Row(day=about, points=SAMPLE_POINTS, label=name),)
        case "challenge_completed" | "challenge_ending":
            name = document.challenges[0].name if document.challenges else "Ten drinks"
            return (Row(day=about, points=SAMPLE_POINTS, label=name),)
        case "badge_earned":
            name = document.badges[0].name if document.badges else "Regular"
            return (Row(day=about, points=0, label=name),)
        case _:
            return ()
