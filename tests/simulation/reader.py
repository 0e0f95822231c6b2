"""What one client has of one stream: its position, the events it was given, their fold, and its own suspicion.

    off ── ask ──→ asked ──ok, reset──→ filling ── live ──→ live ── lag ──→ lagging ── pages ──→ (ask again)
                     └── gap ──→ gap ── live ──→ fetching ── pages, then what was held ──→ live

A hole, a repeat, a push out of place or a position that was not kept is a fault of the server, and is said so at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any, Literal, NamedTuple

import msgspec

from tertulia.domain.events import EVENTS
from tertulia.domain.ids import StreamName, is_stream_name, stream_kind
from tertulia.domain.view import (
    CohortView,
    RoomView,
    UserView,
    apply_cohort,
    apply_room,
    apply_tally,
    apply_user,
)
from tertulia.projections import MySession

NOTHING_OF_MINE = MySession([], {}, None)
Stage = Literal["off", "asked", "filling", "gap", "fetching", "live", "lagging", "leaving"]

_VIEWS: dict[str, tuple[type[Any], Callable[..., None]]] = {
    "room": (RoomView, apply_room),
    "cohort": (CohortView, apply_cohort),
    "user": (UserView, apply_user),
}


class Known(NamedTuple):
    """A message this reader was told of."""

    seq: int
    by: str
    revision: int


class Reader:
    def __init__(self, stream: StreamName, *, blame: Callable[[str], None]) -> None:
        self.stream = stream
        self.kind = stream_kind(stream) if is_stream_name(stream) else ""
        self.stage: Stage = "off"
        self.level = "full"
        self.epoch = ""
        self.seq = 0
        self.began = 0
        """The seq it began at, by snapshot or by "head": `events` holds all after it."""
        self.events: list[dict[str, Any]] = []
        self.view: Any = None
        self.head: dict[str, Any] | None = None
        """The last `head` record, at level `head`."""
        self.here: set[str] = set()
        """The people in the room, as told."""
        self.live_seq = 0
        self.live_since_s = math.inf
        self.wanted: tuple[str, Any] | None = ("full", "position")
        """The level and origin it is to be followed with ("position": wherever it is); None: not at all."""
        self._held: list[dict[str, Any]] = []
        self._held_tallies: dict[str, dict[str, int]] = {}
        self._held_counts: list[dict[str, Any]] = []
        self.my_session = NOTHING_OF_MINE
        self._may_repeat = False
        self._asked_from: Any = None
        self._before: tuple[Stage, str] = ("off", "full")
        self._blame = blame

    @property
    def position(self) -> dict[str, Any] | None:
        return {"epoch": self.epoch, "seq": self.seq} if self.epoch else None

    @property
    def is_followed(self) -> bool:
        return self.stage != "off"

    def some_position(self, random: Random) -> dict[str, Any] | None:
        """Any place it has been at."""
        return {"epoch": self.epoch, "seq": random.randint(self.began, self.seq)} if self.epoch else None

    @property
    def newest(self) -> int:
        """The newest seq it was told of, at whatever level."""
        return max(self.seq, self.head["seq"] if self.head else 0)

    def messages(self) -> list[Known]:
        known = {}
        if isinstance(self.view, RoomView):
            known = {one.seq: Known(one.seq, one.by, one.revision) for one in self.view.messages}
        for event in self.events:
            if event["name"] == "message_posted":
                known.setdefault(event["seq"], Known(event["seq"], event["by"], 0))
        return list(known.values())

    # --- asking -----------------------------------------------------------------------------------------------------

    def left(self) -> None:
        self.stage, self.wanted = "off", None

    def recall(self, position: dict[str, Any]) -> None:
        """As one who was there, and remembers nothing else."""
        self.epoch, self.seq, self.began = position["epoch"], position["seq"], position["seq"]

    def forget(self) -> None:
        """As an app that was closed and has kept nothing."""
        self.epoch, self.seq, self.began = "", 0, 0
        self.events, self.view, self.my_session = [], None, NOTHING_OF_MINE

    def ask(self, origin: Any, level: str, *, is_new_connection: bool) -> Any:
        """What to say in `streams`. On a connection that follows the stream already, repeats are in order."""
        self._may_repeat = not is_new_connection and self.stage == "live" and self.level == "full"
        self._before = (self.stage, self.level)
        self.stage, self.level, self._asked_from, self.head = "asked", level, origin, None
        self.live_since_s = math.inf
        self._held, self._held_tallies, self._held_counts = [], {}, []
        return origin

    def refused(self) -> None:
        """Nothing has changed by it."""
        self.stage, self.level = self._before

    # --- records ----------------------------------------------------------------------------------------------------

    def result(self, result: dict[str, Any]) -> None:
        verdict, asked = result["result"], self._asked_from
        if self.stage != "asked":
            self._blame(f"{self.stream}: a result ({verdict}) nobody asked for, while {self.stage}")
        if (
            self.level == "full"
            and verdict in ("ok", "gap")
            and isinstance(asked, dict)
            and asked["epoch"] != result["epoch"]
        ):
            self._blame(f"{self.stream}: {verdict} for a position of another epoch")
        if verdict == "denied":
            self.stage = "off"
        elif self.level == "head":
            self.stage = "live"
        elif verdict == "gap":
            self.stage = "gap"
        else:
            if verdict == "reset":
                self._asked_from = None
            self.stage = "filling"

    def snapshot(self, record: dict[str, Any]) -> None:
        if self.stage != "filling" or self._asked_from is not None:
            self._blame(f"{self.stream}: a snapshot out of place, while {self.stage}")
        self.epoch, self.seq = record["epoch"], record["seq"]
        self.began, self.events = self.seq, []
        shape = _VIEWS.get(self.kind)
        self.view = msgspec.convert(record["state"], shape[0]) if shape else None

    def live(self, record: dict[str, Any], *, now_s: float) -> None:
        self.live_seq = record["seq"]
        if self.stage == "gap":
            self.stage = "fetching"
            return
        if self.stage != "filling":
            self._blame(f"{self.stream}: live while {self.stage}")
        if self._asked_from == "head":
            self.forget()
            self.epoch, self.seq, self.began = record["epoch"], record["seq"], record["seq"]
        elif (record["epoch"], record["seq"]) != (self.epoch, self.seq):
            self._blame(f"{self.stream}: live at {record['seq']}, but given everything only up to {self.seq}")
        self.stage, self._may_repeat, self.live_since_s = "live", False, now_s

    def event(self, event: dict[str, Any]) -> None:
        seq = event["seq"]
        if self.stage == "live" and self.level == "head":
            self._blame(f"{self.stream}: pushed {seq} at level head")
        elif self.stage == "fetching":
            expected = (self._held[-1]["seq"] if self._held else self.live_seq) + 1
            if seq == expected:
                self._held.append(event)
                if event["name"] == "session_opened":
                    self._held_counts = []
            else:
                self._blame(f"{self.stream}: pushed {seq} instead of {expected} while fetching what is missing")
        elif self.stage in ("asked", "filling", "live", "leaving") and self.epoch and seq == self.seq + 1:
            self.apply(event)
        elif not self._may_repeat or seq > self.seq:
            self._blame(f"{self.stream}: pushed {seq} after {self.seq} while {self.stage}")

    def apply(self, event: dict[str, Any]) -> None:
        assert event["seq"] == self.seq + 1, "callers look"
        self.seq += 1
        self.events.append(event)
        if event["name"] == "session_opened":
            self.my_session = NOTHING_OF_MINE
        if self.view is not None:
            kind = EVENTS.get(event["name"])
            happened = msgspec.convert(event["data"], kind) if kind else None
            _VIEWS[self.kind][1](self.view, seq=self.seq, at=event["at"], by=event["by"], event=happened)

    def tally(self, tallies: dict[str, dict[str, int]]) -> None:
        if self.stage in ("fetching", "gap"):  # it may speak of messages that are still to be fetched
            self._held_tallies |= tallies
        elif self.view is not None:
            apply_tally(self.view, tallies)

    def counted(self, record: dict[str, Any]) -> None:
        """`votes`, or what is my own. One that comes while pages are fetched is of a session they may tell of."""
        if self.stage in ("fetching", "gap"):
            self._held_counts.append(record)
        elif record["type"] == "my_session":
            self.my_session = MySession(record.get("votes", []), record.get("answers", {}), record.get("pace"))
        elif self.view is not None and self.view.session is not None:
            self.view.session.votes = record["votes"]

    def lag(self, record: dict[str, Any]) -> bool:
        """`false`: it is about the time before what was asked since, and needs nothing."""
        if self.stage in ("asked", "leaving"):
            return False
        if self.stage == "live" and record["last"] != self.seq:
            self._blame(f"{self.stream}: lag says I was sent {record['last']}, but I was sent {self.seq}")
        self._held = []
        self.live_seq = record["head"]
        self.stage = "lagging"
        return True

    def fetched(self) -> None:
        """The pages up to `live_seq` were read: what was pushed meanwhile follows."""
        for event in self._held:
            self.apply(event)
        self._held = []
        self.stage = "live"
        self.tally(self._held_tallies)
        for record in self._held_counts:
            self.counted(record)
        self._held_counts = []
