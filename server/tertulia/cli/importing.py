"""`tertulia import`: a transcript into a room, each line in the name of who said it.

Each line gets a key derived from what it says, so that importing a file again adds nothing, and importing one that has
grown adds what is new. Into a data folder, lines keep the time at which they were said (as far as the room's order
allows: time does not run backwards in it); through a running server, they are said now.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Protocol

import click

from tertulia.cli.exits import REFUSED, Trouble
from tertulia.cli.options import as_option, cohort_option, data_option, log_option, secret_file_option, url_option
from tertulia.cli.progress import bar
from tertulia.cli.tokens import issue_with, secret_of
from tertulia.cli.transcripts import Line, Transcript, read
from tertulia.domain.commands import CreateRoom, PostMessage
from tertulia.domain.ids import CohortId, PersonId, RoomId, is_id, slug
from tertulia.domain.refusals import Refusal

_CLIENTS_MAX: Final = 50
_PATIENCE_S: Final = 30.0
_SHOWN_MAX: Final = 5


class Sink(Protocol):
    """Where lines go. `room` is the id the room has there."""

    room: str

    async def say(self, line: Line, *, key: str, reply_to: int | None) -> tuple[int, bool] | str:
        """(seq, whether it was there already), or the code of a refusal."""
        ...


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@log_option
@secret_file_option
@cohort_option
@click.option("--room", required=True, help="The room's id or name; made if there is none.")
@url_option
@as_option
def command(*, file: Path, **how: Any) -> None:
    """Bring a transcript into a room: JSON lines {"at", "by", "text"}, with "line" and "reply_to" for replies.

    The cohort and the room are made if they are missing. Without --url the data folder is used directly; the server
    must not be running then (but for a log in PostgreSQL: --log). It can be repeated: what is there already is not said
    again.
    """
    transcript = read(file)
    if how["url"] is None:
        how["data"].mkdir(parents=True, exist_ok=True)
    outcome = asyncio.run(_import(transcript, **how))
    told = [f"{outcome.new:,} of {len(transcript.lines):,} lines were said in room/{outcome.room}"]
    told += [f"{outcome.repeats:,} were there already"] if outcome.repeats else []
    told += [f"{transcript.left_out:,} were redacted and left out"] if transcript.left_out else []
    if transcript.unanswerable:
        told.append(f"{transcript.unanswerable:,} answer lines that the file does not have, and so answer nothing")
    click.echo("; ".join(told) + ".")
    if outcome.refused:
        raise Trouble(outcome.complaint(), REFUSED)


class Outcome:
    def __init__(self, room: str) -> None:
        self.room = room
        self.new = 0
        self.repeats = 0
        self.refused: dict[int, str] = {}

    def complaint(self) -> str:
        codes = Counter(self.refused.values()).most_common()
        numbers = list(self.refused)[:_SHOWN_MAX]
        shown = ", ".join(map(str, numbers)) + (", …" if len(self.refused) > _SHOWN_MAX else "")
        kinds = ", ".join(f"{count} × {code}" for code, count in codes)
        return f"{len(self.refused):,} lines were refused ({kinds}); their numbers: {shown}."


async def _import(
    transcript: Transcript,
    *,
    data: Path,
    log: str,
    secret_file: Path | None,
    cohort: str,
    room: str,
    url: str | None,
    as_name: str,
) -> Outcome:
    secret = secret_of(data, secret_file) if url is not None else None
    sinks = (
        _folder(data, secret_file, CohortId(cohort), room, as_name, began_ms=_began_ms(transcript), log=log)
        if secret is None or url is None
        else _server(url, secret, cohort, room, as_name)
    )
    async with sinks as sink:
        outcome = Outcome(sink.room)
        seqs: list[int | None] = []
        with bar("Importing", len(transcript.lines)) as progress:
            for line, key in zip(transcript.lines, keys(transcript, cohort, sink.room), strict=True):
                reply_to = None if line.reply_to is None else seqs[line.reply_to]
                said = await sink.say(line, key=key, reply_to=reply_to)
                if isinstance(said, str):
                    outcome.refused[line.number] = said
                    seqs.append(None)
                else:
                    seq, is_repeat = said
                    seqs.append(seq)
                    outcome.repeats += is_repeat
                    outcome.new += not is_repeat
                progress.update(1)
        return outcome


def keys(transcript: Transcript, cohort: str, room: str) -> list[str]:
    """One for each line: of what it says, and how often that was said before."""
    times = Counter[tuple[str, int, str, str]]()
    made = []
    for line in transcript.lines:
        what = (line.session, line.at_ms, line.by, line.text)
        times[what] += 1
        digest = blake2b("\0".join([cohort, room, *map(str, what), str(times[what])]).encode(), digest_size=20)
        made.append(f"import-{digest.hexdigest()}")
    return made


def _began_ms(transcript: Transcript) -> int | None:
    return min((line.at_ms for line in transcript.lines), default=None)


def _room_id(room: str) -> RoomId:
    return RoomId(room if is_id(room) else slug(room, otherwise="room"))


# --- a data folder ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _folder(
    data: Path, secret_file: Path | None, cohort: CohortId, room: str, as_name: str, *, began_ms: int | None, log: str
) -> AsyncIterator[Sink]:
    from tertulia.cli import folder

    secret, clock = secret_of(data, secret_file), folder.SettableClock()
    async with folder.opened(data, clock=clock, secret_file=secret_file, log=log) as flow:
        clock.set(began_ms)
        operator = issue_with(secret, cohort=cohort, name=as_name, role="owner").person
        await folder.make_cohort(flow, cohort, founder=operator)
        state = await folder.ready_cohort(flow, cohort)
        found = next((known.room for known in state.rooms.values() if room in (known.room, known.name)), None)
        id = found or _room_id(room)
        await folder.make_room(flow, cohort, id, founder=operator, name=room, kind="discussion")
        people: dict[str, PersonId] = {}

        class FolderSink:
            room = str(id)

            async def say(self, line: Line, *, key: str, reply_to: int | None) -> tuple[int, bool] | str:
                clock.set(line.at_ms)
                if line.by not in people:
                    people[line.by] = issue_with(secret, cohort=cohort, name=line.by, role="learner").person
                    await folder.bring_in(flow, cohort, people[line.by], name=line.by, role="learner")
                post = PostMessage(key=key, room=id, text=line.text, reply_to=reply_to)
                done = await flow.command(post, person=people[line.by], cohort=cohort)
                return done.code if isinstance(done, Refusal) else (done.seq, done.is_dup)

        yield FolderSink()


# --- a running server ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def _server(url: str, secret: bytes, cohort: str, room: str, as_name: str) -> AsyncIterator[Sink]:
    from tertulia.client import Client, Refused, new_key

    clients: OrderedDict[str, Client] = OrderedDict()

    async def client_of(name: str, role: Any) -> Client:
        """A few connections are kept: those used last."""
        if name not in clients:
            if len(clients) >= _CLIENTS_MAX:
                await clients.popitem(last=False)[1].close()
            issued = issue_with(secret, cohort=cohort, name=name, role=role)
            clients[name] = await Client(url, token=issued.access, refresh=issued.refresh, name="import").__aenter__()
        clients.move_to_end(name)
        return clients[name]

    class ServerSink:
        room = ""

        async def say(self, line: Line, *, key: str, reply_to: int | None) -> tuple[int, bool] | str:
            client = await client_of(line.by, "learner")
            try:
                done = await client.post(self.room, line.text, reply_to, key=key, patience_s=_PATIENCE_S)
            except Refused as refused:
                return refused.code
            return done.seq, done.dup

    sink = ServerSink()
    try:
        operator = await client_of(as_name, "owner")
        known = (await operator.get("/api/cohort"))["state"]["rooms"]
        found = next((one["room"] for one in known if room in (one["room"], one["name"])), None)
        if found is None:
            made = await operator.send(CreateRoom(key=new_key(), name=room))
            found = made.stream.split("/")[1]
        sink.room = found
        yield sink
    finally:
        for client in clients.values():
            await client.close()
