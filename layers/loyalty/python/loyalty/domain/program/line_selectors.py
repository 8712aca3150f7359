"""Which lines of an order a campaign or a condition is about."""

from typing import Annotated

from pydantic import Field

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.program.kinds import CHARGES, Charge
from loyalty.domain.program.parts import DocumentPart

Names = Annotated[tuple[Label, ...], Field(max_length=500)]


class LineSelector(DocumentPart):
    """Selects lines of an order; an empty selector selects all goods.

    Names of all kinds are alternatives: a line is selected if any of them names it. Exclusions
    come first. Charges are left out unless they are named.
    """

    categories: Annotated[Names, Field(description="Lines of these categories.")] = ()
    not_categories: Annotated[Names, Field(description="No lines of these categories.")] = ()
    skus: Annotated[Names, Field(description="Lines with these SKUs.")] = ()
    not_skus: Annotated[Names, Field(description="No lines with these SKUs.")] = ()
    brands: Annotated[Names, Field(description="Lines of these brands.")] = ()
    tags: Annotated[Names, Field(description="Lines with one of these tags.")] = ()
    lists: Annotated[
        tuple[ExternalId, ...],
        Field(max_length=50, description="Lines with a SKU of these `lists` of the program."),
    ] = ()
    also_charges: Annotated[
        tuple[Charge, ...],
        Field(
            max_length=len(CHARGES),
            description="Gift cards, shipping, tax and tips count only if they are named here.",
        ),
    ] = ()


EVERY_LINE = LineSelector()
