"""Openbravo's own staff, and the passwords of the demo's accounts."""

from __future__ import annotations

from functools import lru_cache

from django.contrib.auth.hashers import make_password

from ondemand.accounts import person
from ondemand.models import User

PASSWORD = "ondemand-demo"  # told on the terminal and in the README
STAFF = (
    ("staff@openbravo.example", "staff", "Sofía Lacalle"),
    ("approver@openbravo.example", "approver", "Peter Okafor"),
)


def make_staff() -> tuple[User, User]:
    """Who proposes payments, and who approves them; made as `createsuperuser` would."""
    first, second = (_superuser(*each) for each in STAFF)
    return first, second


def _superuser(email: str, username: str, name: str) -> User:
    made, _new = person(email=email, username=username, name=name)
    made.is_staff = made.is_superuser = True
    made.save(update_fields=["is_staff", "is_superuser"])
    set_password(made)
    return made


def set_password(user: User) -> None:
    """The demo's one password, hashed once: each hash takes a good part of a second."""
    user.password = _hashed()
    user.save(update_fields=["password"])


@lru_cache(maxsize=1)
def _hashed() -> str:
    return make_password(PASSWORD)
