"""A service that answers calls as planned."""

from collections.abc import Mapping
from typing import Any

from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import ServiceError


def refusal(code: str, *, status: int = 400, **more: Any) -> ServiceError:
    """A refusal with this code."""
    return ServiceError("Planned", status, {"__type": f"com.amazonaws.planned#{code}", **more})


class PlannedService:
    """Gives each call the next answer, and the last one for ever; None stands for no answer."""

    endpoint = "https://service.example.com"

    def __init__(self, *answers: Mapping[str, Any] | ServiceError | None) -> None:
        self._answers = list(answers)
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            raise Unanswered("TimeoutError")
        if isinstance(answer, ServiceError):
            raise answer
        return dict(answer)
