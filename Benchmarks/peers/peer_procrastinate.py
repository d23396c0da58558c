"""procrastinate: a job is claimed, and later finished, by one SQL function call each; woken by NOTIFY."""

import contextlib
from collections.abc import Callable, Iterator

import procrastinate
import uvloop

from common import Settings, Worker

package = "procrastinate"
jobs = 3_000

# Its own benchmark runs one worker with the defaults (one job at a time); that is the first one. The documentation
# recommends concurrency for jobs that wait, with a connection pool to match, and more processes for the rest. Also
# tried, each once and not the best, on 2 cores: concurrency 30 in 1 and 2 processes, 20 in 4, 5 in 4 and 6. Deleting
# finished jobs was not tried: what is compared keeps its history.
drain_settings = [
    {"processes": 1, "concurrency": 1},
    {"processes": 1, "concurrency": 10},
    {"processes": 2, "concurrency": 10},
    {"processes": 3, "concurrency": 5},
    {"processes": 4, "concurrency": 10},
]
latency_settings = [{"processes": 1, "concurrency": 1}]
best_drain_settings = drain_settings[3:4]
best_latency_settings = latency_settings

finished = "SELECT count(*), max(at) FROM procrastinate_events WHERE type = 'succeeded'"


def begun() -> None:
    """Replaced in a worker."""


def application(connector: procrastinate.BaseConnector) -> procrastinate.App:
    app = procrastinate.App(connector=connector)

    @app.task(name="noop")
    async def noop() -> None:
        begun()

    return app


def install(url: str, settings: Settings) -> None:
    with application(procrastinate.SyncPsycopgConnector(conninfo=url)).open() as app:
        app.schema_manager.apply_schema()


def fill(url: str, count: int) -> None:
    with application(procrastinate.SyncPsycopgConnector(conninfo=url)).open() as app:
        app.tasks["noop"].batch_defer(*[{}] * count)


def work(worker: Worker) -> None:
    global begun
    begun = worker.begun

    async def run() -> None:
        concurrency = worker.settings["concurrency"]
        connector = procrastinate.PsycopgConnector(conninfo=worker.url, min_size=concurrency + 3, max_size=concurrency + 3)
        async with application(connector).open_async() as app:
            await connector.pool.wait()
            worker.gate()
            await app.run_worker_async(name=f"worker-{worker.number}", concurrency=concurrency)

    uvloop.run(run())


@contextlib.contextmanager
def sender(url: str) -> Iterator[Callable[[], None]]:
    with application(procrastinate.SyncPsycopgConnector(conninfo=url)).open() as app:
        task = app.tasks["noop"]
        yield lambda: task.defer()
