"""The lake as tables in Glue's catalog, for Athena and other engines beside our own reports."""

from __future__ import annotations

import re

from aws_cdk import Aws
from aws_cdk import aws_glue as glue
from constructs import Construct

from infra.buckets import FACTS, Buckets
from infra.settings import Settings
from loyalty.domain.facts import ALL, Fact
from loyalty.lake import sql_views

# No program started earlier.
FIRST_MONTH = "2020-01"

_HADOOP = "org.apache.hadoop.hive.ql.io.parquet"
_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "TIMESTAMP": "timestamp",
    "DATE": "date",
    "BOOLEAN": "boolean",
}


class Catalog(Construct):
    """A database with a table for each kind of facts, over the Parquet files of compaction.

    Partitions are projected, never listed: by program, which every query must name, and by month.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, buckets: Buckets
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = f"loyalty_{settings.stage}".replace("-", "_")
        self._location = f"s3://{buckets.lake.bucket_name}/{FACTS}"
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.name, description="Facts of the loyalty programs"
            ),
        )
        for fact in ALL:
            self._table(fact).add_resource_dependency(database)

    def _table(self, fact: type[Fact]) -> glue.CfnTable:
        location = f"{self._location}{fact.kind}/"
        return glue.CfnTable(
            self,
            fact.kind.capitalize(),
            catalog_id=Aws.ACCOUNT_ID,
            database_name=self.name,
            table_input=glue.CfnTable.TableInputProperty(
                name=fact.kind,
                description=(fact.__doc__ or "").splitlines()[0],
                table_type="EXTERNAL_TABLE",
                parameters={
                    "classification": "parquet",
                    "projection.enabled": "true",
                    "projection.program.type": "injected",
                    "projection.month.type": "date",
                    "projection.month.format": "yyyy-MM",
                    "projection.month.interval": "1",
                    "projection.month.interval.unit": "MONTHS",
                    "projection.month.range": f"{FIRST_MONTH},NOW",
                    "storage.location.template": (
                        f"{location}program=${{program}}/month=${{month}}/"
                    ),
                },
                partition_keys=[
                    glue.CfnTable.ColumnProperty(name=name, type="string")
                    for name in ("program", "month")
                ],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[
                        glue.CfnTable.ColumnProperty(name=name, type=glue_type(sql_type))
                        for name, sql_type in sql_views.columns(fact).items()
                    ],
                    location=location,
                    input_format=f"{_HADOOP}.MapredParquetInputFormat",
                    output_format=f"{_HADOOP}.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{_HADOOP}.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )


def glue_type(sql_type: str) -> str:
    """Return Hive's name for one of DuckDB's types."""
    if sql_type.endswith("[]"):
        return f"array<{glue_type(sql_type.removesuffix('[]'))}>"
    if sql_type.startswith("STRUCT("):
        fields = re.findall(r'"(\w+)" (\w+)', sql_type)
        return f"struct<{','.join(f'{name}:{_TYPES[kind]}' for name, kind in fields)}>"
    return _TYPES[sql_type]
