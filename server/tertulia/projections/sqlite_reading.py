"""`Reading` on the SQLite log: each method is one query, run by one of the log's readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import apsw

from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.room import MessageFact
from tertulia.domain.session.view import HeldView, StaffRoomView
from tertulia.domain.view import CohortView, MessageView, RoomView, UserView
from tertulia.projections import (
    Fate,
    Found,
    MessagesPage,
    MySession,
    PastSession,
    ResolvedQuestion,
    Resource,
    Revision,
    SessionCounts,
    SessionRecord,
    SimilarQuestion,
    TallyStep,
    Unread,
)
from tertulia.projections.message_queries import (
    read_facts,
    read_fates,
    read_listed,
    read_message,
    read_mine,
    read_page,
    read_tallies,
    read_thread,
)
from tertulia.projections.past_queries import read_room_at, read_tally_steps
from tertulia.projections.person_export import export_person
from tertulia.projections.search import Wanted, search_messages
from tertulia.projections.session_queries import read_my_session, read_session_counts
from tertulia.projections.session_record import read_session_record, read_sessions
from tertulia.projections.shelf_queries import read_held, read_resources
from tertulia.projections.similar import read_resolved, similar_questions
from tertulia.projections.view_queries import (
    read_cohort,
    read_cohort_of,
    read_members,
    read_room,
    read_staff_room,
    read_unread,
    read_user,
)

T = TypeVar("T")


class Readers(Protocol):
    """Where queries run: `eventlog/sqlite_readers.py`."""

    async def run(self, query: Callable[[apsw.Connection], T], /) -> T: ...

    def connect(self) -> apsw.Connection: ...


class SqliteReading:
    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
        return await self._readers.run(lambda connection: read_facts(connection, room, seqs))

    async def room_view(self, room: RoomId) -> tuple[int, RoomView] | None:
        return await self._readers.run(lambda connection: read_room(connection, room))

    async def room_at(
        self, room: RoomId, *, seq: int | None = None, at: int | None = None
    ) -> tuple[int, RoomView] | None:
        return await self._readers.run(lambda connection: read_room_at(connection, room, seq=seq, at=at))

    async def cohort_view(self, cohort: CohortId) -> tuple[int, CohortView] | None:
        return await self._readers.run(lambda connection: read_cohort(connection, cohort))

    async def user_view(self, person: PersonId) -> tuple[int, UserView]:
        return await self._readers.run(lambda connection: read_user(connection, person))

    async def staff_view(self, room: RoomId) -> tuple[int, StaffRoomView]:
        return await self._readers.run(lambda connection: read_staff_room(connection, room))

    async def cohort_of(self, room: RoomId) -> CohortId | None:
        return await self._readers.run(lambda connection: read_cohort_of(connection, room))

    async def members(self, cohort: CohortId, people: Sequence[PersonId]) -> dict[PersonId, dict[str, Any]]:
        return await self._readers.run(lambda connection: read_members(connection, cohort, people))

    async def messages(
        self,
        room: RoomId,
        *,
        person: PersonId,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int,
    ) -> MessagesPage:
        where = {"before": before, "after": after, "around": around}
        return await self._readers.run(
            lambda connection: read_page(connection, room, person=person, where=where, limit=limit)
        )

    async def thread(
        self, room: RoomId, thread: int, *, person: PersonId, after: int, limit: int
    ) -> MessagesPage | None:
        return await self._readers.run(
            lambda connection: read_thread(connection, room, thread, person=person, after=after, limit=limit)
        )

    async def message(self, room: RoomId, seq: int) -> tuple[MessageView, list[Revision]] | None:
        return await self._readers.run(lambda connection: read_message(connection, room, seq))

    async def listed(self, room: RoomId, seqs: Sequence[int]) -> list[MessageView]:
        return await self._readers.run(lambda connection: read_listed(connection, room, seqs))

    async def fates(self, room: RoomId, messages: Sequence[int]) -> dict[str, Fate]:
        return await self._readers.run(lambda connection: read_fates(connection, room, messages))

    async def tallies(self, room: RoomId, messages: Sequence[int]) -> dict[str, dict[str, int]]:
        return await self._readers.run(lambda connection: read_tallies(connection, room, messages))

    async def mine(self, room: RoomId, person: PersonId, messages: Sequence[int]) -> dict[str, list[str]]:
        return await self._readers.run(lambda connection: read_mine(connection, room, messages, person=person))

    async def session_counts(self, room: RoomId) -> SessionCounts:
        return await self._readers.run(lambda connection: read_session_counts(connection, room))

    async def my_session(self, room: RoomId, person: PersonId) -> MySession:
        return await self._readers.run(lambda connection: read_my_session(connection, room, person))

    async def tally_steps(
        self, room: RoomId, *, session: int, after: int, limit: int
    ) -> tuple[list[TallyStep], bool] | None:
        return await self._readers.run(
            lambda connection: read_tally_steps(connection, room, session=session, after=after, limit=limit)
        )

    async def sessions(self, room: RoomId) -> list[PastSession]:
        return await self._readers.run(lambda connection: read_sessions(connection, room))

    async def session_record(self, room: RoomId, session: int | None = None) -> SessionRecord | None:
        return await self._readers.run(lambda connection: read_session_record(connection, room, session))

    async def similar(self, cohort: CohortId, person: PersonId, text: str, *, limit: int) -> list[SimilarQuestion]:
        return await self._readers.run(
            lambda connection: similar_questions(connection, cohort, person, text, limit=limit)
        )

    async def resolved(self, room: RoomId) -> list[ResolvedQuestion]:
        return await self._readers.run(lambda connection: read_resolved(connection, room))

    async def resources(self, room: RoomId, *, before: int, limit: int) -> tuple[list[Resource], bool]:
        return await self._readers.run(lambda connection: read_resources(connection, room, before=before, limit=limit))

    async def held(self, room: RoomId, person: PersonId, *, is_staff: bool) -> list[HeldView]:
        return await self._readers.run(lambda connection: read_held(connection, room, person, is_staff=is_staff))

    async def unread(self, person: PersonId, rooms: Sequence[RoomId]) -> dict[RoomId, Unread]:
        return await self._readers.run(lambda connection: read_unread(connection, person, rooms))

    async def search(
        self,
        rooms: Sequence[RoomId],
        query: str,
        *,
        by: PersonId | None = None,
        since: int | None = None,
        until: int | None = None,
        kind: str | None = None,
        answered: bool | None = None,
        with_hidden: bool = False,
        limit: int,
    ) -> list[Found]:
        wanted = Wanted(by, since, until, kind, answered, with_hidden)
        return await self._readers.run(
            lambda connection: search_messages(connection, rooms, query, wanted, limit=limit)
        )

    def person_export(self, person: PersonId) -> Iterator[dict[str, Any]]:
        return export_person(self._readers.connect, person)
