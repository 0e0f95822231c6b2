"""The HTTP shell: the API of protocol.md, chapter 11, the live stream without WebSockets, metrics, the web app's files.

- `application.py`: `build` makes the ASGI application; `table.py`: every call, one row each.
- `asking.py`: who asks, and what they ask for; `answering.py`: answers, refusals and their statuses.
- `entering.py` `reading.py` `exporting.py` `inviting.py` `commanding.py`: the calls.
- `door.py`: where every connection comes in.
- `live.py`, `sse.py`: server-sent events; `operating.py`, `metrics.py`: for operators; `webapp.py`: files.
- `manners.py`: what holds for every answer: headers, CORS, what a fault looks like from outside.

Nothing is decided here: commands go through `live/`, and who may read what is asked there too.
"""

from tertulia.routes.application import build
from tertulia.routes.site import RouteSettings

__all__ = ["RouteSettings", "build"]
