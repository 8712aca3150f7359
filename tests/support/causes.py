"""Causes of every kind, by the id that the entry of each has always had."""

from datetime import date
from typing import Final

from loyalty.domain.ledger.entries import (
    AwardCause,
    CalendarCause,
    Cause,
    OrderCause,
    RequestCause,
)

# Clients, published events and the lake hold such ids: a change here makes every one of them wrong.
CAUSES: Final[dict[str, Cause]] = {
    "ent_98d495f28244457765343a21": OrderCause("pos", "1001", "accrual"),
    "ent_1f856427302a312f422ef370": OrderCause("pos", "1001", "clawback", "r1"),
    "ent_8275e1aad62218aaacd30deb": OrderCause("pos", "1001", "edit", "5f2b"),
    "ent_3ac5712254417517465640c6": OrderCause("pos", "1001", "expiry"),
    "ent_a81e005988d0ac4aefbb0e13": OrderCause("pos", "1001", "expiry", "5f2b"),
    "ent_9a7fd416a07c2394b71b54e6": OrderCause("pos", "1001", "clawback", "~review"),
    "ent_694aeacc1b746beb3b9042db": OrderCause("pos", "1001", "activation", "~review"),
    "ent_3ce305e0f8e52cff19b48fcc": RequestCause("c0ffee", "redemption"),
    "ent_44d94fc21c64aa051aa94c6b": RequestCause("c0ffee", "return"),
    "ent_dcc74016cf81f461538bc523": RequestCause("c0ffee", "expiry"),
    "ent_c3f3410ad68a845adcb85296": RequestCause("c0ffee", "adjustment"),
    "ent_8acd4663c766195fbe2f5101": RequestCause("c0ffee", "transfer", "out"),
    "ent_798234597d4ebebbe35aa3d9": RequestCause("c0ffee", "transfer", "in"),
    "ent_2b7f4017b56e52587da1e902": RequestCause("c0ffee", "merge", "out"),
    "ent_86c2245a5eab19c4b3024ddc": RequestCause("c0ffee", "merge", "in"),
    "ent_76bd70cb500d8279905a8070": RequestCause("c0ffee", "contribution", "mem_1"),
    "ent_01f09c6f580e520601af7e3d": RequestCause("c0ffee", "contribution", "mem_1/returned"),
    "ent_189a2f3ecd3079f9ff6a3d03": RequestCause("c0ffee", "bonus"),
    "ent_98b419d65170da85ca6863e5": RequestCause("c0ffee", "import"),
    "ent_6774b911a3a08f9206f6ae0f": CalendarCause(
        "mem_1", "activation", (date(2026, 12, 1), date(2027, 11, 30)), 3
    ),
    "ent_794bc0fe36c00c237685bc8d": CalendarCause("mem_1", "expiry", (date(2027, 11, 30),), 4),
    "ent_75cb458964e945b5c5709357": AwardCause("challenge.ten.mem_1.ever.1", "bonus", 1),
    "ent_44169cc83521a1907eaa0518": AwardCause("challenge.ten.mem_1.ever.1", "clawback", 2),
    "ent_6bcbdf666492b730b39f5bdf": AwardCause("challenge.ten.mem_1.ever.1", "expiry", 1),
}
