"""What a node keeps of a room's newest events, while texts in it are redacted and the log is slow to answer.

Found by the simulation (its seed 349): a read that began before a redaction must not bring the text back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tertulia.app import Settings, running
from tertulia.domain.commands import EditMessage, PostMessage, RedactMessage
from tertulia.domain.ids import CohortId, RoomId, Seq, room_stream
from tertulia.live.greet import join
from tertulia.live.jobs import Done
from tertulia.wire.stored import Entry
from tests.school import OWNER, make_school

ROOM = RoomId("general")


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
