"""What caused the work that is under way: a request of the API, or a shop's delivery.

The table notes it on every item that the work writes, and events repeat it. So a webhook, an entry
and a line of the log can be followed back to the request they stem from.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_cause: Final[ContextVar[str | None]] = ContextVar("cause", default=None)


@contextmanager
def caused_by(cause: str | None) -> Iterator[None]:
    """Name the cause of everything in the block: a request's id, or a delivery's.

    None is for work that nobody asked for, such as the calendar's.
    """
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def cause() -> str | None:
    return _cause.get()
