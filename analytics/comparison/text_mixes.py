"""PURE  Why people alone cannot compare two messages of several texts: one lost a text that the other kept."""

from analytics.stats.values import NotEstimable

MIXED_TEXTS = NotEstimable(
    "After a text was stopped, people saw another mix of texts with one message than with the other, and the "
    "difference may come from that."
)
