"""Documents are set in the process of the tests, which need not start one for each."""

from __future__ import annotations

import pytest

from campaign.pdf import render
from campaign.pdf.typeset import typeset


@pytest.fixture(autouse=True)
def _set_documents_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "typeset_apart", typeset)
