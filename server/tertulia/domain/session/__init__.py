"""A live session in a room: questions, hands, polls, pace, the floor, aliases, teams, moderation.

It is part of the room, not beside it: the same streams, the same lane, the same log. A question is a message of kind
`question` with a life of its own. `state.py` holds what deciding needs, `apply.py` folds it from events, one module
for each topic decides.
"""
