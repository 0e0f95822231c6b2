"""What can go wrong, as exceptions.

    ClientError
    ├── Refused       a command was refused: `code`, `retry`, `after_ms`
    ├── Denied        a stream may not be followed, or no longer: `stream`, `code`
    ├── OutboxFull    too many commands wait already
    ├── Unreachable   no server answered at the first try; the sentence says why
    └── Stopped       the connection is over for good: `code`, as in protocol.md, "Close codes"

A lost connection is not among them: the client comes back by itself, with its positions and its outbox.
"""

from __future__ import annotations

from tertulia.domain.refusals import Retry


class ClientError(Exception):
    """What this client raises; the message is a sentence for people."""


class Refused(ClientError):
    """Not done, and why. `code`: protocol.md, "Refusal codes".

    `retry` is `never`; `reload`, when what the program knows is out of date; or `later`, when it was told to wait for
    longer than its patience. `after_ms`: when to try again, if the server said.
    """

    def __init__(self, code: str, message: str, *, retry: Retry, after_ms: int | None = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.retry: Retry = retry
        self.after_ms = after_ms


class Denied(ClientError):
    def __init__(self, stream: str, code: str) -> None:
        super().__init__(f"{stream} may not be followed: {code}.")
        self.stream = stream
        self.code = code


class OutboxFull(ClientError):
    """Nothing was sent. Wait until some of what was sent is answered."""


class Unreachable(ClientError):
    """The server was not reached within the deadline. Nothing was sent."""


class Stopped(ClientError):
    """Trying again would not help: something must change first. `code` is the WebSocket close code, or the HTTP status
    of a refused handshake; 1000 when the program itself closed the client."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason
