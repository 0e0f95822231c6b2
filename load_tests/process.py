"""Processes seen from outside: their CPU time, their memory, the core they run on."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds, user and system, of the threads alive now (from the scheduler: nanoseconds, not ticks)."""
    used_ns = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                used_ns += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
    return used_ns / 1e9


def rss_bytes(pids: Iterable[int]) -> int:
    """Memory resident now."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def pin(pid: int, cores: Sequence[int]) -> None:
    """All threads of a process, and those it will start."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


@contextmanager
def apart(pids: Sequence[int]) -> Iterator[None]:
    """The measured processes on the first core, this one on the others (when there is more than one)."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for pid in pids:
            pin(pid, cores[:1])
        os.sched_setaffinity(0, cores[1:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def allow_many_files(wanted: int) -> None:
    """Raise this process's limit of open files; what it starts inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
