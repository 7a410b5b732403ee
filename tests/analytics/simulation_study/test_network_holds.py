from analytics.simulation_study.network_holds import found_beside_one_network
from analytics.simulation_study.texts import TextCampaign

SETS = TextCampaign("matched", 4, 0.01, people=4_316, gain=0.05)


def test_some_of_what_is_found_is_not_called_and_more_of_what_is_of_a_kind() -> None:
    # People for a power of 0.8 of the kind; standard errors of 0.02 and 0.025.
    these, kind = found_beside_one_network(SETS, count=400, seed=3)
    assert kind is not None
    assert 0.73 < kind.alone.share < 0.88
    assert 0.3 < kind.clear.share < 0.5
    assert these.alone.share >= these.clear.share > kind.clear.share


def test_more_people_have_more_of_it_called() -> None:
    few, many = (
        found_beside_one_network(TextCampaign("matched", 1, 0.0, people=people, gain=0.05), count=400, seed=3)
        for people in (1_534, 3_068)
    )
    assert few[1] is None
    assert 0.5 < few[0].clear.share < 0.7
    assert many[0].clear.share > 0.85
