"""The desk: where conversations hand in their requests (`conversation.Desk`). One per node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from tertulia.conversation import Conversation
from tertulia.domain import limits
from tertulia.domain.cohort import asker_of
from tertulia.domain.commands import AnyCommand
from tertulia.domain.ids import RoomId, StreamName, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.eventlog import LogUnavailable
from tertulia.live.catch_up import CatchUp
from tertulia.live.greet import greet
from tertulia.live.handle import answer_record, handle
from tertulia.live.jobs import Done
from tertulia.live.node import Node
from tertulia.live.receive import Receiver
from tertulia.live.soft import SoftState
from tertulia.wire.records import Pong, StreamResult, Subscribed, Token, Unsubscribed, refused
from tertulia.wire.requests import Hello, InView, Ping, RefreshToken, Subscribe, Typing, Unsubscribe

logger = structlog.get_logger("tertulia.live.desk")


class NodeDesk:
    def __init__(self, node: Node, receiver: Receiver, catch_up: CatchUp, soft: SoftState) -> None:
        self._node = node
        self._receiver = receiver
        self._catch_up = catch_up
        self._soft = soft

    def greet(self, conversation: Conversation, hello: Hello) -> None:
        if self._node.is_draining:
            conversation.close("draining")
            return
        work = partial(greet, self._node, self._receiver, self._catch_up, conversation, hello)
        self._take_turns(conversation, work, on_failure=conversation.close)

    def command(self, conversation: Conversation, command: AnyCommand) -> None:
        member = conversation.member
        assert member is not None, "only open conversations hand in commands"
        id = command.id

        def answer(verdict: Done | Refusal) -> None:
            conversation.answered(answer_record(verdict, id=id))

        handle(self._node, command, person=member.person, cohort=member.cohort, answer=answer)

    def subscribe(self, conversation: Conversation, request: Subscribe) -> None:
        answers: list[Subscribed] = []

        def say_results(results: dict[str, StreamResult]) -> None:
            answers.append(Subscribed(id=request.id, streams=results))
            conversation.say(answers[0])

        def fail(code: str) -> None:
            if answers:  # it was told what would follow, and that does not: let it come again
                conversation.close(code)
            else:
                conversation.say(refused(Refusal(code), id=request.id))

        self._take_turns(conversation, partial(self._subscribe, conversation, request, say_results), on_failure=fail)

    def unsubscribe(self, conversation: Conversation, request: Unsubscribe) -> None:
        async def leave() -> None:
            for stream in request.streams:
                self._catch_up.leave(conversation, StreamName(stream))
            conversation.say(Unsubscribed(id=request.id, streams=request.streams))

        def fail(code: str) -> None:
            conversation.say(refused(Refusal(code), id=request.id))

        self._take_turns(conversation, leave, on_failure=fail)

    def refresh_token(self, conversation: Conversation, request: RefreshToken) -> None:
        member, node = conversation.member, self._node
        assert member is not None, "only open conversations hand in requests"
        state = node.cohort_state(member.cohort)
        asker = Refusal("unavailable") if state is None else asker_of(state, member.person, at=node.clock.now_ms())
        if isinstance(asker, Refusal) or state is None:
            conversation.say(refused(asker if isinstance(asker, Refusal) else Refusal("unavailable"), id=request.id))
            return
        name = state.members[member.person].name
        issued = node.tokens.issue_access(member.person, member.cohort, name=name, role=asker.role)
        conversation.renewed(issued.expires_at_ms)
        conversation.say(Token(id=request.id, token=issued.token, expires_at=issued.expires_at_ms))

    def typing(self, conversation: Conversation, request: Typing) -> None:
        if self._follows(conversation, request.room):
            self._soft.here.types(conversation, request.room, request.thread)

    def in_view(self, conversation: Conversation, request: InView) -> None:
        if self._follows(conversation, request.room):
            self._soft.here.look(conversation, request.room, frozenset(request.people))

    def ping(self, conversation: Conversation, request: Ping) -> None:
        conversation.say(Pong(id=request.id, at=self._node.clock.now_ms()))

    def is_expired(self, conversation: Conversation) -> bool:
        member = conversation.member
        overdue_ms = 0 if member is None else self._node.clock.now_ms() - member.expires_at
        return overdue_ms > limits.token_leeway_s * 1000

    def cleared(self, conversation: Conversation) -> None:
        self._catch_up.tell_lags(conversation)
        self._catch_up.cleared(conversation)
        self._soft.missed(conversation)

    def gone(self, conversation: Conversation) -> None:
        for stream in list(conversation.follows):
            self._catch_up.leave(conversation, stream)
        self._catch_up.cleared(conversation)
        self._soft.forget(conversation)
        if conversation.member is not None:
            self._node.depart(conversation.member.person, conversation)

    def _follows(self, conversation: Conversation, room: RoomId) -> bool:
        return room_stream(room) in conversation.follows

    async def _subscribe(
        self,
        conversation: Conversation,
        request: Subscribe,
        say_results: Callable[[dict[str, StreamResult]], None],
    ) -> None:
        member, node = conversation.member, self._node
        assert member is not None, "only open conversations hand in requests"
        lane = node.cohort_lane(member.cohort)
        asker = asker_of(await lane.ready(), member.person, at=node.clock.now_ms())
        if isinstance(asker, Refusal):
            conversation.say(refused(asker, id=request.id))
            return
        await self._catch_up.take_up(
            conversation,
            request.streams,
            request.levels,
            asker=asker,
            cohort=member.cohort,
            say_results=say_results,
        )

    def _take_turns(
        self,
        conversation: Conversation,
        work: Callable[[], Awaitable[None]],
        *,
        on_failure: Callable[[str], None],
    ) -> None:
        """What takes up streams runs one after another for each conversation, in the order it was asked."""
        if conversation.turns >= limits.commands_in_flight_max:
            on_failure("too_many_in_flight")
            return
        conversation.turns += 1
        before = conversation.taking_up

        async def turn() -> None:
            try:
                if before is not None:
                    await asyncio.shield(before)
                if not conversation.is_closed():
                    await work()
            except LogUnavailable:
                on_failure("unavailable")
            except Exception:
                logger.exception("request failed", what=str(work))
                on_failure("internal")
            finally:
                conversation.turns -= 1
                if conversation.taking_up is task:
                    conversation.taking_up = None

        task = conversation.taking_up = self._node.spawn(turn())
