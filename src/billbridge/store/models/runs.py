"""Runs, their planned changes, the slots in HaloPSA, and the log of calls the limiter keeps."""

from __future__ import annotations

from django.db import models

from billbridge.store.fields import MonthField
from billbridge.store.models.companies import Company
from billbridge.store.models.connections import HaloConnection
from billbridge.store.models.provider import Provider
from billbridge.store.models.records import Task
from billbridge.store.models.settings import BillingConfiguration


class Run(models.Model):
    """One sync with HaloPSA: bill, plan, apply, verify."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        PARTLY = "partly done"
        FAILED = "failed"
        INTERRUPTED = "interrupted"
        STOPPED = "stopped"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    task = models.ForeignKey(
        Task, on_delete=models.SET_NULL, null=True, related_name="runs", help_text="the task it is an attempt of"
    )
    trigger = models.CharField(max_length=20)
    started_by = models.CharField(max_length=254, blank=True, help_text="the person, or the command line")
    day = models.DateField(help_text="the business day")
    began = models.DateTimeField(help_text="UTC")
    ended = models.DateTimeField(null=True, help_text="UTC")
    state = models.CharField(max_length=20, choices=State)
    reason = models.TextField(blank=True)
    calls = models.JSONField(default=dict, help_text="calls to HaloPSA, by kind")
    coverage = models.JSONField(default=dict, help_text="companies billed, held and not configured, with reasons")

    class Meta:
        # How runs ended, and when, is counted from the index alone: a row holds a line for every company.
        indexes = [models.Index(fields=["provider", "trigger", "state", "ended"])]

    def __str__(self) -> str:
        return f"{self.trigger} {self.day}: {self.state}"


class PlannedChange(models.Model):
    """One write to HaloPSA, stored with the values before it, before it is sent."""

    class State(models.TextChoices):
        INTENDED = "intended"
        SENDING = "sending"
        SENT = "sent"
        VERIFIED = "verified"
        FAILED = "failed"
        ABANDONED = "abandoned"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="changes")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=80, db_index=True)
    kind = models.CharField(max_length=20)
    subscription_id = models.IntegerField(null=True)
    client_id = models.IntegerField()
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=300, blank=True, help_text="the subscription's name")
    month = models.CharField(max_length=7, blank=True, help_text="YYYY-MM; empty: it is emptied or closed")
    fields = models.JSONField(help_text="per field: before, after, base")
    read_back = models.JSONField(default=dict, help_text="per field: what HaloPSA showed after it was sent")
    state = models.CharField(max_length=20, choices=State, default=State.INTENDED)
    sent_at = models.FloatField(null=True, help_text="database time of the last attempt, in seconds")
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_change_per_position")]
        # What became of the changes, of a run's or of all, is counted from the index alone.
        indexes = [models.Index(fields=["run", "state", "kind"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.state}"


class Slot(models.Model):
    """One configuration's place in HaloPSA: its subscription, what it shows, and the base for comparing."""

    configuration = models.ForeignKey(BillingConfiguration, on_delete=models.PROTECT, related_name="slots")
    slot = models.CharField(max_length=10)
    key = models.CharField(max_length=80, unique=True)
    subscription_id = models.IntegerField()
    shows = MonthField(null=True)
    owned = models.JSONField(default=dict, help_text="owned values read back and accepted")
    asked = models.JSONField(default=dict, help_text="the owned values they answered; HaloPSA may round")
    sent = models.JSONField(default=dict, help_text="values of the month and set once, as last sent")
    watched = models.JSONField(default=dict)
    closed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["configuration", "slot"], name="one_subscription_per_slot"),
        ]

    def __str__(self) -> str:
        return self.key


class ApiCall(models.Model):
    """One call in the limiter's sliding log. `at` is when it was made, then when it was answered."""

    connection = models.ForeignKey(HaloConnection, on_delete=models.CASCADE)
    at = models.FloatField(help_text="database time in seconds since 1970")

    class Meta:
        indexes = [models.Index(fields=["connection", "at"])]

    def __str__(self) -> str:
        return f"{self.at}"


class CallCount(models.Model):
    """How many calls of a kind the limiter let through on a connection since there is one: it only grows."""

    connection = models.ForeignKey(HaloConnection, on_delete=models.CASCADE, related_name="call_counts")
    kind = models.CharField(max_length=10, help_text="reads, writes, tokens; limited: those answered with 429")
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_count_per_kind_of_call")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Lock(models.Model):
    """Who runs on a connection now: one run at a time."""

    connection = models.OneToOneField(HaloConnection, on_delete=models.CASCADE)
    holder = models.CharField(max_length=100)
    until = models.FloatField(help_text="database time at which it lapses unless renewed")

    def __str__(self) -> str:
        return self.holder
