"""Compaction: every hour, fold the lake's many small objects into few large ones.

It also finds who is in computed segments, and ranks members on boards. After a program's day it
evaluates its goals, finds which things go together, opens reviews for what its watches find, and
offers campaigns to members. It has the engine and a queue already, and another queue would cost
more than all of that does.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loyalty.domain.campaigns.targeting import MemberSegments
from loyalty.domain.facts import ALL, EntryFact
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk, shelf
from loyalty.edge.logs import logger
from loyalty.edge.neighborhoods import neighborhoods
from loyalty.edge.settings import settings
from loyalty.edge.sweeping import begin_run
from loyalty.lake import columns, day_sums
from loyalty.lake.board_scores import LakeScores
from loyalty.lake.connections import ReportEngine
from loyalty.lake.figures import LakeFigures
from loyalty.lake.keeper import Keeper
from loyalty.lake.mirror import Mirror
from loyalty.lake.neighbors import NeighborhoodKeeper
from loyalty.lake.objects import Lake
from loyalty.lake.offer_shoppers import LakeShoppers
from loyalty.lake.reports import Report
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.lake.watching import LakeFindings
from loyalty.table.boards import TableBoards
from loyalty.table.engagement import TableEngagement
from loyalty.table.goals import TableGoals
from loyalty.table.members import TableMembers, no_keyring
from loyalty.table.messages import TableLetters
from loyalty.table.offers import TableOffers
from loyalty.table.reviews import TableReviews
from loyalty.table.segment_lists import TableSegmentLists
from loyalty.table.segment_runs import TableSegmentRuns
from loyalty.table.targeting import TableTargeting
from loyalty.usecases import offers
from loyalty.usecases.engagement.boards import PRIZES, rank_boards
from loyalty.usecases.messaging.reminders import check_member
from loyalty.usecases.program.goals import evaluate_goals
from loyalty.usecases.program.watches import keep_watch
from loyalty.usecases.segments import MEMBERS, RUNS, change_of, keep, run
from loyalty.usecases.work_pages import EVERY_PROGRAM, WorkPage

# Lanes of other work. None may have the name of a kind of facts, which are lanes too.
BOARDS: Final = "boards"
GOALS: Final = "goals"
NEIGHBORS: Final = "neighbors"
WATCHES: Final = "watches"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionSettings:
    table: str
    lake_bucket: str
    compaction_queue_url: str
    engagement_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a run for the schedule, or do a part of one for some programs for the queue."""
    if "Records" not in event:
        begin_run(
            "compaction",
            table=settings(CompactionSettings).table,
            pages=pages(),
            pages_of=pages_of,
        )
        return None
    return work(event, take=take, pages=pages(), unnamed=(MEMBERS, offers.MEMBERS))


def pages_of(programs: tuple[str, ...]) -> list[WorkPage]:
    """A page for each kind of facts, and for each other work: what fails delays nothing else."""
    lanes = (*(fact.kind for fact in ALL), BOARDS, GOALS, NEIGHBORS, offers.ROUNDS, RUNS, WATCHES)
    return [WorkPage(program_id=EVERY_PROGRAM, lane=lane, items=programs) for lane in lanes]


def take(page: WorkPage, item: str) -> None:
    match page.lane:
        case "boards":
            rank(item)
        case "goals":
            evaluate(item)
        case "neighbors":
            find_neighbors(item)
        case "watches":
            look(item)
        case "segments":
            find_members(item)
        case "offer_rounds":
            begin_offers(item)
        case "members_of_offers":
            offer(page.program_id, item)
        case "members_of_segments":
            note_segments(page.program_id, change_of(item))
        case _:
            fold(page, item)


def rank(program_id: str) -> None:
    """Compute how members stand on a program's boards, and have due prizes given."""
    config, now = settings(CompactionSettings), clock.now()
    program = shelf(config.table).in_force(program_id, now=now)
    if not program.document.boards:
        return
    with tempfile.TemporaryDirectory(prefix="boards-") as folder:
        mirror = Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder))
        owing = rank_boards(
            program,
            shelf=TableBoards(engine(config.table), program_id=program_id),
            scores=LakeScores(
                document=program.document,
                now=now,
                fetch=lambda kinds, needed: mirror.fetch(program_id, kinds, columns=needed),
                connect=ReportEngine().over,
            ),
            now=now,
        )
    if owing:
        prizes = PageQueue(clients.sqs(), url=config.engagement_queue_url, pause=pause)
        prizes.send([WorkPage(program_id=program_id, lane=PRIZES, items=tuple(owing))])


def evaluate(program_id: str) -> None:
    """Note where the goals of a program stand, once for each of its days."""
    config, now = settings(CompactionSettings), clock.now()
    document = shelf(config.table).in_force(program_id, now=now).document
    with tempfile.TemporaryDirectory(prefix="goals-") as folder:
        mirror = Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder))

        def fetch(report: Report) -> Path:
            return mirror.fetch(
                program_id,
                report.reads,
                columns=columns.read_by(report.name),
                zone=document.zone,
            )

        evaluate_goals(
            document,
            book=TableGoals(engine(config.table), program_id=program_id),
            figures=LakeFigures(
                document=document, now=now, fetch=fetch, connect=ReportEngine().over
            ),
            now=now,
        )


