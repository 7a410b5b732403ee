"""Models of results, by subject."""

from analytics.models.learned import KnownSigner, LearnedComparison, LearnedFacet, LearnedResult, PooledComparison
from analytics.models.looks import Analysis, EarlyLook, Estimate, Rehearsal, Release
from analytics.models.open_views import OpenView, ShutHour
from analytics.models.publishing import CampaignCost, PreparedFile, PublicPage, SharedLink
from analytics.models.tallies import CountSeal, FoldProgress, Tally, TextTally, Withdrawals
from analytics.models.watching import DataQualityStatus, GuardEvent, Notice, NoticeDelivery, ResultMail
from analytics.models.worker import ClockRecord, WorkerAlarm, WorkerStep

__all__ = [
    "Analysis",
    "CampaignCost",
    "ClockRecord",
    "CountSeal",
    "DataQualityStatus",
    "EarlyLook",
    "Estimate",
    "FoldProgress",
    "GuardEvent",
    "KnownSigner",
    "LearnedComparison",
    "LearnedFacet",
    "LearnedResult",
    "Notice",
    "NoticeDelivery",
    "OpenView",
    "PooledComparison",
    "PreparedFile",
    "PublicPage",
    "Rehearsal",
    "Release",
    "ResultMail",
    "SharedLink",
    "ShutHour",
    "Tally",
    "TextTally",
    "Withdrawals",
    "WorkerAlarm",
    "WorkerStep",
]
