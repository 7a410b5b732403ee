from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class MessagesConfig(AppConfig):
    name = "messages"
    label = "messaging"  # django.contrib.messages already has the label "messages"
    verbose_name = "Messages"

    def ready(self) -> None:
        from messages.accounts import recorded_accounts
        from messages.audit import verification

        verification.register(recorded_accounts.problems)
        post_migrate.connect(put_accounts_on_record, sender=self)


def put_accounts_on_record(using: str, **_kwargs: Any) -> None:
    """Receive `post_migrate`: put the accounts of an older installation on record as they are, once."""
    from messages.accounts import recorded_accounts
    from messages.audit import continuity, log

    needed = {"auth_user_groups", "mfa_authenticator", "messaging_apitoken", "messaging_auditentry"}
    if using != DEFAULT_DB_ALIAS or not needed <= set(connections[using].introspection.table_names()):
        return
    if not continuity.is_older_database():
        recorded_accounts.begin_with_all(by=log.command_line_actor())
