"""All planted faults, with the row that must detect each and a word of its report."""

from __future__ import annotations

from tests.trust.bench import Fault
from tests.trust.site import FIRST, TrustSite


def _access_log(made: TrustSite) -> None:
    made.options += ["--access-log", "--log-level", "info"]


def _cores(made: TrustSite) -> None:
    made.cores = True


def _columns(made: TrustSite, *columns: str) -> None:
    for column in columns:
        made.query("audience", f"ALTER TABLE analytics_openview ADD COLUMN {column} TEXT")


def _secret_in_the_database(made: TrustSite) -> None:
    """Store the secret as a salt, which backups contain."""
    made.shell(
        f"""
from django.conf import settings
from campaign.keys.store import subject_secret
from campaign.models import Campaign
from tests import world
world.drop_triggers()  # which keep the salt of a launched campaign
campaign = Campaign.objects.get(slug={FIRST!r})
campaign.salt = subject_secret(settings.KEY_DIRECTORY, campaign.pk).hex()
campaign.save()
"""
    )


def _no_constraints(made: TrustSite) -> None:
    """Recreate the table without constraints on whole hours."""
    (sql,) = made.query("audience", "SELECT sql FROM sqlite_master WHERE name = 'analytics_openview'")[0]
    bare = ", ".join(f"{name} BLOB" for name in _names(made))
    assert "CHECK" in str(sql)
    made.query("audience", "DROP TABLE analytics_openview")
    made.query("audience", f"CREATE TABLE analytics_openview ({bare}, PRIMARY KEY (closes, nonce)) WITHOUT ROWID")


def _rows_in_order_of_arrival(made: TrustSite) -> None:
    """Recreate the table with Django's default: a hidden row number."""
    (sql,) = made.query("audience", "SELECT sql FROM sqlite_master WHERE name = 'analytics_openview'")[0]
    made.query("audience", "DROP TABLE analytics_openview")
    made.query("audience", str(sql).replace("WITHOUT ROWID", ""))


def _names(made: TrustSite) -> list[str]:
    return [str(row[1]) for row in made.query("audience", "PRAGMA table_info(analytics_openview)")]


def _audience_in_the_backup(made: TrustSite) -> None:
    made.backs_up_the_audience_too = True


IDENTIFYING, FIELDS, COARSE, FORGET, SHREDDING = "identifying", "fields", "coarse", "forget", "shredding"
DEVICE, VOCABULARY, CELLS, CHOICE, SILENCE = "device", "vocabulary", "cells", "choice", "silence"
RELATED, SIZES, FLOOD = "related", "sizes", "flood"
PROMISES = {
    IDENTIFYING: "nothing identifying anywhere",
    FIELDS: "only declared fields",
    COARSE: "coarse time, random ids",
    FORGET: "fold and forget",
    SHREDDING: "crypto-shredding",
    DEVICE: "nothing on the device, no third party",
    VOCABULARY: "closed vocabulary",
    CELLS: "small cells stay hidden",
    RELATED: "related outcomes tell of nobody",
    CHOICE: "choice respected",
    SILENCE: "nothing calls out",
    SIZES: "sizes tell nothing",
    FLOOD: "one network counts for its share",
}
# Rows that depend on what an engine writes to disk; the others run the same code on both.
POSTGRESQL_TOO = (IDENTIFYING, FIELDS, COARSE, FORGET, SHREDDING)

FAULTS = (
    Fault("access-log", IDENTIFYING, "an address", _access_log),
    Fault("stock-logger", IDENTIFYING, "a mark"),
    Fault("error-mail", IDENTIFYING, "mail"),
    Fault("request-id-in-a-row", IDENTIFYING, "audience.sqlite3", lambda made: _columns(made, "request_id")),
    Fault("shutdown-dump", IDENTIFYING, "visitors-"),
    Fault("query-in-a-redirect", IDENTIFYING, "an answer 303"),
    Fault("key-in-an-exception", IDENTIFYING, "a mark"),
    Fault("hashed-visitor", IDENTIFYING, "address and agent, sha256"),
    Fault("address-in-base64", IDENTIFYING, "an address, base64"),
    Fault("core-dump", IDENTIFYING, "core", _cores),
    Fault("new-column", FIELDS, "analytics_openview.seen_at", lambda made: _columns(made, "seen_at")),
    Fault("no-constraints", COARSE, "a minute fits", _no_constraints),
    Fault("rows-in-order-of-arrival", COARSE, "order of arrival", _rows_in_order_of_arrival),
    Fault("nonces-in-order", COARSE, "nonces follow"),
    Fault("fold-without-vacuum", FORGET, "a nonce"),
    Fault("fold-without-counting", FORGET, "counted"),
    Fault("audience-in-the-backup", FORGET, "backup", _audience_in_the_backup),
    Fault("secret-in-the-database", SHREDDING, "a secret", _secret_in_the_database),
    Fault("secret-kept", SHREDDING, "a secret"),
    Fault("etag", DEVICE, "etag"),
    Fault("session-cookie", DEVICE, "cookie"),
    Fault("storage-on-the-device", DEVICE, "localStorage"),
    Fault("third-party", DEVICE, "counter.example"),
    Fault("unknown-field-ignored", VOCABULARY, "accepted"),
    Fault("mail-as-a-key", VOCABULARY, "names a person"),
    Fault("primary-only-suppression", CELLS, "recovered"),
    Fault("outcomes-attacked-one-by-one", RELATED, "recovered"),
    Fault("withdrawals-not-attacked", RELATED, "withdrawals"),
    Fault("choice-ignored", CHOICE, "receipt"),
    Fault("choice-ignored-later", CHOICE, "rows were written"),
    Fault("calls-home", SILENCE, "attempt"),
    Fault("messages-as-long-as-they-are", SIZES, "a message, received"),
    Fault("pages-as-long-as-they-are", SIZES, "a page in en, received"),
    Fault("a-header-for-one-arm", SIZES, "a message, received"),
    Fault("every-message-counts", FLOOD, "are counted"),
    Fault("redirects-as-long-as-they-are", SIZES, "a pressed button in en, received"),
    Fault("statement-logging", FORGET, "log", engine="postgresql"),
    Fault("slow-statement-logging", FORGET, "log", engine="postgresql"),
    Fault("archive-kept", FORGET, "pg_wal", engine="postgresql"),
)
