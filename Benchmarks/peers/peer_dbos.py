"""DBOS: workflows whose steps are checkpointed; here workflows of one step on a queue, which it polls."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from dbos import DBOS, DBOSClient, DBOSConfig

from common import Settings, Worker

package = "dbos"
jobs = 1_000

# Workflows are coroutines or functions on threads; without a limit a queue starts everything it finds at once. It
# looks at its queue once a second unless told otherwise. Pool 20 is its default. Also tried, each once and not the best, on 2
# cores: coroutines with a limit of 100 in 1 and 2 processes; threads with a limit of 10 and of 50; a look every 0.1 s;
# 4 processes.
drain_settings = [
    {"processes": 1, "body": "async", "concurrency": None, "pool": 20, "poll": 1.0},
    {"processes": 1, "body": "thread", "concurrency": 100, "pool": 50, "poll": 0.02},
    {"processes": 2, "body": "thread", "concurrency": 20, "pool": 20, "poll": 0.02},
    {"processes": 2, "body": "thread", "concurrency": 100, "pool": 50, "poll": 0.02},
    {"processes": 3, "body": "thread", "concurrency": 20, "pool": 20, "poll": 0.02},
]
latency_settings = [
    {"processes": 1, "body": "thread", "concurrency": None, "pool": 20, "poll": 0.01},
    {"processes": 1, "body": "thread", "concurrency": None, "pool": 20, "poll": 0.001},
]
best_drain_settings = drain_settings[1:2]
best_latency_settings = latency_settings

finished = """
    SELECT count(*), to_timestamp(max(updated_at) / 1000.0) FROM dbos.workflow_status
    WHERE status = 'SUCCESS' AND queue_name = 'noop'"""

options = {"workflow_name": "noop", "queue_name": "noop", "app_version": "1"}


def launch(url: str, settings: Settings, executor: str, begun: Callable[[], None], gate: Callable[[], None]) -> None:
    config: DBOSConfig = {
        "name": "peers",
        "system_database_url": url,
        "sys_db_pool_size": settings["pool"],
        "application_version": "1",
        "executor_id": executor,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    if settings["body"] == "async":

        @DBOS.step()
        async def step() -> None:
            pass

        @DBOS.workflow(name="noop")
        async def noop() -> None:
            begun()
            await step()

    else:

        @DBOS.step()
        def step() -> None:
            pass

        @DBOS.workflow(name="noop")
        def noop() -> None:
            begun()
            step()

    gate()
    DBOS.launch()


def install(url: str, settings: Settings) -> None:
    launch(url, settings, "install", lambda: None, lambda: None)
    DBOS.register_queue("noop", worker_concurrency=settings["concurrency"], polling_interval_sec=settings["poll"])
    DBOS.destroy(destroy_registry=True)


def fill(url: str, count: int) -> None:
    with sender(url) as send:
        for _ in range(count):
            send()


def work(worker: Worker) -> None:
    launch(worker.url, worker.settings, f"worker-{worker.number}", worker.begun, worker.gate)
    threading.Event().wait()


@contextlib.contextmanager
def sender(url: str) -> Iterator[Callable[[], None]]:
    client = DBOSClient(system_database_url=url, application_name="peers")
    try:
        yield lambda: client.enqueue(options)
    finally:
        client.destroy()
