"""Limits of a page's live channel: one browser that floods it must not make the others wait.

Streamlit handles every message of every channel in one event loop; an empty one costs 2.7 ms there.
"""

import time
from collections.abc import Mapping
from typing import Any

from starlette.types import Message, Receive, Send

BURST = 400
PER_SECOND = 40.0
"""A page sends a message for what a person does, and one a second for each part that keeps up with a job."""
POLICY_VIOLATION = 1008


def limited(receive: Receive, send: Send) -> Receive:
    """Return a `receive` that closes the channel of whoever sends too much, or what no page sends."""
    allowance = Allowance()

    async def receive_limited() -> Message:
        message = await receive()
        if message["type"] != "websocket.receive" or (_is_ours(message) and allowance.take()):
            return message
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}

    return receive_limited


def _is_ours(message: Mapping[str, Any]) -> bool:
    """Whether a page could have sent it: they send bytes, and never none."""
    return bool(message.get("bytes"))


class Allowance:
    """So many messages at once, and so many a second from then on (a token bucket)."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self.left, self.burst, self.per_second = float(burst), float(burst), per_second
        self.seen = time.monotonic()

    def take(self) -> bool:
        """Use one up; False where none is left."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.seen) * self.per_second)
        self.seen = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
