"""pgqueuer: jobs in one table, claimed in batches, woken by NOTIFY."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from common import Settings, Worker

package = "pgqueuer"
jobs = 20_000

# Its own benchmark drains with asyncpg, uvloop, and in one process 5 managers that claim 10 jobs at a time; that is
# the first one. Bigger batches save round trips, and more processes use more cores. Also tried, each once and not the
# best, on 2 cores: in 1 process batches of 500, and 2 managers with 200; in 2 processes 50 and 500; 3 processes. The
# tables are as it installs them: logged, and so safe from a crash.
drain_settings = [
    {"processes": 1, "managers": 5, "batch": 10},
    {"processes": 1, "managers": 2, "batch": 100},
    {"processes": 2, "managers": 1, "batch": 100},
    {"processes": 2, "managers": 2, "batch": 100},
    {"processes": 2, "managers": 1, "batch": 200},
    {"processes": 4, "managers": 1, "batch": 100},
]
latency_settings = [{"processes": 1, "managers": 1, "batch": 10}]
# Which of the two wins depends on what else the machine does.
best_drain_settings = drain_settings[-2:]
best_latency_settings = latency_settings

finished = "SELECT count(*), max(created) FROM pgqueuer_log WHERE status = 'successful'"


async def connect(url: str) -> AsyncpgDriver:
    return AsyncpgDriver(await asyncpg.connect(url))


def install(url: str, settings: Settings) -> None:
    async def make() -> None:
        await Queries(await connect(url)).install()

    uvloop.run(make())


def fill(url: str, count: int) -> None:
    async def enqueue() -> None:
        await Queries(await connect(url)).enqueue(["noop"] * count, [None] * count, [0] * count)

    uvloop.run(enqueue())


def work(worker: Worker) -> None:
    async def run() -> None:
        managers = [PgQueuer(await connect(worker.url)) for _ in range(worker.settings["managers"])]
        for manager in managers:

            @manager.entrypoint("noop")
            async def noop(job: Job) -> None:
                worker.begun()

        worker.gate()
        await asyncio.gather(*(manager.run(batch_size=worker.settings["batch"]) for manager in managers))

    uvloop.run(run())


@contextlib.contextmanager
def sender(url: str) -> Iterator[Callable[[], None]]:
    loop = uvloop.new_event_loop()
    try:
        queries = Queries(loop.run_until_complete(connect(url)))
        yield lambda: loop.run_until_complete(queries.enqueue("noop", None))
    finally:
        loop.close()
