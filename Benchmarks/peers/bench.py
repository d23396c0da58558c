"""Measures other projects on a given PostgreSQL: one JSON object per measurement on standard output."""

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import psycopg

from common import Peer, Settings, Worker, with_database

PEERS = ["pgqueuer", "procrastinate", "dbos"]
WARM_UP = 5  # jobs that are sent before latency is measured
spawn = multiprocessing.get_context("spawn")


def say(text: str) -> None:
    print(f"peers: {text}", file=sys.stderr, flush=True)


def peer_module(name: str) -> Peer:
    return importlib.import_module(f"peer_{name}")


# In the processes started from here


def keep_off_standard_output() -> None:
    """What a peer prints goes to standard error: standard output has measurements only."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def run_install(name: str, url: str, settings: Settings, count: int) -> None:
    keep_off_standard_output()
    peer = peer_module(name)
    peer.install(url, settings)
    if count:
        peer.fill(url, count)


def run_worker(name: str, number: int, url: str, settings: Settings, ready: Any, go: Any, times: Connection | None) -> None:
    keep_off_standard_output()

    def gate() -> None:
        ready.release()
        go.wait()

    def begun() -> None:
        if times is not None:
            times.send(time.monotonic_ns())

    peer_module(name).work(Worker(number, url, settings, gate, begun))


# In this process


@contextlib.contextmanager
def prepared(server: str, name: str, settings: Settings, count: int) -> Iterator[str]:
    """A database of its own with the peer's tables and so many jobs in it; gone afterwards."""
    database = f"cloacina_peer_{name}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {database}")
        try:
            url = with_database(server, database)
            # In a process of its own: what it leaves behind in memory is not the worker's.
            process = spawn.Process(target=run_install, args=(name, url, settings, count))
            process.start()
            process.join()
            if process.exitcode != 0:
                raise SystemExit(f"peers: {name} could not make its tables and jobs")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")  # as a queue that is not brand new would have it
                connection.execute("CHECKPOINT")
            yield url
        finally:
            admin.execute(f"DROP DATABASE {database} WITH (FORCE)")


@contextlib.contextmanager
def workers(name: str, url: str, settings: Settings, times: Connection | None) -> Iterator[Callable[[], None]]:
    """Worker processes that are loaded and wait; gives the call that lets them go. Ends them afterwards."""
    ready, go = spawn.Semaphore(0), spawn.Event()
    processes = [
        spawn.Process(target=run_worker, args=(name, number, url, settings, ready, go, times), daemon=True)
        for number in range(settings["processes"])
    ]
    try:
        for process in processes:
            process.start()
        for _ in processes:
            if not ready.acquire(timeout=60):
                raise SystemExit(f"peers: a worker of {name} is not ready after 60 s")
        yield go.set
    finally:
        for process in processes:
            process.kill()
            process.join()


def drain(server: str, name: str, settings: Settings, count: int) -> float:
    """Jobs per second, by the database's clock: from letting the workers go to the last result it holds."""
    peer = peer_module(name)
    with (
        prepared(server, name, settings, count) as url,
        workers(name, url, settings, None) as let_go,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        (start,) = connection.execute("SELECT clock_timestamp()").fetchone()
        let_go()
        give_up = time.monotonic() + 600
        while True:
            time.sleep(0.1)  # seldom: the times are the database's, and looking costs the peer
            finished, last = connection.execute(peer.finished).fetchone()
            if finished == count:
                return count / (last - start).total_seconds()
            if finished > count or time.monotonic() > give_up:
                raise SystemExit(f"peers: {name} finished {finished} of {count} jobs")


def latencies(server: str, name: str, settings: Settings, count: int) -> list[float]:
    """Milliseconds from the start of the call that enqueues to the start of the body, in order."""
    peer = peer_module(name)
    receive, send_times = spawn.Pipe(duplex=False)
    result = []
    with (
        prepared(server, name, settings, 0) as url,
        workers(name, url, settings, send_times) as let_go,
        peer.sender(url) as send,
    ):
        let_go()
        for _ in range(WARM_UP + count):
            # Long enough to be idle again, and no multiple of anybody's polling interval.
            time.sleep(random.uniform(0.03, 0.06))
            start = time.monotonic_ns()
            send()
            if not receive.poll(60):
                raise SystemExit(f"peers: {name} did not begin a job within 60 s")
            result.append((receive.recv() - start) / 1e6)
    return sorted(result[WARM_UP:])


def percentile(values: list[float], share: float) -> float:
    return round(values[min(len(values) - 1, int(len(values) * share))], 2)


def measure_drain(server: str, name: str, tried: list[Settings], count: int | None) -> dict[str, Any]:
    count = count or peer_module(name).jobs
    best: tuple[float, Settings] = (0, {})
    for settings in tried:
        rate = drain(server, name, settings, count)
        say(f"{name} drain, {settings}: {rate:.0f} jobs/s")
        best = max(best, (rate, settings), key=lambda one: one[0])
    return {"jobs": count, "jobs_per_s": round(best[0], 1), "settings": best[1]}


def measure_latency(server: str, name: str, tried: list[Settings], count: int | None) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for settings in tried:
        values = latencies(server, name, settings, count or 200)
        found = {"jobs": len(values), "p50_ms": percentile(values, 0.5), "p99_ms": percentile(values, 0.99)}
        say(f"{name} latency, {settings}: {found}")
        found["settings"] = settings
        best = min(best or found, found, key=lambda one: one["p50_ms"])
    return best


def main() -> None:
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("url", help="a PostgreSQL in which databases may be made")
    parser.add_argument("--peer", choices=PEERS, help="one of them instead of all")
    parser.add_argument("--jobs", type=int, help="so many instead of each measurement's own number")
    parser.add_argument("--measure", choices=["drain", "latency"], help="one of them instead of both")
    parser.add_argument("--best", action="store_true", help="only the settings that have been the best so far")
    arguments = parser.parse_args()
    server = with_database(arguments.url, "postgres")
    # So that an ended measurement takes its processes and its database along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    measures = {"drain": measure_drain, "latency": measure_latency}
    for name in [arguments.peer] if arguments.peer else PEERS:
        peer = peer_module(name)
        version = importlib.metadata.version(peer.package)
        for measure in [arguments.measure] if arguments.measure else measures:
            tried = getattr(peer, f"best_{measure}_settings" if arguments.best else f"{measure}_settings")
            found = measures[measure](server, name, tried, arguments.jobs)
            print(json.dumps({"bench": "peer", "peer": name, "version": version, "measure": measure} | found), flush=True)


if __name__ == "__main__":
    main()
