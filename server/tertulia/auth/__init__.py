"""Who someone is: signed tokens, the secret they are signed with, ids for people, and how fast one may ask.

Promises: what `Tokens.read` returns as `Claims` was signed with our secret, for this server, for this use,
and has not expired; anything else is a `Refusal`, whatever the bytes were. Only `secret.py` does input or
output. What is *not* here: whether a person still is a member (the cohort's state says so) and what they may
do (`policy.py`).
"""
