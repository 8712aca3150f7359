"""What conditions on orders and conditions on members have in common."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import Label
from loyalty.domain.kernel.limits import AMOUNT_MINOR_MAX
from loyalty.domain.program.parts import DocumentPart

COUNT_MAX: Final = 10**6

AmountBound = Annotated[StrictInt, Field(ge=0, le=AMOUNT_MINOR_MAX)]
CountBound = Annotated[StrictInt, Field(ge=0, le=COUNT_MAX)]
Choices = Annotated[tuple[Label, ...], Field(min_length=1, max_length=500)]
Bounds = tuple[int | None, int | None]

# The facts of composite conditions, by their field. They are no names of fields, so that a place in
# a document is not mistaken for one of them.
COMPOSITES: Final = {"all": "(all)", "any": "(any)", "not": "(not)"}


class ConditionPart(DocumentPart):
    """A condition: one fact, or a composite of other conditions."""

    @property
    def bounds(self) -> Bounds:
        """The least and the most that a number may be, both included; None where it is open."""
        return None, None

    @property
    def lacks_bound(self) -> bool:
        """Whether it is about a number and says nothing about it."""
        return False

    def nested(self) -> Iterator[tuple[str, "ConditionPart"]]:
        """The conditions that it is composed of, each with its place below this one."""
        yield from ()


class Counted(ConditionPart):
    """A number, and its bounds."""

    at_least: Annotated[
        CountBound | None, Field(description="The lowest number, included; null: no bound.")
    ] = None
    at_most: Annotated[
        CountBound | None, Field(description="The highest number, included; null: no bound.")
    ] = None

    @property
    def bounds(self) -> Bounds:
        return self.at_least, self.at_most

    @property
    def lacks_bound(self) -> bool:
        return self.bounds == (None, None)


class Priced(ConditionPart):
    """An amount of money, and its bounds in minor units."""

    at_least_minor: Annotated[
        AmountBound | None,
        Field(description="The lowest amount in minor units, included; null: no bound."),
    ] = None
    at_most_minor: Annotated[
        AmountBound | None,
        Field(description="The highest amount in minor units, included; null: no bound."),
    ] = None

    @property
    def bounds(self) -> Bounds:
        return self.at_least_minor, self.at_most_minor

    @property
    def lacks_bound(self) -> bool:
        return self.bounds == (None, None)


class AllHold(ConditionPart):
    """Several conditions that must all hold; each kind of condition has its own."""

    fact: ClassVar[Literal["(all)"]] = "(all)"

    all: tuple[ConditionPart, ...]

    def nested(self) -> Iterator[tuple[str, ConditionPart]]:
        return ((f"all/{number}", part) for number, part in enumerate(self.all))


class AnyHolds(ConditionPart):
    """Several conditions of which at least one must hold; each kind of condition has its own."""

    fact: ClassVar[Literal["(any)"]] = "(any)"

    any: tuple[ConditionPart, ...]

    def nested(self) -> Iterator[tuple[str, ConditionPart]]:
        return ((f"any/{number}", part) for number, part in enumerate(self.any))


class DoesNotHold(ConditionPart):
    """A condition that must not hold; each kind of condition has its own."""

    fact: ClassVar[Literal["(not)"]] = "(not)"

    negated: Annotated[ConditionPart, Field(alias="not")]

    def nested(self) -> Iterator[tuple[str, ConditionPart]]:
        yield "not", self.negated


def condition_tag(value: Any) -> str | None:
    """The branch of a union that a condition belongs to; None if it names none."""
    if isinstance(value, dict):
        composite = next((tag for name, tag in COMPOSITES.items() if name in value), None)
        fact = composite or value.get("fact")
    else:
        fact = getattr(value, "fact", None)
    return fact if isinstance(fact, str) else None
