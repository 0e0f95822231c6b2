"""A learner's client cannot tell who is behind an alias: each side channel by name, on a whole node.

Method: the same afternoon is played on two nodes, with Ana and with Ben behind the alias; all else is the same. What
Cat's devices are written must be the same byte by byte and write by write, what she can fetch too, and the node must
have asked its log as often. Then each protection is taken out, by itself, and its afternoon must show it.

docs/anonymity.md has the same channels in the same words. What a decision alone shows is in test_anonymity_domain.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from tertulia.conversation import Conversation
from tertulia.domain import talk
from tertulia.domain.commands import ChangeRoom, MarkRead, PostMessage, SetReaction
from tertulia.domain.decision import Decision, Happening
from tertulia.domain.fair_order import Queued, fair_order
from tertulia.domain.ids import PersonId, room_signals_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.session import aliases
from tertulia.domain.session.commands import AnswerQuestion, AskQuestion, MergeQuestion, TakeAlias
from tertulia.live import handle
from tertulia.live.flow import Flow
from tertulia.live.people_here import PeopleHere
from tertulia.live.soft import SoftState
from tertulia.projections.log_reading import LogReading
from tertulia.routes.transcript import Exported
from tertulia.wire.codec import Malformed, decode_request
from tertulia.wire.records import refused
from tests import test_anonymity_domain as domain
from tests.masked_node import GENERAL, PEOPLE, MaskedNode, Seen, masked_node

Story = Callable[[MaskedNode], Awaitable[Any]]
DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "anonymity.md"


# --- one afternoon for each channel ----------------------------------------------------------------------------------


async def per_person_counters(node: MaskedNode) -> None:
    """Open questions, votes, who was heard: of Ana in her own name, and of the alias."""
    for number in range(20):
        await node.does("Ana", AskQuestion, text=f"Why {number}?")
    await node.masked(AskQuestion, text="But why?", alias=True)
    await node.does("Tad", MergeQuestion, question=node.questions[-1], into=node.questions[0])
    await node.does("Tad", AnswerQuestion, question=node.questions[0], how="live")
    await node.masked(AskQuestion, text="When?", alias=True)
    await node.does("Tad", AnswerQuestion, question=node.questions[-1], how="live")
    await node.does("Ben", AskQuestion, text="Who?")
    await node.ticks()


async def typing(node: MaskedNode) -> None:
    await node.types(node.behind)
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.ticks()


async def presence(node: MaskedNode) -> None:
    """Who writes without following the room is not shown as here."""
    for name in ("Ana", "Ben"):
        node.devices[name].conversation.gone()
        node.flow.soft.here.remove(GENERAL, PEOPLE[name].id)  # the grace is over
    await node.ticks()
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.ticks()


async def slow_mode(node: MaskedNode) -> None:
    await node.does("Olga", ChangeRoom, slow_mode_s=30)
    await node.does("Ana", PostMessage, text="I say so.")
    node.after(s=5)
    await node.masked(PostMessage, text="But why?", alias=True)
    node.after(s=5)
    await node.does("Ben", PostMessage, text="So do I.")
    await node.ticks()


async def read_markers(node: MaskedNode) -> None:
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.masked(MarkRead, room=GENERAL, seq=node.last)
    await node.ticks()


async def reactions(node: MaskedNode) -> None:
    """To one's own message too, first or last; a challenge in each name."""
    await node.does("Cat", PostMessage, text="It is so.")
    said = node.last
    await node.does("Ana", SetReaction, message=said, emoji="challenge", sentence="Is it?")
    await node.masked(SetReaction, message=said, emoji="challenge", sentence="But why?", alias=True)
    await node.masked(PostMessage, text="But why?", alias=True)
    for name in (node.behind, "Ben" if node.behind == "Ana" else "Ana"):
        await node.does(name, SetReaction, message=said, emoji="agree")
        await node.does(name, SetReaction, message=node.last, emoji="thanks")
    await node.ticks()


async def client_made_words(node: MaskedNode) -> None:
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.ticks()


async def mentions(node: MaskedNode) -> None:
    """Whom Cat is offered when she types `@`: the cohort's list, in the order people came."""
    await node.masked(PostMessage, text="As @[Ana](p-ana) and @[Ben](p-ben) say, but why?", alias=True)
    await node.ticks()


