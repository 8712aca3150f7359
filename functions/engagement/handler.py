"""Engagement: counts orders for challenges, referrals and plans, and gives what that is worth."""

from dataclasses import dataclass
from typing import Any

from loyalty.edge import deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.settings import settings
from loyalty.table.activities import TableActivities
from loyalty.table.boards import TableBoards
from loyalty.table.engagement import TableEngagement
from loyalty.table.referrals import TableReferrals
from loyalty.usecases.engagement.activities import settle_waiting, settle_waiting_for
from loyalty.usecases.engagement.activity_counting import count_activity
from loyalty.usecases.engagement.activity_steps import ActivityDesk
from loyalty.usecases.engagement.boards import PRIZES, give_prizes
from loyalty.usecases.engagement.reconciling import reconcile, unite_progress
from loyalty.usecases.engagement.referral_orders import look_at_friend, look_at_order
from loyalty.usecases.engagement.waking import activity_named, order_named
from loyalty.usecases.plans.gifts import settle_gifts
from loyalty.usecases.plans.purchases import settle_purchases
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementSettings:
    table: str
    engagement_queue_url: str


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer:
    """Look at the orders and members of a batch of pages. Looking twice changes nothing."""
    url = settings(EngagementSettings).engagement_queue_url
    return work(event, take=look, pages=PageQueue(clients.sqs(), url=url, pause=pause))


def look(page: WorkPage, item: str) -> None:
    table = settings(EngagementSettings).table
    shelf = TableEngagement(engine(table), program_id=page.program_id)
    desk = open_desk(page.program_id, table=table)
    friends = TableReferrals(engine(table), program_id=page.program_id)
    shelves = ActivityDesk(
        activities=TableActivities(engine(table), program_id=page.program_id), awards=shelf
    )
    if page.lane == "orders":
        order = order_named(item)
        version = reconcile(order, shelf=shelf, desk=desk)
        look_at_order(order, shelf=friends, awards=shelf, desk=desk)
        settle_waiting_for(order, shelves=shelves, desk=desk)
        if version is not None and desk.version(version).document.plan_skus:
            settle_purchases(order, desk=desk)
    elif page.lane == PRIZES:
        boards = TableBoards(engine(table), program_id=page.program_id)
        give_prizes(item, boards=boards, awards=shelf, desk=desk)
    elif page.lane == "plans":
        settle_gifts(item, shelf=shelf, desk=desk)
    elif page.lane == "activities":
        count_activity(activity_named(item), activities=shelves.activities, shelf=shelf, desk=desk)
    else:
        unite_progress(item, shelf=shelf, desk=desk)
        look_at_friend(item, shelf=friends, awards=shelf, desk=desk)
        settle_waiting(item, shelves=shelves, desk=desk)
