"""Would the simulation notice? The product with one mistake in it, many times over.

Each mutant is the product with one small change that somebody could make by accident. It is run
against the directed histories and against random ones until something breaks: `python -m
tests.simulation.mutants` tells which of them broke first, and fails if a mutant survives.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "layers" / "loyalty" / "python"
SEEDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change to one file of the package; `old` stands in it exactly once."""

    name: str
    file: str
    old: str
    new: str

    def apply(self, package: Path) -> None:
        """Change the file in a copy of the package.

        Raises:
            ValueError: the product has changed, and what was to be changed is not there.
        """
        path = package / "loyalty" / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: found {text.count(self.old)} times in {self.file}")
        path.write_text(text.replace(self.old, self.new))


MUTANTS: Final = (
    # A cause counts once.
    Mutant(
        "an entry overwrites what stands under its cause",
        "table/books.py",
        "condition: tuple[Condition, ...] = (Absent(),)",
        "condition: tuple[Condition, ...] = ()",
    ),
    Mutant(
        "an accrual's key is another one every time",
        "table/keys.py",
        'return Key(order_partition(program, source, order), "ENTRY#accrual")',
        "import uuid\n"
        "    return Key(order_partition(program, source, order), "
        'f"ENTRY#accrual#{uuid.uuid4()}")',
    ),
    Mutant(
        "a calendar entry is keyed by its date alone",
        "table/keys.py",
        'f"ENTRY#expiry#{date}#{entries_seen}"',
        'f"ENTRY#expiry#{date}#0"',
    ),
    Mutant(
        "the fingerprint covers the time of the request",
        "usecases/ledger/redemption.py",
        '"redeem", member_id, wanted.reward_id',
        '"redeem", desk.now.isoformat(), wanted.reward_id',
    ),
    Mutant(
        "another content under the same cause is answered as the first",
        "usecases/ledger/once.py",
        "if first.fingerprint != fingerprint:",
        "if not fingerprint:",
    ),
    Mutant(
        "a refusal is given without looking for the first try",
        "usecases/ledger/once.py",
        "    if not isinstance(first, Entry):\n        raise refusal",
        "    if not isinstance(first, Entry) or first:\n        raise refusal",
    ),
    # Guards.
    Mutant(
        "an earn does not rely on the debt it saw",
        "domain/ledger/postings.py",
        "        debt_seen=account.holding.debt,\n        due=due,",
        "        due=due,",
    ),
    Mutant(
        "points come to a member who is no more",
        "table/books.py",
        'conditions: list[Condition] = [equal(("status",), "active")]',
        'conditions: list[Condition] = [at_least(("entries",), 0)]',
    ),
    Mutant(
        "an emptied lot is removed whatever it holds by now",
        "table/books.py",
        'conditions.append(equal(("lots", lot.isoformat()), points))',
        'conditions.append(at_least(("lots", lot.isoformat()), points))',
    ),
    Mutant(
        "a lot is taken from whether or not enough is left",
        "table/books.py",
        'conditions.append(at_least(("lots", lot.isoformat()), points))',
        "pass",
    ),
    Mutant(
        "pending points are taken whether or not they are left",
        "table/books.py",
        'conditions.append(at_least(("pending", records.pending_name(dates)), points))',
        "pass",
    ),
    Mutant(
        "a debt is made without relying on the balance",
        "domain/ledger/postings.py",
        "balance_seen=account.balance if relies_on_balance else None",
        "balance_seen=None",
    ),
    Mutant(
        "what is forgiven does not rely on the balance",
        "domain/ledger/clawbacks.py",
        "relies_on_balance=bool(self.owed or self.forgiven)",
        "relies_on_balance=bool(self.owed)",
    ),
    Mutant(
        "settling does not rely on the version it saw",
        "table/books.py",
        '("entries", change.entries_seen),',
        '("entries", change.entries_seen if not (it := change.becomes) or it.into or it.absorbed'
        " else None),",
    ),
    Mutant(
        "settling relies on the balance alone",
        "table/books.py",
        '("entries", change.entries_seen),',
        '("balance", change.becomes.balance if change.becomes else None),',
    ),
    Mutant(
        "the order's state is not guarded by its counter",
        "table/books.py",
        '(Absent(),) if seen is None else (equal(("counter",), seen),)',
        '(Absent(),) if seen is None else (at_least(("counter",), 0),)',
    ),
    Mutant(
        "a voucher steps from any state",
        "table/books.py",
        'seen_state = equal(("state",), posting.voucher.seen.state)',
        'seen_state = at_least(("points",), 0)',
    ),
    Mutant(
        "a placeholder is replaced whatever has joined it",
        "table/books.py",
        'return (equal(("kind",), "placeholder"), equal(("count",), count))',
        'return (equal(("kind",), "placeholder"),)',
    ),
    Mutant(
        "stock is taken beyond the last piece",
        "table/books.py",
        'at_most(("taken",), taken.stock - taken.units)',
        'at_most(("taken",), taken.stock)',
    ),
    Mutant(
        "the limit per member is only looked at",
        "table/books.py",
        'conditions.append(_missing_or(less(("redeemed", reward_id), most)))',
        "pass",
    ),
    # Due times.
    Mutant(
        "additions leave the due time alone",
        "domain/ledger/postings.py",
        "    if due_on is None:\n        return None",
        "    if due_on is None or account:\n        return None",
    ),
    Mutant(
        "additions do not rely on the due time they saw",
        "table/books.py",
        "    if (due := change.due) is not None:\n        day",
        "    if (due := change.due) is not None and not due:\n        day",
    ),
    Mutant(
        "the due time moves to a later one",
        "domain/ledger/postings.py",
        "moves=account.due is None or account.due > due_on",
        "moves=account.due is None or account.due < due_on",
    ),
    Mutant(
        "a lot is due a day after it has expired",
        "domain/ledger/holding.py",
        "days = [end + timedelta(days=1) for end in ends if end < NEVER]",
        "days = [end + timedelta(days=2) for end in ends if end < NEVER]",
    ),
    Mutant(
        "pending points do not count for the due time",
        "domain/ledger/holding.py",
        "        days += [dates.available_on for dates in self.pending]\n",
        "",
    ),
    Mutant(
        "what has expired already goes into its lot",
        "domain/ledger/postings.py",
        "if ends_on(lot, undated_until) < today}",
        "if ends_on(lot, undated_until) < date.min}",
    ),
    # The calendar.
    Mutant(
        "a lot expires as its last day begins",
        "domain/ledger/account.py",
        "sorted(lot for lot in held.lots if ends_on(lot, undated_until) < today)",
        "sorted(lot for lot in held.lots if ends_on(lot, undated_until) <= today)",
    ),
    Mutant(
        "what becomes available ignores the debt",
        "domain/ledger/account.py",
        "paid_debt=min(held.debt, points)",
        "paid_debt=0",
    ),
    Mutant(
        "points are available a day late",
        "domain/ledger/account.py",
        "dates for dates in held.pending if dates.available_on <= today",
        "dates for dates in held.pending if dates.available_on < today",
    ),
    Mutant(
        "days are told by UTC",
        "domain/program/document.py",
        "return now.astimezone(self.zone).date()",
        "return now.date()",
    ),
    Mutant(
        "spending does not settle first",
        "usecases/ledger/redemption.py",
        "account = settled(desk, open_account(desk, member_id, strong=True))",
        "account = open_account(desk, member_id, strong=True)",
    ),
    Mutant(
        "a refund does not settle first",
        "usecases/ledger/accounts.py",
        "account = settled(desk, path[-1])",
        "account = path[-1]",
    ),
    Mutant(
        "an old activity shortens the life of the points",
        "table/books.py",
        'conditions.append(_missing_or(less(("active_on",), change.active_on.isoformat())))',
        "pass",
    ),
    Mutant(
        "an order brings points back that had expired by inactivity",
        "usecases/orders/accrual.py",
        "settled(desk, account) if is_quiet or is_paid else account",
        "settled(desk, account) if is_paid else account",
    ),
    Mutant(
        "an order pays a debt that points available by now have paid",
        "usecases/orders/accrual.py",
        "settled(desk, account) if is_quiet or is_paid else account",
        "settled(desk, account) if is_quiet else account",
    ),
    # Refunds.
    Mutant(
        "what was forgiven is asked for again",
        "domain/ledger/refunds.py",
        "return self.clawed + self.owed + self.forgiven + self.excused",
        "return self.clawed + self.owed + self.excused",
    ),
    Mutant(
        "what was excused is asked for again",
        "domain/ledger/refunds.py",
        "return self.clawed + self.owed + self.forgiven + self.excused",
        "return self.clawed + self.owed + self.forgiven",
    ),
    Mutant(
        "a line keeps its share rounded down",
        "domain/ledger/refunds.py",
        "return -(-amount_minor * part // whole) if whole else amount_minor",
        "return amount_minor * part // whole if whole else amount_minor",
    ),
    Mutant(
        "units beyond what was bought are refunded too",
        "domain/ledger/refunds.py",
        "units = min(line.quantity, state.quantities.get(line.line_id, 0))",
        "units = state.quantities.get(line.line_id, 0)",
    ),
    Mutant(
        "refunds are computed by the rules of today",
        "usecases/orders/refunds.py",
        "decided_by=desk.version(accrual.program_version)",
        "decided_by=desk.program",
    ),
    Mutant(
        "what expired unspent is taken all the same",
        "domain/ledger/clawbacks.py",
        "excused = max(0, min(owing, excusable))",
        "excused = 0",
    ),
    Mutant(
        "what expired before a merge is not looked for",
        "usecases/orders/refunds.py",
        "        for account in path:\n",
        "        for account in path[-1:]:\n",
    ),
    Mutant(
        "points of another order with the same dates are taken for this one's",
        "domain/ledger/clawbacks.py",
        "share = max(0, min(points - taken.total(), part.points - own[number], there))",
        "share = max(0, min(points - taken.total(), there))",
    ),
    Mutant(
        "other lots than the order's own are taken first",
        "domain/ledger/clawbacks.py",
        "lots = held.take(owing, prefer=prefer)",
        "lots = held.take(owing)",
    ),
    Mutant(
        "refunds that waited are dropped",
        "domain/ledger/accruals.py",
        "for refund in placeholder.refunds if placeholder else ():",
        "for refund in placeholder.refunds[:0] if placeholder else ():",
    ),
    Mutant(
        "what was over on one line is not taken from the others",
        "domain/ledger/refunds.py",
        "left_minor - state.amount_minor - over_minor",
        "left_minor - state.amount_minor",
    ),
    Mutant(
        "money of a line makes its units forgotten",
        "domain/ledger/refunds.py",
        "return by_units + state.amounts_minor.get(line.line_id, 0)",
        "return state.amounts_minor.get(line.line_id, by_units)",
    ),
    Mutant(
        "money of a line replaces what was given back for it before",
        "domain/ledger/refunds.py",
        "amounts_minor=_added(state.amounts_minor, refund.amounts_minor)",
        "amounts_minor={**state.amounts_minor, **refund.amounts_minor}",
    ),
    Mutant(
        "money of a line is taken from its amount, not from what was paid",
        "domain/ledger/refunds.py",
        "_share_up(line.amount_minor, paid_left[line.line_id], line.paid_minor)",
        "max(0, line.amount_minor - back[line.line_id])",
    ),
    Mutant(
        "units give back their share of the amount, not of what was paid",
        "domain/ledger/refunds.py",
        "by_units = line.paid_minor * units",
        "by_units = line.amount_minor * units",
    ),
    # Edits and levels.
    Mutant(
        "an edit that a later one has corrected is settled all the same",
        "usecases/orders/edits.py",
        "    if is_outdated(order.told_at, by=known_at):\n        return Outdated()\n"
        "    if content",
        "    if content",
    ),
    Mutant(
        "an order that is told again as it was does not outdate what was told in between",
        "usecases/orders/edits.py",
        "    if order.told_at != known_at:\n",
        "    if order.told_at is None:\n",
    ),
    Mutant(
        "what was paid is no part of what a storefront tells",
        "domain/orders/order.py",
        "[line.gross_minor for line in order.lines]",
        "[]",
    ),
    Mutant(
        "an edit gives again what was given before",
        "domain/ledger/refunds.py",
        "earned = sum(part.points for part in parts_of(accrual, before))",
        "earned = accrual.points",
    ),
    Mutant(
        "a refund that ends a level sooner does not move the due time",
        "domain/ledger/postings.py",
        "due=due_by(account, counting.changes_on) if counting else None,",
        "due=None,",
    ),
    Mutant(
        "what counts towards a level does not rely on what else it is told from",
        "table/books.py",
        "if (revision := change.tier_revision_seen) is not None:",
        "if (revision := change.tier_revision_seen) is not None and revision < 0:",
    ),
    Mutant(
        "a late order is not noticed by others that count",
        "domain/ledger/postings.py",
        "revises_tier=counting.revises,",
        "revises_tier=False,",
    ),
    Mutant(
        "orders at once pass a level that neither reaches alone",
        "table/books.py",
        "for counter, most in change.qualifying_at_most.items():",
        "for counter, most in dict[str, int]().items():",
    ),
    Mutant(
        "a refund does not lower what its order counted for",
        "domain/ledger/refunds.py",
        "counts(after) - counts(before))",
        "0)",
    ),
    # Guests.
    Mutant(
        "nobody looks who enrolled while a guest's order was kept",
        "usecases/orders/guests.py",
        "if customer.member_id is None and isinstance(recorded, Kept):",
        "if customer.member_id and isinstance(recorded, Kept):",
    ),
    Mutant(
        "who has just enrolled is looked for by a stale read",
        "table/members.py",
        "for strong in (False, True):",
        "for strong in (False, False):",
    ),
    Mutant(
        "kept orders are looked for by a stale read",
        "table/books.py",
        "limit=GUEST_ORDERS_A_PAGE + 2,\n            strong=True,",
        "limit=GUEST_ORDERS_A_PAGE + 2,\n            strong=False,",
    ),
    Mutant(
        "what was bought under an address is anybody's who says it is theirs",
        "domain/people/member.py",
        "if is_verified and identity.kind",
        "if identity.kind",
    ),
    Mutant(
        "an address stands for whoever has it on file",
        "table/members.py",
        "return holder.strength > Strength.NOTED",
        "return holder.strength >= Strength.NOTED",
    ),
    Mutant(
        "what was proven is taken by the next who proves it",
        "usecases/people/enrollment.py",
        "if holder.strength < min(claimant.strength(identity), weakest_kept):",
        "if holder.strength <= min(claimant.strength(identity), weakest_kept):",
    ),
    Mutant(
        "who loses an identity still has it on file",
        "domain/people/member.py",
        "if each not in lost}",
        "if each not in {}}",
    ),
    Mutant(
        "a claim stays as good as it was when somebody signs in",
        "table/members.py",
        "if before.strength(each) != after.strength(each)",
        "if before.strength(each) < after.strength(each)",
    ),
    Mutant(
        "who loses an identity is overwritten as they were when it was read",
        "table/members.py",
        '(equal(("revision",), loss.before.revision),),',
        "(),",
    ),
    Mutant(
        "what was bought too long ago is claimed",
        "usecases/orders/guests.py",
        "since = desk.now - timedelta(days=days)",
        "since = desk.now - timedelta(days=days + 9)",
    ),
    Mutant(
        "an order that somebody else recorded ends the claiming",
        "usecases/orders/guests.py",
        "        except (OrderConflict, ValidationFailed):\n            continue",
        "        except (OrderConflict, ValidationFailed):\n            break",
    ),
    Mutant(
        "a guest's order is claimed as it was read, whatever it has become",
        "usecases/orders/accrual.py",
        "if kept and kept.order and is_outdated(order.told_at, by=kept.order.told_at):",
        "if kept and kept.order and is_outdated(kept.order.told_at, by=order.told_at):",
    ),
    Mutant(
        "a change of a guest's order drops the refunds that wait for it",
        "usecases/orders/edits.py",
        "        guest=found.guest or customer.guest,",
        "        refunds=(),\n        guest=found.guest or customer.guest,",
    ),
    Mutant(
        "a guest's order becomes what it was before",
        "usecases/orders/edits.py",
        "if found.order and is_outdated(order.told_at, by=found.order.told_at):",
        "if found.order and not order:",
    ),
    Mutant(
        "what waits is written over what has joined it",
        "table/books.py",
        "else _is_placeholder(placeholder.count - 1)",
        "else _is_placeholder(placeholder.count)[:1]",
    ),
    # Vouchers, merges, corrections.
    Mutant(
        "points of a merged member's voucher return to the merged one",
        "usecases/ledger/redemption.py",
        "account = settled(desk, open_account(desk, voucher.member_id, strong=True))",
        "account = desk.books.account(voucher.member_id, strong=True)",
    ),
    Mutant(
        "a hold is completed after its time",
        "domain/ledger/vouchers.py",
        'if self.state == "held" and self.held_until is not None and self.held_until <= now:',
        'if self.state == "held" and self.held_until is not None and self.held_until < now:',
    ),
    Mutant(
        "points live on however often they are spent and come back",
        "domain/ledger/redemptions.py",
        "first_end = voucher.first_ends.get(lot, end)",
        "first_end = end",
    ),
    Mutant(
        "points live on from the day of the cancel",
        "domain/ledger/redemptions.py",
        "if end < today <= first_end + reinstates:\n"
        "            first_ends[first_end + reinstates] = first_end\n"
        "            lots[first_end + reinstates] += points",
        "if end < today <= first_end + reinstates:\n"
        "            first_ends[today + reinstates] = first_end\n"
        "            lots[today + reinstates] += points",
    ),
    Mutant(
        "a member's own cancel lengthens the life of points",
        "domain/ledger/redemptions.py",
        'is_own_choice = by_member and voucher.state_at(now) != "cancelled"',
        "is_own_choice = False",
    ),
    Mutant(
        "points that were given away forget that they were reinstated",
        "domain/ledger/corrections.py",
        "                    if lot in added.effect.lots\n",
        "                    if lot in added.effect.pending\n",
    ),
    Mutant(
        "a balance may hold more than it may when two add at once",
        "table/books.py",
        'conditions.append(at_most(("balance",), change.balance_at_most))',
        "pass",
    ),
    Mutant(
        "points of an order can be given away at once",
        "domain/ledger/accruals.py",
        "giveable_from=waiting(accrual.parts, program.document, today=today),",
        "",
    ),
    Mutant(
        "pending points can be given away as soon as they are available",
        "domain/ledger/settling.py",
        "by_day[giveable_on(step.dates.available_on, program)] += step.points",
        "pass",
    ),
    Mutant(
        "two transfers at once give what only one may",
        "domain/ledger/corrections.py",
        "relies_on_entries=bool(still_waiting(giver.giveable_from, today=today))",
        "relies_on_entries=False",
    ),
    Mutant(
        "a cancelled piece of stock is gone",
        "domain/ledger/redemptions.py",
        "stock=StockTaken(voucher.reward_id, -1, 0) if voucher.stocked else None",
        "stock=None",
    ),
    Mutant(
        "what comes back ignores the debt",
        "domain/ledger/redemptions.py",
        "addition(account, Holding(lots=lots)",
        "addition(replace(account, holding=Holding()), Holding(lots=lots)",
    ),
    Mutant(
        "a merge leaves the debt beside the lots",
        "domain/ledger/corrections.py",
        "netted = (loser.holding + survivor.holding).netted()",
        "netted = loser.holding + survivor.holding",
    ),
    Mutant(
        "a merge does not rely on the version of the survivor",
        "table/books.py",
        '("entries", change.entries_seen),',
        '("entries", None if (it := change.becomes) and it.absorbed else change.entries_seen),',
    ),
    Mutant(
        "a merge does not rely on the version of the one that goes",
        "table/books.py",
        '("entries", change.entries_seen),',
        '("entries", None if (it := change.becomes) and it.into else change.entries_seen),',
    ),
    Mutant(
        "a take by hand makes a debt without relying on the balance",
        "domain/ledger/corrections.py",
        "relies_on_balance=owed > 0",
        "relies_on_balance=False",
    ),
    Mutant(
        "points given do not pay the taker's debt",
        "domain/ledger/corrections.py",
        "    added = addition(\n        taker,\n",
        "    added = addition(\n        replace(taker, holding=Holding()),\n",
    ),
    Mutant(
        "the soonest expiry comes last",
        "domain/ledger/holding.py",
        "limits += [(lot, self.lots[lot]) for lot in sorted(self.lots)]",
        "limits += [(lot, self.lots[lot]) for lot in sorted(self.lots, reverse=True)]",
    ),
    Mutant(
        "a member's own redemption is looked for by a stale read",
        "usecases/ledger/redemption.py",
        "if open_account(desk, member_id, strong=True).member_id not in owners:",
        "if open_account(desk, member_id, strong=False).member_id not in owners:",
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What broke first: a directed history, a random one, or nothing."""

    mutant: Mutant
    clause: str
    seed: str
    seconds: float

    @property
    def is_killed(self) -> bool:
        return bool(self.clause or self.seed)


def judge(mutant: Mutant, *, seeds: int) -> Verdict:
    """Run a mutant against the directed histories, then against random ones until one breaks."""
    began = time.monotonic()
    with mutated(mutant) as package:
        clauses = _run(
            package,
            *("-m", "pytest", "-x", "-q", f"--override-ini=cache_dir={package}/.cache"),
            "tests/simulation/test_clauses.py",
        )
        clause = re.search(r"^(?:FAILED|ERROR) .*::(\w+)", clauses, re.MULTILINE)
        random = _run(package, "-m", "tests.simulation", "--seeds", str(seeds))
        seed = re.search(r"^seed (\d+) broke a promise: (.*)", random, re.MULTILINE)
    return Verdict(
        mutant,
        clause.group(1) if clause else "",
        f"{seed.group(1)}: {seed.group(2)}" if seed else "",
        time.monotonic() - began,
    )


@contextmanager
def mutated(mutant: Mutant) -> Iterator[Path]:
    """A copy of the package with the mistake in it."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "python"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.apply(package)
        yield package


def _run(package: Path, *arguments: str) -> str:
    """What Python prints with this copy of the package before the real one."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode not in (0, 1, 2):
        raise RuntimeError(f"{arguments} cannot be run:\n{finished.stdout}{finished.stderr}")
    return finished.stdout + finished.stderr


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="random histories for each")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    asked = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if asked.only in mutant.name]
    survivors = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for verdict in pool.map(lambda mutant: judge(mutant, seeds=asked.seeds), chosen):
            survivors += not verdict.is_killed
            print(f"{'killed  ' if verdict.is_killed else 'SURVIVED'}  {verdict.mutant.name}")
            print(f"          directed  {verdict.clause or '-'}")
            print(f"          random    {verdict.seed[:150] or '-'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
