"""The receipt office of a server process, with the keys that lie in the key directory now: nothing is started anew."""

from __future__ import annotations

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
# A receipt under an unknown key makes this process look at once: the first one under each number, and then not more
# often than this, because forgers may name any key, and so do receipts whose key is gone.
MIN_RELOAD_SECONDS = 0.1


class KeyReloader:
    """One office for the life of the process; its ring follows the directory."""

    def __init__(self, directory: Path, *, clock: Callable[[], float]) -> None:
        self._directory, self._clock = directory, clock
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._missed: set[int] = set()  # numbers that were not there when they were looked for
        self._failing = False
        self._keys = receipt_keys(directory)
        self._files: list[ReceiptKeyFile] = receipt_key_files(directory)
        self._signing = max(self._keys)
        self.receipt_signer = ReceiptSigner(self._keys, on_unknown_key=self.reload_for_unknown_key)
        self.refresh()

    def refresh(self) -> None:
        """Renew the office's ring if a key came, went, or begins to sign now."""
        with self._lock:
            self._refresh()

    def reload_for_unknown_key(self, number: int) -> None:
        """The same for a receipt whose key is not known; whoever comes meanwhile waits for what is found."""
        with self._lock:
            if number not in self._missed or time.monotonic() - self._looked >= MIN_RELOAD_SECONDS:
                self._missed.add(number)
                self._looked = time.monotonic()
                self._refresh()

    def start_refreshing(self) -> None:
        """Look from a background thread, for the life of the process."""

        def loop() -> None:
            while True:
                time.sleep(RELOAD_SECONDS)
                self.refresh()

        threading.Thread(target=loop, name="keys", daemon=True).start()

    def _refresh(self) -> None:
        now = self._clock()  # before the look: a key that was destroyed before its time came signs nothing
        keys = self._read()
        number = signing_key([key for key in self._files if key.number in keys], now=now).number
        if (keys, number) != (self._keys, self._signing):
            self._keys, self._signing = keys, number
            self.receipt_signer.replace_keys(keys, signing_number=number)

    def _read(self) -> dict[int, bytes]:
        """What is in the directory; what was there before, if it cannot be read or holds none."""
        try:
            files = receipt_key_files(self._directory)
            keys = read_keys(files)
            failure = "" if keys else "no receipt key is there"
        except (OSError, ValueError) as error:
            failure = type(error).__name__
        if failure:
            if not self._failing:
                log.warning("The receipt keys stay as they are: %s", failure)
            self._failing = True
            return self._keys
        self._files, self._failing = files, False
        return keys
