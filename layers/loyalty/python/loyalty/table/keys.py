"""The only place that builds keys, and the chart of which items they name and who reads those.

Every key names its program, so one partition can never hold two programs' items. Only the lists of
programs and of services are about the whole deployment. Keys of received deliveries begin with
`INBOX`, so that readers of the stream can skip them and a function can be allowed nothing else. The
chart in the docs is made from the `charted` functions by calling them with the names of their
parameters.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from loyalty.table.operations import Item, Key

# Ten thousand members due at one midnight make 625 per shard, one page of an index query.
SHARDS = 16
# One partition takes a thousand write units a second. A delivery takes two or three.
INBOX_SHARDS = 4

PROGRAM = "PROGRAM#"
INBOX = "INBOX#"

REGISTRY_PARTITION = "PROGRAMS"
SERVICES_PARTITION = "SERVICES"
DELIVERIES = "DELIVERY#"
ENDPOINTS = "ENDPOINT#"
SOURCES = "SOURCE#"
STOREFRONTS = "STOREFRONT#"
MEMBER_PROGRESS = "PROGRESS#"
MESSAGES = "MESSAGE#"
RECEIVED = "RECEIVED#"
RESPONSES = "RESPONSE#"
SHARES = "SHARE#"
SIGNALS = "SIGNAL#"
WAITING_ACTIVITIES = "WAITING#"


@dataclass(frozen=True, slots=True)
class ChartRow:
    item: str
    key: Key
    index: str
    read_by: str


_CHARTED: list[tuple[str, str, str, Callable[..., Key]]] = []


def charted[**P](
    item: str, *, read_by: str, index: str = ""
) -> Callable[[Callable[P, Key]], Callable[P, Key]]:
    """Enter a key function into the chart of the table."""

    def enter(build: Callable[P, Key]) -> Callable[P, Key]:
        _CHARTED.append((item, read_by, index, build))
        return build

    return enter


def chart() -> list[ChartRow]:
    """The chart of the table, a row for each kind of item."""
    return [
        ChartRow(
            item,
            build(*(f"<{name}>" for name in inspect.signature(build).parameters)),
            index,
            read_by,
        )
        for item, read_by, index, build in _CHARTED
    ]


def _program(program: str, *rest: str) -> str:
    return "#".join(("PROGRAM", program, *rest))


def member_partition(program: str, member: str) -> str:
    return _program(program, "MEMBER", member)


def order_partition(program: str, source: str, order: str) -> str:
    return _program(program, "ORDER", source, order)


def award_partition(program: str, award: str) -> str:
    return _program(program, "AWARD", award)


def request_partition(program: str, request: str) -> str:
    return _program(program, "REQUEST", request)


def deliveries_partition(program: str, storefront: str) -> str:
    return _program(program, "STOREFRONT", storefront)


def program_partition(program: str) -> str:
    return _program(program)


def inbox_partition(program: str, shard: str) -> str:
    return f"{INBOX}{program}#{shard}"


@charted("registry of programs", read_by="every sweep")
def registry(program: str) -> Key:
    return Key(REGISTRY_PARTITION, program)


@charted("service: a server, and the programs it may act for", read_by="operators")
def service(service: str) -> Key:
    return Key(SERVICES_PARTITION, service)


@charted("the same, by the client in its tokens", read_by="requests of services (cached 30 s)")
def service_client(client: str) -> Key:
    return Key(f"CLIENT#{client}", "SERVICE")


@charted("program, each version", read_by="refunds, recomputation, audits")
def program_version(program: str, version: str) -> Key:
    return Key(_program(program), f"VERSION#{version}")


@charted("when, by whom and why a version was published", read_by="the list of versions")
def program_publication(program: str, version: str) -> Key:
    """`version` has nine digits, so that the versions are in order."""
    return Key(_program(program), f"PUBLISHED#{version}")


@charted("program, current", read_by="every request (cached 30 s)")
def program_current(program: str) -> Key:
    return Key(_program(program), "CURRENT")


@charted("draft of a program document", read_by="the list of drafts")
def draft(program: str, draft: str) -> Key:
    return Key(_program(program), f"DRAFT#{draft}")


@charted("document of a draft", read_by="the console")
def draft_document(program: str, draft: str) -> Key:
    return Key(_program(program), f"DRAFTED#{draft}")


@charted("progress of a schedule", read_by="sweeps, audit, segments, watches, offers")
def progress(program: str, schedule: str) -> Key:
    return Key(_program(program), f"PROGRESS#{schedule}")


@charted("a member on the list of a segment", read_by="the run that finds who is in segments")
def listed_member(program: str, segment: str, member: str) -> Key:
    return Key(_program(program, "LIST", segment), f"MEMBER#{member}")


@charted("how often lists of segments changed", read_by="the run that finds who is in segments")
def list_changes(program: str) -> Key:
    return Key(_program(program), "LISTCHANGES")


@charted("budget of a campaign, one of 16 shards", read_by="orders that find it short, edits")
def budget(program: str, campaign: str, period: str, shard: str) -> Key:
    return Key(_program(program, "BUDGET", campaign, period, shard), "BUDGET")


@charted("that a budget was spent to 80 or to 100 %", read_by="its event")
def budget_spent(program: str, campaign: str, period: str, percent: str) -> Key:
    """`percent` has three digits."""
    return Key(_program(program, "BUDGET", campaign, period), f"SPENT#{percent}")


@charted(
    "a member's targeting: campaigns that they joined or were offered, and computed segments "
    "that they are in",
    read_by="orders and rewards that ask for these, the member's campaigns",
)
def targeting(program: str, member: str) -> Key:
    return Key(member_partition(program, member), "TARGETING")


@charted("reward stock, one of 16 shards", read_by="redemptions that find it short, catalog")
def stock(program: str, reward: str, shard: str) -> Key:
    return Key(_program(program, "STOCK", reward, shard), "STOCK")


@charted("points that a caller adjusted on a day (kept 7 days)", read_by="adjustments")
def adjusted(program: str, caller: str, day: str) -> Key:
    return Key(_program(program, "CALLER", caller), f"ADJUSTED#{day}")


@charted("source of orders, noted when its first order was seen", read_by="the search")
def source(program: str, source: str) -> Key:
    return Key(_program(program), f"{SOURCES}{source}")


@charted("storefront connection", read_by="webhooks, intake")
def storefront(program: str, storefront: str) -> Key:
    return Key(_program(program), f"{STOREFRONTS}{storefront}")


@charted("product of a shop's catalog (kept 30 days)", read_by="intake")
def product(program: str, storefront: str, product: str) -> Key:
    return Key(_program(program, "STOREFRONT", storefront, "PRODUCT", product), "PRODUCT")


@charted(
    "outcome of a delivery, in the index while it is a trouble (kept 33 days)",
    read_by="the list of a storefront's deliveries, other deliveries of the event, home",
    index="history",
)
def delivery(program: str, storefront: str, delivery: str, received: str) -> Key:
    """A delivery's id begins with its event's id, so deliveries of one event are adjacent."""
    return Key(deliveries_partition(program, storefront), f"{DELIVERIES}{delivery}#{received}")


@charted(
    "delivery as it was received (kept 30 days)",
    read_by="intake, the list of a storefront's deliveries, erasures",
)
def received(program: str, shard: str, storefront: str, delivery: str) -> Key:
    """`delivery` is its id in the log and its group, joined by a dot: deliveries sort by time."""
    return Key(inbox_partition(program, shard), f"{RECEIVED}{storefront}#{delivery}")


@charted(
    "time of the last delivery with a wrong signature (kept 30 days)",
    read_by="the check of a storefront",
)
def refused(program: str, shard: str, storefront: str) -> Key:
    return Key(inbox_partition(program, shard), f"REFUSED#{storefront}")


@charted("endpoint for webhooks", read_by="webhooks to endpoints")
def endpoint(program: str, endpoint: str) -> Key:
    return Key(_program(program), f"{ENDPOINTS}{endpoint}")


@charted(
    "delivery of an event to an endpoint, with its state (kept 30 days)",
    read_by="webhooks to endpoints",
    index="history",
)
def endpoint_delivery(program: str, endpoint: str, event: str) -> Key:
    return Key(_program(program, "ENDPOINT", endpoint, "EVENT", event), "DELIVERY")


@charted("export of a report (kept 30 days)", read_by="exports", index="history")
def report_export(program: str, export: str) -> Key:
    return Key(_program(program, "EXPORT", export), "EXPORT")


@charted("trial of a document on all members (kept 30 days)", read_by="trials", index="history")
def trial(program: str, trial_id: str) -> Key:
    return Key(_program(program, "TRIAL", trial_id), "TRIAL")


@charted("action of a staff member", read_by="the list of actions", index="history")
def action(program: str, month: str, recorded: str) -> Key:
    return Key(_program(program, "ACTIONS", month), recorded)


@charted(
    "staff member: name as last seen, and roles that were taken away",
    read_by="requests of staff (cached 30 s), the list of actions",
)
def staff(program: str, subject: str) -> Key:
    return Key(_program(program, "STAFF", subject), "STAFF")


@charted(
    "day on which staff moved points by hand, with unusual hands (kept 100 days)", read_by="audit"
)
def staff_day(program: str, day: str) -> Key:
    return Key(_program(program, "STAFF_DAYS"), day)


@charted("where a goal stands after the last day that is over", read_by="goals, its event")
def goal(program: str, goal_id: str) -> Key:
    return Key(_program(program, "GOALS"), goal_id)


@charted("figures of the past months", read_by="checks of goals")
def figures(program: str) -> Key:
    return Key(_program(program), "FIGURES")


@charted("whose turn it is to change roles (some seconds)", read_by="changes of people")
def staff_turn(program: str) -> Key:
    return Key(_program(program), "STAFF_TURN")


@charted(
    "request that waits, or waited, for a second manager",
    read_by="approvals, home",
    index="history",
)
def approval(program: str, approval: str) -> Key:
    return Key(_program(program, "APPROVAL", approval), "APPROVAL")


@charted(
    "review of an order that exceeded a safeguard, or of what a watch found",
    read_by="reviews, home",
    index="history",
)
def review(program: str, review: str) -> Key:
    return Key(_program(program, "REVIEW", review), "REVIEW")


@charted("exports under way", read_by="exports")
def exports_under_way(program: str) -> Key:
    return Key(_program(program), "EXPORTS")


@charted("trials under way", read_by="trials")
def trials_under_way(program: str) -> Key:
    return Key(_program(program), "TRIALS")


@charted("identity of a member", read_by="enrollment, lookup, orders by identity")
def identity(program: str, kind: str, key_version: str, digest: str) -> Key:
    return Key(_program(program, "IDENTITY", kind, key_version, digest), "IDENTITY")


@charted(
    "a shop's latest version of a customer", read_by="later versions of customers and memberships"
)
def customer(program: str, key_version: str, digest: str) -> Key:
    return Key(_program(program, "CUSTOMER", key_version, digest), "CUSTOMER")


@charted("account", read_by="everything that moves points", index="expiring")
def account(program: str, member: str) -> Key:
    return Key(member_partition(program, member), "ACCOUNT")


@charted("profile", read_by="the member's view")
def profile(program: str, member: str) -> Key:
    return Key(member_partition(program, member), "PROFILE")


@charted(
    "a member's past messages, and the time of the next check",
    read_by="reminders, notifications",
    index="reminding",
)
def correspondence(program: str, member: str) -> Key:
    return Key(member_partition(program, member), "CORRESPONDENCE")


@charted("message to a member (kept 400 days)", read_by="notifications")
def message(program: str, member: str, day: str, message_kind: str) -> Key:
    return Key(member_partition(program, member), f"{MESSAGES}{day}#{message_kind}")


@charted(
    "answer to a survey, about an order or for a period",
    read_by="repeats, the list of a survey's answers, exports",
    index="history",
)
def survey_response(program: str, member: str, survey: str, subject: str) -> Key:
    """`subject` is an order's source and id, joined by `#`, or the name of a period."""
    return Key(member_partition(program, member), f"{RESPONSES}{survey}#{subject}")


