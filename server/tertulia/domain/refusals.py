"""Why a command is not done: a value, part of the protocol, never an exception.

`CODES` is the whole list: code → (retry verdict, sentence). `never`: the same command will be refused again.
`later`: the same command with the same key may succeed, after `after_ms` when given. `reload`: what the client knows
is out of date; read again, then decide again.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Retry = Literal["never", "later", "reload"]

CODES: Final[dict[str, tuple[Retry, str]]] = {
    # what was sent
    "malformed": ("never", "The command could not be read."),
    "text_empty": ("never", "The text is empty."),
    "text_too_long": ("never", "The text is too long."),
    "name_invalid": ("never", "The name is empty or too long."),
    "reason_required": ("never", "This needs a reason of at most 500 characters."),
    "emoji_not_allowed": ("never", "This room does not allow this reaction."),
    "key_reused": ("never", "This key was already used for another command."),
    "sentence_required": ("never", "This reaction needs a sentence."),
    "words_blocked": ("never", "The text has words this room does not allow."),
    "options_invalid": ("never", "The options of the poll are not usable."),
    "answer_invalid": ("never", "This is no answer to this poll."),
    "groups_invalid": ("never", "The groups are not usable."),
    # what it names
    "unknown_stream": ("never", "There is no such stream."),
    "unknown_cohort": ("never", "There is no such cohort."),
    "unknown_room": ("never", "There is no such room."),
    "unknown_message": ("never", "There is no such message in this room."),
    "unknown_member": ("never", "There is no such member."),
    "unknown_invite": ("never", "There is no such invite."),
    "unknown_question": ("never", "There is no such question in this session."),
    "unknown_poll": ("never", "There is no such poll in this session."),
    "unknown_option": ("never", "The poll has no such option."),
    "unknown_hand": ("never", "This hand is not raised."),
    "unknown_held": ("never", "There is no such held message."),
    "unknown_alias": ("never", "There is no such alias in this room."),
    # who asks
    "not_allowed": ("never", "Your role may not do this."),
    "not_author": ("never", "Only the author may do this."),
    "not_a_member": ("never", "You are not a member of this cohort."),
    "banned": ("never", "You were removed from this cohort."),
    "muted": ("later", "You are muted in this room."),
    "token_invalid": ("never", "The token is not valid."),
    "token_expired": ("reload", "The token has expired: refresh it."),
    "invite_invalid": ("never", "The invite link is not valid, is used up or was revoked."),
    "invite_expired": ("never", "The invite link has expired."),
    # when it comes
    "room_locked": ("later", "The room is locked: only staff may write."),
    "room_closed": ("never", "The room is closed."),
    "already_redacted": ("reload", "The message was redacted."),
    "precondition_failed": ("reload", "The message has changed since you read it."),
    "slow_mode": ("later", "Slow mode is on: wait before the next message."),
    "rate_limited": ("later", "Too many commands: wait a little."),
    "too_many_in_flight": ("later", "Too many unanswered commands: wait for replies."),
    "too_many": ("never", "There are too many of these already."),
    "not_a_session": ("never", "This room is not for live sessions."),
    "session_not_open": ("never", "No session is open in this room."),
    "session_open": ("never", "A session is open already."),
    "mark_goes_back": ("never", "The mark lies before the last one: say that it was rewound."),
    "question_status": ("reload", "The question's status does not allow this."),
    "merge_circle": ("never", "A question cannot be merged into itself, nor in a circle."),
    "already_voted": ("never", "You have voted for this question."),
    "not_voted": ("never", "You have not voted for this question."),
    "already_raised": ("never", "The hand is raised already."),
    "poll_closed": ("never", "The poll is closed."),
    "floor_held": ("never", "The floor is held already."),
    "floor_not_held": ("never", "The floor is not held."),
    "alias_not_allowed": ("never", "This room allows no aliases."),
    "alias_sealed": ("never", "Nobody may look behind this alias: that was promised."),
    "already_endorsed": ("never", "You have endorsed this answer."),
    "already_hidden": ("reload", "The message is hidden already."),
    "not_hidden": ("reload", "The message is not hidden."),
    "teams_formed": ("never", "The teams are formed already: recall them first."),
    "teams_not_formed": ("never", "There are no teams."),
    "nothing_to_undo": ("reload", "This cannot be undone, or not any more."),
    # when the server cannot
    "storage_full": ("later", "The server's storage is full: nothing can be written now; reading works."),
    "unavailable": ("later", "The server cannot reach its log now: try again."),
    "overloaded": ("later", "The server is busy: try again."),
    "draining": ("later", "The server is going away: reconnect and send again."),
    "internal": ("later", "Something went wrong on the server."),
}


class Refusal(msgspec.Struct, frozen=True):
    """`message` is the code's sentence unless a more exact one is given. `after_ms`: when to try again."""

    code: str
    message: str = ""
    after_ms: int | None = None

    @property
    def sentence(self) -> str:
        return self.message or CODES[self.code][1]

    @property
    def retry(self) -> Retry:
        return CODES[self.code][0]
