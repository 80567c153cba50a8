"""The soak itself: connections that work, a hand that ends some, and the look afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg

from support.databases import Database
from support.factories import Make
from support.session import Session

from .acts import ACTS, OF_SERVICES, OF_WORKERS, Act, Service, Tenant, build
from .invariants import offenders

LOGINS = {"ts_test_app": 3, "ts_test_worker": 1}
# Beside the refusals of the schema, which have codes of its own: what a service must expect of any
# PostgreSQL under load, and is to try again.
RETRIED = {
    "40001": "serialization failure",
    "40P01": "deadlock",
    "55P03": "lock timeout",
    "57014": "statement timeout",
    "57P01": "ended by an administrator",
    "08006": "connection lost",
}
# What the tables themselves refuse to an act that writes to them past a function.
REFUSED = {
    "uq_ticket_transfers_one_open",
    "uq_refunds_one_live_per_ticket",
    "chk_ticket_transfers_different_users",
}
END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename LIKE 'ts_test_%%' AND usename <> %s
    ORDER BY random() LIMIT 1
"""


@dataclass
class Report:
    """What a soak did and found."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)
    offenders: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deadlocks: list[str] = field(default_factory=list)
    kills: int = 0

    @property
    def total(self) -> int:
        """How many transactions were begun."""
        return sum(codes.total() for codes in self.outcomes.values())

    @property
    def holds(self) -> bool:
        """Whether every invariant does, and nothing happened that must not."""
        return not self.faults and not self.offenders


def soak(target: Database, *, seconds: float, seed: int, connections: int) -> Report:
    """Lets connections do random work on a database of its own, and looks at what is left.

    Args:
        target: a database at head, which keeps what was done.
        seconds: for how long.
        seed: chooses the work; the machine chooses how the connections meet.
        connections: how many work at once.
    """
    chance = Random(seed)
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        tenants = []
        for _ in range(3):
            tenants.append(build(make, chance))
    report = Report()
    stop = threading.Event()
    workers = [Worker(target, report, stop, tenants, seed * 1000 + n) for n in range(connections)]
    with ThreadPoolExecutor(connections + 1) as pool:
        running = [pool.submit(worker.work) for worker in workers]
        running.append(pool.submit(end_some, target, report, stop, chance))
        time.sleep(seconds)
        stop.set()
        for one in running:
            one.result()
    with psycopg.connect(target.superuser_url) as connection:
        report.offenders = offenders(Session(connection))
    return report


def end_some(target: Database, report: Report, stop: threading.Event, chance: Random) -> None:
    """Ends the connection of one worker after the other, whatever it is doing."""
    with target.connect() as connection:
        while not stop.wait(chance.uniform(0.05, 0.4)):
            report.kills += connection.execute(END, ["ts_test_migrator"]).rowcount


class Worker:
    """One connection after the other, each at work until it is ended.

    Args:
        target: where it works.
        report: where it says what came of it; each act has a counter, so that no line is lost.
        stop: set when it is to stop.
        tenants: whom it works for, in turn.
        seed: chooses its work.
    """

    def __init__(
        self,
        target: Database,
        report: Report,
        stop: threading.Event,
        tenants: list[Tenant],
        seed: int,
    ) -> None:
        self.target = target
        self.report = report
        self.stop = stop
        self.tenants = tenants
        self.chance = Random(seed)

    def work(self) -> None:
        """Works until it is to stop."""
        while not self.stop.is_set():
            (login,) = self.chance.choices([*LOGINS], [*LOGINS.values()])
            acts = {
                act: weight
                for act, weight in ACTS.items()
                if act not in (OF_SERVICES if login == "ts_test_worker" else OF_WORKERS)
            }
            try:
                with psycopg.connect(self.target.url(login)) as connection:
                    while not (self.stop.is_set() or connection.broken):
                        (act,) = self.chance.choices([*acts], [*acts.values()])
                        self.do(connection, act)
            except psycopg.OperationalError:
                continue  # ended while it logged in or out

    def do(self, connection: psycopg.Connection, act: Act) -> None:
        """Does one act in a transaction, which may be rolled back for no reason."""
        tenant = self.chance.choice(self.tenants)
        others = [one for one in self.tenants if one is not tenant]
        service = Service(connection, self.chance, tenant, others)
        try:
            service.begin()
            act(service)
            if self.chance.random() < 0.04:
                connection.rollback()
                outcome = "rolled back"
            else:
                connection.commit()
                outcome = "done"
        except psycopg.Error as error:
            outcome = error.sqlstate or "08006"
            constraint = error.diag.constraint_name
            if not (outcome.startswith("TK") or outcome in RETRIED or constraint in REFUSED):
                self.report.faults.append(f"{act.__name__}: {outcome} {error}")
            if outcome == "40P01":
                detail = f"{error.diag.message_detail} {error.diag.context}"
                self.report.deadlocks.append(f"{act.__name__}: {' '.join(detail.split())}")
            if not connection.broken:
                connection.rollback()
        self.report.faults += [f"{act.__name__}: {what}" for what in service.trespasses]
        self.report.outcomes[act.__name__][outcome] += 1
