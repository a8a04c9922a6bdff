"""The people who sign in to the console, each with a role at one provider."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from billbridge.store.models.provider import Provider
from billbridge.store.roles import Role


class AdministratorManager(BaseUserManager["Administrator"]):
    """Finds administrators by their e-mail address without regard to case."""

    def get_by_natural_key(self, username: str | None) -> Administrator:
        return self.select_related("provider").get(email__iexact=(username or "").strip())


class Administrator(AbstractBaseUser):
    """A person who may sign in. `role` says what they may do with their provider's data."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="administrators")
    email = models.EmailField(max_length=254, unique=True, help_text="in small letters")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True, help_text="UTC")

    objects = AdministratorManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        """Keep the address in one spelling."""
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the address in one spelling, however it was written."""
        self.clean()
        super().save(*args, **kwargs)
