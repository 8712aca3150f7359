"""The words of messages: templates of the program document, checked when it is published.

A template has text, variables and conditions, and no loops, calls or attributes. So every published
template can be rendered quickly for every member. It is rendered as plain text; the layout escapes
that text for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.messages import MessageTemplate
from loyalty.domain.program.parts import Unread

if TYPE_CHECKING:
    from jinja2 import Template as CompiledTemplate
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from loyalty.domain.program.kinds import MessageKind

_COMMON: Final = frozenset({"program", "name", "balance", "points_name"})

# All variables are text in the member's locale, except `days`, a number. `name` may be empty,
# and `reward` with its `cost` if the points that expire pay for none.
VARIABLES: Final[Mapping[MessageKind, frozenset[str]]] = {
    "points_expiring": _COMMON | {"points", "expires_on", "days", "reward", "cost"},
    "voucher_expiring": _COMMON | {"reward", "expires_on", "days"},
    "tier_ending": _COMMON | {"tier", "ends_on", "days", "missing"},
    "birthday": _COMMON | {"bonus"},
    "welcome": _COMMON,
    "lapsed": _COMMON | {"days"},
    "challenge_completed": _COMMON | {"challenge", "bonus"},
    "badge_earned": _COMMON | {"badge"},
    "challenge_ending": _COMMON | {"challenge", "ends_on", "days", "bonus"},
    "segment_entered": _COMMON | {"segment"},
}
FILTERS: Final = frozenset({"capitalize", "lower", "title", "trim", "upper"})

_ALLOWED: Final = frozenset(
    {"Template", "Output", "TemplateData", "Name", "Const", "Filter", "Concat"}
    | {"If", "CondExpr", "And", "Or", "Not", "Compare", "Operand"}
)
_GREETING: Final = "Hello{% if name %} {{ name }}{% endif %},\n\n"

DEFAULTS: Final[Mapping[MessageKind, MessageTemplate]] = {
    template.kind: template
    for template in (
        MessageTemplate(
            kind="points_expiring",
            subject="{{ points }} will expire {% if days == 0 %}today{% elif days == 1 %}tomorrow"
            "{% else %}in {{ days }} days{% endif %}",
            heading="Your {{ points_name }} are waiting",
            body=_GREETING + "{{ points }} of yours will expire on {{ expires_on }}."
            "{% if reward %} {{ reward }} costs {{ cost }}.{% endif %} You have {{ balance }} in "
            "all, and there is still time to treat yourself.",
        ),
        MessageTemplate(
            kind="voucher_expiring",
            subject="{{ reward }}: your voucher is good until {{ expires_on }}",
            heading="Your voucher is waiting",
            body=_GREETING + "Your voucher for {{ reward }} is good until {{ expires_on }}. "
            "Bring it along on your next visit.",
        ),
        MessageTemplate(
            kind="tier_ending",
            subject="{% if missing %}Stay {{ tier }}: {{ missing }} to go{% else %}"
            "Your level {{ tier }} ends soon{% endif %}",
            heading="You are {{ tier }} until {{ ends_on }}",
            body=_GREETING + "Your level {{ tier }} ends on {{ ends_on }}.{% if missing %} "
            "{{ missing }} more until then and you keep it.{% endif %}",
        ),
        MessageTemplate(
            kind="birthday",
            subject="Happy birthday{% if name %}, {{ name }}{% endif %}!",
            body=_GREETING + "All of us at {{ program }} wish you a wonderful day."
            "{% if bonus %}\n\nOur present is already on your account: {{ bonus }}.{% endif %}",
        ),
        MessageTemplate(
            kind="welcome",
            subject="Welcome to {{ program }}",
            body=_GREETING + "It is lovely to have you. From now on you collect {{ points_name }} "
            "with everything you buy, and choose what to have for them.",
        ),
        MessageTemplate(
            kind="lapsed",
            subject="It has been a while{% if name %}, {{ name }}{% endif %}",
            heading="We miss you",
            body=_GREETING
            + "You have not been with us for {{ days }} days. {{ balance }} of yours "
            "are waiting; come by and see what is new.",
        ),
        MessageTemplate(
            kind="challenge_completed",
            subject="{{ challenge }}: done!",
            body=_GREETING + "You completed {{ challenge }}."
            "{% if bonus %} {{ bonus }} are yours.{% endif %}\n\n"
            "What it gave you is on your account.",
        ),
        MessageTemplate(
            kind="badge_earned",
            subject="A badge for you: {{ badge }}",
            body=_GREETING + "The badge {{ badge }} is yours. Well done!",
        ),
        MessageTemplate(
            kind="challenge_ending",
            subject="{{ challenge }} ends {% if days == 0 %}today{% elif days == 1 %}tomorrow"
            "{% else %}in {{ days }} days{% endif %}",
            heading="Not much is missing",
            body=_GREETING + "{{ challenge }} ends on {{ ends_on }}, and you are nearly there."
            "{% if bonus %} {{ bonus }} are waiting for you.{% endif %}",
        ),
        MessageTemplate(
            kind="segment_entered",
            subject="Something for you at {{ program }}",
            body=_GREETING + "We have something for you. Come by and see; {{ balance }} of yours "
            "are waiting.",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Words:
    """A message in one member's words, as plain text."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]


