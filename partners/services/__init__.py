"""What is done with partners: enrolled, given products to sell, and an account for their money."""

from partners.services.accounts import open_bank_account, sync_bank_account
from partners.services.enrolment import (
    Enrolment,
    EnrolmentConflict,
    add_member,
    change_state,
    enrol_partner,
    resend_welcome,
    tell_peer,
)
from partners.services.products import PlanOffer, add_product, currency, ensure_campaigns, sync_catalogue

__all__ = [
    "Enrolment",
    "EnrolmentConflict",
    "PlanOffer",
    "add_member",
    "add_product",
    "change_state",
    "currency",
    "enrol_partner",
    "ensure_campaigns",
    "open_bank_account",
    "resend_welcome",
    "sync_bank_account",
    "sync_catalogue",
    "tell_peer",
]