async def seqs(node: MaskedNode) -> None:
    await node.masked(TakeAlias)
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.does("Ana", PostMessage, text="Because.", reply_to=node.last)
    await node.masked(PostMessage, text="Why?", reply_to=node.last, alias=True)
    await node.does("Cat", SetReaction, message=node.last, emoji="agree")
    await node.ticks()


async def exports(node: MaskedNode) -> None:
    await node.does("Ana", PostMessage, text="That is why.")
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.masked(PostMessage, text="Why ever?", reply_to=node.last, alias=True)


async def acks(node: MaskedNode) -> None:
    await node.masked(PostMessage, text="But why?", alias=True)
    await node.masked(PostMessage, text="As @[Ana](p-ana) says.", alias=True, reply_to=node.last)
    await node.does("Cat", PostMessage, text="Well.")


CHANNELS: Final[dict[str, Story]] = {
    "per-person counters": per_person_counters,
    "typing": typing,
    "presence change": presence,
    "slow-mode countdown": slow_mode,
    "read markers": read_markers,
    "order of reactions": reactions,
    '"first question" reason': per_person_counters,
    "client-made ids, time zone, language": client_made_words,
    "mention autocomplete order": mentions,
    "seq gaps": seqs,
    "export order": exports,
    "timing of acks": acks,
}


def play(folder: Path, story: Story, behind: str, *, anonymity: str = "anonymous") -> Seen:
    async def main() -> Seen:
        async with masked_node(folder / behind, behind, anonymity=anonymity) as node:
            await story(node)
            return await node.seen()

    return asyncio.run(main())


def both(folder: Path, story: Story, **how: Any) -> tuple[Seen, Seen]:
    return play(folder, story, "Ana", **how), play(folder, story, "Ben", **how)


