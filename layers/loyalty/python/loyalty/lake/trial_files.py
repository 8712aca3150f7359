"""Where trials on everybody keep what they read and write.

    trials/<program>/<trial>/document.json          the proposed document, kept with the answer
    trials/<program>/<trial>/answer.json            what came out
    trial-parts/<program>/<trial>/<as of>/<part>/<kind>.parquet     facts, for a day
    trial-parts/<program>/<trial>/<as of>/<part>/<round>.json.gz    sums, for a day

The parts are named by the moment as of which they were written, so two workers that prepare the
same trial do not mix theirs: the trial notes one of these moments.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from loyalty.lake.trial_parts import part_files, people_of_part
from loyalty.lake.trial_people import KINDS
from loyalty.lake.trial_sums import sums_from_json, sums_to_json

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from loyalty.domain.trials.happenings import PersonFacts
    from loyalty.domain.trials.sums import TrialSums
    from loyalty.domain.trials.whole import WholeTrial

TRIALS: Final = "trials"
PARTS: Final = "trial-parts"
# botocore keeps ten connections.
_AT_ONCE: Final = 10


class TrialShelf:
    """The files of the trials of one program."""

    def __init__(self, client: S3Client, *, bucket: str, program_id: str, scratch: Path) -> None:
        self._client = client
        self._bucket = bucket
        self._program = program_id
        self._scratch = scratch

    def put_document(self, trial_id: str, document: str) -> None:
        self._put(f"{TRIALS}/{self._program}/{trial_id}/document.json", document.encode())

    def document(self, trial_id: str) -> str | None:
        """The proposed document; None once it is deleted."""
        found = self._get(f"{TRIALS}/{self._program}/{trial_id}/document.json")
        return found.decode() if found is not None else None

    def put_answer(self, trial_id: str, answer: str) -> None:
        self._put(f"{TRIALS}/{self._program}/{trial_id}/answer.json", answer.encode())

    def answer(self, trial_id: str) -> Any:
        """What came out, from JSON; None once it is deleted."""
        found = self._get(f"{TRIALS}/{self._program}/{trial_id}/answer.json")
        return None if found is None else json.loads(found)

    def put_parts(self, trial: WholeTrial, folder: Path, *, parts: int, as_of: datetime) -> None:
        """Upload the files that `divide` wrote."""
        files = (
            (f"{self._of_part(trial, as_of, part)}{kind}.parquet", path)
            for part in range(parts)
            for kind, path in part_files(folder, part).items()
        )
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda each: self._put_file(*each), files):
                pass

    def people(self, trial: WholeTrial, part: int) -> Iterator[PersonFacts]:
        """The people of a part."""
        prefix = self._of_part(trial, _as_of(trial), part)
        with TemporaryDirectory(dir=self._scratch, prefix="part-") as name:
            folder = Path(name)
            fetch = partial(self._fetch, prefix, folder)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                for _ in pool.map(fetch, (kind.kind for kind in KINDS)):
                    pass
            with people_of_part(folder) as people:
                yield from people

    def put_sums(self, trial: WholeTrial, part: int, sums: TrialSums) -> None:
        body = gzip.compress(json.dumps(sums_to_json(sums), separators=(",", ":")).encode())
        self._put(self._sums_key(trial, part), body)

    def sums(self, trial: WholeTrial, part: int) -> TrialSums:
        body = self._get(self._sums_key(trial, part))
        if body is None:
            raise ValueError("the sums of a part that is done are stored")
        return sums_from_json(json.loads(gzip.decompress(body)))

    def _of_part(self, trial: WholeTrial, as_of: datetime, part: int) -> str:
        moment = as_of.strftime("%Y%m%dT%H%M%S%f")
        return f"{PARTS}/{self._program}/{trial.trial_id}/{moment}/{part}/"

    def _sums_key(self, trial: WholeTrial, part: int) -> str:
        return f"{self._of_part(trial, _as_of(trial), part)}{trial.round}.json.gz"

    def _fetch(self, prefix: str, folder: Path, kind: str) -> None:
        body = self._get(f"{prefix}{kind}.parquet")
        if body is not None:
            (folder / f"{kind}.parquet").write_bytes(body)

    def _put_file(self, key: str, path: Path) -> None:
        with path.open("rb") as body:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def _put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def _get(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None


def _as_of(trial: WholeTrial) -> datetime:
    if trial.prepared is None:
        raise ValueError("a trial has no parts before it is prepared")
    return trial.prepared.as_of
