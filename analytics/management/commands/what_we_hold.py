import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from analytics.data_inventory import counts, plain_words


class Command(BaseCommand):
    help = "Print, in plain words, everything that someone who seized this installation would find right now."
    requires_system_checks = []  # the inventory itself reports what is unavailable

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        inventory = counts.take_inventory(now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(counts.as_dict(inventory), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(plain_words.render_text(inventory))