@charted(
    "accrual of an order, or its placeholder",
    read_by="orders, refunds",
    index="history",
)
def accrual(program: str, source: str, order: str) -> Key:
    return Key(order_partition(program, source, order), "ENTRY#accrual")


@charted("guest order, under each identity (kept 400 days)", read_by="claims")
def guest_order(program: str, guest: str, occurred: str, source: str, order: str) -> Key:
    """`guest` is an identity's kind, key version and digest, joined by `#`."""
    return Key(_program(program, "GUEST", guest), f"{occurred}#{source}#{order}")


@charted(
    "that an erased member gets no presents for a time, under each identity (kept a year)",
    read_by="enrollment",
)
def departed(program: str, identity: str) -> Key:
    """`identity` is an identity's kind, key version and digest, joined by `#`."""
    return Key(_program(program, "DEPARTED", identity), "DEPARTED")


@charted("unfinished erasure, or one requested by a shop", read_by="privacy")
def erasure(program: str, erasure: str) -> Key:
    return Key(_program(program, "ERASURES"), erasure)


@charted("clawback of a refund", read_by="refunds", index="history")
def clawback(program: str, source: str, order: str, refund: str) -> Key:
    return Key(order_partition(program, source, order), f"ENTRY#clawback#{refund}")


@charted("edit of an order", read_by="later versions of storefront orders", index="history")
def edit(program: str, source: str, order: str, fingerprint: str) -> Key:
    return Key(order_partition(program, source, order), f"ENTRY#edit#{fingerprint}")


