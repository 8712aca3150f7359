"""What must hold of activities: they stand as their latest news says."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from loyalty.table.operations import Key
from tests.simulation import naive_activities
from tests.simulation.auditing.seen import Violation
from tests.simulation.requests.activities import ReportActivity, RetractActivity
from tests.simulation.world import Request, World


def check_waiting(world: World) -> None:
    """Once all was looked at, what waits for an order lacks one, and is listed."""
    items = _items(world)
    for key, item in items.items():
        member_id = item.get("member_id", "")
        if item["state"] == "waiting" and not world.auditor.is_erased(member_id):
            terms = naive_activities.terms_of(item, world.program().document)
            account = world.auditor.accounts[world.auditor.heir(member_id)]
            if not naive_activities.lacks_order(terms, account, _day(item, world)):
                raise Violation(f"{key} waits for an order, and nobody looked at it again")
    waiting = {
        (item["member_id"], *key.pk.split("#")[3:5])
        for key, item in items.items()
        if item["state"] == "waiting"
    }
    listed = {
        (key.pk.split("#")[3], *key.sk.split("#")[1:])
        for key in world.table.items
        if key.sk.startswith("WAITING#")
    }
    if waiting != listed:
        raise Violation(f"{listed} are listed as waiting, and {waiting} wait")


def check_activities(world: World, requests: Iterable[Request]) -> None:
    """Of each activity the latest news counts; a removal counts more than a report of its time.

    Nothing moves for members who were erased.
    """
    news: dict[Key, list[ReportActivity | RetractActivity]] = defaultdict(list)
    for request in requests:
        if isinstance(request, ReportActivity | RetractActivity):
            news[request.key].append(request)
    items = _items(world)
    for key, received in news.items():
        item = items.get(key)
        members = {each.member_id for each in received if isinstance(each, ReportActivity)}
        if any(world.auditor.is_erased(each) for each in members):
            continue
        if item is None:
            raise Violation(f"{key} was reported, and is not there")
        latest = max(received, key=_age)
        if isinstance(latest, RetractActivity):
            if item["state"] != "retracted":
                raise Violation(f"{key} was removed, and is {item['state']}")
        elif item["state"] == "retracted":
            raise Violation(f"{key} is retracted, and {latest.name} is later")
        elif item["about"]["attributes"] != sorted(latest.attributes):
            raise Violation(f"{key} has {item['about']['attributes']}, not as {latest.name}")
        elif item["state"] == "limited" and not _has_rivals(key, items, world):
            raise Violation(f"{key} is beyond a limit that nothing else uses")


def _age(news: ReportActivity | RetractActivity) -> tuple[datetime, bool]:
    return news.changed_at, isinstance(news, RetractActivity)


def _has_rivals(key: Key, items: dict[Key, Any], world: World) -> bool:
    """Whether enough other activities of the member contend for the limit of this one.

    They may have been removed since.
    """
    item = items[key]
    heir, activity, reason = (
        world.auditor.heir(item["member_id"]),
        item["about"]["activity"],
        item["about"]["reason"],
    )
    rivals = [
        each
        for other, each in items.items()
        if other != key
        and "member_id" in each
        and world.auditor.heir(each["member_id"]) == heir
        and each["about"]["activity"] == activity
    ]
    if reason == "per_subject":
        rivals = [each for each in rivals if each["about"]["subject"] == item["about"]["subject"]]
    if reason == "per_day_max":
        rivals = [each for each in rivals if _day(each, world) == _day(item, world)]
    limits = (
        getattr(naive_activities.terms_of(item, each.document), reason) for each in world.programs
    )
    # That an activity is once for each subject is a limit of one.
    return any(limit and len(rivals) >= int(limit) for limit in limits)


def _items(world: World) -> dict[Key, Any]:
    return {key: item for key, item in world.table.items.items() if key.sk == "ACTIVITY"}


def _day(item: Any, world: World) -> str:
    return world.auditor.local_day(item["happened_at"])
