"""Answers to surveys, in the table: an item for each, in its member's partition."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.survey_responses import Response
from loyalty.table import keys
from loyalty.table.operations import Item, Key, Query
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

VERSION: Final = 1


class TableResponses:
    """Implements `Responses`."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def find(self, like: Response) -> Response | None:
        item = self._engine.get(response_key(like, self._program), strong=True)
        return response_from_item(item) if item else None

    def of_survey(self, survey_id: str, *, limit: int, start: str | None) -> Listed[Response]:
        partition = keys.survey_responses_partition(self._program, survey_id)
        page = self._engine.query(
            Query(
                pk=partition,
                index="history",
                newest_first=True,
                limit=limit,
                start=self._after(partition, survey_id, start) if start else None,
            )
        )
        more = cast("str", page.next["history_sk"]) if page.next else None
        return Listed([response_from_item(item) for item in page], more)

    def _after(self, partition: str, survey_id: str, sort: str) -> Item:
        """The position after which a list continues; its sort key ends with member and subject."""
        _, member_id, subject = sort.split("#", 2)
        key = keys.survey_response(self._program, member_id, survey_id, subject)
        return {"pk": key.pk, "sk": key.sk, "history_pk": partition, "history_sk": sort}


def response_key(response: Response, program: str) -> Key:
    subject = "#".join(response.subject)
    return keys.survey_response(program, response.member_id, response.survey_id, subject)


def response_to_item(response: Response, program: str) -> Item:
    about: Item = {
        "survey": response.survey_id,
        "survey_kind": response.survey_kind,
        "score": response.score,
        "is_low": response.is_low,
    }
    if response.order:
        about["order"] = [response.order.source, response.order.order_id]
    if response.period:
        about["period"] = response.period
    if response.comment is not None:
        about["comment"] = response.comment
    listed_as = "#".join((response.member_id, *response.subject))
    return {
        "v": VERSION,
        "kind": "survey_response",
        "member_id": response.member_id,
        "points": response.points,
        "recorded_at": keys.instant(response.answered_at),
        "about": about,
        "history_pk": keys.survey_responses_partition(program, response.survey_id),
        "history_sk": f"{keys.instant(response.answered_at)}#{listed_as}",
    }


def response_from_item(item: Item) -> Response:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    order = about.get("order")
    return Response(
        survey_id=about["survey"],
        survey_kind=about["survey_kind"],
        member_id=wire["member_id"],
        order=OrderRef(*order) if order else None,
        period=about.get("period"),
        score=about["score"],
        is_low=about["is_low"],
        comment=about.get("comment"),
        answered_at=datetime.fromisoformat(wire["recorded_at"]),
        points=wire["points"],
    )
