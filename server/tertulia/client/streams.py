"""One followed stream: where we are in it, whether it is whole, and what to do when it is not. Pure.

    unasked ─ ask → asked ─ ok, reset → taking ─ whole → live
       ▲              └──── gap ───────────┐   hole │      │ full (the program does not keep up), lag
       │                                   ▼        ▼      ▼
       └─ hole in `live`, lost, stuck ── behind: pages are fetched ── caught_up → live (or unasked, after a lag)

The rule that makes it whole: an event is only taken when its seq is the last one plus one. What came before is let go,
what is ahead shows a hole, and a hole is always asked for: by `subscribe`, or by pages up to `target`.
"""

from __future__ import annotations

from typing import Final, Literal

from tertulia.client import limits
from tertulia.client.records import SNAPSHOT, Event
from tertulia.wire.records import Lag, Live, Snapshot, StreamResult
from tertulia.wire.requests import From, Level, Position

Phase = Literal["unasked", "asked", "taking", "live", "behind", "ended"]
Input = Literal["ask", "ok", "reset", "gap", "whole", "hole", "full", "lag", "caught_up", "lost", "stuck", "end"]

TABLE: Final[dict[Phase, dict[Input, Phase]]] = {
    "unasked": {"ask": "asked", "lost": "unasked", "end": "ended"},
    "asked": {"ok": "taking", "reset": "taking", "gap": "behind", "lost": "unasked", "end": "ended"},
    "taking": {"whole": "live", "hole": "behind", "full": "behind", "lag": "behind", "lost": "unasked", "end": "ended"},
    "live": {"hole": "unasked", "full": "behind", "lag": "behind", "lost": "unasked", "end": "ended"},
    "behind": {
        "caught_up": "live",
        "full": "behind",
        "lag": "behind",
        "stuck": "unasked",
        "lost": "unasked",
        "end": "ended",
    },
    "ended": {"end": "ended"},
}


