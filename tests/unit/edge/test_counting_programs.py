"""Which programs count orders for challenges, as far as the relay remembers."""

from loyalty.edge.counting_programs import RememberedCounting
from loyalty.usecases.engagement.waking import CountingSince


class Programs:
    """Programs whose versions a test publishes; it counts how often they are read."""

    def __init__(self) -> None:
        self.found: CountingSince | None = CountingSince(1, None)
        self.reads = 0

    def counting(self, _program_id: str) -> CountingSince | None:
        self.reads += 1
        return self.found


def remembered(programs: Programs, *, seconds: list[float]) -> RememberedCounting:
    return RememberedCounting(programs, remembered_seconds=10, clock=lambda: seconds[0])


def test_a_program_without_challenges_is_read_now_and_then_and_counts_nothing() -> None:
    programs, seconds = Programs(), [0.0]
    counting = remembered(programs, seconds=seconds)

    assert not any(counting.counts("bean", 1) for _ in range(3))
    assert programs.reads == 1
    seconds[0] = 10
    assert not counting.counts("bean", 0)
    assert programs.reads == 2


def test_a_newer_version_than_the_remembered_one_is_never_answered_from_memory() -> None:
    programs = Programs()
    counting = remembered(programs, seconds=[0.0])
    assert not counting.counts("bean", 1)

    programs.found = CountingSince(2, 2)

    assert counting.counts("bean", 2)
    assert not counting.counts("bean", 1)
    # A change that names no version may be of any.
    assert counting.counts("bean", 0)


def test_a_program_that_does_not_exist_counts_nothing() -> None:
    programs = Programs()
    programs.found = None

    assert not remembered(programs, seconds=[0.0]).counts("bean", 1)
