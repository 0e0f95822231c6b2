"""`tertulia carry`: what was asked and answered in an earlier cohort, into a room of the next one.

Each question becomes a thread of the operator's with its answer, already resolved: nobody of the earlier cohort is
named, in it or by a mention. Its key is made of the room it comes from and its id, so that carrying again adds only
what was answered since.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import click

from tertulia.cli.exits import REFUSED, Trouble
from tertulia.cli.options import an_id, as_option, data_option, log_option, secret_file_option
from tertulia.cli.tokens import issue_with, secret_of
from tertulia.domain import limits
from tertulia.domain.decision import Decision, Happening
from tertulia.domain.events import MessagePosted, ThreadResolved
from tertulia.domain.ids import ID_PATTERN, PersonId, RoomId, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.text import links_in
from tertulia.live.flow import Flow
from tertulia.live.jobs import Done, Job
from tertulia.projections import ResolvedQuestion

_MENTION: Final = re.compile(rf"@\[[^\]\n]{{1,{limits.name_chars_max}}}\]\({ID_PATTERN}\)")


@click.command("carry")
@click.argument("from_room", type=an_id)
@click.argument("to_room", type=an_id)
@data_option
@log_option
@secret_file_option
@as_option
def command(*, from_room: str, to_room: str, **how: Any) -> None:
    """Bring the questions of FROM_ROOM that were answered in text into TO_ROOM, with their answers.

    The server must not be running, but for a log in PostgreSQL (--log). It can be repeated: what is there already is
    not said again.
    """
    new, repeats = asyncio.run(_carry(RoomId(from_room), RoomId(to_room), **how))
    told = f"{new:,} answered questions were carried from room/{from_room} to room/{to_room}"
    click.echo(told + (f"; {repeats:,} were there already." if repeats else "."))


async def _carry(
    from_room: RoomId, to_room: RoomId, *, data: Path, log: str, secret_file: Path | None, as_name: str
) -> tuple[int, int]:
    from tertulia.cli import folder

    secret = secret_of(data, secret_file)
    async with folder.opened(data, clock=folder.SettableClock(), secret_file=secret_file, log=log) as flow:
        reading = flow.node.reading
        cohort = await reading.cohort_of(to_room)
        for room in (from_room, to_room):
            if await reading.cohort_of(room) is None:
                raise Trouble(f"There is no room {room}.", REFUSED)
        if cohort is None or from_room == to_room:
            raise Trouble("Questions are carried from one room to another.", REFUSED)
        operator = issue_with(secret, cohort=cohort, name=as_name, role="owner").person
        await folder.ready_cohort(flow, cohort)
        await folder.bring_in(flow, cohort, operator, name=as_name, role="owner")
        new = repeats = 0
        for resolved in await reading.resolved(from_room):
            done = await _say(flow, resolved, from_room=from_room, to_room=to_room, by=operator)
            if isinstance(done, Refusal):
                raise Trouble(f"Refused: {done.sentence} ({done.code})", REFUSED)
            repeats += done.is_dup
            new += not done.is_dup
        return new, repeats


async def _say(
    flow: Flow, resolved: ResolvedQuestion, *, from_room: RoomId, to_room: RoomId, by: PersonId
) -> Done | Refusal:
    answer: asyncio.Future[Done | Refusal] = asyncio.get_running_loop().create_future()

    def decide(state: RoomState, at: int) -> Decision | Refusal:
        return Refusal("room_closed") if state.closed else thread_of(resolved, state, source=from_room)

    digest = blake2b(f"{from_room}\0{to_room}\0{resolved.name}".encode(), digest_size=20).hexdigest()
    flow.node.room_lane(to_room).put(Job(by, f"carry-{digest}", b"", decide, answer.set_result))
    return await answer


def thread_of(resolved: ResolvedQuestion, state: RoomState, *, source: RoomId) -> Decision:
    """The question, its answer, and that it is resolved: all or nothing."""
    stream, seq = room_stream(state.room), state.head + 1
    text, answer = _nameless(resolved.text), _nameless(resolved.answer)
    events = (
        MessagePosted(text=text, links=links_in(text), kind="question", question=resolved.question, source=source),
        MessagePosted(text=answer, links=links_in(answer), kind="answer", source=source, reply_to=seq, thread=seq),
        ThreadResolved(thread=seq),
    )
    return Decision(stream, tuple(Happening(stream, event) for event in events))


def _nameless(text: str) -> str:
    """Who is mentioned is not of this cohort."""
    return _MENTION.sub("@…", text)