@charted("immediate expiry, caused by an order or an edit", read_by="refunds", index="history")
def order_expiry(program: str, source: str, order: str, fingerprint: str) -> Key:
    """`fingerprint` is that of the edit; it is empty if the order itself caused the expiry."""
    named = f"#{fingerprint}" if fingerprint else ""
    return Key(order_partition(program, source, order), f"ENTRY#expiry{named}")


@charted("release of an order's held points", read_by="history", index="history")
def order_activation(program: str, source: str, order: str, review: str) -> Key:
    return Key(order_partition(program, source, order), f"ENTRY#activation#{review}")


@charted("order state, once refunded, edited or reviewed", read_by="refunds, edits")
def order_state(program: str, source: str, order: str) -> Key:
    return Key(order_partition(program, source, order), "ORDER")


@charted("vouchers of an order, once it used one or was cancelled", read_by="orders, refunds")
def order_vouchers(program: str, source: str, order: str) -> Key:
    return Key(order_partition(program, source, order), "VOUCHERS")


@charted("entry caused by a request", read_by="repeats, cancel, complete", index="history")
def request_entry(program: str, request: str, kind: str) -> Key:
    return Key(request_partition(program, request), f"ENTRY#{kind}")


@charted("expiry by the calendar", read_by="refunds, history", index="history")
def expiry(program: str, member: str, date: str, entries_seen: str) -> Key:
    return Key(member_partition(program, member), f"ENTRY#expiry#{date}#{entries_seen}")


