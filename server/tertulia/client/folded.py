"""A room's state, folded from the events a client gives: what the JavaScript SDK has as `followed.state`."""

from __future__ import annotations

import msgspec

from tertulia.client.records import SNAPSHOT, Event
from tertulia.domain.events import EVENTS
from tertulia.domain.ids import RoomId, room_stream
from tertulia.domain.view import RoomView, apply_room, new_room_view


class FoldedRoom:
    """`view`: the room as of the last event taken. Follow the room from None, so that a snapshot comes first."""

    def __init__(self, room: str) -> None:
        self._stream = room_stream(RoomId(room))
        self.view = new_room_view(room)

    def take(self, event: Event) -> bool:
        """Whether it was one of this room, and is in `view` now."""
        if event.stream != self._stream:
            return False
        if event.name == SNAPSHOT:
            self.view = msgspec.convert(event.data, RoomView)
        else:
            kind = EVENTS.get(event.name)
            happened = None if kind is None else msgspec.convert(event.data, kind)
            apply_room(self.view, seq=event.seq, at=event.at, by=event.by, event=happened)
        return True
