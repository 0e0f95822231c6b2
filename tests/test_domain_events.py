"""What happened: the list is whole, names go both ways, and what stands at its default is not written."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from tertulia.domain import events
from tertulia.domain.event import Event
from tertulia.domain.events import ALL, EVENTS, MessagePosted, event_name
from tertulia.domain.ids import snake
from tertulia.domain.session import events as session_events


def test_every_event_there_is_is_in_the_list_once() -> None:
    defined = [
        kind
        for module in (events, session_events)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Event) and kind is not Event
    ]
    assert len(ALL) == len(set(ALL))
    assert set(defined) == set(ALL)


@pytest.mark.parametrize("kind", ALL)
def test_an_events_name_leads_back_to_it(kind: type[Event]) -> None:
    assert EVENTS[snake(kind.__name__)] is kind


@pytest.mark.parametrize("kind", ALL)
def test_an_event_is_never_changed_and_tells_no_more_than_it_must(kind: type[Event]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.omit_defaults
    assert kind.__struct_config__.tag is None, "its name stands in the entry"
    assert not {"by", "at", "seq", "stream", "name"} & {field.name for field in msgspec.structs.fields(kind)} - {
        "name",
        "seq",
    }, "by and at are the entry's"


@pytest.mark.parametrize("kind", ALL)
def test_an_event_may_gain_fields(kind: type[Event]) -> None:
    """An entry of a newer program has more of them; an older one fewer, where there is a default."""
    assert not kind.__struct_config__.forbid_unknown_fields


def test_a_plain_message_is_its_text() -> None:
    assert msgspec.json.encode(MessagePosted(text="Hi")) == b'{"text":"Hi"}'
    assert event_name(MessagePosted(text="Hi")) == "message_posted"
