"""`tertulia demo`: a server with a cohort in it, and links to come in."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tertulia import __version__
from tertulia.cli import demo_session
from tertulia.cli.demo_talk import Person, Talk, read
from tertulia.cli.exits import UNREACHED, USAGE, Trouble
from tertulia.cli.options import a_server
from tertulia.cli.tokens import Issued, issue_with, secret_of
from tertulia.domain.commands import AnyCommand, PinMessage, PostMessage, ResolveThread, SetReaction
from tertulia.domain.ids import CohortId
from tertulia.domain.refusals import Refusal

if TYPE_CHECKING:
    import httpx

    from tertulia.app import Settings
    from tertulia.cli.folder import SettableClock

_HOURS: Final = 12.0
_BOT_HOURS: Final = 30 * 24.0
_BEGAN_MINUTES_AGO: Final = 200
_NODES_S: Final = 60.0


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--data",
    default=Path("data/demo"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TERTULIA_DATA",
    help="Where the demo's data is kept; the next start goes on with it.",
)
@click.option("--log", default="", envvar="TERTULIA_LOG", help="The event log, as for serve.")
@click.option("--bus", default="", envvar="TERTULIA_BUS", help="The bus, as for serve; needed with --at.")
@click.option(
    "--at",
    multiple=True,
    type=a_server,
    metavar="URL",
    help="Serve nothing: bring the cohort to the nodes that run with this data, log and bus, and print links to these "
    "addresses; repeat it.",
)
def command(*, host: str, port: int, data: Path, log: str, bus: str, at: tuple[str, ...]) -> None:
    """Run a server with a demo cohort: three rooms in which people have talked, and a session that is live in one.

    Prints links for an instructor, two learners and an observer, and a bot's token. Keeps running.
    """
    from tertulia.app import Settings
    from tertulia.cli.serving import check_port, diagnostics_to_stderr, run
    from tertulia.cli.settings import address_of

    settings = Settings(host=host, port=port, data=data, log=log, bus=bus)
    if at and not bus:
        raise Trouble("--at needs --bus: the same that those nodes were given.", USAGE)
    if not at:
        check_port(host, port)
    diagnostics_to_stderr()
    data.mkdir(parents=True, exist_ok=True)
    talk = read()
    if at:
        _wait_for(at)
    asyncio.run(_prepare(settings, talk))
    if not at:
        run(settings, greeting=lambda settings: _greet([address_of(settings)], data, talk))
        return
    _greet(at, data, talk)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])


def _wait_for(addresses: Sequence[str]) -> None:
    """Until all of them can serve. Raises Trouble."""
    import httpx

    until = time.monotonic() + _NODES_S
    with httpx.Client(trust_env=False, timeout=5.0) as http:
        for address in reversed(addresses):  # a front, which stands first, is not asked before its nodes
            while not _is_ready(http, address):
                if time.monotonic() > until:
                    raise Trouble(f"{address} is not ready. Start its node, or leave this --at out.", UNREACHED)
                time.sleep(0.2)


def _is_ready(http: httpx.Client, address: str) -> bool:
    import httpx

    try:
        return http.get(f"{address}/readyz").is_success
    except httpx.TransportError:
        return False


async def _prepare(settings: Settings, talk: Talk) -> None:
    """Everything has a key of its own: what is there already stays, what is missing comes."""
    from tertulia.app import running
    from tertulia.cli.folder import SettableClock, bring_in, make_cohort, make_room

    data = settings.data
    clock, now_ms = SettableClock(), time.time_ns() // 1_000_000
    session = demo_session.read()
    crowd = session.people
    people = {person.name: _issue(data, talk.cohort, person).person for person in [*talk.people, *crowd]}
    founder, cohort = people[talk.founder], talk.cohort
    async with running(replace(settings, rate_limits=False), clock=clock) as flow:
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


def _greet(addresses: Sequence[str], data: Path, talk: Talk) -> None:
    click.echo(f"Tertulia {__version__} · the cohort “{talk.name}” · data in {data.resolve()}\n")
    for person in talk.people:
        issued = _issue(data, talk.cohort, person)
        who = f"{person.name} ({person.role})"
        if person.link:
            click.echo(who)
            for address in addresses:
                click.echo(f"  {address}/join#token={issued.access}&refresh={issued.refresh}")
            click.echo()
        elif person.role == "bot":
            click.echo(f"{who}: a token for tertulia.client, or as a bearer\n  {issued.access}\n")
    click.echo("Open two of the links in two browsers (or a private window) and talk. Ctrl-C stops it; the data stays.")
