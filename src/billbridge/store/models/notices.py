"""What is announced to people: the channels it goes to, the notices, and what became of each delivery."""

from __future__ import annotations

from django.db import models

from billbridge.store.models.provider import Provider
from billbridge.store.models.records import Task


class NotificationChannel(models.Model):
    """Where notices of a provider go: an e-mail server with its recipients, or the address of a webhook."""

    class Kind(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook (JSON)"
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"

    class Security(models.TextChoices):
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS"
        NONE = "none", "none"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    is_on = models.BooleanField(default=True)
    events = models.JSONField(default=list, help_text="what it is told of; empty: of everything")
    host = models.CharField(max_length=300, blank=True, help_text="e-mail: the server")
    port = models.PositiveIntegerField(default=587, help_text="e-mail: the server's port")
    security = models.CharField(max_length=10, choices=Security, default=Security.STARTTLS)
    username = models.CharField(max_length=200, blank=True, help_text="e-mail: empty: the server asks for none")
    sender = models.CharField(max_length=254, blank=True, help_text="e-mail: the address it comes from")
    recipients = models.JSONField(default=list, help_text="e-mail: the addresses it goes to")
    address = models.CharField(max_length=300, blank=True, help_text="webhook: scheme and host, to be shown")
    secret = models.BinaryField(
        default=b"", help_text="ciphertext; e-mail: the password; webhook: the whole address, which often is a key"
    )
    signing_key = models.BinaryField(default=b"", help_text="ciphertext; webhook (JSON): signs the body")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="one_channel_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """Something people are told, once: `key` keeps a second look at the same fact from telling it again."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    event = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    subject = models.CharField(max_length=300)
    lines = models.JSONField(default=list, help_text="what is told, sentence by sentence; never a secret")
    facts = models.JSONField(default=dict, help_text="the same for programs: ids, counts and money as text")
    at = models.DateTimeField(help_text="UTC")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "key"], name="a_fact_is_announced_once"),
        ]
        indexes = [models.Index(fields=["provider", "-at"])]

    def __str__(self) -> str:
        return self.subject


class Delivery(models.Model):
    """One notice on its way through one channel. `channel_name` outlives the channel."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(NotificationChannel, on_delete=models.SET_NULL, null=True)
    channel_name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="why it is not sent yet, or was not")
    ended = models.DateTimeField(null=True, help_text="UTC")
    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True, help_text="what delivers it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="one_delivery_per_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_name}: {self.state}"
