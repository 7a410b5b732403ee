"""The simulation of a text that is stopped alone shows what makes people alone call differences that are none."""

from analytics.simulation_study.stopped_texts import calls_after_stop
from analytics.simulation_study.texts import TextCampaign

_SETS = TextCampaign("matched", 4, 0.0, people=16_000)


def test_people_alone_call_false_differences_once_one_arm_lost_a_text_and_sets_do_not() -> None:
    kept, lost = (calls_after_stop(_SETS, at=at, count=300, seed=1) for at in (1.0, 0.25))
    assert kept.these.share < 0.1 < 0.25 < lost.these.share
    assert max(kept.kind.share, lost.kind.share) <= 0.05
