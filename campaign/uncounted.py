"""PURE  Why a message is shown without a receipt, so that nothing of it is counted.

What others on the same network did is never a reason: their receipts look like any other.
"""

from enum import StrEnum


class UncountedReason(StrEnum):
    """What follows from the request or the placement alone."""

    DECLINED = "declined"
    PREVIEW = "preview"
    NO_UNIT = "no_unit"
    MACHINE = "machine"
    UNSIGNED = "unsigned"
    PAUSED = "paused"
    PERIOD_OVER = "period_over"
    WASHOUT = "washout"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    NO_CAMPAIGN = "no_campaign"


EXPLANATIONS = {
    UncountedReason.DECLINED: "the visitor sends Sec-GPC or DNT",
    UncountedReason.PREVIEW: "staff look at the message, or check a tag",
    UncountedReason.NO_UNIT: "the plan counts tabs or subjects, and the request names none",
    UncountedReason.MACHINE: "a browser asks whose user agent names itself a machine",
    UncountedReason.UNSIGNED: "the placement counts what its partner's server has signed alone",
    UncountedReason.PAUSED: "the campaign or the arm is paused; units of a paused arm are shown the control's words",
    UncountedReason.PERIOD_OVER: "the page shows what its placement no longer shows, such as that of the period before",
    UncountedReason.WASHOUT: "the first minutes of a period, or a time without one, are not counted",
    UncountedReason.NOT_STARTED: "the campaign has not started, and the placement shows its fallback",
    UncountedReason.ENDED: "the campaign has ended, and the placement shows its fallback",
    UncountedReason.NO_CAMPAIGN: "no campaign runs here, and the placement shows its fallback",
}
