"""What is done with sign-ups: registered and led to the card, completed once, or left."""

from signup.services.completion import KINDS, choose_password, complete, sync, usual_boot_seconds
from signup.services.leaving import expire, remind
from signup.services.limits import TooMany
from signup.services.registration import (
    AlreadyPaid,
    Registration,
    Ticket,
    UsernameTaken,
    holds,
    open_checkout,
    start,
    username_is_free,
)
from signup.services.review import refuse, release
from signup.services.undoing import settle_events, undo
from signup.services.visits import count_visit

__all__ = [
    "KINDS",
    "AlreadyPaid",
    "Registration",
    "Ticket",
    "TooMany",
    "UsernameTaken",
    "choose_password",
    "complete",
    "count_visit",
    "expire",
    "holds",
    "open_checkout",
    "refuse",
    "release",
    "remind",
    "settle_events",
    "start",
    "sync",
    "undo",
    "username_is_free",
    "usual_boot_seconds",
]
