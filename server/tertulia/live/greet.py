"""Hello: who is this, are they a member, and what do they want to follow."""

from __future__ import annotations

from tertulia import __version__
from tertulia.auth.tokens import Claims
from tertulia.conversation import Conversation, Member
from tertulia.domain import limits
from tertulia.domain.cohort import CohortState, asker_of, decide_admission, decide_found
from tertulia.domain.decision import Asker
from tertulia.domain.ids import CohortId, InviteId, PersonId, cohort_staff_stream, cohort_stream
from tertulia.domain.policy import Role
from tertulia.domain.refusals import CODES, Refusal
from tertulia.live.catch_up import CatchUp
from tertulia.live.node import Node
from tertulia.live.receive import Receiver
from tertulia.wire.closing import CLOSINGS
from tertulia.wire.records import StreamResult, Welcome
from tertulia.wire.requests import Hello

FEATURES = ("batches", "levels", "lag", "reconnect")


async def greet(node: Node, receiver: Receiver, catch_up: CatchUp, conversation: Conversation, hello: Hello) -> None:
    """Answer hello with `welcome` and the streams, or close. Raises LogUnavailable."""
    claims = node.tokens.read(hello.token, use="access")
    if isinstance(claims, Refusal):
        conversation.close(claims.code)
        return
    asker = await admit(node, receiver, claims)
    if isinstance(asker, Refusal):
        conversation.close(asker.code if asker.code in CLOSINGS else "not_a_member")
        return
    if len(node.people.get(asker.person, ())) >= limits.connections_per_person_max:
        conversation.close("too_many_connections")
        return
    if conversation.is_closed():
        return
    state = node.cohort_state(claims.cohort)
    assert state is not None, "admit has loaded it"
    member = Member(asker.person, claims.cohort, claims.expires_at_ms)
    number = node.arrive(asker.person, conversation)
    conversation.member = member

    def say_welcome(results: dict[str, StreamResult]) -> None:
        conversation.say(
            Welcome(
                person=asker.person,
                name=state.members[asker.person].name,
                role=asker.role,
                cohort=claims.cohort,
                connection=f"{node.node_id}-{number}",
                server=f"tertulia/{__version__}",
                at=node.clock.now_ms(),
                expires_at=member.expires_at,
                ping_s=limits.ping_s,
                features=list(FEATURES),
                limits=limits.public(),
                streams=results,
            )
        )

    await catch_up.take_up(
        conversation,
        hello.streams,
        hello.levels,
        asker=asker,
        cohort=claims.cohort,
        say_results=say_welcome,
    )
    if not conversation.is_closed():
        conversation.opened(member)


async def admit(node: Node, receiver: Receiver, claims: Claims) -> Asker | Refusal:
    """The member a token speaks for. A token this server signed for someone who is not known yet brings them in; one
    for an owner or instructor makes the cohort it names. Raises LogUnavailable."""
    await receiver.open([cohort_stream(claims.cohort), cohort_staff_stream(claims.cohort)])
    lane = node.cohort_lane(claims.cohort)
    state = await lane.ready()
    asker = asker_of(state, claims.person, at=node.clock.now_ms())
    if isinstance(asker, Asker):
        return asker
    if not state.exists and claims.role in ("owner", "instructor"):
        refusal = await found_cohort(node, claims.cohort, founder=claims.person)
        if refusal is not None and refusal.code != "too_many":
            return refusal
    refusal = await join(node, claims.cohort, claims.person, name=claims.name, role=claims.role)
    if refusal is not None:
        return refusal
    return asker_of(await lane.ready(), claims.person, at=node.clock.now_ms())


async def found_cohort(
    node: Node,
    cohort: CohortId,
    *,
    founder: PersonId,
    name: str = "",
    course: str = "",
    course_name: str = "",
) -> Refusal | None:
    """Make a cohort; None when it is there now."""
    title = name or cohort.replace("-", " ").capitalize()

    def decide(state: CohortState, at: int) -> object:
        if state.exists:
            return Refusal("too_many", "The cohort is there already.")
        return decide_found(cohort, name=title, course=course or cohort, course_name=course_name or title)

    done = await node.cohort_lane(cohort).ask(decide, author=founder)  # type: ignore[arg-type]
    return done if isinstance(done, Refusal) else None


async def join(
    node: Node,
    cohort: CohortId,
    person: PersonId,
    *,
    name: str,
    role: Role,
    invite: InviteId | None = None,
    goal: str = "",
) -> Refusal | None:
    """Bring a person in; None when they are in now."""
    done = await node.cohort_lane(cohort).ask(
        lambda state, at: decide_admission(state, person, name=name, role=role, at=at, invite=invite, goal=goal),
        author=person,
    )
    assert not isinstance(done, Refusal) or done.code in CODES
    return done if isinstance(done, Refusal) else None
