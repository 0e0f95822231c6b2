"""The Python client against a real server: what a bot does, cuts, restarts, gaps, slow programs, tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest

from tertulia.cli.tokens import issue
from tertulia.client import (
    Client,
    Denied,
    Event,
    Position,
    Refused,
    SoftRecord,
    Stopped,
    Unreachable,
    new_key,
)
from tertulia.domain.commands import CreateRoom, PinMessage
from tertulia.domain.ids import RoomId
from tertulia.domain.policy import Role
from tertulia.wire.codec import CodecName
from tertulia.wire.records import TypingNow
from tests.servers import Server

CODECS = pytest.mark.parametrize("codec", ["json", "msgpack"])


class Place(NamedTuple):
    """A cohort of a test's own on a server."""

    server: Server
    cohort: str

    @property
    def url(self) -> str:
        return self.server.url

    def token(self, name: str, *, role: Role = "learner") -> str:
        return self.server.token(name, role=role, cohort=self.cohort)


@pytest.fixture
def place(shared_server: Server) -> Place:
    return Place(shared_server, f"cohort-{new_key()}")


@pytest.fixture
async def olga(place: Place) -> AsyncIterator[Client]:
    async with Client(place.url, token=place.token("Olga", role="owner")) as client:
        yield client


@pytest.fixture
async def room(olga: Client) -> str:
    return await make_room(olga)


async def make_room(owner: Client, name: str = "General") -> str:
    return (await owner.send(CreateRoom(key=new_key(), name=name))).stream.split("/")[1]


async def take(client: Client, count: int) -> list[Event]:
    taken: list[Event] = []
    async for event in client.events():
        taken.append(event)
        if len(taken) == count:
            break
    return taken


@CODECS
async def test_what_one_says_the_other_hears(place: Place, olga: Client, room: str, codec: CodecName) -> None:
    async with Client(place.url, token=place.token("Ana"), codec=codec) as ana:
        assert ana.cohort == olga.cohort == place.cohort
        assert (await ana.follow(f"room/{room}")).seq == 1
        posted = await ana.post(room, "Why?")
        replied = await olga.post(room, "Because.", reply_to=posted.seq)
        await ana.edit(room, posted.seq, "Why, though?", revision=0)
        await olga.send(PinMessage(key=new_key(), room=RoomId(room), message=posted.seq))
        await olga.redact(room, replied.seq)
        snapshot, *events = await take(ana, 6)
        assert (snapshot.name, snapshot.data["room"]) == ("snapshot", room)
        assert [(event.seq, event.name) for event in events] == [
            (2, "message_posted"),
            (3, "message_posted"),
            (4, "message_edited"),
            (5, "message_pinned"),
            (6, "message_redacted"),
        ]
        assert events[1].data == {"text": "Because.", "reply_to": 2, "thread": 2}
        assert (events[0].by, events[0].room, events[0].text) == (ana.person, room, "Why?")
        position = ana.position(f"room/{room}")
        assert position is not None
        assert position.seq == 6


@CODECS
async def test_a_second_run_goes_on_from_a_position(place: Place, olga: Client, room: str, codec: CodecName) -> None:
    stream = f"room/{room}"
    async with Client(place.url, token=place.token("Ana"), codec=codec) as ana:
        ana.follow(stream)
        await take(ana, 1)
        kept = ana.position(stream)
    for number in range(3):
        await olga.post(room, f"meanwhile {number}")
    async with Client(place.url, token=place.token("Ana"), codec=codec) as ana:
        ana.follow(stream, kept)
        assert [event.text for event in await take(ana, 3)] == [f"meanwhile {number}" for number in range(3)]


async def test_the_same_key_has_one_effect(olga: Client, room: str) -> None:
    key = new_key()
    first, again = await olga.post(room, "Once", key=key), await olga.post(room, "Once", key=key)
    assert (first.seq, first.dup) == (again.seq, False)
    assert again.dup
    with pytest.raises(Refused) as refused:
        await olga.post(room, "Twice", key=key)
    assert (refused.value.code, refused.value.retry) == ("key_reused", "never")


