"""Models of campaigns, by subject."""

from campaign.models.campaigns import (
    Arm,
    ArmQuerySet,
    ArmText,
    Campaign,
    CampaignComment,
    DraftVersion,
    Tag,
    new_salt,
    texts_with_messages,
)
from campaign.models.counts import LeftOutCount, NetworkSketch, ServedCount, addition_sql
from campaign.models.placements import Partner, Placement, PlacementChange, PlacementTest
from campaign.models.plans import AnalysisPlan, Deviation, Pair, PlannedOutcome, WebhookTest, default_looks
from campaign.models.whole_units import MAX_HOURS, day_is_whole, hour_is_whole

__all__ = [
    "MAX_HOURS",
    "AnalysisPlan",
    "Arm",
    "ArmQuerySet",
    "ArmText",
    "Campaign",
    "CampaignComment",
    "Deviation",
    "DraftVersion",
    "LeftOutCount",
    "NetworkSketch",
    "Pair",
    "Partner",
    "Placement",
    "PlacementChange",
    "PlacementTest",
    "PlannedOutcome",
    "ServedCount",
    "Tag",
    "WebhookTest",
    "addition_sql",
    "day_is_whole",
    "default_looks",
    "hour_is_whole",
    "new_salt",
    "texts_with_messages",
]