class Followed:
    """`origin`: where the program wanted to begin. `position`: the last event taken, None before there is any.
    `asked_by`: the request whose answer counts. `fetching`: the number of the page that is awaited, 0 for none."""

    __slots__ = (
        "ahead",
        "asked_by",
        "fetching",
        "has_lagged",
        "is_reset",
        "is_told",
        "level",
        "not_before_s",
        "origin",
        "phase",
        "position",
        "stream",
        "target",
        "tries",
    )

    def __init__(self, stream: str, origin: From, level: Level) -> None:
        self.stream = stream
        self.origin = origin
        self.level = level
        self.phase: Phase = "unasked"
        self.position = origin if isinstance(origin, Position) else None
        self.target = 0
        self.ahead: list[Event] = []
        self.asked_by = 0
        self.fetching = 0
        self.has_lagged = False
        self.is_reset = False
        self.is_told = False
        """Whether the program was told that the stream is followed."""
        self.not_before_s = 0.0
        self.tries = 0

    @property
    def wanted(self) -> From:
        """What `hello` or `subscribe` asks for."""
        return self.origin if self.position is None else self.position

    @property
    def is_pageable(self) -> bool:
        """Whether a page should be fetched as soon as there is room for it."""
        return self.phase == "behind" and not self.fetching and self.position is not None and self.target > 0

    # --- answers ------------------------------------------------------------------------------------------------

    def ask(self, request: int) -> None:
        self._step("ask")
        self.asked_by = request
        self.is_reset = False
        self._forget_pages()

    def result(self, result: StreamResult) -> None:
        """Anything but `denied`, which ends the stream."""
        match result.result:
            case "gap":
                self.target = max(self.target, result.seq)
                self._step("gap")
            case "reset":
                self.is_reset = True
                self._step("reset")
            case _:
                self._step("ok")
                if self.level == "head":
                    self._step("whole")

    def snapshot(self, record: Snapshot) -> Event | None:
        """The state as an event for the program; None when we are past it already."""
        if self.phase != "taking":
            return None
        here = self.position
        if not self.is_reset and here is not None and here.epoch == record.epoch and here.seq >= record.seq:
            return None
        self.is_reset = False
        self.target = 0
        self.position = Position(epoch=record.epoch, seq=record.seq)
        return Event(stream=self.stream, seq=record.seq, name=SNAPSHOT, data=record.state)

    def live(self, record: Live) -> None:
        """All that was missing has been sent: check it."""
        if self.phase == "behind":
            self.target = max(self.target, record.seq)
        if self.phase != "taking":
            return
        if self.position is None:
            self.position = Position(epoch=record.epoch, seq=record.seq)
        self.target = max(self.target, record.seq)
        if self.position.seq >= self.target:
            self._caught_up("whole")
        else:
            self._step("hole")

    # --- events -------------------------------------------------------------------------------------------------

    def push(self, event: Event, *, has_room: bool) -> Event | None:
        """An event from the socket; what is to be handed on, if anything."""
        here = self.position
        if here is None or event.seq <= here.seq or self.phase == "ended":
            return None
        if self.phase == "behind":
            self._keep_ahead(event, has_room=has_room)
            return None
        if not has_room:
            self.target = max(self.target, event.seq)
            if self.phase in ("taking", "live"):
                self._step("full")
            return None
        if event.seq != here.seq + 1:
            self.target = max(self.target, event.seq)
            if self.phase == "live":
                self._step("hole")
            return None
        self.position = Position(epoch=here.epoch, seq=event.seq)
        return event

    def lag(self, record: Lag) -> None:
        """The server sends nothing more of this stream until it is subscribed to again."""
        if self.phase in ("taking", "live", "behind"):
            self.has_lagged = True
            self.target = max(self.target, record.head)
            self.ahead.clear()
            self._step("lag")
            if self.position is None or self.position.seq >= self.target:
                self._step("stuck")  # nothing is missing: only subscribe again

    def page(self, events: list[Event]) -> list[Event]:
        """A page of what is missing, in order; what is to be handed on. An empty answer: no progress."""
        taken: list[Event] = []
        here = self.position
        assert here is not None, "pages are fetched from a position"
        for event in events:
            if event.seq == here.seq + 1:
                here = Position(epoch=here.epoch, seq=event.seq)
                taken.append(event)
        self.position = here
        if here.seq >= self.target:
            for event in self.ahead:
                if event.seq == here.seq + 1:
                    here = Position(epoch=here.epoch, seq=event.seq)
                    taken.append(event)
            self.position = here
            self._caught_up("caught_up")
        return taken

    # --- cuts ---------------------------------------------------------------------------------------------------

    def lost(self) -> None:
        """The link is gone, or asking has failed: ask again, from where we are."""
        if self.phase != "ended":
            self._step("lost")
            self._forget_pages()

    def stuck(self) -> None:
        """Pages do not lead on (the log is another one?): the server shall say what holds."""
        self._step("stuck")
        self._forget_pages()

    def end(self) -> None:
        self._step("end")
        self._forget_pages()

    # --- private ------------------------------------------------------------------------------------------------

    def _keep_ahead(self, event: Event, *, has_room: bool) -> None:
        last = self.ahead[-1].seq if self.ahead else self.target
        if event.seq <= last:
            return
        if event.seq == last + 1 and has_room and len(self.ahead) < limits.events_ahead_max:
            self.ahead.append(event)
        else:
            self.target = event.seq
            self.ahead.clear()

    def _caught_up(self, came: Input) -> None:
        self._step(came)
        self.tries = 0
        if self.has_lagged:
            self._step("lost")
        self._forget_pages()

    def _forget_pages(self) -> None:
        self.target = 0
        self.ahead.clear()
        self.fetching = 0
        self.has_lagged = False

    def _step(self, came: Input) -> None:
        following = TABLE[self.phase].get(came)
        assert following is not None, f"{came!r} cannot come to a stream that is {self.phase!r}"
        self.phase = following
