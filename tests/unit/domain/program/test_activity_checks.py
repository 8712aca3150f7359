"""Activities of a document: what they are worth, and what cannot be published."""

from typing import Any

import pytest
from pydantic import ValidationError

from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.publication import faults, faults_of_broken
from tests.support.activities import activity
from tests.support.documents import document, program


def found(*activities: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in faults(program(activities=list(activities)))]


def test_an_activity_is_worth_its_points_and_those_of_the_attributes_that_hold() -> None:
    review = program(activities=[activity(more={"photo": 10, "video": 20})]).activity("review")

    assert review is not None
    assert review.worth(frozenset()) == 20
    assert review.worth(frozenset({"video", "photo", "sound"})) == 50


def test_a_document_with_activities_can_be_published() -> None:
    assert found(activity(per_day_max=3, ever_max=3), activity(id="post", points=0)) == []


@pytest.mark.parametrize(
    ("wrong", "place", "code"),
    [
        ({"per_day_max": 3, "ever_max": 2}, "per_day_max", "contradiction"),
        ({"points": POINTS_MAX, "more": {"photo": 1}}, "more", "out_of_range"),
    ],
)
def test_a_mistake_is_named_with_its_place(wrong: dict[str, Any], place: str, code: str) -> None:
    assert found(activity(**wrong)) == [(f"/activities/0/{place}", code)]


def test_two_activities_have_different_ids() -> None:
    assert found(activity(), activity()) == [("/activities/1/id", "duplicate_id")]


def test_mistakes_are_found_beside_a_field_that_cannot_be_read() -> None:
    with pytest.raises(ValidationError):
        program(activities=[activity(points="20")])
    broken = document(activities=[activity(points="20", per_day_max=3, ever_max=2)])

    assert ("/activities/0/per_day_max", "contradiction") in [
        (each.pointer, each.code) for each in faults_of_broken(broken)
    ]
