"""Answers of Shopify's GraphQL API, which refuses a query with status 200 and errors."""

from typing import Literal

from loyalty.domain.kernel.errors import TryAgain
from loyalty.storefronts.payloads import OptionalText, Part, Payload, Several

type GraphqlRefusal = Literal["access_denied", "refused_by_platform"]


class _Extensions(Payload):
    code: OptionalText = None


class _Error(Payload):
    extensions: Part[_Extensions] = None


class GraphqlAnswer(Payload):
    """What every answer may have; what a query found is in a field of its own answer."""

    errors: Several[_Error] = ()

    def refusal(self) -> GraphqlRefusal:
        """Why the query found nothing, if it did.

        Raises:
            TryAgain: the shop asks for time.
        """
        codes = {each.extensions.code for each in self.errors if each.extensions}
        if "THROTTLED" in codes:
            raise TryAgain("The shop asks for time")
        return "access_denied" if "ACCESS_DENIED" in codes else "refused_by_platform"
