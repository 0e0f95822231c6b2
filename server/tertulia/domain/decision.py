"""What `decide` says: who asks, and the events that are to happen, each with its stream."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tertulia.domain.event import Event
from tertulia.domain.events import RoomListed
from tertulia.domain.ids import PersonId, RoomId, StreamName
from tertulia.domain.policy import RANK, Role, is_staff

Roles = Mapping[PersonId, Role]
"""The cohort's members who are here now, by person."""


class Asker(msgspec.Struct, frozen=True):
    """The member a command comes from, as the cohort knows them now."""

    person: PersonId
    role: Role

    @property
    def is_staff(self) -> bool:
        return is_staff(self.role)

    def as_alias(self) -> Asker:
        """Whoever speaks under an alias may do what a learner may: more would show that it is one of the staff."""
        return Asker(self.person, "learner")

    def outranks(self, role: Role | None) -> bool:
        """Whether staff may act on a person of this role; on one the cohort does not know any more, always."""
        return self.is_staff and (role is None or RANK[self.role] > RANK[role])


class Setting(msgspec.Struct, frozen=True):
    """What else a decision looks at: the cohort's members and rooms, and random ids: `new_id` for what is created,
    `alias_id` for an alias. Nobody is shown that one, so that no alias can be told from what else was created."""

    roles: Roles
    rooms: Mapping[RoomId, RoomListed] = {}
    new_id: str = ""
    alias_id: str = ""


class Happening(msgspec.Struct, frozen=True):
    """An event that is to be appended to a stream. `by`: who readers see as its author, when that is not the asker."""

    stream: StreamName
    event: Event
    by: PersonId | None = None


class Decision(msgspec.Struct, frozen=True):
    """An accepted command. `stream` is the one the receipt names: that of the first event, or where nothing changed.

    `happenings` may be empty: what was asked is so already. `redacts`: messages (stream, seq) whose text goes.
    `fresh`: streams that must not have an entry yet.
    """

    stream: StreamName
    happenings: tuple[Happening, ...] = ()
    redacts: tuple[tuple[StreamName, int], ...] = ()
    fresh: tuple[StreamName, ...] = ()
