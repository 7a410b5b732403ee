"""Models of results: open views (audience database), tallies, analyses and estimates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from campaign.models import Arm, ArmText, Campaign, Placement, day_is_whole, hour_is_whole
from campaign.outcomes import outcome_choices
from messages.text.language_tags import LONGEST_TAG


class OpenView(models.Model):
    """One shown message while its receipt is valid; then it is counted and deleted. Stored in `audience`.

    Hours are whole numbers since 1970 UTC, so that no finer time can be stored. Arms and placements are plain numbers
    because their tables are in the other database. The key begins with the closing hour, so that folding reads and
    deletes one range of it. On SQLite rows are stored in key order, which is random, not in order of arrival.
    """

    pk = models.CompositePrimaryKey("closes", "nonce")
    closes = models.PositiveIntegerField()
    nonce = models.BinaryField(max_length=16)
    campaign = models.PositiveIntegerField()
    arm = models.PositiveIntegerField()
    placement = models.PositiveIntegerField()
    locale = models.CharField(max_length=LONGEST_TAG)
    hour = models.PositiveIntegerField()
    bits = models.PositiveSmallIntegerField(help_text="Outcomes so far, one bit each; see campaign.outcomes.")
    rating = models.PositiveSmallIntegerField(null=True)
    dwell = models.PositiveSmallIntegerField(null=True)
    left_out = models.BooleanField(default=False, db_default=False, help_text="Dropped when views are counted.")
    text = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Which text of the arm was shown.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("hour")), name="openview_closes_after_its_hour"),
            models.CheckConstraint(condition=Q(closes__lte=F("hour") + 25), name="openview_lives_a_day_at_most"),
            models.CheckConstraint(condition=hour_is_whole("hour"), name="openview_hour_is_whole"),
            models.CheckConstraint(condition=hour_is_whole("closes"), name="openview_closes_is_whole"),
            models.CheckConstraint(condition=Exact(Length("nonce"), 16), name="openview_nonce_of_128_bits"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="openview_rating_from_the_list"),
            models.CheckConstraint(condition=Q(dwell__range=(1, 4)), name="openview_dwell_from_the_list"),
        ]

    def __str__(self) -> str:
        return "an open view"


class ShutHour(models.Model):
    """A closing hour whose views are counted or being counted, so events for it are refused. Stored in `audience`."""

    closes = models.PositiveIntegerField(primary_key=True)

    class Meta:
        db_table = "analytics_foldedhour"
        constraints = [models.CheckConstraint(condition=hour_is_whole("closes"), name="foldedhour_is_whole")]

    def __str__(self) -> str:
        return f"views that closed at hour {self.closes}"


class FoldProgress(models.Model):
    """How many of the 65,536 parts of a closing hour, equal because nonces are random, are in the tallies."""

    closes = models.PositiveIntegerField(primary_key=True)
    through = models.PositiveIntegerField(default=0)
    compacted = models.BooleanField(default=False, help_text="Whether the table was written anew after it.")

    class Meta:
        constraints = [models.CheckConstraint(condition=hour_is_whole("closes"), name="foldprogress_is_whole")]

    def __str__(self) -> str:
        return f"hour {self.closes}: {self.through} of 65,536"


class WorkerStep(models.Model):
    """When a step of the worker last began and last succeeded, and its last error. /health/ready says if it is late."""

    name = models.CharField(max_length=20, primary_key=True)
    began_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True, help_text="The name of the error that stopped it last.")

    def __str__(self) -> str:
        return self.name


class ClockRecord(models.Model):
    """One row: the worker's clock at its last pass, beside a clock that nobody sets. See analytics.clock_check."""

    at = models.DateTimeField()
    boot = models.CharField(max_length=36, blank=True, help_text="A random name of that start of the machine.")
    uptime = models.FloatField(help_text="Seconds since the machine was started, asleep or awake.")

    def __str__(self) -> str:
        return f"the worker's clock at {self.at}"


class WorkerAlarm(models.Model):
    """One row while the worker is silent: when administrators were last told. See analytics.worker_alarm."""

    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"the worker is silent, told at {self.told_at}"


