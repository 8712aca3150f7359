"""The lake as tables of Glue: what they say of the files is what compaction writes."""

from __future__ import annotations

from typing import Any, Final

import pytest

from infra.catalog import glue_type
from loyalty.domain.facts import ALL
from loyalty.lake import sql_views
from loyalty.lake.objects import folded_key
from tests.infra.assembly import Assembly

KINDS: Final = {fact.kind: fact for fact in ALL}


def tables(assembly: Assembly) -> dict[str, Any]:
    return {
        each["TableInput"]["Name"]: each["TableInput"]
        for each in assembly.service.of_type("Glue::Table").values()
    }


def test_every_kind_of_facts_is_a_table_in_the_database_of_the_stage(prod: Assembly) -> None:
    (database,) = prod.service.of_type("Glue::Database").values()
    kept_in = {each["DatabaseName"] for each in prod.service.of_type("Glue::Table").values()}

    assert database["DatabaseInput"]["Name"] == "loyalty_prod"
    assert kept_in == {"loyalty_prod"}
    assert set(tables(prod)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_has_the_columns_of_its_facts(prod: Assembly, kind: str) -> None:
    columns = tables(prod)[kind]["StorageDescriptor"]["Columns"]

    assert {column["Name"]: column["Type"] for column in columns} == {
        name: glue_type(sql_type) for name, sql_type in sql_views.columns(KINDS[kind]).items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_finds_what_compaction_writes(prod: Assembly, kind: str) -> None:
    template = tables(prod)[kind]["Parameters"]["storage.location.template"]
    _, path = "".join(
        part if isinstance(part, str) else "" for part in template["Fn::Join"][1]
    ).split("/facts/")

    place = path.replace("${program}", "bean").replace("${month}", "2026-11")

    for cover in ("2026-11", "2026-11-21", "2026-11-21-14"):
        assert folded_key(kind, "bean", cover).startswith(f"facts/{place}")


def test_a_query_has_to_name_its_program(prod: Assembly) -> None:
    assert {each["Parameters"]["projection.program.type"] for each in tables(prod).values()} == {
        "injected"
    }


def test_lists_and_their_elements_have_hive_types() -> None:
    columns = sql_views.columns(KINDS["entries"])

    assert glue_type(columns["points"]) == "bigint"
    assert glue_type(columns["counted_at"]) == "timestamp"
    assert glue_type(columns["movements"]) == (
        "array<struct<place:string,available_on:date,expires_on:date,points:bigint>>"
    )
