"""Identities as callers name them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.people.identity import Identity, NotAnIdentity, identify
from loyalty.edge.http.schemas import ExternalId, RequestPart


class NamedIdentity(RequestPart):
    """Something a person is known by; `source` is the shop that gave a customer's id."""

    kind: Literal["email", "phone", "customer", "card"]
    value: Annotated[StrictStr, Field(min_length=1, max_length=320)]
    source: ExternalId | None = None
    verified: Annotated[StrictBool, Field(description="Counts only when a service says so.")] = (
        False
    )

    def identity(self, *, pointer: str) -> Identity:
        """The identity in normal form.

        Raises:
            ValidationFailed: it cannot be one; `pointer` says where it stands in the body.
        """
        try:
            return identify(self.kind, self.value, source=self.source or "")
        except NotAnIdentity as error:
            at = "/source" if self.kind == "customer" and not self.source else "/value"
            fault = Fault(f"{pointer}{at}", "invalid_identity", str(error))
            raise ValidationFailed(str(error), faults=(fault,)) from None
