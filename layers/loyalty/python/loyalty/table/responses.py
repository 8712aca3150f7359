"""Answers to surveys, in the table: an item for each, in its member's partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from loyalty.table import keys
from loyalty.table.operations import Item, Query
from loyalty.table.records.responses import response_from_item, response_key
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.domain.people.survey_responses import Response
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
