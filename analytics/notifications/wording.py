"""The texts of notices. None of them contains a count or an estimate; the mails that people ask for have their own."""

from django.utils.translation import gettext, gettext_lazy

from analytics.models import Notice

Kind = Notice.Kind

_SENTENCES = {
    Kind.GUARDRAIL: gettext_lazy("In “%(campaign)s”, “%(about)s” crossed a guardrail and is no longer shown."),
    Kind.SPLIT: gettext_lazy("In “%(campaign)s”, the messages are not shown as often as planned."),
    Kind.HELP_LINK: gettext_lazy(
        "“%(campaign)s” is running, and its help link “%(about)s” was last checked more than 180 days ago."
    ),
    Kind.ADDRESS: gettext_lazy("What visitors see at “%(about)s” was changed while “%(campaign)s” is open."),
    Kind.PAUSED: gettext_lazy("“%(campaign)s” was paused automatically."),
    Kind.CHANGED: gettext_lazy("“%(campaign)s” is no longer shown because it was changed directly in the database."),
    Kind.PLANNED: gettext_lazy("“%(campaign)s” is complete: the planned number of people has been counted."),
    Kind.DECIDED: gettext_lazy("“%(campaign)s” is complete: all questions in its plan are answered."),
    Kind.ENDED: gettext_lazy("“%(campaign)s” has reached its last day and is now closed."),
    Kind.LOOK: gettext_lazy("“%(campaign)s” has a new result. It was mailed to whoever asked for results."),
}
_ADVICE = {
    Kind.GUARDRAIL: gettext_lazy(
        "Nobody else will see that message. Please read what happened and decide what to do next."
    ),
    Kind.SPLIT: gettext_lazy("Comparisons are withheld. Please pause the campaign and look for the cause."),
    Kind.HELP_LINK: gettext_lazy("Visitors still see it. Please open it and confirm that it works."),
    Kind.ADDRESS: gettext_lazy(
        "One person made the change and another approved it. The results say what was changed. If "
        "you did not expect this, ask them and pause the campaign until you know more."
    ),
    Kind.PAUSED: gettext_lazy("Its messages are no longer shown. Please read why and decide what to do next."),
    Kind.CHANGED: gettext_lazy(
        "Visitors may have seen something that nobody approved. The campaign page says what was "
        "changed. Ask whoever runs the site to find out who did it and to restore the campaign "
        "from a backup. A manager can then show it again."
    ),
    Kind.PLANNED: gettext_lazy("Please read the results when it suits you, and close the campaign."),
    Kind.DECIDED: gettext_lazy("Please read the results when it suits you, and close the campaign."),
    Kind.ENDED: gettext_lazy("Please read the results when it suits you."),
    Kind.LOOK: gettext_lazy("Please read the results when it suits you."),
}


def notice_sentence(notice: Notice) -> str:
    """Describe what happened, in one sentence."""
    return str(_SENTENCES[Kind(notice.kind)]) % {"campaign": notice.campaign.name, "about": notice.about}


def notice_advice(notice: Notice) -> str:
    """Say what to do next."""
    return str(_ADVICE[Kind(notice.kind)])


def email_subject_and_text(notice: Notice, *, page_url: str) -> tuple[str, str]:
    """Return the subject and the text of a notice's e-mail."""
    text = gettext(
        "%(sentence)s\n\n"
        "%(advice)s\n\n"
        "%(page)s\n\n"
        "The numbers are only on that page. We never send them by e-mail.\n"
        "You receive this because you created this campaign, because its plan names you, or "
        "because you are an administrator."
    )
    values = {"what": notice.get_kind_display(), "campaign": " ".join(notice.campaign.name.split())}
    subject = gettext("%(what)s: %(campaign)s") % values
    return subject, text % {"sentence": notice_sentence(notice), "advice": notice_advice(notice), "page": page_url}
