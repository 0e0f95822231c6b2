"""`Reading` on a log that folds the tables of this package, whatever its database: each method is a question
(`asking.py`), answered by the database's own `Asker`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

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
from tertulia.projections.asking import Asking
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
from tertulia.projections.search_terms import Wanted
from tertulia.projections.session_queries import read_my_session, read_session_counts
from tertulia.projections.session_record import read_session_record, read_sessions
from tertulia.projections.shelf_queries import read_held, read_resources
from tertulia.projections.similar import read_resolved
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
Make = Callable[[], Asking[T]]
"""Makes a question: it may have to be asked more than once."""


class Asker(Protocol):
    """Answers questions. `LogUnavailable` when it cannot now."""

    async def ask(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        """A question of one statement. `history`: it is about what was in these rooms, so that a copy of the log may
        answer that has all of it."""
        ...

    async def ask_together(self, make: Make[T], /, *, history: Sequence[RoomId] = ()) -> T:
        """A question of several statements, answered as all was at one moment."""
        ...

    async def similar(
        self, cohort: CohortId, person: PersonId, text: str, /, *, limit: int
    ) -> list[SimilarQuestion]: ...

    async def search(self, rooms: Sequence[RoomId], query: str, wanted: Wanted, /, *, limit: int) -> list[Found]: ...

    def person_export(self, person: PersonId, /) -> Iterator[dict[str, Any]]: ...


class LogReading:
    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def message_facts(self, room: RoomId, seqs: Sequence[int]) -> dict[int, MessageFact]:
        return await self._asker.ask(lambda: read_facts(room, seqs))

    async def room_view(self, room: RoomId) -> tuple[int, RoomView] | None:
        return await self._asker.ask(lambda: read_room(room))

    async def room_at(
        self, room: RoomId, *, seq: int | None = None, at: int | None = None
    ) -> tuple[int, RoomView] | None:
        return await self._asker.ask_together(lambda: read_room_at(room, seq=seq, at=at), history=[room])

    async def cohort_view(self, cohort: CohortId) -> tuple[int, CohortView] | None:
        return await self._asker.ask(lambda: read_cohort(cohort))

    async def user_view(self, person: PersonId) -> tuple[int, UserView]:
        return await self._asker.ask(lambda: read_user(person))

    async def staff_view(self, room: RoomId) -> tuple[int, StaffRoomView]:
        return await self._asker.ask(lambda: read_staff_room(room))

    async def cohort_of(self, room: RoomId) -> CohortId | None:
        return await self._asker.ask(lambda: read_cohort_of(room))

    async def members(self, cohort: CohortId, people: Sequence[PersonId]) -> dict[PersonId, dict[str, Any]]:
        return await self._asker.ask(lambda: read_members(cohort, people))

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
        is_old = any(seq is not None for seq in where.values())
        return await self._asker.ask(
            lambda: read_page(room, person=person, where=where, limit=limit), history=[room] if is_old else ()
        )

    async def thread(
        self, room: RoomId, thread: int, *, person: PersonId, after: int, limit: int
    ) -> MessagesPage | None:
        return await self._asker.ask(
            lambda: read_thread(room, thread, person=person, after=after, limit=limit), history=[room]
        )

    async def message(self, room: RoomId, seq: int) -> tuple[MessageView, list[Revision]] | None:
        return await self._asker.ask(lambda: read_message(room, seq))

    async def listed(self, room: RoomId, seqs: Sequence[int]) -> list[MessageView]:
        return await self._asker.ask(lambda: read_listed(room, seqs), history=[room])

    async def fates(self, room: RoomId, messages: Sequence[int]) -> dict[str, Fate]:
        return await self._asker.ask(lambda: read_fates(room, messages), history=[room])

    async def tallies(self, room: RoomId, messages: Sequence[int]) -> dict[str, dict[str, int]]:
        return await self._asker.ask(lambda: read_tallies(room, messages))

    async def mine(self, room: RoomId, person: PersonId, messages: Sequence[int]) -> dict[str, list[str]]:
        return await self._asker.ask(lambda: read_mine(room, messages, person=person))

    async def session_counts(self, room: RoomId) -> SessionCounts:
        return await self._asker.ask(lambda: read_session_counts(room))

    async def my_session(self, room: RoomId, person: PersonId) -> MySession:
        return await self._asker.ask(lambda: read_my_session(room, person))

    async def tally_steps(
        self, room: RoomId, *, session: int, after: int, limit: int
    ) -> tuple[list[TallyStep], bool] | None:
        return await self._asker.ask_together(
            lambda: read_tally_steps(room, session=session, after=after, limit=limit), history=[room]
        )

    async def sessions(self, room: RoomId) -> list[PastSession]:
        return await self._asker.ask(lambda: read_sessions(room), history=[room])

    async def session_record(self, room: RoomId, session: int | None = None) -> SessionRecord | None:
        return await self._asker.ask_together(lambda: read_session_record(room, session), history=[room])

    async def similar(self, cohort: CohortId, person: PersonId, text: str, *, limit: int) -> list[SimilarQuestion]:
        return await self._asker.similar(cohort, person, text, limit=limit)

    async def resolved(self, room: RoomId) -> list[ResolvedQuestion]:
        return await self._asker.ask(lambda: read_resolved(room))

    async def resources(self, room: RoomId, *, before: int, limit: int) -> tuple[list[Resource], bool]:
        return await self._asker.ask(lambda: read_resources(room, before=before, limit=limit), history=[room])

    async def held(self, room: RoomId, person: PersonId, *, is_staff: bool) -> list[HeldView]:
        return await self._asker.ask(lambda: read_held(room, person, is_staff=is_staff))

    async def unread(self, person: PersonId, rooms: Sequence[RoomId]) -> dict[RoomId, Unread]:
        return await self._asker.ask(lambda: read_unread(person, rooms))

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
        return await self._asker.search(rooms, query, wanted, limit=limit)

    def person_export(self, person: PersonId) -> Iterator[dict[str, Any]]:
        return self._asker.person_export(person)
