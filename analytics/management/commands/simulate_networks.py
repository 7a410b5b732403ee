from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console

from analytics.simulation_study.network_share import TRAFFIC, Traffic, simulate

HOSTILE = (1, 5, 20)
SERVERS = (2, 5)


class Command(BaseCommand):
    help = "Show what a share for each network costs honest visitors, and what it leaves to hostile ones. Seeded."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        columns = [f"{number} hostile" for number in HOSTILE] + [f"1 hostile, {number} servers" for number in SERVERS]
        header = " | ".join(columns)
        for line in (
            f"| traffic | honest left out | homes | carriers | others | {header} |",
            "|---|" + "---|" * (4 + len(columns)),
            *map(_row, TRAFFIC),
        ):
            Console(soft_wrap=True).print(line, markup=False, highlight=False)


def _row(traffic: Traffic) -> str:
    honest = simulate(traffic, hostile=0)
    kinds = " | ".join(f"{honest.by_kind[kind]:.0%}" for kind in ("homes", "carriers", "others"))
    costs = [simulate(traffic, hostile=number) for number in HOSTILE]
    costs += [simulate(traffic, hostile=1, servers=number) for number in SERVERS]
    moves = " | ".join(f"{cost.move:.2f}" for cost in costs)
    return f"| {traffic.name}, {traffic.per_day:,} a day | {honest.left_out:.0%} | {kinds} | {moves} |"
