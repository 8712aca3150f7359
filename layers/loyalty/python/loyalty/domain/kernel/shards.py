"""Amounts that many requests take from, spread over shards so that they seldom meet on one."""

from __future__ import annotations

import zlib
from typing import Final

# Never fewer: what was taken from the others would be forgotten.
SHARDS: Final = 16


def own_shard(name: str) -> int:
    """The shard that a request takes from and gives back to, by a name that stays the same."""
    return zlib.crc32(name.encode()) % SHARDS


def share_of(total: int, shard: int) -> int:
    """What a shard has of a total. All shares are the total, and no share falls as it grows."""
    return total // SHARDS + (shard < total % SHARDS)
