"""Responses to surveys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.survey_responses import Response
from loyalty.table import keys
from loyalty.table.records.parts import VERSION

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Key


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