def find_neighbors(program_id: str) -> None:
    """Find which things of a program go together, once for each of its days."""
    config, now = settings(CompactionSettings), clock.now()
    document = shelf(config.table).in_force(program_id, now=now).document
    with tempfile.TemporaryDirectory(prefix="neighbors-") as folder:
        found = NeighborhoodKeeper(
            Lake(clients.s3(), bucket=config.lake_bucket),
            program_id=program_id,
            mirror=Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder)),
        ).refresh(document, now=now)
    if found:
        logger.info("neighbors found", program_id=program_id, things=len(found.neighbors))


def look(program_id: str) -> None:
    """Open reviews for what the watches of a program find, once for each of its days."""
    config, now = settings(CompactionSettings), clock.now()
    document = shelf(config.table).in_force(program_id, now=now).document
    with tempfile.TemporaryDirectory(prefix="watches-") as folder:
        mirror = Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder))
        keep_watch(
            document,
            book=TableReviews(engine(config.table), program_id=program_id),
            findings=LakeFindings(
                document=document,
                now=now,
                fetch=lambda kinds, needed: mirror.fetch(program_id, kinds, columns=needed),
                connect=ReportEngine().over,
            ),
            now=now,
        )


def begin_offers(program_id: str) -> None:
    """Hand out the members of a program who may get offers, once for each day."""
    config = settings(CompactionSettings)
    desk = open_desk(program_id, table=config.table, now=clock.now())
    with tempfile.TemporaryDirectory(prefix="offers-") as folder:
        mirror = Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder))
        document = desk.program.document
        found = offers.begin_round(
            book=TableOffers(engine(config.table), program_id=program_id),
            shoppers=LakeShoppers(mirror, program_id=program_id, document=document, now=desk.now),
            pages=pages(),
            desk=desk,
        )
    if found is not None:
        logger.info("offers begun", program_id=program_id, members=found)


def offer(program_id: str, item: str) -> None:
    """Offer campaigns to a member."""
    config = settings(CompactionSettings)
    desk = open_desk(program_id, table=config.table, now=clock.now())
    member_id, worth = offers.member_of(item)
    offers.offer_to(
        member_id,
        worth=worth,
        neighborhood=lambda: neighborhoods(config.lake_bucket).of(program_id, now=desk.now),
        targetings=TableTargeting(engine(config.table), program_id=program_id),
        members=TableMembers(engine(config.table), program_id=program_id, keyring=no_keyring),
        desk=desk,
    )


def find_members(program_id: str) -> None:
    """Find who is in the computed segments of a program, if that is due."""
    config, now = settings(CompactionSettings), clock.now()
    document = shelf(config.table).in_force(program_id, now=now).document
    with tempfile.TemporaryDirectory(prefix="segments-") as folder:
        mirror = Mirror(clients.s3(), bucket=config.lake_bucket, root=Path(folder))
        lake = Lake(clients.s3(), bucket=config.lake_bucket)
        found = run(
            document,
            program_id=program_id,
            snapshots=SegmentSnapshots(lake, program_id=program_id, mirror=mirror),
            runs=TableSegmentRuns(engine(config.table), program_id=program_id),
            lists=TableSegmentLists(engine(config.table), program_id=program_id),
            pages=pages(),
            now=now,
        )
    if found:
        sizes = {name: size.members for name, size in found.sizes.items()}
        logger.info("segments found", program_id=program_id, members=sizes)


def note_segments(program_id: str, change: MemberSegments) -> None:
    """Store the segments of a member, and check the member if they entered one with a message.

    Checking twice changes nothing, so it checks whether or not it stored anything.
    """
    table = settings(CompactionSettings).table
    keep(change, keeper=TableTargeting(engine(table), program_id=program_id))
    desk = open_desk(program_id, table=table, now=clock.now())
    announced = {each.segment for each in desk.program.document.reminders.segment_entered}
    if change.entered.isdisjoint(announced):
        return
    check_member(
        change.member_id,
        letters=TableLetters(engine(table), program_id=program_id),
        members=TableMembers(engine(table), program_id=program_id, keyring=no_keyring),
        collected=TableEngagement(engine(table), program_id=program_id),
        desk=desk,
    )


def fold(page: WorkPage, item: str) -> None:
    config, now, summed = settings(CompactionSettings), clock.now(), 0
    lake = Lake(clients.s3(), bucket=config.lake_bucket)
    with tempfile.TemporaryDirectory(prefix="keeper-") as scratch:
        keeper = Keeper(lake, root=Path(scratch), now=now)
        folded = keeper.fold(item, page.lane)
        if page.lane == EntryFact.kind:
            document = shelf(config.table).in_force(item, now=now).document
            summed = keeper.sum_up(item, document, from_bytes=day_sums.SUMMED_FROM_BYTES)
    if folded.sources or summed:
        logger.info(
            "folded",
            program_id=item,
            kind=page.lane,
            sources=folded.sources,
            targets=folded.targets,
            summed=summed,
        )


def pages() -> PageQueue:
    return PageQueue(
        clients.sqs(), url=settings(CompactionSettings).compaction_queue_url, pause=pause
    )
