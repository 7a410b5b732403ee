"""Keep the receipt signer of a server process in step with the key directory, without a restart."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from campaign.assignment.receipts import ReceiptSigner
from campaign.keys.rotation import signing_key
from campaign.keys.store import ReceiptKeyFile, read_keys, receipt_key_files, receipt_keys

log = logging.getLogger(__name__)

RELOAD_SECONDS = 1.0
# A receipt under an unknown key triggers a reload at once for its first occurrence, then at most this often: a forged
# receipt can name any key, and so can one whose key was destroyed.
MIN_RELOAD_SECONDS = 0.1


class KeyReloader:
    """One receipt signer for the life of the process, whose keys follow the directory."""

    def __init__(self, directory: Path, *, clock: Callable[[], float]) -> None:
        self._directory, self._clock = directory, clock
        self._lock = threading.Lock()
        self._last_reload = float("-inf")
        self._unknown: set[int] = set()  # key numbers that a reload did not find
        self._failing = False
        self._keys = receipt_keys(directory)
        self._files: list[ReceiptKeyFile] = receipt_key_files(directory)
        self._signing = max(self._keys)
        self.receipt_signer = ReceiptSigner(self._keys, on_unknown_key=self.reload_for_unknown_key)
        self.refresh()

    def refresh(self) -> None:
        """Update the signer if a key was added, removed, or begins to sign now."""
        with self._lock:
            self._refresh()

    def reload_for_unknown_key(self, number: int) -> None:
        """Reload because a receipt names an unknown key; concurrent callers wait for the result."""
        with self._lock:
            if number not in self._unknown or time.monotonic() - self._last_reload >= MIN_RELOAD_SECONDS:
                self._unknown.add(number)
                self._last_reload = time.monotonic()
                self._refresh()

    def start_refreshing(self) -> threading.Event:
        """Refresh from a background thread for the life of the process, or until the event is set."""
        stop = threading.Event()

        def loop() -> None:
            while not stop.wait(RELOAD_SECONDS):
                self.refresh()

        threading.Thread(target=loop, name="keys", daemon=True).start()
        return stop

    def _refresh(self) -> None:
        now = self._clock()  # read before the directory: a key destroyed before its time never signs
        keys = self._read()
        number = signing_key([key for key in self._files if key.number in keys], now=now).number
        if (keys, number) != (self._keys, self._signing):
            self._keys, self._signing = keys, number
            self.receipt_signer.replace_keys(keys, signing_number=number)

    def _read(self) -> dict[int, bytes]:
        """The keys in the directory; the previous ones if it cannot be read or holds none."""
        try:
            files = receipt_key_files(self._directory)
            keys = read_keys(files)
            failure = "" if keys else "the directory holds no receipt key"
        except (OSError, ValueError) as error:
            failure = type(error).__name__
        if failure:
            if not self._failing:
                log.warning("The receipt keys were not reloaded: %s", failure)
            self._failing = True
            return self._keys
        self._files, self._failing = files, False
        return keys
