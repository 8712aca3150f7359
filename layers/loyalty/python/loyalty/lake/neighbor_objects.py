"""What goes together in a program, as one object of the lake.

    facts/neighbors/program=<p>/neighbors.json.gz

Nothing in it is about a member. It is read while a member waits, so it is small, and reading it
needs no engine. Things are listed once and then named by their place in that list.
"""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from itertools import batched, chain
from typing import TYPE_CHECKING, Final

from loyalty.domain.recommendations.things import UNKNOWN, Neighbor, Neighborhood, Thing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KIND: Final = "neighbors"
_VERSION: Final = 1


def key(program_id: str) -> str:
    return f"facts/{KIND}/program={program_id}/neighbors.json.gz"


def fetched(client: S3Client, program_id: str, *, bucket: str) -> Neighborhood:
    """What goes together in a program; `UNKNOWN` before anything was computed."""
    # Whoever has a client has imported it; few cold starts do.
    from botocore.exceptions import ClientError  # noqa: PLC0415  # see above

    try:
        found = client.get_object(Bucket=bucket, Key=key(program_id))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return UNKNOWN
        raise
    return from_bytes(found["Body"].read())


def to_bytes(neighborhood: Neighborhood) -> bytes:
    """The object; the same neighborhood makes the same bytes."""
    things = sorted(
        {
            *neighborhood.neighbors,
            *(each.thing for found in neighborhood.neighbors.values() for each in found),
            *(thing for counted in neighborhood.popularity.values() for thing in counted),
        }
    )
    places = {thing: place for place, thing in enumerate(things)}
    content = {
        "v": _VERSION,
        "as_of": neighborhood.as_of.isoformat() if neighborhood.as_of else None,
        "things": things,
        "neighbors": [
            [places[thing], *chain.from_iterable((places[a], b) for a, b in found)]
            for thing, found in neighborhood.neighbors.items()
        ],
        "popularity": [
            [level, *chain.from_iterable((places[a], b) for a, b in counted.items())]
            for level, counted in neighborhood.popularity.items()
        ],
    }
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)


def from_bytes(stored: bytes) -> Neighborhood:
    content = json.loads(gzip.decompress(stored))
    things = [Thing(kind, id_) for kind, id_ in content["things"]]
    as_of = content["as_of"]
    return Neighborhood(
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        neighbors={
            things[place]: tuple(
                Neighbor(things[other], likeness)
                for other, likeness in batched(flat, 2, strict=True)
            )
            for place, *flat in content["neighbors"]
        },
        popularity={
            level: {things[place]: members for place, members in batched(flat, 2, strict=True)}
            for level, *flat in content["popularity"]
        },
    )
