"""The inbox: deliveries as they were received, in order of time.

Small deliveries are items of the table, compressed. Of large ones only the name is an item; their
content is elsewhere (`LargeDeliveries`), where storing much costs less.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol, cast

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.deliveries import (
    LISTED_DAYS,
    StoredDelivery,
    log_time,
    read_log_id,
    read_name,
)
from loyalty.domain.shops.storefront import Delivery, PlatformName
from loyalty.table import keys
from loyalty.table.engine import Engine, key_of
from loyalty.table.operations import Assign, Item, Key, Put, Query, Refused, Remove, Update, equal
from loyalty.usecases.ports import Listed

# The table charges for each KB, S3 for each object: from about 8 KB on, S3 costs less.
CONTENT_BYTES_MAX: Final = 8 * 1000

# Whoever guesses secrets causes at most one write in this time and execution environment.
REFUSED_EVERY: Final = timedelta(minutes=10)

SEARCHED_AT_ONCE: Final = 500
_SHARDS: Final = tuple(map(str, range(keys.INBOX_SHARDS)))


class LargeDeliveries(Protocol):
    """The contents of deliveries that are too large for the table."""

    def keep(self, delivery: StoredDelivery, content: bytes) -> None: ...

    def read(self, delivery: StoredDelivery) -> bytes | None: ...

    def erase(self, delivery: StoredDelivery) -> None:
        """Succeeds also if there is none."""
        ...


class InboxList:
    """The list of the deliveries of every program, without what was delivered.

    A program's deliveries are in several partitions, because one does not take a busy shop's. So a
    list reads all of them, and shows what they have in common.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def refused_at(self, program_id: str, storefront_id: str) -> datetime | None:
        key = keys.refused(program_id, _SHARDS[0], storefront_id)
        item = self._engine.get(key, strong=False)
        return datetime.fromisoformat(cast("str", item["refused_at"])) if item else None

    def find(self, program_id: str, storefront_id: str, log_id: str) -> StoredDelivery | None:
        named = read_log_id(log_id)
        if named is None:
            return None
        _, delivery_id = named
        partition = keys.inbox_partition(program_id, _shard(delivery_id))
        prefix = f"{keys.RECEIVED}{storefront_id}#{log_id}."
        page = self._engine.query(Query(pk=partition, begins_with=prefix, limit=1))
        return next((_stored(item, program_id=program_id) for item in page), None)

    def oldest(
        self, program_id: str, storefront_id: str, *, since: str, before: str, limit: int
    ) -> Listed[StoredDelivery]:
        """Deliveries, oldest first; `since` and `before` are times or ids of the log."""
        return self._between(program_id, storefront_id, since, before, limit, newest_first=False)

    def newest(
        self,
        program_id: str,
        storefront_id: str,
        *,
        since: datetime,
        before: datetime,
        before_id: str | None,
        limit: int,
    ) -> Listed[StoredDelivery]:
        """Deliveries, newest first. A page may be shorter than its limit even if more follow."""
        bound = before_id or log_time(before)
        return self._between(
            program_id, storefront_id, log_time(since), bound, limit, newest_first=True
        )

    def _between(
        self,
        program_id: str,
        storefront_id: str,
        since: str,
        before: str,
        limit: int,
        *,
        newest_first: bool,
    ) -> Listed[StoredDelivery]:
        """A page of the deliveries from `since` until before `before`.

        Names are longer than times and ids, so the name of a delivery at `before` sorts after it.
        """
        prefix = f"{keys.RECEIVED}{storefront_id}#"
        # Shards are about equal, so half as much again of each is nearly always a page.
        share = min(limit, 10 + limit * 3 // (2 * len(_SHARDS)))
        found: list[StoredDelivery] = []
        ends: list[str] = []
        for shard in _SHARDS:
            page = self._engine.query(
                Query(
                    pk=keys.inbox_partition(program_id, shard),
                    first=prefix + since,
                    last=prefix + before,
                    newest_first=newest_first,
                    # One more says whether there are more.
                    limit=share + 1,
                )
            )
            listed = [_stored(item, program_id=program_id) for item in page]
            found += listed[:share]
            if len(listed) > share or page.next is not None:
                ends.append(found[-1].name)
        found.sort(key=lambda each: each.name, reverse=newest_first)
        if ends:
            # Beyond the first end, deliveries of that shard are missing.
            end = max(ends) if newest_first else min(ends)
            is_before_end = end.__le__ if newest_first else end.__ge__
            found = [each for each in found if is_before_end(each.name)]
        page_of_all = found[:limit]
        is_all = not ends and len(found) <= limit
        return Listed(page_of_all, None if is_all else page_of_all[-1].log_id)


class TableInbox(InboxList):
    """The deliveries of every program."""

    def __init__(self, engine: Engine, *, large: LargeDeliveries) -> None:
        super().__init__(engine)
        self._large = large
        self._refused: dict[Key, datetime] = {}

    def keep(self, stored: StoredDelivery, delivery: Delivery) -> None:
        content = _packed(delivery)
        item: Item = {
            "kind": "received",
            "v": 1,
            "platform": delivery.platform,
            "source": delivery.source,
            "ttl": _expires(stored.received_at),
        }
        if len(content) <= CONTENT_BYTES_MAX:
            item["content"] = content
        else:
            self._large.keep(stored, content)
            item["is_large"] = True
        self._engine.write([Put(_key(stored), item)])

    def note_refused(self, program_id: str, storefront_id: str, *, received_at: datetime) -> None:
        """Note the time of a refused delivery, so that a check can tell of it.

        Anyone can send such a delivery, so it is noted rarely, and nothing of it is kept.
        """
        key = keys.refused(program_id, _SHARDS[0], storefront_id)
        noted_at = self._refused.get(key)
        if noted_at and received_at - noted_at < REFUSED_EVERY:
            return
        self._refused[key] = received_at
        item: Item = {
            "kind": "refused_delivery",
            "v": 1,
            "refused_at": keys.instant(received_at),
            "ttl": _expires(received_at),
        }
        # The delivery is refused, whether that is noted or not.
        with suppress(TryAgain):
            self._engine.write([Put(key, item)])

    def read(self, stored: StoredDelivery) -> Delivery | None:
        """Read a delivery; None if it has expired or its content was erased."""
        item = self._engine.get(_key(stored), strong=True)
        return _delivery(stored, item, large=self._large) if item else None


class InboxSearch:
    """Searches one program's deliveries for what is to be erased."""

    def __init__(self, engine: Engine, *, large: LargeDeliveries, program_id: str) -> None:
        self._engine = engine
        self._large = large
        self._program = program_id
        self.searched = 0
        self.erased = 0

    def erase(
        self, *, start: str | None, is_about: Callable[[Delivery], bool], until: Callable[[], bool]
    ) -> str | None:
        """Erase the content of matching deliveries until time is up; returns where to go on."""
        from_, _, after = (start or _SHARDS[0]).partition("/")
        for shard in _SHARDS[_SHARDS.index(from_) :]:
            partition = keys.inbox_partition(self._program, shard)
            position: Item | None = {"pk": partition, "sk": after} if after else None
            while True:
                page = self._engine.query(
                    Query(
                        pk=partition,
                        begins_with=keys.RECEIVED,
                        start=position,
                        limit=SEARCHED_AT_ONCE,
                        # What was received a moment ago counts as well.
                        strong=True,
                    )
                )
                self._search(page.items, is_about)
                position = page.next
                if position is None:
                    break
                if until():
                    return f"{shard}/{key_of(position).sk}"
            after = ""
        return None

    def _search(self, items: Sequence[Item], is_about: Callable[[Delivery], bool]) -> None:
        for item in items:
            stored = _stored(item, program_id=self._program)
            delivery = _delivery(stored, item, large=self._large)
            if delivery is None:
                continue
            self.searched += 1
            if is_about(delivery):
                self._erase(stored, item)
                self.erased += 1

    def _erase(self, stored: StoredDelivery, item: Item) -> None:
        if "is_large" in item:
            self._large.erase(stored)
        content = ("is_large",) if "is_large" in item else ("content",)
        # Its thirty days may have ended just now.
        with suppress(Refused):
            self._engine.write(
                [
                    Update(
                        key_of(item),
                        (Assign(("is_erased",), value=True), Remove(content)),
                        (equal(("kind",), "received"),),
                    )
                ]
            )


def _key(stored: StoredDelivery) -> Key:
    shard = _shard(stored.delivery_id)
    return keys.received(stored.program_id, shard, stored.storefront_id, stored.name)


def _shard(delivery_id: str) -> str:
    return _SHARDS[zlib.crc32(delivery_id.encode()) % len(_SHARDS)]


def _expires(received_at: datetime) -> int:
    return int((received_at + timedelta(days=LISTED_DAYS)).timestamp())


def _stored(item: Item, *, program_id: str) -> StoredDelivery:
    _, storefront_id, name = cast("str", item["sk"]).split("#")
    stored = read_name(name, program_id=program_id, storefront_id=storefront_id)
    if stored is None:
        raise ValueError("This is not the key of a delivery")
    return stored


def _packed(delivery: Delivery) -> bytes:
    """Headers in a line of JSON, then the body: signatures cover bytes, which may be anything."""
    headers = json.dumps(dict(delivery.headers), separators=(",", ":"))
    return zlib.compress(headers.encode() + b"\n" + delivery.body, 9)


def _delivery(stored: StoredDelivery, item: Item, *, large: LargeDeliveries) -> Delivery | None:
    """A delivery as it was received; None if its content was erased."""
    content = large.read(stored) if "is_large" in item else item.get("content")
    if content is None:
        return None
    headers, _, body = zlib.decompress(cast("bytes", content)).partition(b"\n")
    return Delivery(
        program_id=stored.program_id,
        storefront_id=stored.storefront_id,
        platform=cast("PlatformName", item["platform"]),
        source=cast("str", item["source"]),
        received_at=stored.received_at,
        headers=json.loads(headers),
        body=body,
    )
