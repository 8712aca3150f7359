"""Previews: a message as a sample member would get it, with words that need not be published."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.messaging.messages import Message, Row
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, Profile
from loyalty.domain.program import wording
from loyalty.domain.program.document import Program
from loyalty.domain.program.kinds import MessageKind
from loyalty.domain.program.messages import LOCALE, MailTheme, MessageTemplate
from loyalty.edge.http.schemas import AnswerPart, Label, RequestPart
from loyalty.edge.mail.render import Letter

SAMPLE_NAME: Final = "Ana"
SAMPLE_BALANCE: Final = 1234
SAMPLE_POINTS: Final = 120
SAMPLE_AMOUNT: Final = 2500
# Makes the two rows of a sample differ.
LATER: Final = timedelta(days=23)


class PreviewRequest(RequestPart):
    """A kind of message, with words and a theme that need not be published yet."""

    kind: Annotated[MessageKind, Field(description="The kind of message.")]
    locale: Annotated[
        StrictStr | None,
        Field(pattern=LOCALE, description="The sample member's language, such as fr-FR."),
    ] = None
    name: Annotated[
        Label | None, Field(description="The sample member's name; null: they have none.")
    ] = SAMPLE_NAME
    template: Annotated[
        MessageTemplate | None,
        Field(description="The words to try; null: those in force for the kind and locale."),
    ] = None
    look: Annotated[
        MailTheme | None, Field(description="The theme to try; null: the one in force.")
    ] = None


class PreviewAnswer(AnswerPart):
    """The mail that would be sent."""

    subject: Annotated[str, Field(description="The subject.")]
    html: Annotated[str, Field(description="The HTML part.")]
    text: Annotated[str, Field(description="The plain text part.")]


def with_draft(document: Program, preview: PreviewRequest) -> Program:
    """The program in force with the draft in place of its own words and theme.

    Raises:
        ValidationFailed: the draft is for another kind, or cannot be rendered.
    """
    messages = document.messages
    if preview.look is not None:
        messages = messages.model_copy(update={"look": preview.look})
    if preview.template is not None:
        _require_sound(preview.template, kind=preview.kind)
        # The draft is what the manager wants to see, whatever its locale.
        drafted = tuple(
            preview.template.model_copy(update={"locale": locale})
            for locale in dict.fromkeys((preview.locale, preview.template.locale, None))
        )
        messages = messages.model_copy(update={"templates": drafted})
    return document.model_copy(update={"messages": messages})


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
            missing=SAMPLE_AMOUNT,
            rows=_rows(
                preview.kind,
                document,
                about=about or today,
                locale=preview.locale or document.messages.locale,
            ),
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


def _require_sound(template: MessageTemplate, *, kind: MessageKind) -> None:
    if template.kind != kind:
        detail = f"The template is for {template.kind}"
        raise ValidationFailed(detail, faults=(Fault("/template/kind", "contradiction", detail),))
    if found := tuple(wording.faults(template, place="/template")):
        raise ValidationFailed(found[0].detail, faults=found)


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
        case "lapsed":
            return today - timedelta(days=reminders.lapsed.after_days if reminders.lapsed else 60)
        case _:
            return None


def _points(kind: MessageKind, document: Program) -> int:
    birthday = document.reminders.birthday
    if kind == "birthday":
        return (birthday.bonus_points or 0) if birthday else 0
    return SAMPLE_POINTS


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
        case _:
            return ()
