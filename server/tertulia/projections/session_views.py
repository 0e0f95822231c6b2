"""What readers see of live sessions, folded by the domain itself: a row of JSON for each room, its staff, each person.

A session changes seldom beside what is said in it, so each change decodes the row, folds and writes it again. No text
that anybody may take back is in it: what questions and held messages say is read from the log, so that a redaction in
the log is one here. Held messages, which may be many, are rows of their own (`session_tables.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec
from msgspec.structs import replace

from tertulia.domain.event import Event
from tertulia.domain.events import EVENTS, MemberMuted, MemberUnmuted, MessageRedacted
from tertulia.domain.ids import StreamName
from tertulia.domain.session.apply import OF_SESSION
from tertulia.domain.session.events import HeldRejected, HeldReleased, MessageHeld, QuestionAsked, QuestionReworded
from tertulia.domain.session.fold import fold_mine, fold_session
from tertulia.domain.session.staff_fold import fold_staff, new_staff_room_view
from tertulia.domain.session.view import MyQuestion, SessionView, StaffRoomView


class MySessions(msgspec.Struct, kw_only=True):
    """The part of a person's state that sessions make: see `UserView`."""

    aliases: dict[str, str] = {}
    questions: dict[str, MyQuestion] = {}


SessionEntry = tuple[str, str, int, int, str, str, bytes | msgspec.Raw]
"""Kind and owner of its stream, seq, at, by, name, data."""
_View = SessionView | StaffRoomView | MySessions
_FOLDED: Final = OF_SESSION - {MessageHeld, HeldReleased, HeldRejected} | {MemberMuted, MemberUnmuted, MessageRedacted}
_NAMES: Final = tuple(name for name, kind in EVENTS.items() if kind in _FOLDED)
VIEW_KINDS: Final = ("room", "room/staff", "user")
"""Of the streams that views are folded from."""
_ENTRIES: Final = f"""
SELECT json_group_array(json_array(kind, owner, seq, at, by, name, json(data)) ORDER BY position)
FROM entry_read WHERE position > ? AND position <= ? AND kind IN ({", ".join(f"'{kind}'" for kind in VIEW_KINDS)})
    AND name IN ({", ".join(f"'{name}'" for name in _NAMES)})
"""
_KEPT: Final = "SELECT view FROM session_view WHERE kind = ? AND owner = ?"
_KEEP: Final = "INSERT OR REPLACE INTO session_view (kind, owner, view) VALUES (?, ?, ?)"

_encode = msgspec.json.Encoder().encode
_decode_entries = msgspec.json.Decoder(list[tuple[str, str, int, int, str, str, msgspec.Raw]]).decode
_decoders: Final = {name: msgspec.json.Decoder(EVENTS[name]) for name in _NAMES}
_decode_view: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "room": msgspec.json.Decoder(SessionView),
    "room/staff": msgspec.json.Decoder(StaffRoomView),
    "user": msgspec.json.Decoder(MySessions),
}


class SessionViews:
    name = "session_view"
    version = 3
    is_behind = False
    names = frozenset(_NAMES)

    def create(self, connection: apsw.Connection, /) -> None:
        connection.execute(
            "CREATE TABLE session_view (kind TEXT NOT NULL, owner TEXT NOT NULL, view TEXT NOT NULL,"
            " PRIMARY KEY (kind, owner)) STRICT, WITHOUT ROWID"
        )

    def drop(self, connection: apsw.Connection, /) -> None:
        connection.execute("DROP TABLE IF EXISTS session_view")

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        def kept(kind: str, owner: str) -> str | None:
            row: str | None = connection.execute(_KEPT, (kind, owner)).get
            return row

        entries = _decode_entries(connection.execute(_ENTRIES, (after, upto)).get)
        for (kind, owner), view in folded_views(entries, kept).items():
            connection.execute(_KEEP, (kind, owner, view))

    def finish(self, connection: apsw.Connection, /) -> None:
        """There is nothing more to make."""

    def redact(self, connection: apsw.Connection, messages: Sequence[tuple[StreamName, int]], /) -> None:
        """There is no text of a message here."""


def folded_views(
    entries: Iterable[SessionEntry], kept: Callable[[str, str], str | bytes | None]
) -> dict[tuple[str, str], str]:
    """The views that these entries change, by kind of stream and owner, as JSON. `kept`: what a view is before them;
    None: it is not there yet."""
    changed: dict[tuple[str, str], _View | None] = {}
    for kind, owner, seq, at, by, name, data in entries:
        if (kind, owner) not in changed:
            row = kept(kind, owner)
            changed[kind, owner] = _new_view(kind) if row is None else _decode_view[kind].decode(row)
        event = _decoders[name].decode(data)
        changed[kind, owner] = _folded(changed[kind, owner], seq=seq, at=at, by=by, event=event)
    return {place: _encode(view).decode() for place, view in changed.items() if view is not None}


def _new_view(kind: str) -> _View | None:
    if kind == "user":
        return MySessions()
    return new_staff_room_view() if kind == "room/staff" else None


def _folded(view: _View | None, *, seq: int, at: int, by: str, event: Event) -> _View | None:
    """What a question that waits says is left out."""
    if isinstance(event, QuestionAsked):
        event = replace(event, text="")
    match view:
        case MySessions():
            fold_mine(view.aliases, view.questions, at=at, event=event)
        case StaffRoomView():
            if not isinstance(event, QuestionReworded):
                fold_staff(view, seq=seq, at=at, by=by, event=event)
        case _:
            return fold_session(view, seq=seq, at=at, by=by, event=event)
    return view