@charted("activation by the calendar", read_by="history", index="history")
def activation(program: str, member: str, available: str, expires: str, entries_seen: str) -> Key:
    return Key(
        member_partition(program, member),
        f"ENTRY#activation#{available}#{expires}#{entries_seen}",
    )


@charted(
    "voucher, with its redemption's state",
    read_by="tills, cancel, complete",
    index="history, expiring",
)
def voucher(program: str, code: str) -> Key:
    return Key(_program(program, "VOUCHER", code), "VOUCHER")


@charted("what an order counts for a challenge", read_by="engagement")
def order_share(program: str, source: str, order: str, counter: str) -> Key:
    return Key(order_partition(program, source, order), f"{SHARES}{counter}")


@charted(
    "a member's progress in a challenge, and how often they were given what it gives",
    read_by="engagement, the member's challenges and badges",
)
def member_progress(program: str, member: str, counter: str) -> Key:
    return Key(member_partition(program, member), f"{MEMBER_PROGRESS}{counter}")


@charted("how members stand on a board, in a window", read_by="boards")
def board_standing(program: str, board: str, window: str) -> Key:
    return Key(_program(program, "BOARD", board), window)


@charted(
    "the latest telling of each source about a member's paid plans",
    read_by="the member's plan, later tellings",
)
def member_plans(program: str, member: str) -> Key:
    return Key(member_partition(program, member), "PLAN")


