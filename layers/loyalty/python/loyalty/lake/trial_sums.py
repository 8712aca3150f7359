"""The sums of a part of a trial as JSON, so that another function can add them up."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from typing import Any

from loyalty.domain.trials.sums import (
    BudgetMinute,
    Cell,
    Fidelity,
    LevelMove,
    MemberGain,
    TrialSums,
)


def sums_to_json(sums: TrialSums) -> dict[str, Any]:
    return {
        "cells": [[*cell, amount] for cell, amount in sums.cells.items()],
        "taken": [[*minute, points] for minute, points in sums.taken.items()],
        "levels": [[*move, members] for move, members in sums.levels.items()],
        "gains": [[least, members] for least, members in sums.gains.items()],
        "members": sums.members,
        "gain_points": sums.gain_points,
        "gain_squares": sums.gain_squares,
        "furthest_up": sums.furthest_up,
        "furthest_down": sums.furthest_down,
        "fidelity": astuple(sums.fidelity),
    }


def sums_from_json(wire: dict[str, Any]) -> TrialSums:
    orders, exact, booked, off = wire["fidelity"]
    return TrialSums(
        cells=Counter({Cell(*cell): amount for *cell, amount in wire["cells"]}),
        taken=Counter({BudgetMinute(*minute): points for *minute, points in wire["taken"]}),
        levels=Counter({LevelMove(*move): members for *move, members in wire["levels"]}),
        gains=Counter(dict(map(tuple, wire["gains"]))),
        members=wire["members"],
        gain_points=wire["gain_points"],
        gain_squares=wire["gain_squares"],
        furthest_up=tuple(MemberGain(*each) for each in wire["furthest_up"]),
        furthest_down=tuple(MemberGain(*each) for each in wire["furthest_down"]),
        fidelity=Fidelity(orders=orders, orders_exact=exact, points_booked=booked, points_off=off),
    )
