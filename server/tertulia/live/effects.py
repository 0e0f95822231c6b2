"""What an entry causes on this node beside being read: people sent away, roles changed, tallies to be told."""

from __future__ import annotations

from tertulia.domain.events import (
    MemberBanned,
    MemberLeft,
    MessagePosted,
    MessageRedacted,
    ReactionSet,
    ReadMarked,
    RoleChanged,
)
from tertulia.domain.ids import PersonId, RoomId, StreamName, stream_kind, stream_owner
from tertulia.domain.policy import is_staff
from tertulia.domain.session.events import (
    PaceSet,
    PollAnswered,
    QuestionMerged,
    QuestionRestored,
    QuestionUnmerged,
    SessionOpened,
    VoteSet,
)
from tertulia.live.node import Node
from tertulia.live.soft import SoftState
from tertulia.wire.records import Dropped
from tertulia.wire.stored import Entry, decode_event

_OF_INTEREST = frozenset(
    {
        "member_left",
        "member_banned",
        "role_changed",
        "reaction_set",
        "read_marked",
        "message_posted",
        "message_redacted",
        "vote_set",
        "poll_answered",
        "pace_set",
        "question_merged",
        "question_unmerged",
        "question_restored",
        "session_opened",
    }
)


def happened(node: Node, soft: SoftState, entry: Entry) -> None:
    """May be called more than once for the same entry; each effect bears that."""
    if entry.name not in _OF_INTEREST or (entry.name == "message_posted" and soft.here.is_nobody_typing):
        return
    match decode_event(entry):
        case MessagePosted(thread=thread):
            soft.here.posted(RoomId(stream_owner(entry.stream)), thread, person=entry.by)
        case ReactionSet(message=message):
            soft.reacted(RoomId(stream_owner(entry.stream)), message=message, person=entry.by)
        case MessageRedacted(message=message):
            soft.untallied(RoomId(stream_owner(entry.stream)), message=message)
        case VoteSet() | PollAnswered() | PaceSet():
            soft.session.counted(RoomId(stream_owner(entry.stream)), person=entry.by)
        case SessionOpened():
            soft.session.begun(RoomId(stream_owner(entry.stream)))
        case QuestionMerged() | QuestionUnmerged() | QuestionRestored():
            soft.session.counted(RoomId(stream_owner(entry.stream)), person=None)
        case ReadMarked(room=room):
            for conversation in node.people.get(PersonId(stream_owner(entry.stream)), ()):
                soft.head_stale(room, conversation)
        case MemberBanned(person=person):
            send_away(node, soft, person, why="banned")
        case MemberLeft(person=person):
            send_away(node, soft, person, why="not_a_member")
        case RoleChanged(person=person, role=role):
            for room in _rooms_followed(node, person):
                soft.here.set_role(room, person, role)
            if not is_staff(role):
                _drop_staff_streams(node, soft, person)
        case _:
            pass


def send_away(node: Node, soft: SoftState, person: PersonId, *, why: str) -> None:
    """Close all sockets of a person on this node; they are gone from its rooms at once."""
    rooms = _rooms_followed(node, person)
    for conversation in list(node.people.get(person, ())):
        conversation.close(why)
    for room in rooms:
        soft.here.remove(room, person)


def _rooms_followed(node: Node, person: PersonId) -> list[RoomId]:
    """Each once, in the order they were taken up."""
    rooms = (
        RoomId(stream_owner(stream))
        for conversation in node.people.get(person, ())
        for stream in conversation.follows
        if stream_kind(stream) == "room"
    )
    return list(dict.fromkeys(rooms))


def _drop_staff_streams(node: Node, soft: SoftState, person: PersonId) -> None:
    for conversation in node.people.get(person, ()):
        for stream in [s for s in conversation.follows if stream_kind(StreamName(s)).endswith("/staff")]:
            follow = conversation.follows.pop(stream)
            conversation.outbox.lagging.pop(stream, None)
            soft.unwatch_head(stream, conversation)
            if follow.subscription is not None and (channel := node.channels.get(stream)) is not None:
                channel.detach(follow.subscription)
            conversation.say(Dropped(stream=stream, code="not_allowed"))
