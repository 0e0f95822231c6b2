"""What a node keeps of a room's newest events, while texts in it are redacted and the log is slow to answer.

Found by the simulation (its seed 349): a read that began before a redaction must not bring the text back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tertulia.app import Settings, running
from tertulia.domain import limits
from tertulia.domain.cohort import decide_room_made
from tertulia.domain.commands import ChangeRoom, EditMessage, PostMessage, RedactMessage
from tertulia.domain.decision import Decision, Happening
from tertulia.domain.events import MessagePosted
from tertulia.domain.ids import CohortId, PersonId, RoomId, Seq, room_staff_stream, room_stream, user_stream
from tertulia.domain.room import STATE_VERSION
from tertulia.domain.session.commands import ApproveQuestion, AskQuestion, OpenSession, RewordQuestion
from tertulia.hub import Channel
from tertulia.live.greet import join
from tertulia.live.jobs import Done
from tertulia.wire.stored import Entry
from tests.school import OWNER, make_school

ROOM, LIVE = RoomId("general"), RoomId("live")


class SlowToAnswer:
    """A log of which the first reads are answered when the test says so, with what they found when they were asked."""

    def __init__(self, log: Any, *, held: int) -> None:
        self._log = log
        self._to_hold = held
        self.held: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def read(self, *asked: Any, **options: Any) -> list[Entry]:
        self._to_hold -= 1
        is_held = self._to_hold >= 0
        found: list[Entry] = await self._log.read(*asked, **options)
        if is_held:
            may_answer = asyncio.get_running_loop().create_future()
            self.held.put_nowait(may_answer)
            await may_answer
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def test_a_text_stays_gone_when_an_older_read_answers_after_its_redaction(tmp_path: Path) -> None:
    """Two redactions, one after the other; the read for the first is answered last, and it saw the second's text."""

    async def main() -> None:
        await make_school(tmp_path / "data")
        async with running(Settings(data=tmp_path / "data")) as flow:
            keys = iter(range(100))

            async def say(command: Any, **fields: Any) -> Seq:
                key = next(keys)
                made = command(id=key, key=f"key-{key:012}", room=ROOM, **fields)
                done = await flow.command(made, person=OWNER, cohort=CohortId("demo"))
                assert isinstance(done, Done), done
                return done.seq

            refusal = await join(flow.node, CohortId("demo"), OWNER, name="Olga", role="owner")
            assert refusal is None, refusal
            await flow.receiver.open([room_stream(ROOM)])
            first = await say(PostMessage, text="the first secret")
            second = await say(PostMessage, text="another secret")
            await say(EditMessage, message=second, text="another secret, reworded")
            log = SlowToAnswer(flow.node.log, held=2)
            flow.node.log = log  # type: ignore[assignment]
            await say(RedactMessage, message=first)
            first_answer = await log.held.get()
            await say(RedactMessage, message=second)
            second_answer = await log.held.get()
            rereads = [task for task in flow.node._tasks if "_reread" in repr(task.get_coro())]
            second_answer.set_result(None)
            await asyncio.wait(rereads, return_when=asyncio.FIRST_COMPLETED)
            first_answer.set_result(None)
            await asyncio.wait(rereads)
            tail = flow.node.channels[room_stream(ROOM)].tail_after(first - 1)
            assert tail is not None
            assert b"secret" not in b"".join(record.json for _, record in tail)

    asyncio.run(main())


def test_a_question_that_waited_is_gone_from_all_it_was_told_in(tmp_path: Path) -> None:
    """From the streams of staff and of who asked, from what the node keeps of them, from the state that was saved: no
    file has it any more."""
    secret = b"qzxvqkjwbqzx"

    async def main() -> None:
        await make_school(tmp_path / "data")
        async with running(Settings(data=tmp_path / "data")) as flow:
            keys = iter(range(1_000))
            node, lane = flow.node, flow.node.room_lane(LIVE)

            async def gives(person: str, kind: type[Any], **fields: Any) -> Seq:
                command = kind(key=f"key-{next(keys):012}", room=LIVE, **fields)
                done = await flow.command(command, person=PersonId(person), cohort=CohortId("demo"))
                assert isinstance(done, Done), done
                return done.seq

            for person, role in ((OWNER, "owner"), ("p-ana", "learner")):
                await join(node, CohortId("demo"), PersonId(person), name="N", role=role)  # type: ignore[arg-type]
            made = decide_room_made(CohortId("demo"), LIVE, name="Live", kind="session")
            await node.cohort_lane(CohortId("demo")).ask(lambda state, at: made, author=OWNER)
            told = [room_stream(LIVE), room_staff_stream(LIVE), user_stream(PersonId("p-ana"))]
            await flow.receiver.open(told)
            await gives(OWNER, OpenSession)
            await gives(OWNER, ChangeRoom, approve_questions=True)
            await gives("p-ana", AskQuestion, text=secret.decode())
            (question,) = (await lane.ready()).session.questions
            await gives(OWNER, RewordQuestion, question=question, text=f"now {secret.decode()}")
            message = await gives(OWNER, ApproveQuestion, question=question)
            for number in range(limits.checkpoint_every_events):
                lane.ask(lambda state, at, number=number: _says(number), author=OWNER)  # type: ignore[misc]
            await gives(OWNER, PostMessage, text="The state is saved by now.")
            saved = await node.log.checkpoint(room_stream(LIVE), version=STATE_VERSION)
            assert saved is not None
            assert secret in saved.state
            assert all(secret in _kept(node.channels[stream]) for stream in told[1:])
            await gives("p-ana", RedactMessage, message=message)
            for _ in range(100):
                if not any(secret in _kept(channel) for channel in node.channels.values()):
                    break
                await asyncio.sleep(0.01)
            assert not any(secret in _kept(channel) for channel in node.channels.values())
            for stream in told:
                entries = [entry.data for entry in await node.log.read(stream, after=0, limit=1_000)]
                assert secret not in b"".join(entries)
            saved = await node.log.checkpoint(room_stream(LIVE), version=STATE_VERSION)
            assert saved is not None
            assert secret not in saved.state
            await asyncio.sleep(limits.log_wipe_every_s * 3)
        assert not any(secret in file.read_bytes() for file in (tmp_path / "data").iterdir())

    asyncio.run(main())


def _says(number: int) -> Decision:
    stream = room_stream(LIVE)
    return Decision(stream, (Happening(stream, MessagePosted(text=f"{number}")),))


def _kept(channel: Channel) -> bytes:
    return b"".join(record.json for _, record in channel._tail)
