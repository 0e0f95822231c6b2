"""Answers: JSON, refusals and the status each has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from tertulia.domain.refusals import Refusal, Retry

STATUS: Final[dict[str, int]] = {
    "malformed": 400,
    "text_empty": 422,
    "text_too_long": 422,
    "name_invalid": 422,
    "reason_required": 422,
    "emoji_not_allowed": 422,
    "key_reused": 409,
    "unknown_stream": 404,
    "unknown_cohort": 404,
    "unknown_room": 404,
    "unknown_message": 404,
    "unknown_member": 404,
    "unknown_invite": 404,
    "not_allowed": 403,
    "not_author": 403,
    "not_a_member": 403,
    "banned": 403,
    "muted": 403,
    "token_invalid": 401,
    "token_expired": 401,
    "invite_invalid": 403,
    "invite_expired": 410,
    "room_locked": 423,
    "room_closed": 409,
    "already_redacted": 409,
    "precondition_failed": 412,
    "slow_mode": 429,
    "rate_limited": 429,
    "too_many_in_flight": 429,
    "too_many": 409,
    "sentence_required": 422,
    "words_blocked": 422,
    "options_invalid": 422,
    "answer_invalid": 422,
    "groups_invalid": 422,
    "unknown_question": 404,
    "unknown_poll": 404,
    "unknown_option": 404,
    "unknown_hand": 404,
    "unknown_held": 404,
    "unknown_alias": 404,
    "alias_not_allowed": 403,
    "alias_sealed": 403,
    "not_a_session": 409,
    "session_not_open": 409,
    "session_open": 409,
    "mark_goes_back": 409,
    "question_status": 409,
    "merge_circle": 409,
    "already_voted": 409,
    "not_voted": 409,
    "already_raised": 409,
    "poll_closed": 409,
    "floor_held": 409,
    "floor_not_held": 409,
    "already_endorsed": 409,
    "already_hidden": 409,
    "not_hidden": 409,
    "teams_formed": 409,
    "teams_not_formed": 409,
    "nothing_to_undo": 409,
    "storage_full": 503,
    "unavailable": 503,
    "overloaded": 503,
    "draining": 503,
    "internal": 500,
}
"""Refusal code → HTTP status. A test compares it with `refusals.CODES`."""

RETRY_AFTER_S: Final = 2
"""When a 503 or 429 does not know better."""

encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a call was not answered. `after`: milliseconds to wait before the same call may succeed."""

    code: str
    message: str
    retry: Retry
    after: int | None = None


class JsonResponse(Response):
    media_type = "application/json"


def answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return JsonResponse(encode(content), status, {"cache-control": "no-store", **(headers or {})})


def refuse(refusal: Refusal, *, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    problem = Problem(code=refusal.code, message=refusal.sentence, retry=refusal.retry, after=refusal.after_ms)
    return refuse_as(problem, refusal, status=status, headers=headers)


def refuse_as(
    content: Any, refusal: Refusal, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal whose JSON is made elsewhere (the `refused` record of a command)."""
    status = STATUS[refusal.code] if status is None else status
    more = dict(headers or {})
    if status in (429, 503):
        after_s = RETRY_AFTER_S if refusal.after_ms is None else math.ceil(refusal.after_ms / 1000)
        more["retry-after"] = str(max(1, after_s))
    elif status == 401:
        more["www-authenticate"] = f'Bearer realm="tertulia", error="{refusal.code}"'
    return answer(content, status=status, headers=more)
