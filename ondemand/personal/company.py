"""Everything that is kept of a customer, as tables; read as portal_customer, behind the walls."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from customers.models import Assignment, Cancellation, Customer, HelpRequest, LoginToken, Person, PersonInvitation
from instances.models import Ending
from ondemand.models import AuditEntry
from ondemand.personal.archive import CURRENCY, Table, Told
from ondemand.personal.billing import billing
from ondemand.personal.instances import instances
from signup.models import SignUp


def tables(customer_id: int) -> Iterator[Table]:
    """Each filtered by the customer, as the walls do too."""
    yield from _company(customer_id)
    yield from instances(customer_id)
    yield from billing(customer_id)
    yield from _trail(customer_id)


def _company(customer_id: int) -> Iterator[Table]:
    yield Table(
        "company",
        _("Your company, as it is known here."),
        [
            Told("number", "pk", meaning=_("its number here")),
            Told("name", "name", meaning=_("company")),
            Told("contact", "contact_name", meaning=_("primary contact")),
            Told("email", "contact_email", meaning=_("the contact's e-mail address")),
            Told("country", "country", meaning=_("ISO 3166 code of the country")),
            Told("vat_number", "vat_number", meaning=_("VAT number")),
            Told("since", "acquired_at", meaning=_("when it became a customer")),
            Told("plan", "plan__name", meaning=_("the plan that it signed up for")),
            Told("state", "state", meaning=_("payment status")),
            CURRENCY,
            Told("invoiced", "invoiced", "money", meaning=_("total of all invoices")),
            Told("paid", "paid", "money", meaning=_("total of all payments")),
            Told("refunded", "refunded", "money", meaning=_("total of all refunds")),
            Told("credited", "credited", "money", meaning=_("total of all credit notes")),
            Told("balance", "balance", "money", meaning=_("what the next invoice takes besides; negative: gives")),
            Told("stripe_id", "stripe_id", meaning=_("id at Stripe, the payment provider")),
            Told("support_allowed", "support_allowed", meaning=_("whether the partner may enter the account")),
        ],
        Customer.objects.filter(pk=customer_id),
    )
    yield Table(
        "people",
        _("Who belongs to the account, and who did."),
        [
            Told("name", "user__first_name", meaning=_("first name")),
            Told("last_name", "user__last_name", meaning=_("last name")),
            Told("email", "user__email", meaning=_("e-mail address")),
            Told("username", "user__username", meaning=_("name in the instances")),
            Told("role", "role", meaning=_("owner, billing or technical")),
            Told("active", "active", meaning=_("whether the person may come in")),
            Told("language", "user__language", meaning=_("language of mails")),
            Told("last_sign_in", "user__last_login", meaning=_("when the person signed in last")),
        ],
        Person.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "invitations",
        _("Invitations to the account."),
        [
            Told("email", "email", meaning=_("e-mail address")),
            Told("role", "role", meaning=_("owner, billing or technical")),
            Told("sent", "created_at", meaning=_("when it was made")),
            Told("expires", "expires_at", meaning=_("until when its link works")),
            Told("accepted", "accepted_at", meaning=_("when it was accepted")),
            Told("withdrawn", "withdrawn_at", meaning=_("when it was withdrawn")),
        ],
        PersonInvitation.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "sign_ups",
        _("What was typed on sign-up pages, and the terms that were accepted there."),
        [
            Told("at", "created_at", meaning=_("when the form was sent")),
            Told("state", "state", meaning=_("what became of it")),
            Told("company", "company", meaning=_("company")),
            Told("contact", "contact_name", meaning=_("name")),
            Told("email", "email", meaning=_("e-mail address")),
            Told("username", "username", meaning=_("username")),
            Told("country", "country", meaning=_("ISO 3166 code of the country")),
            Told("vat_number", "vat_number", meaning=_("VAT number")),
            Told("language", "language", meaning=_("language of the page")),
            Told("network", "network", meaning=_("network that it came from, kept for 30 days")),
            Told("terms", "terms_version", meaning=_("version of the terms")),
            Told("accepted", "terms_accepted_at", meaning=_("when the terms were accepted")),
            Told("completed", "completed_at", meaning=_("when the card was accepted")),
        ],
        SignUp.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "names",
        _("The company's names, and from when to when a partner looked after it under each."),
        [
            Told("name", "name", meaning=_("company")),
            Told("since", "since", meaning=_("from")),
            Told("until", "until", meaning=_("until")),
        ],
        Assignment.objects.filter(customer_id=customer_id).order_by("pk"),
    )


def _trail(customer_id: int) -> Iterator[Table]:
    yield Table(
        "who_was_here",
        _("Your partner's members who entered the account, of the last 90 days."),
        [
            Told("who", "who", meaning=_("name and e-mail address")),
            Told("reason", "reason", meaning=_("why")),
            Told("instances", "opened", meaning=_("which of your instances were opened")),
            Told("entered", "used_at", meaning=_("when the member came")),
            Told("out_at_the_latest", "session_expires_at", meaning=_("when the session would have ended by itself")),
            Told("left", "ended_at", meaning=_("when it was ended")),
            Told("ending", "ending", meaning=_("who ended it")),
        ],
        LoginToken.objects.entered().filter(customer_id=customer_id).order_by("used_at", "pk"),
    )
    yield Table(
        "asked_for_help",
        _("What your people asked the partner."),
        [
            Told("at", "created_at", meaning=_("when")),
            Told("who", "who", meaning=_("name and e-mail address")),
            Told("instance", "instance", meaning=_("about which instance")),
            Told("message", "text", meaning=_("what was written")),
        ],
        HelpRequest.objects.filter(customer_id=customer_id).order_by("created_at", "pk"),
    )
    yield Table(
        "cancellations",
        _("Which subscriptions your people cancelled, and why."),
        [
            Told("at", "created_at", meaning=_("when")),
            Told("subscription", "subscription__stripe_id", meaning=_("Stripe's id of it")),
            Told("reason", "reason", meaning=_("why")),
            Told("words", "text", meaning=_("in your own words")),
            Told("ends", "ends_at", meaning=_("when it ends or would have ended")),
            Told("undone", "undone_at", meaning=_("when it was undone")),
        ],
        Cancellation.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "ended_at_once",
        _("Which subscriptions Openbravo ended at once, and why."),
        [
            Told("at", "asked_at", meaning=_("when")),
            Told("subscription", "subscription__stripe_id", meaning=_("Stripe's id of it")),
            Told("reason", "why", meaning=_("why")),
        ],
        Ending.objects.filter(customer_id=customer_id).order_by("pk"),
    )
    yield Table(
        "audit_trail",
        _("Who did what in the account."),
        [
            Told("at", "at", meaning=_("when")),
            Told("who", "actor", meaning=_("who; platform where nobody did")),
            Told("deed", "verb", meaning=_("what was done")),
            Told("target", "target", meaning=_("to what")),
            Told("detail", "detail", meaning=_("more about it, as JSON")),
            Told("from", "address", meaning=_("from which network address, for 30 days")),
        ],
        AuditEntry.objects.filter(customer_id=customer_id).order_by("at", "pk"),
    )