class Tally(models.Model):
    """Views of one arm with one outcome on a day, at a placement, in a locale. The key reveals no order of events."""

    pk = models.CompositePrimaryKey("day", "arm_id", "placement_id", "locale", "outcome", "value")
    day = models.DateField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="tallies")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    locale = models.CharField(max_length=LONGEST_TAG)
    outcome = models.CharField(max_length=16, choices=outcome_choices)
    value = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["day", "arm", "placement", "outcome", "value"]
        constraints = [models.CheckConstraint(condition=day_is_whole("day"), name="tally_day_is_whole")]

    def __str__(self) -> str:
        return f"{self.day} {self.arm} {self.outcome}: {self.count}"


class TextTally(models.Model):
    """Views of one text with one outcome at a placement, for arms with several texts; all of them are in the tallies.

    Over all days and locales: results by text need no more.
    """

    pk = models.CompositePrimaryKey("text_id", "placement_id", "outcome", "value")
    text = models.ForeignKey(ArmText, on_delete=models.PROTECT, related_name="tallies")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16)
    value = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.text} {self.outcome}: {self.count}"


class Withdrawals(models.Model):
    """How many visitors of a campaign asked not to be counted: of which arm, place or day is known to nobody."""

    campaign = models.OneToOneField(Campaign, primary_key=True, on_delete=models.PROTECT, related_name="withdrawals")
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.campaign}: withdrawals"


class Analysis(models.Model):
    """One recorded look at a campaign. Append-only."""

    class SampleRatio(models.TextChoices):
        OK = "ok", _("Messages are shown as often as planned")
        CAUTION = "caution", _("Messages are shown slightly off the planned split")
        ALARM = "alarm", _("Messages are not shown as often as planned")
        UNKNOWN = "unknown", _("Too few people to check the split")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="analyses")
    look = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    plan_fingerprint = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    level = models.FloatField()
    smallest_difference = models.FloatField()
    from_day = models.DateField(null=True)
    to_day = models.DateField(null=True)
    monitoring = models.CharField(max_length=16)
    information = models.FloatField(help_text="People counted so far as a share of those planned.")
    embargoed = models.BooleanField(default=False, help_text="Before the first planned look: health only.")
    exploratory = models.BooleanField(default=False, help_text="A look that the plan does not hold.")
    exception = models.CharField(max_length=300, blank=True, help_text="Who looked early, and why.")
    sample_ratio = models.CharField(max_length=8, choices=SampleRatio)
    sample_ratio_p = models.FloatField(null=True)
    sample_ratio_method = models.CharField(
        max_length=20, blank=True, help_text="What the p is of; empty: not on record."
    )
    reach_p = models.FloatField(null=True, help_text="Do served messages reach the screen equally in every arm?")
    omnibus_statistic = models.FloatField(null=True)
    omnibus_df = models.PositiveSmallIntegerField(null=True)
    omnibus_p = models.FloatField(null=True)
    omnibus_method = models.CharField(max_length=40, blank=True, help_text="What the p is of; empty: not on record.")
    checks = models.JSONField(
        null=True, blank=True, help_text="Cross-checks of the primary outcome; they decide nothing."
    )
    texts_judged_at = models.FloatField(
        null=True, help_text="The share of the planned people at which it judges texts of a kind; empty: it does not."
    )

    class Meta:
        ordering = ["campaign", "-look"]
        constraints = [models.UniqueConstraint(fields=["campaign", "look"], name="analysis_look_once")]

    def __str__(self) -> str:
        return f"{self.campaign}, look {self.look}"


