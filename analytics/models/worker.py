"""The worker's progress, its clock and its silence."""

from django.db import models


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