@charted(
    "household: its members and open invitations",
    read_by="redemptions from it, the member's household",
)
def household(program: str, household: str) -> Key:
    return Key(_program(program, "HOUSEHOLD", household), "HOUSEHOLD")


@charted(
    "award, and how its points stand; the index has those that give badges",
    read_by="engagement, the member's badges",
    index="history",
)
def award(program: str, award: str) -> Key:
    return Key(award_partition(program, award), "AWARD")


@charted(
    "bonus, clawback or expiry of an award's points", read_by="engagement, history", index="history"
)
def award_entry(program: str, award: str, kind: str, step: str) -> Key:
    return Key(award_partition(program, award), f"ENTRY#{kind}#{step}")


@charted(
    "friend's referral, with what their orders count",
    read_by="claims, engagement, the referrer's friends",
    index="history",
)
def referral(program: str, friend: str) -> Key:
    return Key(member_partition(program, friend), "REFERRAL")


@charted("what an order counts for a friend's referral", read_by="engagement")
def referred_order(program: str, source: str, order: str) -> Key:
    return Key(order_partition(program, source, order), "REFERRED")


@charted("held referral that waits for a manager", read_by="the list of held referrals")
def held_referral(program: str, friend: str) -> Key:
    return Key(_program(program, "REFERRALS"), f"HELD#{friend}")


@charted(
    "a member's code for friends, and for how many they got something",
    read_by="the member's referral, engagement",
)
def referrer(program: str, member: str) -> Key:
    return Key(member_partition(program, member), "REFERRER")


@charted("the member of a code for friends", read_by="claims, anyone who asks about a code")
def referral_code(program: str, code: str) -> Key:
    return Key(_program(program, "CODE", code), "CODE")


@charted("members with a device or from a network (kept 400 or 10 days)", read_by="claims")
def signal(program: str, signal: str, digest: str, member: str) -> Key:
    return Key(_program(program, "SIGNAL", signal, digest), f"MEMBER#{member}")


@charted("the same, by member", read_by="erasures")
def member_signal(program: str, member: str, signal: str, digest: str) -> Key:
    return Key(member_partition(program, member), f"{SIGNALS}{signal}#{digest}")


@charted("activity of a member, such as a review", read_by="its edits and removal", index="history")
def activity(program: str, source: str, activity_id: str) -> Key:
    return Key(_program(program, "ACTIVITY", source, activity_id), "ACTIVITY")


@charted("what an activity counts for a challenge", read_by="engagement, the audit")
def activity_share(program: str, source: str, activity_id: str, counter: str) -> Key:
    return Key(_program(program, "ACTIVITY", source, activity_id), f"{SHARES}{counter}")