class Estimate(models.Model):
    """One number of an analysis: a rate of one arm, or a difference between two. Append-only."""

    class Kind(models.TextChoices):
        RATE = "rate", "Rate"
        DIFFERENCE = "difference", "Difference"
        FACTORIAL = "factorial", "Factorial contrast"
        TEXT = "text", "One text"

    class About(models.TextChoices):
        THESE = "these", "These texts"
        KIND = "kind", "Texts of this kind"

    class Verdict(models.TextChoices):
        BETTER = "better", "Better"
        WORSE = "worse", "Worse"
        HIGHER = "higher", "Higher"
        LOWER = "lower", "Lower"
        NO_DIFFERENCE = "no-meaningful-difference", "No meaningful difference"
        CANNOT_TELL = "cannot-tell-yet", "Cannot tell yet"
        WITHHELD = "withheld", "Withheld"

    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="estimates")
    kind = models.CharField(max_length=10, choices=Kind)
    about = models.CharField(max_length=5, choices=About, default=About.THESE)
    outcome = models.CharField(max_length=16)
    role = models.CharField(max_length=11)
    position = models.PositiveSmallIntegerField()
    term = models.CharField(
        max_length=20, blank=True, help_text="Factorial contrasts: which one. Texts: its number, or next for one more."
    )
    treated = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    control = models.ForeignKey(Arm, null=True, on_delete=models.PROTECT, related_name="+")
    served = models.PositiveBigIntegerField(null=True, help_text="Rates: messages of this arm that were sent out.")
    n = models.PositiveBigIntegerField(null=True, help_text="Rates: people who saw it.")
    events = models.PositiveBigIntegerField(null=True, help_text="Rates: people who did it.")
    effect = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p_value = models.FloatField(null=True)
    p_adjusted = models.FloatField(null=True)
    method = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it cannot be estimated, or not yet judged.")
    smallest_difference = models.FloatField(null=True, help_text="Differences: what would be too small to matter.")
    verdict = models.CharField(max_length=24, choices=Verdict, blank=True)
    more_per_arm = models.PositiveBigIntegerField(null=True, help_text="People still needed per arm to tell.")
    more_per_arm_low = models.PositiveBigIntegerField(null=True, help_text="The middle half of what may come: from.")
    more_per_arm_high = models.PositiveBigIntegerField(null=True, help_text="To; null if no number may tell.")
    texts = models.JSONField(
        null=True, help_text="Texts of a kind: how many, how they were compared, how they differ, and what would help."
    )

    class Meta:
        ordering = ["analysis", "outcome", "kind", "position"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "outcome", "kind", "about", "position"], name="estimate_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["rate", "factorial", "text"], control__isnull=True)
                | Q(kind="difference", control__isnull=False),
                name="estimate_difference_has_a_control",
            ),
            models.CheckConstraint(condition=Q(effect__isnull=False) | ~Q(reason=""), name="estimate_or_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.kind} {self.treated}"


class Release(models.Model):
    """What may be shown of a look, read by analytics.disclosure.gate. Holds no suppressed value. Append-only."""

    analysis = models.OneToOneField(Analysis, on_delete=models.PROTECT, related_name="release")
    least = models.PositiveSmallIntegerField(help_text="SMALL_CELL at that time.")
    is_withheld = models.BooleanField(
        default=False, db_column="held", help_text="Too few more since the last: nothing of this look is shown."
    )
    arms = models.JSONField(default=dict, help_text="Arm -> n, served, and for each outcome its parts; null is hidden.")
    verdicts = models.JSONField(
        default=dict, help_text="Outcome -> each comparison beside hidden ones, judged without."
    )
    table = models.JSONField(null=True, help_text="Arm -> who saw it and the parts, by placement and locale.")
    by_month = models.JSONField(null=True, help_text="Of a message in use: its effect by month, from shown counts.")
    texts = models.JSONField(
        null=True, help_text="Arm -> who saw it and the parts, by text; null if this look shows no text anew."
    )
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of the whole look, by a key of the key directory.",
    )

    class Meta:
        ordering = ["-analysis__look"]

    def __str__(self) -> str:
        return f"what is shown of {self.analysis}"


