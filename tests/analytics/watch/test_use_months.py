"""The watch page of a message in use says month by month whether it still works."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from analytics.notifications.events import record_notices
from campaign.follow_up.use import put_to_use
from campaign.lifecycle import transitions
from campaign.models import Campaign, NetworkSketch, ServedCount
from tests import world

pytestmark = pytest.mark.django_db

PLAN = {"planned_per_arm": 2_000, "smallest_difference": 0.05, "expected_rate": 0.3}


def in_use(
    holdout: int = 10, *, by_period: bool = False, in_trial: dict[str, tuple[int, int]] | None = None
) -> Campaign:
    trial = world.launched(plan=PLAN)
    if in_trial:
        world.tally(trial, in_trial)
        evaluate(trial, now=world.NOON)
    mara, places = world.person("mara", "manager"), list(trial.placements.all())
    use = put_to_use(trial, "victim", holdout=holdout, placements=places, by=mara, by_period=by_period)
    transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
    world.approve(use)
    transitions.launch(use, by=world.person("mara", "manager"), now=world.NOON)
    return use


def month(use: Campaign, number: int, counts: dict[str, tuple[int, int]]) -> None:
    """Count people of one month, and look at the end of it."""
    at = use.placements.get()
    for key, (seen, events) in counts.items():
        common = {"day": date(2026, number, 20), "arm": use.arms.get(key=key), "placement": at, "locale": "en"}
        Tally.objects.create(**common, outcome="exposed", count=seen)
        Tally.objects.create(**common, outcome="turned_back", count=events)
        ServedCount.objects.create(**common, count=seen)
    evaluate(use, now=world.NOON.replace(month=number, day=28))


def watch(client: Client, use: Campaign) -> str:
    world.sign_in(client, world.person("ana", "analyst"))
    return client.get(f"/campaigns/{use.slug}/watch/").content.decode()


def test_says_that_it_still_works(client: Client) -> None:
    use = in_use()
    month(use, 3, {"victim": (9_000, 4_050), "neutral": (1_000, 300)})
    month(use, 4, {"victim": (9_000, 4_000), "neutral": (1_000, 310)})
    shown = watch(client, use)
    assert "It still works." in shown
    assert "45 of 100 with the message, 30 in the holdout" in shown
    assert "Works: 15 more (10 to 20) than in the holdout." in shown


def test_says_that_people_may_have_got_used_to_it(client: Client) -> None:
    use = in_use()
    month(use, 3, {"victim": (9_000, 4_050), "neutral": (1_000, 300)})
    month(use, 4, {"victim": (9_000, 3_150), "neutral": (1_000, 300)})
    month(use, 5, {"victim": (900, 315), "neutral": (100, 30)})
    shown = watch(client, use)
    assert (
        "It works less well than in its first month: 5 more than in the holdout, compared with 15 more at first."
        in shown
    )
    assert "People may have got used to it" in shown
    assert f"/campaigns/{use.slug}/next/" in shown


def test_says_that_it_does_harm(client: Client) -> None:
    use = in_use()
    month(use, 3, {"victim": (9_000, 1_800), "neutral": (1_000, 400)})
    assert "In the last month, the message did worse than the holdout. Stop using it." in watch(client, use)


def months_with_one_network(use: Campaign, *months: dict[str, tuple[int, int]]) -> None:
    """Count months in which one network may have been counted at several servers for some hundred views."""
    for number, counts in enumerate(months, start=3):
        NetworkSketch.objects.bulk_create(
            NetworkSketch(day=date(2026, number, 20), number=bytes([number, n] * 8)) for n in range(100)
        )
        month(use, number, counts)


def test_one_network_has_nobody_stop_using_it(client: Client) -> None:
    use = in_use()
    months_with_one_network(use, {"victim": (9_000, 1_800), "neutral": (1_000, 400)})
    shown = watch(client, use)
    assert "Stop using it" not in shown
    assert "One network alone could have changed the last month" in shown
    assert "One network alone could have changed this." in shown


def test_nor_look_for_another_message(client: Client) -> None:
    use = in_use()
    months_with_one_network(
        use,
        {"victim": (9_000, 4_950), "neutral": (1_000, 300)},
        {"victim": (9_000, 4_050), "neutral": (1_000, 300)},
        {"victim": (900, 405), "neutral": (100, 30)},
    )
    shown = watch(client, use)
    assert "It seems to work less well than in its first month" in shown
    assert "one network alone could have caused that, so we cannot tell yet" in shown
    assert "People may have got used to it" not in shown


def test_says_that_nobody_can_tell_without_a_holdout_and_what_people_did(client: Client) -> None:
    counts = {"neutral": (2_000, 600), "victim": (2_000, 900), "user": (2_000, 600), "both": (2_000, 600)}
    use = in_use(holdout=0, in_trial=counts)
    month(use, 3, {"victim": (9_000, 4_050)})
    month(use, 4, {"victim": (9_000, 3_600)})
    shown = watch(client, use)
    assert "so we cannot tell whether the message still works. To find out, plan a new trial." in shown
    assert "In the trial it was 45 of 100 with the message, and 30 with “Neutral”." in shown
    assert shown.index("40 of 100 with the message</td>") < shown.index("45 of 100 with the message</td>")
    assert "in the holdout" not in shown
    assert f"/campaigns/{use.slug}/next/" in shown


@pytest.mark.parametrize("by_period", [True, False])
def test_says_nothing_of_the_trial_that_its_looks_do_not(client: Client, by_period: bool) -> None:
    use = in_use(holdout=0, by_period=by_period)
    month(use, 3, {"victim": (9_000, 4_050)})
    shown = watch(client, use)
    assert "In the trial it was" not in shown
    assert "45 of 100 with the message" in shown


def test_a_month_is_told_from_shown_counts_alone(client: Client) -> None:
    use = in_use()
    month(use, 3, {"victim": (9_000, 4_050), "neutral": (1_000, 300)})
    # Three more people: a look that would tell of them is withheld, and the month stays as it was told.
    told = watch(client, use)
    Tally.objects.filter(arm=use.arms.get(key="neutral"), outcome="exposed").update(count=1_003)
    Tally.objects.filter(arm=use.arms.get(key="neutral"), outcome="turned_back").update(count=302)
    evaluate(use, now=world.NOON.replace(month=3, day=28) + timedelta(days=2))
    assert "30 in the holdout" in watch(client, use)
    assert told.count("in the holdout") == watch(client, use).count("in the holdout")


def test_a_trial_has_no_such_part(client: Client) -> None:
    campaign = world.launched(plan=PLAN)
    assert "Does it still work?" not in watch(client, campaign)


def test_what_is_in_use_is_never_done(client: Client) -> None:
    use = in_use()
    month(use, 3, {"victim": (9_000, 4_050), "neutral": (1_000, 300)})
    assert record_notices(use, now=world.NOON.replace(month=3, day=29)) == 0
    shown = watch(client, use)
    assert "It still works." in shown
    assert "are planned" not in shown
