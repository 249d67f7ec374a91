"""Rate limits: so many calls a minute from one address, so that no visitor keeps the others waiting."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

REMEMBERED = 10_000  # addresses


class RateLimit:
    """At most `times` calls within any `seconds` from one caller (a sliding window).

    Args:
        times: calls; 0 sets no limit.
        clock: tells seconds.
    """

    def __init__(self, times: int, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.times, self.seconds, self._clock = times, seconds, clock
        self._calls: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, caller: str) -> float:
        """Seconds until the caller may call; at 0 the call counts."""
        if not self.times:
            return 0.0
        now = self._clock()
        with self._lock:
            calls = self._calls.setdefault(caller, deque())
            self._calls.move_to_end(caller)
            while len(self._calls) > REMEMBERED:
                self._calls.popitem(last=False)
            while calls and calls[0] <= now - self.seconds:
                calls.popleft()
            if len(calls) >= self.times:
                return calls[0] + self.seconds - now
            calls.append(now)
            return 0.0
