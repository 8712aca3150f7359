"""The segments that a report is asked for: one of them, or all beside each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import Fault, TryAgain, ValidationFailed, WrongState
from loyalty.domain.report_exports import EACH
from loyalty.lake import reports
from loyalty.lake.narrowing import UNNARROWED, SegmentMembers
from loyalty.usecases.segments import computed

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.segments import Segment
    from loyalty.lake.segment_snapshots import SegmentSnapshots
    from loyalty.usecases.segments import SegmentRun


def require_narrowable(*, report: str | None, facts: str | None, pointer: str) -> None:
    """Refuse to narrow what says nothing about members.

    Raises:
        ValidationFailed: it is not about members, or comparing segments by it would mislead.
        NotFound: there is no such report.
    """
    reason = reports.report(report).never_narrowed if report else None
    if facts in UNNARROWED:
        reason = "These facts are not about members"
    if reason:
        raise _fault(pointer, "not_of_segments", reason)


def chosen_segments(
    name: str, *, document: "Program", run: "SegmentRun | None", pointer: str
) -> tuple["Segment", ...]:
    """The segment with this id; with `*` each whose members were found by its definition.

    Raises:
        ValidationFailed: there is none of this id, or nobody writes down who is in it.
        WrongState: the members of none, or of this one, were found yet.
    """
    found = tuple(_found(document, run))
    if name == EACH and found:
        return found
    if name == EACH:
        raise WrongState("There is no segment of which it is known who is in it")
    segment = next((each for each in document.segments if each.id == name), None)
    if segment is None:
        raise _fault(pointer, "unknown_segment", f"There is no segment “{name}”")
    if not segment.is_computed:
        detail = "It asks about profiles, and nobody writes down who fits"
        raise _fault(pointer, "not_countable", detail)
    if segment not in found:
        raise WrongState("Who is in this segment is being found; ask again in some minutes")
    return (segment,)


def _found(document: "Program", run: "SegmentRun | None") -> Iterator["Segment"]:
    for segment in computed(document):
        size = run.sizes.get(segment.id) if run else None
        if size and size.definition == segment.fingerprint:
            yield segment


def members_of(
    segments: tuple["Segment", ...], snapshots: "SegmentSnapshots"
) -> tuple[SegmentMembers, ...]:
    """Where on this disk the members of segments are.

    Raises:
        TryAgain: the snapshot is being replaced.
    """
    snapshot = snapshots.latest()
    if snapshot is None:
        raise TryAgain("Who is in the segments is being found just now")
    return tuple(
        SegmentMembers(segment_id=each.id, definition=each.fingerprint, path=snapshot.path)
        for each in segments
    )


def _fault(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
