"""Identities, as callers name them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.people.identity import Identity, NotAnIdentity, identify
from loyalty.edge.http.schemas import ExternalId, RequestPart

KindOfIdentity = Annotated[
    Literal["email", "phone", "customer", "card"], Field(description="What kind of identity it is.")
]
IdentitySource = Annotated[
    ExternalId | None,
    Field(
        description="The shop that gave the customer id, by your own name; null for other kinds."
    ),
]


class NamedIdentity(RequestPart):
    """Something that identifies a person: an e-mail, a phone, a customer id of a shop, a card."""

    kind: KindOfIdentity
    value: Annotated[
        StrictStr,
        Field(
            min_length=1,
            max_length=320,
            description="The address, the number with its country code, or the id.",
        ),
    ]
    source: IdentitySource = None
    verified: Annotated[
        StrictBool,
        Field(
            description="Whether the person proved that it is theirs. Counts only from a service."
        ),
    ] = False

    def identity(self, *, pointer: str) -> Identity:
        """The identity in normal form.

        Raises:
            ValidationFailed: the value cannot be one; `pointer` is the identity's place in the
                body.
        """
        try:
            return identify(self.kind, self.value, source=self.source or "")
        except NotAnIdentity as error:
            field = "/source" if self.kind == "customer" and not self.source else "/value"
            fault = Fault(f"{pointer}{field}", "invalid_identity", str(error))
            raise ValidationFailed(str(error), faults=(fault,)) from None
