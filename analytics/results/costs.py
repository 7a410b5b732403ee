"""What a campaign cost, and what one more person costs: arithmetic on released numbers."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from analytics import wording
from analytics.models import CampaignCost
from analytics.report_rows import DifferenceRow, EffectRange
from analytics.results.build import Report
from analytics.results.certainty import against_control, by_effect
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES
from messages.audit import log


@transaction.atomic
def save_cost(campaign: Campaign, cost: CampaignCost, *, by: User) -> None:
    """Keep what a campaign cost in all, in place of what was entered before, and record who said so."""
    fields = {"amount": cost.amount, "currency": cost.currency}
    CampaignCost.objects.update_or_create(campaign=campaign, defaults=fields)
    log.record(
        log.Action.CAMPAIGN_COST,
        by=by,
        kind=log.ObjectKind.CAMPAIGN,
        ref=campaign.slug,
        label=campaign.name,
        amount=cost.amount,
        currency=cost.currency,
    )


def cost_sentences(report: Report) -> list[str]:
    """Say what a campaign cost, for each person who saw a message and for each one more who did what is hoped for."""
    cost = CampaignCost.objects.filter(campaign=report.campaign).first()
    if cost is None:
        return []
    total = _("The campaign cost %(amount)s in all.") % {"amount": money(cost.amount, cost.currency)}
    if not report.people or report.withheld or report.embargoed:
        return [total]
    each = cost.amount / report.people
    spread = _("That is %(amount)s for each person who saw a message.") % {"amount": money(each, cost.currency)}
    return [f"{total} {spread}", *_per_additional(report, each, cost.currency)]


def cost_per_additional(cost_per_person: float, row: DifferenceRow, *, fewer_is_better: bool) -> EffectRange | None:
    """Return the cost of one more person with the hoped-for outcome than with the control, and its interval.

    Everybody who sees a message costs the same, so one more takes 1 / difference of them, and the interval is that of
    the difference turned round: without an upper end where there may be no difference. None where there is no estimate,
    or where even the better end of the interval is no gain.
    """
    if row.effect is None or row.low is None or row.high is None:
        return None
    effect, low, high = (-row.effect, -row.high, -row.low) if fewer_is_better else (row.effect, row.low, row.high)
    if high <= 0:
        return None
    return EffectRange(
        effect=cost_per_person / effect if effect > 0 else None,
        low=cost_per_person / high,
        high=cost_per_person / low if low > 0 else None,
    )


def money(amount: float, currency: str) -> str:
    """Format an amount: two decimals below a hundred, and two figures of what is smaller than a cent."""
    decimals = 0 if amount >= 100 else 2 if amount >= 0.1 or amount == 0 else 4
    return f"{currency}\u00a0{wording.number(amount, decimals)}"


def _per_additional(report: Report, each: float, currency: str) -> list[str]:
    """Say it of each message that may help: with its interval where it is shown to, else from the better end alone."""
    block = report.primary
    if block.outcome.kind == "ordered" or block.outcome.better == "none":
        return []
    fewer = block.outcome.better == "lower"
    sentences = []
    for row in by_effect(against_control(report), better=block.outcome.better):
        cost = cost_per_additional(each, row, fewer_is_better=fewer)
        if cost is None or row.verdict not in ("better", "cannot-tell-yet"):
            continue
        values = {
            "message": row.treated_name,
            "control": row.control_name,
            "who": (_("person fewer who %(phrase)s") if fewer else _("additional person who %(phrase)s"))
            % {"phrase": wording.outcome_phrase(OUTCOMES[block.outcome.key], 1)},
            "low": money(cost.low, currency),
        }
        if row.verdict == "better" and cost.effect is not None and cost.high is not None:
            values |= {"cost": money(cost.effect, currency), "high": money(cost.high, currency)}
            sentence = _(
                "With “%(message)s”, each %(who)s cost %(cost)s (%(low)s to %(high)s), compared with “%(control)s”."
            )
        else:
            sentence = _("With “%(message)s”, each %(who)s cost %(low)s or more, if it works at all.")
        sentences.append(sentence % values)
    return sentences
