"""What every peer is given and gives back."""

import contextlib
import dataclasses
import urllib.parse
from collections.abc import Callable
from typing import Any, Protocol

Settings = dict[str, Any]


@dataclasses.dataclass
class Worker:
    """What one worker process is told: which worker it is, its settings, and two calls into the measurement."""

    number: int
    url: str
    settings: Settings
    # Blocks until the measurement starts; called once, with everything loaded and connected.
    gate: Callable[[], None]
    # Called first thing in the body of a job.
    begun: Callable[[], None]


class Peer(Protocol):
    """One project that is measured."""

    package: str  # its name on PyPI
    jobs: int  # how many are drained unless said otherwise
    drain_settings: list[Settings]  # each is tried, the best is stated
    latency_settings: list[Settings]
    # Those of them that have been the best so far.
    best_drain_settings: list[Settings]
    best_latency_settings: list[Settings]
    # Gives how many jobs have finished well, and when the last one did.
    finished: str

    def install(self, url: str, settings: Settings) -> None:
        """Makes its tables in an empty database."""

    def fill(self, url: str, count: int) -> None:
        """Enqueues jobs that do nothing."""

    def work(self, worker: Worker) -> None:
        """Works in this process until the process is ended."""

    def sender(self, url: str) -> contextlib.AbstractContextManager[Callable[[], None]]:
        """Connects, and gives the call that enqueues one job."""


def with_database(url: str, name: str) -> str:
    """The same server, another database; with the scheme that all drivers know."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(scheme="postgresql", path="/" + name))