class Rehearsal(models.Model):
    """A rehearsal of a campaign before launch, and its report. Its numbers count simulated visitors, no people."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to start")
        RUNNING = "running", _("Rehearsal in progress")
        DONE = "done", _("Rehearsal finished")
        FAILED = "failed", _("Rehearsal failed")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rehearsals")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(
        null=True, blank=True, help_text="What invented visitors were shown at each placement, and the invented look."
    )
    problems = models.JSONField(default=list, help_text="What to mend, each a code and its names.")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state__in=("waiting", "running")), name="rehearsal_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"a rehearsal of {self.campaign}"


class GuardEvent(models.Model):
    """A crossed guardrail: the paused arm or the stopped text of it, the estimated harm and its bound.

    `stop` numbers the arm's pauses.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="guard_events")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    text = models.ForeignKey(
        ArmText,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The text that was stopped alone; empty: the arm was paused.",
    )
    outcome = models.CharField(max_length=16)
    at = models.DateTimeField()
    effect = models.FloatField(help_text="Harm beside the control, as a share; positive is worse.")
    bound = models.FloatField(help_text="The always-valid lower bound of that harm.")
    margin = models.FloatField()
    stop = models.PositiveSmallIntegerField(default=1)
    in_hundred = models.PositiveSmallIntegerField(
        null=True, help_text="The bound in whole people of 100, as it may be told; empty while one is too few people."
    )
    judged_on = models.JSONField(
        default=dict,
        help_text="Arm and control -> seen and events then, or by text, as if told: later looks keep away from them.",
    )

    needs_one_placement = models.BooleanField(
        default=False, help_text="Whether it would not have been crossed without one of several placements."
    )
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of arm, outcome, bound and stop, by a key of the key directory.",
    )

    class Meta:
        ordering = ["campaign", "at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["arm", "outcome", "stop"], condition=Q(text__isnull=True), name="guard_event_once"
            ),
            models.UniqueConstraint(
                fields=["text", "outcome"], condition=Q(text__isnull=False), name="guard_event_once_a_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text} stopped: {self.outcome}" if self.text else f"{self.arm} paused: {self.outcome}"


class DataQualityStatus(models.Model):
    """Result of the hourly data quality check of a running campaign, as statuses and rounded shares."""

    class Flow(models.TextChoices):
        OK = "ok", _("Messages are shown about as often as usual")
        CAUTION = "caution", _("Far fewer messages are shown than usual")
        ALARM = "alarm", _("Hardly any messages are shown")
        UNKNOWN = "unknown", _("The usual number is not known yet")

    campaign = models.OneToOneField(
        Campaign, on_delete=models.PROTECT, primary_key=True, related_name="data_quality_status"
    )
    felt_at = models.DateTimeField()
    split = models.CharField(max_length=8, choices=Analysis.SampleRatio)
    flow = models.CharField(max_length=8, choices=Flow)
    usual = models.PositiveIntegerField(null=True, help_text="Messages on a usual day, to one figure.")
    reach = models.PositiveSmallIntegerField(null=True, help_text="Of 100 messages sent, how many were seen.")
    machines = models.PositiveSmallIntegerField(null=True, help_text="Of 100, left out as asked for by machines.")
    crowds = models.PositiveSmallIntegerField(null=True, help_text="Of 100, left out because one network asked.")
    enough_at = models.DateTimeField(null=True, help_text="The last hour by which enough messages had been served.")
    enough_of = models.PositiveIntegerField(default=0, help_text="How many had been served in all by then.")

    class Meta:
        db_table = "analytics_pulse"

    def __str__(self) -> str:
        return f"how {self.campaign} was at {self.felt_at}"


class EarlyLook(models.Model):
    """A request to look before the first planned look, with its reason. The worker answers one at a time."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="early_looks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=200, blank=True, help_text="Why there was nothing to look at.")

    class Meta:
        ordering = ["campaign", "asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(done_at__isnull=True), name="early_look_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} asked to look at {self.campaign}"


class Notice(models.Model):
    """An event in a campaign that people are notified of. Created by the worker, never changed."""

    class Kind(models.TextChoices):
        GUARDRAIL = "guardrail", _("A guardrail was crossed")
        SPLIT = "split", _("Messages are not shown as often as planned")
        HELP_LINK = "help-link", _("A help link needs to be checked")
        ADDRESS = "address", _("What visitors see was changed")
        PAUSED = "paused", _("The campaign was paused automatically")
        CHANGED = "changed", _("The campaign was changed directly in the database")
        PLANNED = "planned", _("The planned number of people has been counted")
        DECIDED = "decided", _("All questions in the plan are answered")
        ENDED = "ended", _("The campaign has reached its last day")

    DONE = (Kind.PLANNED, Kind.DECIDED, Kind.ENDED)

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind)
    ref = models.CharField(max_length=120, help_text="What it is about; told once.")
    about = models.CharField(max_length=160, blank=True, help_text="Its name at that time.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["campaign", "-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "ref"], name="notice_once")]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.get_kind_display()}"


class NoticeDelivery(models.Model):
    """The delivery of one notice to one person by e-mail or to the plan's webhook, until it succeeds."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the webhook."
    )
    due_at = models.DateTimeField(help_text="When it is tried next.")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True, help_text="The name of the error that stopped it last.")

    class Meta:
        db_table = "analytics_telling"
        ordering = ["notice", "id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "person"], name="telling_once"),
            models.UniqueConstraint(fields=["notice"], condition=Q(person__isnull=True), name="telling_webhook_once"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} to {self.person or 'the webhook'}"


class PreparedFile(models.Model):
    """A file of a released look that somebody asked for. The worker makes it; it is deleted after a week."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="prepared_files")
    look = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    language = models.CharField(max_length=12, blank=True, help_text="Of a file in the reader's language.")
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    least = models.PositiveSmallIntegerField(default=0, help_text="SMALL_CELL when it was made.")
    content = models.BinaryField(null=True)
    failure = models.CharField(max_length=80, blank=True, help_text="The name of the error that stopped it.")

    class Meta:
        ordering = ["campaign", "look", "name"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "look", "name", "language"], name="prepared_file_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.campaign}, look {self.look}"


class CampaignCost(models.Model):
    """What a campaign cost in all, as staff entered it."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="cost")
    amount = models.PositiveBigIntegerField(help_text="In whole units of the currency.")
    currency = models.CharField(max_length=3, help_text="Three letters, as of ISO 4217.")

    def __str__(self) -> str:
        return f"{self.campaign}: {self.currency} {self.amount}"


class PublicPage(models.Model):
    """A look that anybody may read, from when a second person agreed until somebody takes it down."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="public_page")
    look = models.PositiveIntegerField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(published_by__isnull=True) | ~models.Q(published_by=models.F("proposed_by")),
                name="published_by_a_second_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign}, look {self.look}"


class KnownSigner(models.Model):
    """A key of another organisation, whose fingerprint a person compared with what that organisation told them."""

    fingerprint = models.CharField(max_length=79, unique=True, help_text="SHA-256 of the public key, in groups of 4.")
    organisation = models.CharField(max_length=120)
    confirmed_by = models.CharField(max_length=150)
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["organisation", "pk"]

    def __str__(self) -> str:
        return self.organisation


class LearnedResult(models.Model):
    """What one closed campaign showed, as far as it was released; of ours, or from the bundle of another organisation.

    Derived: the worker writes it from the last look that may be read, so that a page can search thousands.
    """

    class Design(models.TextChoices):
        VIEW = "view", _("Each message shown, at random")
        SESSION = "session", _("Each browser tab, at random")
        SUBJECT = "subject", _("Each person, at random")
        PLACEMENT = "placement", _("Compared within each placement")
        PLACEMENT_DAY = "placement-day", _("Compared by placement and day")
        PERIOD = "period", _("Each day or week, at random")
        USE = "use", _("A message in use, with a holdout")

    POOLED_DESIGNS = (Design.VIEW, Design.SESSION, Design.SUBJECT)

    campaign = models.OneToOneField(
        Campaign,
        null=True,
        on_delete=models.CASCADE,
        related_name="learned",
        help_text="Empty: another organisation's.",
    )
    signer = models.ForeignKey(KnownSigner, null=True, on_delete=models.PROTECT, related_name="results")
    bundle_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the imported file.")
    imported_by = models.CharField(max_length=150, blank=True)
    imported_at = models.DateTimeField(null=True)
    plan_fingerprint = models.CharField(max_length=64, unique=True)
    look = models.PositiveIntegerField()
    ended_on = models.DateField(null=True, help_text="The last day that was counted.")
    name = models.CharField(max_length=160)
    outcome = models.CharField(max_length=16)
    design = models.CharField(max_length=13, choices=Design)
    people = models.PositiveBigIntegerField(null=True, help_text="Who saw a message, as released.")
    least = models.PositiveSmallIntegerField(help_text="SMALL_CELL when it was written.")
    sentences = models.JSONField(help_text="The verdict of the results page, by language.")
    words = models.TextField(help_text="What a search looks through, in small letters without accents.")

    class Meta:
        ordering = ["-ended_on", "-pk"]
        indexes = [models.Index(fields=["-ended_on", "-id"], name="learned_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, signer__isnull=True, bundle_digest="")
                | (Q(campaign__isnull=True, signer__isnull=False) & ~Q(bundle_digest="")),
                name="learned_result_ours_or_theirs",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LearnedFacet(models.Model):
    """One value by which a result is found: a frame, a theme, a kind of placement, a language, a verdict."""

    class Kind(models.TextChoices):
        FRAME = "frame", _("Appeal")
        THEME = "theme", _("Theme")
        PLACEMENT = "placement", _("Kind of placement")
        LANGUAGE = "language", _("Language")
        VERDICT = "verdict", _("Result")

    result = models.ForeignKey(LearnedResult, on_delete=models.CASCADE, related_name="facets")
    kind = models.CharField(max_length=9, choices=Kind)
    value = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value", "result"], name="learned_facet_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class LearnedComparison(models.Model):
    """One planned comparison of the primary outcome, with the counts that were released; empty where none were."""

    class NotPooled(models.TextChoices):
        DESIGN = "design", _("it was not compared message by message, so its counts do not give its uncertainty")
        WITHHELD = "withheld", _("its comparison is withheld")
        HIDDEN = "hidden", _("its counts are too small to be shown")
        KIND = "kind", _("it compares answers on a scale, not how many people did something")
        FRAMES = "frames", _("several of its messages have the same appeal")
        NOBODY = "nobody", _("nobody did it, or everybody did")

    result = models.ForeignKey(LearnedResult, on_delete=models.CASCADE, related_name="comparisons")
    position = models.PositiveSmallIntegerField()
    treated = models.CharField(max_length=8, help_text="The frame of the message.")
    control = models.CharField(max_length=8, help_text="The frame of what it is compared with.")
    verdict = models.CharField(max_length=24, choices=Estimate.Verdict, blank=True)
    treated_n = models.PositiveBigIntegerField(null=True)
    treated_events = models.PositiveBigIntegerField(null=True)
    control_n = models.PositiveBigIntegerField(null=True)
    control_events = models.PositiveBigIntegerField(null=True)
    effect = models.FloatField(null=True, help_text="The difference of these counts, as a share.")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    not_pooled = models.CharField(max_length=8, choices=NotPooled, blank=True)

    class Meta:
        ordering = ["result", "position"]
        indexes = [models.Index(fields=["treated", "control"], name="learned_comparison_contrast")]
        constraints = [models.UniqueConstraint(fields=["result", "position"], name="learned_comparison_once")]

    def __str__(self) -> str:
        return f"{self.treated} against {self.control}: {self.verdict}"


class PooledComparison(models.Model):
    """The average of all comparisons with the same outcome, contrast and design. Derived, and written by the worker."""

    outcome = models.CharField(max_length=16)
    treated = models.CharField(max_length=8)
    control = models.CharField(max_length=8)
    design = models.CharField(max_length=13, choices=LearnedResult.Design)
    campaigns = models.PositiveIntegerField()
    theirs = models.PositiveIntegerField(help_text="How many of these campaigns are of other organisations.")
    people = models.PositiveBigIntegerField()
    level = models.FloatField()
    effect = models.FloatField(null=True, help_text="Empty with the rest if there is a reason.")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    next_low = models.FloatField(null=True, help_text="Where the true effect of one more campaign should lie.")
    next_high = models.FloatField(null=True)
    spread = models.FloatField(null=True, help_text="The standard deviation of true effects between campaigns.")
    heterogeneity = models.FloatField(null=True, help_text="Cochran's Q.")
    heterogeneity_p = models.FloatField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no average.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outcome", "treated", "control", "design"], name="pooled_comparison_once")
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.treated} against {self.control}"
