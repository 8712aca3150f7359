"""Functions that write the lake and read it."""

from __future__ import annotations

from aws_cdk import Duration

from infra.alarms import HOUR
from infra.functions import CapabilityFunction
from infra.kit import STREAM_TIMEOUT, Kit
from infra.ledger_table import BATCH_GET, CHECK, DELETE, GET, PUT, QUERY, SCAN, UPDATE
from infra.queues import WorkQueue, allow_send_many
from infra.schedules import Runs, ScheduledWork
from infra.streams import StreamReader

REPORT_TIMEOUT = Duration.seconds(29)
# Lambda's maximum: the first fold of a long history reads and sorts all of it.
COMPACTION_TIMEOUT = Duration.minutes(15)
# Half a minute of work, and room for a table that throttles.
REBUILD_TIMEOUT = Duration.minutes(5)
# The smallest value that SQS event sources accept.
COMPACTION_CONCURRENCY_MAX = 2
# Lambda's maximum: facts are fetched, computed for up to ten minutes, and a file is uploaded.
EXPORTS_TIMEOUT = Duration.minutes(15)
# Trials divide ten million orders into a hundred parts, which are tried side by side.
EXPORTS_CONCURRENCY_MAX = 100
# Nobody waits for it, and it must not slow down the table's readers.
REBUILD_CONCURRENCY_MAX = 4
# For facts, and for queries that outgrow the memory. The first 512 MB are free.
REPORT_DISK_MIB = 4096
# For the facts, for queries that outgrow the memory, and for the file.
EXPORTS_DISK_MIB = 10_240


def archive(kit: Kit) -> StreamReader:
    function = kit.function(
        "archive",
        "Write table changes to the lake as facts",
        environment=kit.table_name | kit.lake_bucket,
        timeout=STREAM_TIMEOUT,
    )
    # It notes the sources of orders.
    kit.data.table.allow(function, QUERY, PUT)
    kit.data.buckets.allow_write_facts(function)
    return StreamReader(
        kit.stack,
        "ArchiveStream",
        table=kit.data.table,
        failed_batches=kit.data.failed_batches,
        function=function,
        # Large batches make few objects. This takes half a minute of the two that are promised.
        batch_size=1_000,
        batching_window=Duration.seconds(30),
        parallelization=1,
    )


def compaction(kit: Kit, *, looks: WorkQueue) -> ScheduledWork:
    """The work; `looks` is the queue of the function that gives prizes."""
    function = kit.function(
        "compaction",
        "Fold the lake, find segments and neighbors, judge goals, watch, offer, rank members",
        environment=kit.table_name
        | kit.lake_bucket
        | {"LOYALTY_ENGAGEMENT_QUEUE_URL": looks.queue.queue_url},
        timeout=COMPACTION_TIMEOUT,
        disk_mib=REPORT_DISK_MIB,
    )
    allow_send_many(function, looks.queue)
    # For programs, their goals and boards, the segments and the offers of their members.
    kit.data.table.allow(function, GET, BATCH_GET, QUERY, PUT, UPDATE, DELETE, CHECK)
    # What members bought lately, to offer them something.
    kit.data.table.allow_query(function, index="history")
    kit.data.buckets.allow_read_facts(function)
    kit.data.buckets.allow_write_facts(function)
    kit.data.buckets.allow_replace_facts(function)
    return ScheduledWork(
        kit.stack,
        "CompactionWork",
        settings=kit.settings,
        function=function,
        queue_variable="LOYALTY_COMPACTION_QUEUE_URL",
        concurrency_max=COMPACTION_CONCURRENCY_MAX,
        # By then the facts of the hour's last minutes are in the lake.
        expression="cron(5 * * * ? *)",
        runs=Runs(
            "No facts have been folded for three hours; reports become slower.",
            period=HOUR,
        ),
    )


def rebuild(kit: Kit) -> ScheduledWork:
    function = kit.function(
        "rebuild",
        "Write all facts of the table to the lake again",
        environment=kit.table_name | kit.lake_bucket,
        timeout=REBUILD_TIMEOUT,
    )
    kit.data.table.allow(function, SCAN)
    kit.data.buckets.allow_write_facts(function)
    return ScheduledWork(
        kit.stack,
        "RebuildWork",
        settings=kit.settings,
        function=function,
        queue_variable="LOYALTY_REBUILD_QUEUE_URL",
        concurrency_max=REBUILD_CONCURRENCY_MAX,
    )


def reporting(kit: Kit) -> CapabilityFunction:
    function = kit.function(
        "reporting",
        "Answer reports from the lake",
        environment=kit.table_name | kit.lake_bucket | kit.claims,
        timeout=REPORT_TIMEOUT,
        disk_mib=REPORT_DISK_MIB,
    )
    kit.data.table.allow(function, GET)
    kit.data.buckets.allow_read_facts(function)
    return function


def exports(kit: Kit) -> tuple[CapabilityFunction, WorkQueue]:
    function = kit.function(
        "exports",
        "Write reports and facts to files that can be fetched; try proposed documents",
        environment=kit.table_name
        | kit.lake_bucket
        | kit.claims
        | {"LOYALTY_EXPORTS_BUCKET": kit.data.buckets.exports.bucket_name},
        timeout=EXPORTS_TIMEOUT,
        disk_mib=EXPORTS_DISK_MIB,
    )
    # Trials list the versions of a program.
    kit.data.table.allow(function, GET, QUERY, PUT, UPDATE)
    kit.data.table.allow_query(function, index="history")
    kit.data.buckets.allow_read_facts(function)
    kit.data.buckets.allow_export(function)
    kit.data.buckets.allow_keep_trials(function)
    files = WorkQueue(
        kit.stack,
        "ReportExports",
        settings=kit.settings,
        function=function,
        concurrency_max=EXPORTS_CONCURRENCY_MAX,
        batch_size=1,
        # A batch is one message, so none is received before a function is free for it. A longer
        # timeout would delay an attempt after a kill by an hour and a half.
        visibility_timeouts=1,
    )
    function.function.add_environment("LOYALTY_EXPORTS_QUEUE_URL", files.queue.queue_url)
    return function, files