@charted("how often a member used up a limit of an activity", read_by="activities")
def activity_use(program: str, member: str, activity: str, use: str) -> Key:
    """A `use` is `ever`, a day as `day#2026-11-30`, or what it was about as `subject#SKU-1`."""
    return Key(member_partition(program, member), f"USED#{activity}#{use}")


@charted("activity that waits for an order of its member", read_by="engagement")
def waiting_activity(program: str, member: str, source: str, activity_id: str) -> Key:
    return Key(member_partition(program, member), f"{WAITING_ACTIVITIES}{source}#{activity_id}")


# Sort keys that begin with a time sort before this.
AFTER_ALL_TIMES = "9999"


def instant(moment: datetime) -> str:
    """UTC to the microsecond, in a form that sorts in order of time."""
    # strftime would write the year 900 with three digits.
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def history_partition(program: str, member: str) -> str:
    """The `history` partition of a member's entries."""
    return _program(program, "HISTORY", member)


def activities_partition(program: str, member: str) -> str:
    """The `history` partition of a member's activities."""
    return _program(program, "ACTIVITIES", member)


def vouchers_partition(program: str, member: str) -> str:
    """The `history` partition of a member's vouchers."""
    return _program(program, "VOUCHERS", member)


def badges_partition(program: str, member: str) -> str:
    """The `history` partition of the awards that give a member badges."""
    return _program(program, "BADGES", member)


def survey_responses_partition(program: str, survey: str) -> str:
    """The `history` partition of the answers to a survey."""
    return _program(program, "RESPONSES", survey)


def endpoint_deliveries_partition(program: str, endpoint: str) -> str:
    """The `history` partition of an endpoint's deliveries."""
    return _program(program, "DELIVERIES", endpoint)


def troubled_deliveries_partition(program: str, status: str) -> str:
    """The `history` partition of all storefronts' deliveries with a status that is a trouble."""
    return _program(program, "TROUBLES", status)


def actions_partition(program: str, target_kind: str, target: str) -> str:
    """The `history` partition of the actions about one target."""
    return _program(program, "ACTED", target_kind, target)


def approvals_partition(program: str) -> str:
    """The `history` partition of a program's approvals."""
    return _program(program, "APPROVALS")


def referrals_partition(program: str, referrer: str) -> str:
    """The `history` partition of the friends that a member brought."""
    return _program(program, "REFERRED", referrer)


def reviews_partition(program: str) -> str:
    """The `history` partition of a program's reviews."""
    return _program(program, "REVIEWS")


def report_exports_partition(program: str) -> str:
    """The `history` partition of a program's exports of reports."""
    return _program(program, "EXPORTS")


def trials_partition(program: str) -> str:
    """The `history` partition of a program's trials on all members."""
    return _program(program, "TRIALS")


def due_partition(program: str, index: str, day: str, shard: int) -> str:
    """A partition of a sparse index: one shard of the items due in a program on a UTC day."""
    return _program(program, index.upper(), day, f"{shard:02d}")


def due_keys(index: str, program: str, owner: str, moment: datetime) -> Item:
    """The attributes that put an item into a sparse index at the instant it is due."""
    due_at = instant(moment)
    shard = zlib.crc32(owner.encode()) % SHARDS
    return {
        f"{index}_pk": due_partition(program, index, due_at[:10], shard),
        f"{index}_sk": f"{due_at}#{owner}",
    }


def owner(index: str, program: str, name: str) -> Key:
    """The key of the item that a sparse index lists under a name: a member's item or a voucher."""
    if index == "reminding":
        return correspondence(program, name)
    kind, _, code = name.rpartition("#")
    return voucher(program, code) if kind else account(program, name)


def due_position(index: str, program: str, partition: str, listed: str) -> Item:
    """Where the next page of a sparse index starts: after the item with this sort key."""
    key = owner(index, program, listed.partition("#")[2])
    return {"pk": key.pk, "sk": key.sk, f"{index}_pk": partition, f"{index}_sk": listed}