@pytest.mark.parametrize(
    ("text", "reply_to", "code"),
    [(" \n", None, "text_empty"), ("x" * 9_000, None, "text_too_long"), ("y" * 70_000, None, "text_too_long"),
     ("Hm", 99, "unknown_message")],
)  # fmt: skip
async def test_a_refusal_is_raised_with_its_code(
    olga: Client, room: str, text: str, reply_to: int | None, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await olga.post(room, text, reply_to)
    assert refused.value.code == code


async def test_reactions_typing_and_tallies_are_told(place: Place, olga: Client, room: str) -> None:
    heard: list[SoftRecord] = []
    came = asyncio.Event()

    def hear(record: SoftRecord) -> None:
        heard.append(record)
        came.set()

    async def until(look: Callable[[], bool]) -> None:
        while not look():
            came.clear()
            await came.wait()

    posted = await olga.post(room, "Vote!")
    async with Client(place.url, token=place.token("Ana"), on_soft=hear) as ana:
        await ana.follow(f"room/{room}")
        await olga.follow(f"room/{room}", "head")
        await ana.react(room, posted.seq, "👍")
        await until(lambda: any(getattr(record, "tallies", None) == {"2": {"👍": 1}} for record in heard))
        olga.typing(room)
        await until(lambda: any(isinstance(record, TypingNow) and record.people == [olga.person] for record in heard))
        await ana.mark_read(room, posted.seq)


async def test_a_stream_that_is_not_for_you_is_denied(place: Place, olga: Client, room: str) -> None:
    async with Client(place.url, token=place.token("Ana")) as ana:
        with pytest.raises(Denied, match="not_allowed"):
            await ana.follow(f"room/{room}/staff")
        ana.follow("room/nowhere")
        with pytest.raises(Denied) as denied:
            await take(ana, 1)
        assert (denied.value.stream, denied.value.code) == ("room/nowhere", "unknown_room")


async def test_a_killed_server_is_come_back_to(server: Server) -> None:
    """Kill the server with commands under way. All that were given are accepted, each once; the reader misses none."""
    olga = Client(server.url, token=server.token("Olga", role="owner"))
    ana = Client(server.url, token=server.token("Ana"), codec="msgpack")
    async with olga, ana:
        room = await make_room(olga)
        await ana.follow(f"room/{room}", "head")
        posts = [asyncio.create_task(olga.post(room, f"n{number}")) for number in range(400)]
        await posts[0]
        await asyncio.to_thread(server.restart)
        seqs = [(await post).seq for post in posts]
        events = await take(ana, 400)
        assert [event.seq for event in events] == list(range(2, 402))
        assert sorted(seqs) == list(range(2, 402))
        assert {event.seq: event.text for event in events} == {seq: f"n{number}" for number, seq in enumerate(seqs)}
        assert ana.counts.welcomes == 2


async def test_closing_ends_the_events_and_what_waits(server: Server) -> None:
    async with Client(server.url, token=server.token("Olga", role="owner")) as olga:
        room = await make_room(olga)
        await olga.follow(f"room/{room}", "head")
        reading = asyncio.create_task(take(olga, 1))
        await asyncio.to_thread(server.kill)
        posting = asyncio.create_task(olga.post(room, "into the void"))
        await asyncio.sleep(0)
    assert await reading == []
    with pytest.raises(Stopped) as stopped:
        await posting
    assert stopped.value.code == 1000
    with pytest.raises(Stopped):
        await olga.post(room, "too late")


async def test_a_server_that_goes_away_in_order_is_left_and_come_back_to(make_server: Callable[..., Server]) -> None:
    going = make_server(options=["--no-rate-limits", "--drain-window-s", "0.5"])
    going.start()
    states: list[str] = []
    async with Client(going.url, token=going.token("Olga", role="owner"), on_state=states.append) as olga:
        room = await make_room(olga)
        await olga.follow(f"room/{room}", "head")
        posts = [asyncio.create_task(olga.post(room, f"n{number}")) for number in range(50)]
        assert await asyncio.to_thread(going.stop) == 0
        await asyncio.to_thread(going.start)
        await asyncio.gather(*posts)
        assert [event.seq for event in await take(olga, 50)] == list(range(2, 52))
    assert "leaving" in states
    assert states[-1] == "stopped"


async def test_more_than_fits_into_a_push_comes_by_pages(place: Place, olga: Client, room: str) -> None:
    stream = f"room/{room}"
    epoch = (await olga.get("/api/events", stream=stream, after=0, limit=1))["epoch"]
    await asyncio.gather(*(olga.post(room, f"n{number}") for number in range(1_200)))
    async with Client(place.url, token=place.token("Ana")) as ana:
        ana.follow(stream, Position(epoch=epoch, seq=1))
        later = [asyncio.create_task(olga.post(room, f"later {number}")) for number in range(50)]
        assert [event.seq for event in await take(ana, 1_250)] == list(range(2, 1_252))
        assert ana.counts.pages >= 3
        await asyncio.gather(*later)


async def test_a_program_that_takes_nothing_for_long_gets_everything(place: Place, olga: Client, room: str) -> None:
    async with Client(place.url, token=place.token("Ana")) as ana:
        await ana.follow(f"room/{room}", "head")
        await asyncio.gather(*(olga.post(room, f"n{number}") for number in range(6_000)))
        await olga.follow(f"room/{room}", "head")
        assert [event.seq for event in await take(ana, 6_000)] == list(range(2, 6_002))
        assert ana.counts.pages > 0
        last = await olga.post(room, "last")
        assert (await take(ana, 1))[0].seq == last.seq


async def test_a_stream_can_be_left(place: Place, olga: Client, room: str) -> None:
    other = await make_room(olga, "Other")
    async with Client(place.url, token=place.token("Ana")) as ana:
        await ana.follow(f"room/{room}", "head")
        await ana.follow(f"room/{other}", "head")
        ana.unfollow(f"room/{room}")
        await olga.post(room, "unheard")
        await olga.post(other, "heard")
        assert [event.text for event in await take(ana, 1)] == ["heard"]


async def test_an_expired_token_is_renewed_with_the_refresh_token(place: Place) -> None:
    issued = issue(place.server.data, cohort=place.cohort, name="Olga", role="owner", hours=-1.0)
    async with Client(place.url, token=issued.access, refresh=issued.refresh) as olga:
        assert olga.welcome.role == "owner"
        assert olga.token != issued.access
    with pytest.raises(Stopped) as stopped:
        async with Client(place.url, token=issued.access):
            pass
    assert stopped.value.code == 4001


async def test_a_function_may_give_new_tokens(place: Place) -> None:
    issued = issue(place.server.data, cohort=place.cohort, name="Olga", role="owner", hours=-1.0)

    async def renew() -> str:
        return place.token("Olga", role="owner")

    async with Client(place.url, token=issued.access, refresh=renew) as olga:
        assert olga.state == "live"


async def test_a_short_token_is_renewed_while_connected(place: Place) -> None:
    issued = issue(place.server.data, cohort=place.cohort, name="Olga", role="owner", hours=2 / 3600)
    async with Client(place.url, token=issued.access) as olga:
        async with asyncio.timeout(20):
            while olga.token == issued.access:
                await asyncio.sleep(0.05)
        assert olga.counts.welcomes == 1


async def test_a_bad_token_is_said_at_once(place: Place) -> None:
    with pytest.raises(Stopped) as stopped:
        async with Client(place.url, token="not-a-token"):
            pass
    assert stopped.value.code == 4500


async def test_no_server_is_said_after_the_deadline() -> None:
    with pytest.raises(Unreachable, match="Connect"):
        async with Client("http://127.0.0.1:1", token="x", deadline_s=0.3):
            pass


async def test_a_server_that_is_none_is_said_at_once(place: Place) -> None:
    with pytest.raises(Stopped) as stopped:
        async with Client(f"{place.url}/elsewhere", token="x"):
            pass
    assert stopped.value.code in (403, 404)


async def test_a_cancelled_post_leaves_nothing_behind(place: Place, olga: Client, room: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await olga.post(room, "perhaps")
    seq = (await olga.post(room, "surely")).seq
    assert seq in (2, 3)


async def test_a_fault_in_a_function_of_the_program_is_raised_and_not_waited_for(place: Place) -> None:
    def fail(record: SoftRecord) -> None:
        raise ZeroDivisionError("planted")

    async with Client(place.url, token=place.token("Olga", role="owner"), on_soft=fail) as olga:
        room = await make_room(olga)
        await olga.follow(f"room/{room}", "head")
        with pytest.raises(Stopped, match="planted") as stopped:
            await take(olga, 1)
        assert isinstance(stopped.value.__cause__, ZeroDivisionError)
