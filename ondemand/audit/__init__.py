"""The trail: who did what, about whom, when and from where; never changed, and read by whom it concerns."""

from ondemand.audit.entries import SOMEBODY, coming_from, record

__all__ = ["SOMEBODY", "coming_from", "record"]
