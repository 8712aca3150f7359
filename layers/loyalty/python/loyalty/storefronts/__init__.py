"""One module per platform: verify a signature, say what a delivery is about, translate it."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from loyalty.domain.storefront import Command, Envelope, Platform, Received


class Dialect(Protocol):
    """How a platform speaks. Headers come with their names in lower case.

    `HEADERS` names those worth keeping: the others are about the transport.
    """

    HEADERS: Sequence[str]

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether it was signed with one of the secrets, and not too long ago."""
        ...

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """What a delivery is about. Any body will do."""
        ...

    def translate(self, topic: str, body: bytes, *, source: str) -> Command:
        """What a delivery asks for. Any body will do: what makes no sense is parked."""
        ...


def dialect(platform: Platform) -> Dialect:
    """The platform's module, imported when it is first needed."""
    return cast("Dialect", import_module(f"loyalty.storefronts.{platform}"))
