"""Review each language on its own, bound to its exact words."""

import hashlib
import json

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

STATES = [("draft", "Draft"), ("submitted", "Waiting for review"), ("approved", "Approved"), ("withdrawn", "Withdrawn")]
DECISIONS = [
    ("submitted", "Asked for a review"),
    ("approved", "Approved"),
    ("sent-back", "Sent back"),
    ("withdrawn", "Withdrawn"),
]

# The triggers of campaign/record_triggers.py: they would refuse this migration, and SQLite cannot drop a column that one reads.
DROP = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS messaging_{name}"
        for name in (
            "approved_words",
            "approved_claim",
            *(f"{table}_no_{event}" for table in ("review", "comment") for event in ("UPDATE", "DELETE")),
        )
    ],
    "postgresql": [
        "DROP FUNCTION IF EXISTS messaging_approved_words() CASCADE",
        "DROP FUNCTION IF EXISTS messaging_review_append_only() CASCADE",
    ],
}


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for statement in DROP[editor.connection.vendor]:
            editor.execute(statement)


def give_each_language_its_review(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Approve every language of an approved revision, by the same person and at the same time."""
    if editor.connection.alias != "default":
        return
    Revision, Review = (apps.get_model("messaging", name) for name in ("Revision", "Review"))
    for revision in Revision.objects.select_related("message").iterator():
        renditions = list(apps.get_model("messaging", "Rendition").objects.filter(revision=revision))
        untouched = revision.digest == _digest_before(renditions)
        for rendition in renditions:
            rendition.state = revision.state
            if revision.state in ("approved", "withdrawn"):
                rendition.digest = _digest(revision, rendition) if untouched else revision.digest
            rendition.author_id = revision.author_id
            rendition.save(update_fields=["state", "digest", "author"])
        for review in Review.objects.filter(revision=revision):
            for rendition in renditions:
                Review.objects.create(
                    revision=revision,
                    rendition=rendition,
                    by_id=review.by_id,
                    decision=review.decision,
                    digest=rendition.digest or review.digest,
                    comment=review.comment,
                    at=review.at,
                )
            review.delete()
    if editor.connection.vendor == "postgresql":
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the tables below cannot be altered in this transaction


def _digest_before(renditions: list[models.Model]) -> str:
    words = {r.locale: [r.headline, r.body] for r in renditions}
    return hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _digest(revision: models.Model, rendition: models.Model) -> str:
    covered = {
        "message": revision.message.key,
        "locale": rendition.locale,
        "headline": rendition.headline,
        "body": rendition.body,
        "claim_strength": revision.claim_strength,
        "sources": revision.sources,
    }
    canonical = json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_audit"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.RunPython(drop_triggers, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=1000)),
                ("digest", models.CharField(help_text="SHA-256 of the words as they were then.", max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "rendition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="messaging.rendition"
                    ),
                ),
            ],
            options={"ordering": ["at", "id"]},
        ),
        migrations.AlterModelOptions(name="review", options={"ordering": ["at", "id"]}),
        migrations.RenameField("review", "reviewer", "by"),
        migrations.AlterField(
            "review",
            "by",
            models.ForeignKey(
                blank=True,
                help_text="Nobody for the starter library.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("rendition", "state", models.CharField(choices=STATES, default="draft", max_length=10)),
        migrations.AddField(
            "rendition",
            "digest",
            models.CharField(blank=True, default="", help_text="SHA-256 of the words as approved.", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            "rendition",
            "author",
            models.ForeignKey(
                blank=True,
                help_text="Who wrote these words.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "review",
            "checklist",
            models.JSONField(blank=True, default=dict, help_text="Which version was answered, and how."),
        ),
        migrations.AddField(
            "review",
            "override",
            models.CharField(
                blank=True, default="", help_text="Why an administrator made an exception.", max_length=500
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "review",
            "overridden",
            models.JSONField(blank=True, default=list, help_text="What stood in the way, one sentence each."),
        ),
        migrations.AddField(
            "review",
            "rendition",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="messaging.rendition"
            ),
        ),
        migrations.RunPython(give_each_language_its_review, migrations.RunPython.noop),
        migrations.RemoveField("review", "revision"),
        migrations.AlterField(
            "review",
            "rendition",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="messaging.rendition"
            ),
        ),
        migrations.AlterField("review", "decision", models.CharField(choices=DECISIONS, max_length=10)),
        migrations.AlterField(
            "review",
            "digest",
            models.CharField(help_text="SHA-256 of the words that were decided about.", max_length=64),
        ),
        migrations.AlterField(
            "revision",
            "state",
            models.CharField(
                choices=STATES, default="draft", help_text="Approved as soon as one language is.", max_length=10
            ),
        ),
        migrations.AddConstraint(
            "rendition",
            models.CheckConstraint(
                condition=models.Q(("state", "approved"), _negated=True) | models.Q(("digest", ""), _negated=True),
                name="rendition_approved_words_have_a_digest",
            ),
        ),
        migrations.AddConstraint(
            "review",
            models.CheckConstraint(
                condition=models.Q(("overridden", [])) | models.Q(("override", ""), _negated=True),
                name="review_exception_has_a_reason",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_triggers),
    ]
