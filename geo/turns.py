"""Turns: lets a limited number of threads do something at the same time."""

from threading import Condition


class Turns:
    """A number of turns. A thread that finds none free waits briefly, unless another one has just waited in vain."""

    def __init__(self, most: int, patience_s: float) -> None:
        """Create the turns.

        Args:
            most: how many threads may have one at the same time.
            patience_s: how long a thread waits for one.
        """
        self._free = most
        self._patience_s = patience_s
        self._is_stuck = False
        self._given_back = Condition()

    def take(self) -> bool:
        """Return whether the thread now has a turn, which it must give back."""
        with self._given_back:
            if not self._free and not self._is_stuck:
                self._is_stuck = not self._given_back.wait_for(lambda: self._free, self._patience_s)
            if not self._free:
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        """End the turn of this thread."""
        with self._given_back:
            self._free += 1
            self._is_stuck = False
            self._given_back.notify()
