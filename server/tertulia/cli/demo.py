"""`tertulia demo`: a server with a cohort in it, and links to come in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tertulia import __version__
from tertulia.cli import demo_session
from tertulia.cli.demo_talk import Person, Talk, read
from tertulia.cli.options import log_option
from tertulia.cli.tokens import Issued, issue_with, secret_of
from tertulia.domain.commands import AnyCommand, PinMessage, PostMessage, ResolveThread, SetReaction
from tertulia.domain.ids import CohortId
from tertulia.domain.refusals import Refusal

if TYPE_CHECKING:
    from tertulia.cli.folder import SettableClock

_HOURS: Final = 12.0
_BOT_HOURS: Final = 30 * 24.0
_BEGAN_MINUTES_AGO: Final = 200


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--data",
    default=Path("data/demo"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo's data is kept; the next start goes on with it.",
)
@log_option
def command(host: str, port: int, data: Path, log: str) -> None:
    """Run a server with a demo cohort: three rooms in which people have talked, and a session that is live in one.

    Prints links for an instructor, two learners and an observer, and a bot's token. Keeps running.
    """
    from tertulia.app import Settings
    from tertulia.cli.serving import check_port, diagnostics_to_stderr, run

    check_port(host, port)
    diagnostics_to_stderr()
    data.mkdir(parents=True, exist_ok=True)
    talk = read()
    asyncio.run(_prepare(data, talk, log=log))
    run(Settings(host=host, port=port, data=data, log=log), greeting=lambda settings: _greet(settings, talk))


async def _prepare(data: Path, talk: Talk, *, log: str) -> None:
    """Everything has a key of its own: what is there already stays, what is missing comes."""
    from tertulia.cli.folder import SettableClock, bring_in, make_cohort, make_room, opened

    clock, now_ms = SettableClock(), time.time_ns() // 1_000_000
    session = demo_session.read()
    crowd = session.people
    people = {person.name: _issue(data, talk.cohort, person).person for person in [*talk.people, *crowd]}
    founder, cohort = people[talk.founder], talk.cohort
    async with opened(data, clock=clock, log=log) as flow:
        clock.set(now_ms - _BEGAN_MINUTES_AGO * 60_000)
        await make_cohort(flow, cohort, founder=founder, name=talk.name, course_name=talk.course_name)
        for person in [*talk.people, *crowd]:
            await bring_in(flow, cohort, people[person.name], name=person.name, role=person.role)
        for room in talk.rooms:
            await make_room(flow, cohort, room.id, founder=founder, name=room.name, kind=room.kind, topic=room.topic)

        async def give(by: str, command: AnyCommand) -> int:
            """The seq. A refusal is no trouble: somebody has changed things since the first start."""
            done = await flow.command(command, person=people[by], cohort=cohort)
            return 1 if isinstance(done, Refusal) else done.seq

        await _talk(talk, give, clock, now_ms)

        async def step(given: demo_session.Given) -> int:
            clock.set(now_ms - int(given.minutes * 60_000))
            return await give(given.by, given.command)

        async def question_at(message: int) -> str | None:
            state = await flow.node.room_lane(session.room).ready()
            return next((one.question for one in state.session.questions.values() if one.message == message), None)

        await demo_session.go_on(session, step, question_at)


async def _talk(
    talk: Talk, give: Callable[[str, AnyCommand], Awaitable[int]], clock: SettableClock, now_ms: int
) -> None:
    seqs: dict[str, int] = {}
    rooms = {said.id: said.room for said in talk.talk}
    for said in talk.talk:
        clock.set(now_ms - int(said.minutes * 60_000))
        post = PostMessage(key=f"demo-post-{said.id}", room=said.room, text=said.text, reply_to=seqs.get(said.reply_to))
        seqs[said.id] = await give(said.by, post)
    for reacted in talk.reactions:
        key = f"demo-react-{reacted.by.split()[0].encode().hex()}-{reacted.to}"
        to, emoji = reacted.to, reacted.emoji
        await give(reacted.by, SetReaction(key=key, room=rooms[to], message=seqs[to], emoji=emoji))
    for to in talk.pinned:
        await give(talk.founder, PinMessage(key=f"demo-pin-{to}", room=rooms[to], message=seqs[to]))
    for to in talk.resolved:
        await give(talk.founder, ResolveThread(key=f"demo-resolve-{to}", room=rooms[to], thread=seqs[to]))


def _issue(data: Path, cohort: CohortId, person: Person) -> Issued:
    hours = _BOT_HOURS if person.role == "bot" else _HOURS
    return issue_with(secret_of(data), cohort=cohort, name=person.name, role=person.role, hours=hours)


def _greet(settings: Any, talk: Talk) -> None:
    from tertulia.cli.settings import address_of

    address, data = address_of(settings), Path(settings.data)
    click.echo(f"Tertulia {__version__} · the cohort “{talk.name}” · data in {data.resolve()}\n")
    for person in talk.people:
        issued = _issue(data, talk.cohort, person)
        who = f"{person.name} ({person.role})"
        if person.link:
            click.echo(f"{who}\n  {address}/join#token={issued.access}&refresh={issued.refresh}\n")
        elif person.role == "bot":
            click.echo(f"{who}: a token for tertulia.client, or as a bearer\n  {issued.access}\n")
    click.echo("Open two of the links in two browsers (or a private window) and talk. Ctrl-C stops it; the data stays.")
