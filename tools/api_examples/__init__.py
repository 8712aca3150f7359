"""One request and one answer of every operation, for the API's description.

They tell one story: Ana buys beans and a mug, redeems a latte and brings a bag of beans back. A
test checks each against its schema.
"""

from typing import Any, Final

from tools.api_examples import (
    activities,
    campaigns,
    members,
    orders,
    overview,
    people,
    program,
    redemptions,
    reports,
    services,
    storefronts,
    trials,
    webhooks_out,
)
from tools.api_examples.story import Json

_RESOURCES: Final = (
    activities,
    campaigns,
    members,
    orders,
    overview,
    people,
    program,
    redemptions,
    reports,
    services,
    storefronts,
    trials,
    webhooks_out,
)
REQUESTS: Final[dict[str, Json]] = {
    name: example for each in _RESOURCES for name, example in each.REQUESTS.items()
}
# Of a successful answer; by status where the statuses of an operation have different models.
ANSWERS: Final[dict[str, Any]] = {
    name: example for each in _RESOURCES for name, example in each.ANSWERS.items()
}


def request_example(operation_id: str) -> Any:
    """An example of an operation's request body."""
    return REQUESTS[operation_id]


def answer_example(operation_id: str, *, status: str, media: str) -> Any:
    """An example of an operation's successful answer, by status or by media type if it has some."""
    answer = ANSWERS[operation_id]
    if isinstance(answer, dict):
        if media in answer:
            return answer[media]
        if "200" in answer:
            return answer["202" if status == "202" else "200"]
    return answer
