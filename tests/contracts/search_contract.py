"""What every implementation promises about search. A test file derives a class and gives the fixture `open_school`.

Method: as in reading_contract.py. `settle` waits until the index, which may lag, has caught up.
"""

from __future__ import annotations

from typing import Any

import pytest

from tertulia.domain.events import MessageEdited, MessageRedacted
from tertulia.domain.ids import RoomId
from tests.contracts.reading_contract import ANA, BEN, EVE, OTHER, ROOM, OpenSchool, School


class SearchContract:
    @pytest.fixture
    async def open_school(self) -> OpenSchool:
        raise NotImplementedError

    @pytest.fixture
    async def school(self, open_school: OpenSchool) -> School:
        return await open_school()

    async def found(self, school: School, query: str, *rooms: RoomId, limit: int = 20, **filters: Any) -> list[int]:
        await school.settle()
        return [f.message.seq for f in await school.reading.search(rooms or [ROOM], query, limit=limit, **filters)]

    async def test_all_words_must_occur_in_any_order_and_the_last_may_be_begun(self, school: School) -> None:
        await school.room()
        await school.say("Why is building a heap linear?", "A heap is a tree", "Linear time", "Heapsort")
        assert await self.found(school, "heap") == [5, 3, 2]
        assert await self.found(school, "linear HEAP") == [2]
        assert await self.found(school, "heap line") == [2]
        assert await self.found(school, "lin heap") == []
        assert await self.found(school, "nothing") == []

    async def test_a_phrase_in_quotes_must_occur_as_it_is(self, school: School) -> None:
        await school.room()
        await school.say("the heap is built", "built is the heap", "is the heaped pile")
        assert await self.found(school, '"the heap"') == [3, 2]
        assert await self.found(school, '"heap is" built') == [2]
        assert set(await self.found(school, '"the heap')) == {2, 3, 4}  # not closed: two words, the last one begun

    async def test_accents_case_and_markup_do_not_hide_a_word(self, school: School) -> None:
        await school.room()
        await school.say("Die Größe der **Ähre**", "café `O(n²)`", "naïveté")
        assert await self.found(school, "ahre GRÖSSE") == await self.found(school, "zzz") == []
        assert await self.found(school, "ahre große") == [2]
        assert await self.found(school, "cafe") == [3]
        assert await self.found(school, "NAIVE") == [4]

    async def test_any_text_is_a_valid_query(self, school: School) -> None:
        await school.room()
        await school.say("c++ is a language", "don't panic", "AND OR NOT NEAR", "text : tags ^ * ( )")
        odd = ["", "  ", "a\0b", "\ud800", "\ue000", "😀", "x" * 5000, "a*", "AND", "a AND", "NEAR(", "text:", "--"]
        for query in [*odd, *"\"'*()^+-{}%_\\;:,", '""', '"""', '"a" "']:
            await self.found(school, query)
        assert await self.found(school, "c++") == [2]
        assert await self.found(school, "don't") == [3]
        assert await self.found(school, "NOT AND") == [4]
        assert await self.found(school, "tags") == [5]
        assert await self.found(school, "r1") == []  # what marks the room is not text

    async def test_filters_narrow_by_room_author_and_time(self, school: School) -> None:
        await school.room()
        await school.room(OTHER)
        day = 86_400_000
        said = [(100 * day, ANA, ROOM), (100 * day + 5, BEN, ROOM), (99 * day, ANA, ROOM), (200 * day, ANA, OTHER)]
        for at, by, room in said:  # the third was said before it was imported
            await school.say("heap", at=at, by=by, room=room)
            await school.settle()
        assert sorted(await self.found(school, "heap")) == [2, 3, 4]
        assert sorted(await self.found(school, "heap", OTHER)) == [2]
        assert sorted(await self.found(school, "heap", ROOM, OTHER)) == [2, 2, 3, 4]
        assert await self.found(school, "heap", RoomId("nowhere")) == []
        assert await school.reading.search([], "heap", limit=5) == []
        assert await self.found(school, "heap", by=BEN) == [3]
        assert await self.found(school, "heap", by=EVE) == []
        assert await self.found(school, "heap", since=100 * day + 1) == [3]
        assert sorted(await self.found(school, "heap", until=100 * day)) == [2, 4]
        assert await self.found(school, "heap", since=100 * day, until=100 * day) == [2]
        assert sorted(await self.found(school, "heap", since=100 * day, until=101 * day)) == [2, 3]
        assert await self.found(school, "heap", since=101 * day) == []
        assert await self.found(school, "heap", since=-(2**80), until=2**80, limit=1) != []
        assert await self.found(school, "heap", since=5, until=4) == []

    async def test_a_hit_shows_the_message_as_it_is_and_marks_the_words(self, school: School) -> None:
        await school.room()
        await school.say("thread")
        await school.say("Build a <b>heap</b> from a heap", by=BEN, reply_to=2)
        await school.settle()
        (hit,) = await school.reading.search([ROOM], "heap", limit=5)
        message, _ = await school.reading.message(ROOM, 3) or pytest.fail("no message")
        assert (hit.room, hit.message) == (ROOM, message)
        assert hit.snippet == "Build a <b>\ue000heap\ue001</b> from a \ue000heap\ue001"

    async def test_the_densest_come_first_and_of_equals_the_newest(self, school: School) -> None:
        await school.room()
        await school.say("heap heap heap", "heap", "heap", "heap " + "and so on " * 200, "no")
        assert await self.found(school, "heap") == [2, 4, 3, 5]
        assert await self.found(school, "heap", limit=2) == [2, 4]

    async def test_an_edit_replaces_what_is_found(self, school: School) -> None:
        await school.room()
        await school.say("apple", "pear")
        await school.settle()
        await school.do(*(MessageEdited(message=2, text=t, revision=n) for n, t in enumerate(("plum", "fig"), 1)))
        assert await self.found(school, "fig") == [2]
        assert await self.found(school, "apple") == await self.found(school, "plum") == []
        await school.do(MessageEdited(message=2, text="apple", revision=3))
        assert await self.found(school, "apple") == [2]

    async def test_what_is_redacted_is_not_found_from_the_moment_of_the_answer(self, school: School) -> None:
        await school.room()
        await school.say("apple", "pear", "plum")
        await school.settle()
        await school.do(MessageEdited(message=2, text="fig", revision=1))
        await school.do(MessageRedacted(message=2), MessageRedacted(message=3))
        for query in ("apple", "fig", "pear"):
            assert await school.reading.search([ROOM], query, limit=5) == []
            assert await self.found(school, query) == []
        assert await self.found(school, "plum") == [4]
        (seq,) = await school.say("quince")
        await school.do(MessageRedacted(message=seq))
        assert await self.found(school, "quince") == []
