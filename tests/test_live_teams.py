"""Teams on a whole node: rooms made, closed and written into by the lane of another room."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tertulia.domain.commands import PostMessage
from tertulia.domain.refusals import Refusal
from tertulia.domain.session.commands import FormTeams, RecallTeams, ReportResult
from tertulia.live.jobs import Done
from tests.masked_node import GENERAL, MaskedNode, masked_node


def test_teams_are_formed_report_and_are_recalled(tmp_path: Path) -> None:
    """A lane that has a room's state hears what another room's lane wrote there, and goes on from it."""

    async def story(node: MaskedNode) -> None:
        groups = [["p-ana"], ["p-ben"]]
        assert isinstance(await node.does("Tad", FormTeams, how="manual", groups=groups), Done)
        parent = node.flow.node.room_lane(GENERAL).state
        assert parent is not None
        first, second = parent.session.teams
        for room in (first, second):
            assert isinstance(await node.does("Ana", PostMessage, text="We begin.", room=room), Done)
        told = await node.does("Ana", ReportResult, text="It is 7.", room=first)
        assert isinstance(told, Done)
        assert told.stream == "room/general"
        after = await node.does("Ben", PostMessage, text="So it is.", reply_to=told.seq)
        assert isinstance(after, Done)
        assert after.seq == told.seq + 1
        result = await node.flow.node.log.read(told.stream, after=told.seq - 1, limit=1)
        assert b'"kind":"result"' in result[0].data
        assert result[0].by == "p-ana"
        assert isinstance(await node.does("Tad", RecallTeams), Done)
        for room in (first, second):
            refusal = await node.does("Ana", PostMessage, text="And another thing.", room=room)
            assert isinstance(refusal, Refusal)
            assert refusal.code == "room_closed"
        again = await node.does("Tad", FormTeams, how="manual", groups=groups)
        assert isinstance(again, Done)

    async def main() -> None:
        async with masked_node(tmp_path, "Ana") as node:
            await story(node)

    asyncio.run(main())
