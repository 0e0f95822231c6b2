"""Commands over HTTP: the same commands, keys, answers and lanes as on the socket."""

from __future__ import annotations

from starlette.responses import Response

from tertulia.domain.commands import AnyCommand
from tertulia.domain.refusals import Refusal
from tertulia.live.handle import answer_record
from tertulia.routes.answering import answer, refuse_as
from tertulia.routes.asking import Ask


async def command(ask: Ask, command: AnyCommand) -> Response:
    """`accepted` with 200, or `refused` with its code's status; the record is the one the socket would tell."""
    verdict = await ask.site.flow.command(command, person=ask.person, cohort=ask.cohort)
    record = answer_record(verdict, id=command.id)
    return refuse_as(record, verdict) if isinstance(verdict, Refusal) else answer(record)
