"""What is kept about the console's own work: the audit log, tasks, workers, drafts, copies of lists."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billbridge.store.models.administrators import Administrator
from billbridge.store.models.companies import Company
from billbridge.store.models.provider import Provider


class AuditEntry(models.Model):
    """Who did what, with the value before and after. Entries are only ever added."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    at = models.DateTimeField(help_text="UTC")
    who = models.CharField(max_length=254, help_text="the person's name and address, or the command line")
    administrator = models.ForeignKey(Administrator, on_delete=models.SET_NULL, null=True)
    action = models.CharField(max_length=60, help_text="what was done, in a word or two")
    subject = models.CharField(max_length=500, help_text="to what")
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["provider", "-at"])]

    def __str__(self) -> str:
        return f"{self.at} {self.who} {self.action} {self.subject}"


class Task(models.Model):
    """Something to be done in the background: a plan, a sync, auto-billing, a collection, a test of a connection.

    It is done in attempts: a new one begins after trouble that passes, after its worker died, and when a person
    asks again. What an attempt did is known from the rows it wrote, so that the next goes on from there.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        STOPPED = "stopped"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    inputs = models.JSONField(default=dict, help_text="ids and choices; never a secret")
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=200, blank=True, help_text="what it does now, in words")
    finished = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    reason = models.TextField(blank=True, help_text="why it failed, and what to do")
    asked_by = models.CharField(max_length=254)
    administrator = models.ForeignKey(Administrator, on_delete=models.SET_NULL, null=True)
    asked = models.DateTimeField(help_text="UTC")
    began = models.DateTimeField(null=True, help_text="UTC")
    ended = models.DateTimeField(null=True, help_text="UTC")
    worker = models.CharField(max_length=100, blank=True, help_text="the worker that runs it")
    alive_until = models.FloatField(
        default=0.0, help_text="database time at which its worker counts as dead unless it is heard of again"
    )
    lane = models.CharField(max_length=20, default="halopsa", help_text="what it works on, one task at a time")
    due = models.CharField(max_length=60, blank=True, help_text="what a schedule asked for; empty: a person did")
    attempt = models.PositiveIntegerField(default=1)
    tries = models.PositiveIntegerField(default=0, help_text="attempts in a row that ended in passing trouble")
    not_before = models.FloatField(default=0.0, help_text="database time before which it is not tried again")
    handed_over = models.CharField(
        max_length=60, blank=True, help_text="the engine's queue and the attempt that stands in it"
    )
    stop_asked_by = models.CharField(max_length=254, blank=True, help_text="who asked to stop it, if anybody")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "lane"], condition=Q(state="running"), name="one_task_of_a_lane_at_work"
            ),
            models.UniqueConstraint(
                fields=["provider", "due"], condition=~Q(due=""), name="what_is_due_is_asked_for_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"]),
            # With the attempt, so that attempts are summed from the index alone: results are long.
            models.Index(fields=["provider", "kind", "-id", "attempt"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Worker(models.Model):
    """A process that does tasks, as it is heard of; the row goes when it ends in order."""

    name = models.CharField(max_length=100, unique=True)
    machine = models.CharField(max_length=200)
    began = models.DateTimeField(help_text="UTC")
    alive_until = models.FloatField(
        help_text="database time at which it counts as dead unless it is heard of again"
    )

    def __str__(self) -> str:
        return f"{self.name} on {self.machine}"


class PlannedEntry(models.Model):
    """One change of a plan that was asked for, as it is looked at before anything is sent."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="entries")
    rank = models.PositiveSmallIntegerField(help_text="what a person should see first")
    position = models.PositiveIntegerField(help_text="its place in the plan")
    kind = models.CharField(max_length=20)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True)
    company_name = models.CharField(max_length=300)
    name = models.CharField(max_length=300)
    month = models.CharField(max_length=7, blank=True, help_text="YYYY-MM; empty: it is emptied or closed")
    subscription_id = models.IntegerField(null=True)
    reason = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    fields = models.JSONField(default=list, help_text="per field: its name, before, after and base")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "position"], name="one_entry_per_position")]
        indexes = [models.Index(fields=["task", "rank", "position"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Draft(models.Model):
    """A half-filled form a person left: kept until it is saved or thrown away. `version` is what it began from."""

    administrator = models.ForeignKey(Administrator, on_delete=models.CASCADE)
    form = models.CharField(max_length=100, help_text="which form, and of what")
    version = models.CharField(max_length=64, blank=True, help_text="digest of the settings it began from")
    content = models.JSONField(default=dict)
    saved = models.DateTimeField(auto_now=True, help_text="UTC")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["administrator", "form"], name="one_draft_per_form")]

    def __str__(self) -> str:
        return self.form


class HaloList(models.Model):
    """Our copy of one of HaloPSA's lists, for choosing from: pages never wait for HaloPSA."""

    class Kind(models.TextChoices):
        CUSTOMERS = "customers"
        SITES = "sites"
        ASSET_TYPES = "asset types"
        ITEMS = "items"
        SUPPLIERS = "suppliers"
        AGREEMENTS = "agreements"
        CURRENCIES = "currencies"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20, choices=Kind)
    rows = models.JSONField(default=list, help_text="the records by HaloPSA's field names")
    read_at = models.DateTimeField(help_text="UTC")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "kind"], name="one_copy_per_list")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.read_at}"