@pytest.mark.parametrize("anonymity", ["alias", "anonymous"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_cats_client_cannot_tell_who_it_is(tmp_path: Path, channel: str, anonymity: str) -> None:
    one, other = both(tmp_path, CHANNELS[channel], anonymity=anonymity)
    assert records(one) == records(other)
    assert one == other
    assert any(str(record.get("by")).startswith("~") for record in records(one)), "the alias was seen"


def records(seen: Seen) -> list[dict[str, Any]]:
    written = [message for device in seen.written for message in device]
    return [msgspec.json.decode(record) for message in written for record in message.split(b"\n")]


# --- what one can say of a channel besides ---------------------------------------------------------------------------


def test_no_seq_is_missing(tmp_path: Path) -> None:
    first = play(tmp_path, seqs, "Ana").written[0]
    told = [msgspec.json.decode(record) for message in first for record in message.split(b"\n")]
    said = [one["seq"] for one in told if one["type"] == "event" and one["stream"] == "room/general"]
    assert said == list(range(said[0], said[0] + len(said)))


def test_nothing_that_a_client_made_up_is_told_to_others(tmp_path: Path) -> None:
    """Not its ids and keys; and there is no place where it could say its time zone or language."""
    seen = play(tmp_path, client_made_words, "Ana")
    assert b"p-ana-0" not in b"".join(message for device in seen.written for message in device)
    for extra in ("tz", "lang", "locale", "time"):
        request = {"type": "post_message", "id": 1, "key": "a-key-0001", "room": "general", "text": "x", extra: "x"}
        with pytest.raises(Malformed):
            decode_request(msgspec.json.encode(request), codec="json")


def test_typing_is_told_where_there_are_no_aliases(tmp_path: Path) -> None:
    seen = play(tmp_path, types_in_an_open_room, "Ana")
    assert [one["people"] for one in records(seen) if one["type"] == "typing"][:1] == [["p-ana"]]


async def types_in_an_open_room(node: MaskedNode) -> None:
    await node.does("Olga", ChangeRoom, anonymity="off")
    await node.types(node.behind)
    await node.ticks()


def test_typing_under_way_is_told_no_more_once_there_are_aliases(tmp_path: Path) -> None:
    async def turns_on(node: MaskedNode) -> None:
        await node.does("Olga", ChangeRoom, anonymity="off")
        await node.settle()
        node.flow.soft.here._typing.types(
            GENERAL, None, person=PEOPLE["Ana"].id, now_s=asyncio.get_running_loop().time()
        )
        await node.does("Olga", ChangeRoom, anonymity="alias")
        await node.ticks()

    assert not [one for one in records(play(tmp_path, turns_on, "Ana")) if one["type"] == "typing"]


def test_an_alias_has_no_reason_in_the_queue(tmp_path: Path) -> None:
    """Reasons are not sent: a client works them out of what it reads, by the persona."""
    told = records(play(tmp_path, per_person_counters, "Ana"))
    asked = [one for one in told if one.get("name") == "question_published"]
    queue = [
        Queued(one["data"]["question"], one["data"]["asker"], one["data"]["asked_at"], one["seq"], votes=1)
        for one in asked
    ]
    masked = {one.question for one in queue if one.by.startswith("~")}
    placed = fair_order({one.question: one for one in queue}.values(), {})
    assert masked
    assert {one.reason for one in placed if one.question in masked} == {None}


def test_ones_own_words_under_an_alias_are_told_to_oneself_as_anybodys(tmp_path: Path) -> None:
    """The one behind it reads the same room as all."""

    async def main() -> None:
        async with masked_node(tmp_path, "Ana") as node:
            await node.masked(PostMessage, text="But why?", alias=True)
            ana, cat = (device.heard("event") for device in (node.devices["Ana"], node.cat[0]))
            in_room = [[one for one in heard if one["stream"] == "room/general"] for heard in (ana, cat)]
            assert in_room[0] == in_room[1]

    asyncio.run(main())


def test_the_document_has_each_channel_with_its_test() -> None:
    table = DOCUMENT.read_text(encoding="utf-8").split("| side channel |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert [name for name, _, _ in rows] == list(CHANNELS)
    stories = {*(story.__name__ for story in CHANNELS.values()), *globals(), *vars(domain)}
    for name, _, tests in rows:
        named = re.findall(r"`(\w+)`", tests)
        assert named, name
        assert set(named) <= stories, name


# --- each protection, taken out --------------------------------------------------------------------------------------


class Removal(NamedTuple):
    name: str
    channel: str
    take_out: Callable[[pytest.MonkeyPatch], None]


def typing_is_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PeopleHere, "_has_aliases", lambda here, room: False)


def who_writes_is_here(patch: pytest.MonkeyPatch) -> None:
    command = Flow.command

    async def entering(flow: Flow, given: Any, *, person: PersonId, cohort: Any) -> Any:
        flow.soft.here._people.enter(GENERAL, person, role="learner", now_s=0.0)
        return await command(flow, given, person=person, cohort=cohort)

    patch.setattr(Flow, "command", entering)


def markers_are_told(patch: pytest.MonkeyPatch) -> None:
    decide = handle.decide_mark_read

    def told(mine: Any, command: MarkRead) -> Any:
        decided = decide(mine, command)
        if isinstance(decided, Refusal):
            return decided
        in_room = [Happening(room_stream(command.room), one.event) for one in decided.happenings]
        return Decision(decided.stream, (*decided.happenings, *in_room))

    patch.setattr(handle, "decide_mark_read", told)


def who_reacted_is_told_in_order(patch: pytest.MonkeyPatch) -> None:
    tally = SoftState._tally

    async def named(soft: SoftState, room: Any, messages: dict[int, None]) -> Any:
        said = await tally(soft, room, messages)
        taps = await soft._node.log.read(room_signals_stream(room), after=0, limit=100)
        people = {"by " + ", ".join(entry.by for entry in taps): 1}
        return replace(said, tallies={message: {**counts, **people} for message, counts in said.tallies.items()})

    patch.setattr(SoftState, "_tally", named)


def challenges_are_by_the_person(patch: pytest.MonkeyPatch) -> None:
    reaction = talk._reaction

    def bare(state: Any, command: Any, *, by: Any, said: Any = ()) -> Decision:
        return reaction(state, command, by=None, said=said)

    patch.setattr(talk, "_reaction", bare)


def keys_are_told(patch: pytest.MonkeyPatch) -> None:
    post = talk.post

    def told(state: Any, command: PostMessage, **rest: Any) -> Any:
        decided = post(state, command, **rest)
        if isinstance(decided, Refusal):
            return decided
        first, *others = decided.happenings
        return replace(decided, happenings=(replace(first, event=replace(first.event, question=command.key)), *others))

    patch.setattr(talk, "post", told)


def who_wrote_last_is_offered_first(patch: pytest.MonkeyPatch) -> None:
    view = LogReading.cohort_view
    behind: list[PersonId] = []
    speaker = aliases.speaker

    def noted(state: Any, asker: Any, **rest: Any) -> Any:
        behind[:] = [asker.person]
        return speaker(state, asker, **rest)

    async def ordered(reading: LogReading, cohort: Any) -> Any:
        found = await view(reading, cohort)
        assert found is not None
        members = found[1].members
        found[1].members = {one: members[one] for one in sorted(members, key=lambda one: (one not in behind, one))}
        return found

    patch.setattr(aliases, "speaker", noted)
    patch.setattr(LogReading, "cohort_view", ordered)


def aliases_are_taken_in_the_room(patch: pytest.MonkeyPatch) -> None:
    speaker = aliases.speaker

    def told(state: Any, asker: Any, **rest: Any) -> Any:
        given = speaker(state, asker, **rest)
        if isinstance(given, Refusal):
            return given
        moved = [replace(one, stream=room_stream(state.room)) for one in given.happenings[:1]]
        return given._replace(happenings=(*given.happenings, *moved))

    patch.setattr(aliases, "speaker", told)


def names_in_exports(patch: pytest.MonkeyPatch) -> None:
    def name(of: Exported, by: str) -> str:
        state = of.flow.node.room_lane(of.room).state
        person = state.session.person_behind(by) if state is not None else None
        return of.members[person].name if person in of.members else by

    patch.setattr(Exported, "name", name)


def ana_is_looked_up(patch: pytest.MonkeyPatch) -> None:
    """As when her alias were read from the log, and a new one drawn."""
    command = Flow.command

    async def slower(flow: Flow, given: Any, *, person: PersonId, cohort: Any) -> Any:
        if person == PEOPLE["Ana"].id and getattr(given, "alias", False):
            await flow.node.log.heads([room_stream(GENERAL)])
        return await command(flow, given, person=person, cohort=cohort)

    patch.setattr(Flow, "command", slower)


def answers_are_told_to_all(patch: pytest.MonkeyPatch) -> None:
    """The countdown of who has to wait is shown to the room."""
    command = Flow.command

    async def told(flow: Flow, given: Any, *, person: PersonId, cohort: Any) -> Any:
        verdict = await command(flow, given, person=person, cohort=cohort)
        if isinstance(verdict, Refusal):
            for conversation in flow.node.conversations:
                _say_refusal(conversation, verdict)
        return verdict

    patch.setattr(Flow, "command", told)


def _say_refusal(conversation: Conversation, verdict: Refusal) -> None:
    conversation.say(refused(verdict, id=0))


def slow_mode_is_shared_and_told(patch: pytest.MonkeyPatch) -> None:
    domain.slow_mode_for_the_person(patch)
    answers_are_told_to_all(patch)


REMOVALS: Final = (
    Removal("open questions count for the person", "per-person counters", domain.limits_for_the_person),
    Removal("an alias is made of the person", "per-person counters", domain.alias_of_the_person),
    Removal("typing is told", "typing", typing_is_told),
    Removal("who writes is shown as here", "presence change", who_writes_is_here),
    Removal("slow mode counts for the person", "slow-mode countdown", domain.slow_mode_for_the_person),
    Removal("its countdown is told to all", "slow-mode countdown", slow_mode_is_shared_and_told),
    Removal("what one has read is told", "read markers", markers_are_told),
    Removal("who reacted is told, in order", "order of reactions", who_reacted_is_told_in_order),
    Removal("an alias's challenge is the person's", "order of reactions", challenges_are_by_the_person),
    Removal("the key is told", "client-made ids, time zone, language", keys_are_told),
    Removal("an alias does not mention its person", "mention autocomplete order", domain.self_mentions),
    Removal("who wrote last is offered first", "mention autocomplete order", who_wrote_last_is_offered_first),
    Removal("aliases are taken in the room's stream", "seq gaps", aliases_are_taken_in_the_room),
    Removal("exports have the name", "export order", names_in_exports),
    Removal("one is looked up, the other not", "timing of acks", ana_is_looked_up),
)


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.name)
def test_it_shows_when_a_protection_is_taken_out(
    tmp_path: Path, removal: Removal, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal.take_out(monkeypatch)
    one, other = both(tmp_path, CHANNELS[removal.channel])
    assert one != other


def test_each_channel_has_a_protection_that_was_taken_out() -> None:
    """The reason in the queue is worked out of what is read: test_anonymity_domain.py takes that one out."""
    assert {removal.channel for removal in REMOVALS} == set(CHANNELS) - {'"first question" reason'}
