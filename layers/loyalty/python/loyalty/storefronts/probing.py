"""What the checks of all platforms share: requests that may be refused, answers of any shape."""

from collections.abc import Iterable

from pydantic import ValidationError

from loyalty.storefronts.payloads import Payload
from loyalty.usecases.shops.platforms import AskPlatform, Unfetchable


def probe(ask: AskPlatform, path: str, body: bytes | None = None) -> bytes | None:
    """The answer to a request; None if the platform refuses it."""
    try:
        return ask(path, body)
    except Unfetchable:
        return None


def probe_as[P: Payload](
    shape: type[P], ask: AskPlatform, path: str, body: bytes | None = None
) -> P | None:
    """The answer to a request as a shape; None if it is refused or makes no sense."""
    answer = probe(ask, path, body)
    return None if answer is None else read_as(shape, answer)


def read_as[P: Payload](shape: type[P], answer: bytes) -> P | None:
    try:
        return shape.model_validate_json(answer)
    except ValidationError:
        return None


def first[T](found: Iterable[T]) -> T | None:
    return next(iter(found), None)