def words(template: MessageTemplate, variables: Mapping[str, object]) -> Words:
    """Render a template, which was checked when it was published."""
    subject = _in_one_line(_render(template.subject, variables))
    heading = _in_one_line(_render(template.heading or "", variables))
    body = _render(template.body, variables).replace("\r\n", "\n")
    paragraphs = map(_in_one_line, body.split("\n\n"))
    return Words(subject, heading or subject, tuple(part for part in paragraphs if part))


def faults(template: MessageTemplate, *, place: str) -> Iterator[Fault]:
    """Everything in a template that could not be rendered; fields that are unread are skipped."""
    with suppress(Unread):
        kind = template.kind
        for field in ("subject", "heading", "body"):
            with suppress(Unread):
                text: str | None = getattr(template, field)
                if text and "{" in text:
                    yield from _faults(text, kind, f"{place}/{field}")


def _faults(text: str, kind: MessageKind, pointer: str) -> Iterator[Fault]:
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415  # loaded only if there is a template

    try:
        found = {fault for node in _nodes(text) if (fault := _fault(node, kind))}
        if not found:
            # Nested conditions become indented Python, whose depth is limited. Compiling evaluates
            # constants, so only templates without faults are compiled.
            _environment().compile(text)
    except TemplateSyntaxError as error:
        yield Fault(pointer, "template_syntax", f"{error.message} (line {error.lineno})")
    except (RecursionError, SyntaxError):
        yield Fault(pointer, "template_syntax", "It is nested too deeply")
    else:
        yield from (Fault(pointer, code, detail) for code, detail in sorted(found))


def _fault(node: nodes.Node, kind: MessageKind) -> tuple[str, str] | None:
    """The fault of a node of a template, if it has one: a code and a sentence."""
    what = type(node).__name__
    name: str = getattr(node, "name", "")
    if what == "Name" and name not in VARIABLES[kind]:
        variables = ", ".join(sorted(VARIABLES[kind]))
        return "unknown_variable", f"There is no “{name}” here; there are {variables}"
    if what == "Filter" and name not in FILTERS:
        return "unknown_filter", f"There is no “{name}”; there are {', '.join(sorted(FILTERS))}"
    if what not in _ALLOWED:
        return "not_allowed", f"{what} is not allowed: a template has variables and conditions"
    return None


def _nodes(text: str) -> Iterator[nodes.Node]:
    """Every node of a template."""
    level: list[nodes.Node] = [_environment().parse(text)]
    while level:
        yield from level
        level = [child for node in level for child in node.iter_child_nodes()]


def _in_one_line(text: str) -> str:
    """Collapse white space to single spaces, but keep the non-breaking spaces within numbers."""
    return " ".join(re.findall(r"[^ \t\r\n\f\v]+", text))


def _render(text: str, variables: Mapping[str, object]) -> str:
    return _compiled(text).render(variables) if "{" in text else text


# Each kind has three texts: this is enough for a few programs with several languages.
@lru_cache(maxsize=300)
def _compiled(text: str) -> CompiledTemplate:
    return _environment().from_string(text)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined  # noqa: PLC0415  # only publishing and sending load it
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415  # as above

    # The result is plain text; the layout escapes it for HTML.
    return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
