"""The texts of notices. None of them contains a count or an estimate."""

from django.utils.translation import gettext, gettext_lazy

from analytics.models import Notice

Kind = Notice.Kind

_SENTENCES = {
    Kind.GUARDRAIL: gettext_lazy("In “%(campaign)s”, “%(about)s” crossed a guardrail and is no longer shown."),
    Kind.SPLIT: gettext_lazy("In “%(campaign)s”, the messages are not shown as often as planned: the split is broken."),
    Kind.HELP_LINK: gettext_lazy(
        "While “%(campaign)s” runs, the help link “%(about)s” was last checked more than 180 days ago."
    ),
    Kind.ADDRESS: gettext_lazy("While “%(campaign)s” is open, what visitors meet at “%(about)s” was changed."),
    Kind.PAUSED: gettext_lazy("“%(campaign)s” was paused by the worker."),
    Kind.CHANGED: gettext_lazy(
        "“%(campaign)s” is no longer shown: it was changed in the database itself, past this program."
    ),
    Kind.PLANNED: gettext_lazy("“%(campaign)s” is done: the planned people are counted."),
    Kind.DECIDED: gettext_lazy("“%(campaign)s” is done: each question of its plan has an answer."),
    Kind.ENDED: gettext_lazy("“%(campaign)s” is done: its last day has come, and it is closed."),
}
_ADVICE = {
    Kind.GUARDRAIL: gettext_lazy("Nobody else meets that message. Please read what was seen, and decide how to go on."),
    Kind.SPLIT: gettext_lazy("Comparisons are withheld. Please pause the campaign and look for the cause."),
    Kind.HELP_LINK: gettext_lazy("Visitors still see it. Please open it, and say that it works."),
    Kind.ADDRESS: gettext_lazy(
        "Two people did it, and its results say what was changed. If you did not expect it, please ask them, and pause "
        "the campaign until you know."
    ),
    Kind.PAUSED: gettext_lazy("Its messages are not shown. Please read why, and decide how to go on."),
    Kind.CHANGED: gettext_lazy(
        "Visitors may have met what nobody approved. Its page says what was changed. Whoever runs the site finds out "
        "who wrote there, and puts it back from a backup; then a manager can show it again."
    ),
    Kind.PLANNED: gettext_lazy("Please read the results when it suits you, and close the campaign."),
    Kind.DECIDED: gettext_lazy("Please read the results when it suits you, and close the campaign."),
    Kind.ENDED: gettext_lazy("Please read the results when it suits you."),
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
        "%(sentence)s\n\n%(advice)s\n\n%(page)s\n\n"
        "Numbers stand on that page alone, so that none travels by e-mail.\n"
        "You read this because you made this campaign, its plan names you, or you are an administrator."
    )
    values = {"what": notice.get_kind_display(), "campaign": " ".join(notice.campaign.name.split())}
    subject = gettext("%(what)s: %(campaign)s") % values
    return subject, text % {"sentence": notice_sentence(notice), "advice": notice_advice(notice), "page": page_url}
