"""Whose data folder it is: a lock of the operating system on `tertulia.lock`, let go by itself when the
process ends.

One process alone holds it exclusively; nodes that share a folder hold it shared. The file tells the holders'
process ids, for the message to whoever comes too late; the lock, not the file, is what counts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Final

from tertulia.domain import limits
from tertulia.eventlog import LogRefused

NAME: Final = "tertulia.lock"
_TRY_AGAIN_S: Final = 0.02


class FolderLock:
    """Held from making until `release`. `is_first`: nobody else holds it now, nor gets it before `admit_others`."""

    def __init__(self, folder: Path, *, shared: bool) -> None:
        self._folder = folder
        self._shared = shared
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.is_first = self._take()
            self._sign()
        except BaseException:
            os.close(self._file)
            raise

    def admit_others(self) -> None:
        """For a shared folder: what only one may do (make, check, migrate) is done."""
        deadline = time.monotonic() + limits.log_open_wait_s
        while self._shared:
            # Not in one step: the lock is let go, and somebody else may be faster.
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return
            if time.monotonic() > deadline:
                raise LogRefused(self._in_use())
            time.sleep(_TRY_AGAIN_S)

    def release(self) -> None:
        os.close(self._file)

    def _take(self) -> bool:
        """Whether it was got exclusively. A shared one waits for a node that is just opening."""
        deadline = time.monotonic() + limits.log_open_wait_s
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            if self._shared:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return False
            if not self._shared or self._is_held_alone() or time.monotonic() > deadline:
                raise LogRefused(self._in_use())
            time.sleep(_TRY_AGAIN_S)

    def _sign(self) -> None:
        """`alone 123`, or `shared 123 124`."""
        words = [] if self.is_first else self._words()[1:]
        line = " ".join(["shared" if self._shared else "alone", *words, str(os.getpid())])
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, line.encode(), 0)

    def _words(self) -> list[str]:
        return os.pread(self._file, 4096, 0).decode(errors="replace").split()

    def _is_held_alone(self) -> bool:
        words = self._words()
        return words[:1] == ["alone"] and any(map(_is_alive, words[1:]))

    def _in_use(self) -> str:
        processes = [word for word in self._words()[1:] if _is_alive(word)]
        who = ("process " if len(processes) == 1 else "processes ") + ", ".join(processes)
        who = who if processes else "another process"
        return (
            f"The data folder {self._folder} is in use by {who}. Stop it first, or choose another folder with --data. "
            "Several nodes can share one folder only when all of them are started with --bus redis://…"
        )


def is_held(folder: Path) -> bool:
    """Whether some process has the folder now, this one too. Only looks."""
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
