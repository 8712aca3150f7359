"""How points stand that rest on something that can change."""

from loyalty.domain.ledger.settled import Settled


def test_points_are_settled_however_they_were_dealt_with() -> None:
    standing = Settled(clawed=1, owed=20, forgiven=300, excused=4000)

    assert standing.settled == 4321
