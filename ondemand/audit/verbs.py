"""Every verb of the trail: its words, where it belongs, and who reads it beside staff.

In the words stand the entry's target and what its detail holds; see ondemand.audit.words. A customer's people are
no business of the partner, nor a partner's money of the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Reader(Enum):
    """The owner of that side; staff read every entry."""

    PARTNER = auto()
    CUSTOMER = auto()


class Area(TextChoices):
    SIGN_IN = "sign_in", _("Signing in")
    TEAM = "team", _("Team")
    SUPPORT = "support", _("Support access")
    FILES = "files", _("Files taken")
    CUSTOMERS = "customers", _("Customers and instances")
    PAGES = "pages", _("Sign-up pages")
    MONEY = "money", _("Commission and payments")
    PLATFORM = "platform", _("Platform")


@dataclass(frozen=True)
class Verb:
    area: Area
    words: str | Promise
    readers: frozenset[Reader]


PARTNER, CUSTOMER = frozenset({Reader.PARTNER}), frozenset({Reader.CUSTOMER})
BOTH, STAFF = PARTNER | CUSTOMER, frozenset[Reader]()

TEAM: dict[str, str | Promise] = {
    "invited": _("invited %(target)s as %(role)s"),
    "invited_again": _("invited %(target)s again"),
    "invitation_withdrawn": _("withdrew the invitation of %(target)s"),
    "joined": _("joined the team as %(role)s"),
    "role_changed": _("changed the role of %(target)s from %(before)s to %(role)s"),
    "disabled": _("disabled %(target)s"),
    "enabled": _("enabled %(target)s"),
    "removed": _("removed %(target)s, %(role)s, from the team"),
    "left": _("left the team"),
}

VERBS: dict[str, Verb] = {
    "account.signed_in": Verb(Area.SIGN_IN, _("signed in"), BOTH),
    "account.signed_out": Verb(Area.SIGN_IN, _("signed out"), BOTH),
    "account.sign_in_failed": Verb(Area.SIGN_IN, _("gave a wrong password for %(target)s"), BOTH),
    "account.code_failed": Verb(Area.SIGN_IN, _("gave a wrong code for the second factor"), BOTH),
    "account.password_chosen": Verb(Area.SIGN_IN, _("chose a first password"), BOTH),
    "account.password_changed": Verb(Area.SIGN_IN, _("changed the password"), BOTH),
    "account.password_reset": Verb(Area.SIGN_IN, _("chose a password by a mailed link"), BOTH),
    "account.email_added": Verb(Area.SIGN_IN, _("added the e-mail address %(target)s"), BOTH),
    "account.email_changed": Verb(Area.SIGN_IN, _("made %(target)s the e-mail address"), BOTH),
    "account.email_removed": Verb(Area.SIGN_IN, _("removed the e-mail address %(target)s"), BOTH),
    "account.factor_added": Verb(Area.SIGN_IN, _("set a second factor up: %(factor)s"), BOTH),
    "account.factor_removed": Verb(Area.SIGN_IN, _("removed a second factor: %(factor)s"), BOTH),
    "account.factor_renewed": Verb(Area.SIGN_IN, _("made new recovery codes"), BOTH),
    **{f"member.{name}": Verb(Area.TEAM, words, PARTNER) for name, words in TEAM.items()},
    **{f"person.{name}": Verb(Area.TEAM, words, CUSTOMER) for name, words in TEAM.items()},
    "member.added": Verb(Area.TEAM, _("added %(target)s as %(role)s"), PARTNER),
    "login_as.token": Verb(Area.SUPPORT, _("asked for a way into the account of %(target)s: %(reason)s"), BOTH),
    "login_as.entered": Verb(Area.SUPPORT, _("entered the account of %(target)s: %(reason)s"), BOTH),
    "login_as.opened": Verb(Area.SUPPORT, _("opened the instance %(instance)s for support: %(reason)s"), BOTH),
    "login_as.ended": Verb(Area.SUPPORT, _("ended the visit of %(member)s to the account of %(target)s"), BOTH),
    "login_as.denied": Verb(Area.SUPPORT, _("was not let into the account of %(target)s: %(why)s"), BOTH),
    "login_as.forbidden": Verb(Area.SUPPORT, _("tried what support may not do in the account of %(target)s"), BOTH),
    "login_as.allowed": Verb(Area.SUPPORT, _("allowed support access"), BOTH),
    "login_as.refused": Verb(Area.SUPPORT, _("refused support access"), BOTH),
    "partner.looked_at": Verb(Area.SUPPORT, _("began to look at the portal as staff"), PARTNER),
    "partner.look_ended": Verb(Area.SUPPORT, _("stopped looking at the portal as staff"), PARTNER),
    "list.exported": Verb(Area.FILES, _("took a file of %(list)s: %(rows)s rows"), BOTH),
    "list.exported_by_staff": Verb(Area.FILES, _("took a file of %(list)s as staff"), PARTNER),
    "data.exported": Verb(Area.FILES, _("took the account's data along: %(rows)s rows"), CUSTOMER),
    "erasure.asked": Verb(Area.CUSTOMERS, _("asked for the erasure of %(target)s"), BOTH),
    "erasure.confirmed": Verb(Area.CUSTOMERS, _("confirmed the erasure of %(target)s"), PARTNER),
    "erasure.done": Verb(Area.CUSTOMERS, _("erased %(target)s"), PARTNER),
    "customer.registered": Verb(Area.CUSTOMERS, _("became a customer: %(target)s"), BOTH),
    "signup.completed": Verb(Area.CUSTOMERS, _("completed the sign-up %(target)s"), BOTH),
    "signup.held": Verb(Area.CUSTOMERS, _("held the sign-up %(target)s for review"), PARTNER),
    "signup.released": Verb(Area.CUSTOMERS, _("released the sign-up %(target)s: %(why)s"), PARTNER),
    "signup.refused": Verb(Area.CUSTOMERS, _("refused the sign-up %(target)s: %(why)s"), PARTNER),
    "signup.retried": Verb(Area.CUSTOMERS, _("had the sign-up %(target)s looked at again"), PARTNER),
    "instance.opened": Verb(Area.CUSTOMERS, _("opened the instance %(target)s"), CUSTOMER),
    "instance.retried": Verb(Area.CUSTOMERS, _("had %(target)s booted again"), BOTH),
    "instance.suspended": Verb(Area.CUSTOMERS, _("suspended %(target)s: %(why)s"), BOTH),
    "instance.resumed": Verb(Area.CUSTOMERS, _("let %(target)s run again: %(why)s"), BOTH),
    "plan.asked": Verb(Area.CUSTOMERS, _("asked to change the plan of %(target)s from %(was)s to %(plan)s"), BOTH),
    "plan.changed": Verb(Area.CUSTOMERS, _("changed the plan of %(target)s from %(was)s to %(plan)s"), BOTH),
    "plan.withdrawn": Verb(
        Area.CUSTOMERS, _("withdrew the change of the plan of %(target)s from %(was)s to %(plan)s"), BOTH
    ),
    "instance.backup_taken": Verb(Area.FILES, _("downloaded the last backup of %(target)s"), CUSTOMER),
    "subscription.exempted": Verb(
        Area.CUSTOMERS, _("exempted %(target)s from suspension until %(until)s: %(why)s"), PARTNER
    ),
    "subscription.exemption_lifted": Verb(
        Area.CUSTOMERS, _("ended the exemption of %(target)s from suspension: %(why)s"), PARTNER
    ),
    "subscription.grace_changed": Verb(
        Area.CUSTOMERS, _("changed the days of grace of %(target)s from %(before)s to %(days)s: %(why)s"), PARTNER
    ),
    "subscription.cancelled": Verb(
        Area.CUSTOMERS, _("cancelled the subscription of %(target)s to %(plan)s; it ends on %(ends)s"), BOTH
    ),
    "subscription.undone": Verb(
        Area.CUSTOMERS, _("undid the cancellation of %(target)s to %(plan)s, which goes on beyond %(ends)s"), BOTH
    ),
    "subscription.ended_at_once": Verb(
        Area.CUSTOMERS, _("ended the subscription of %(target)s at once: %(why)s"), BOTH
    ),
    "subscription.ended": Verb(Area.CUSTOMERS, _("ended the subscription of %(target)s to %(plan)s"), BOTH),
    "help.asked": Verb(Area.CUSTOMERS, _("asked for help with %(target)s"), BOTH),
    "card.page_opened": Verb(Area.CUSTOMERS, _("opened the page of card and invoices"), CUSTOMER),
    "origins.changed": Verb(Area.PAGES, _("changed where %(target)s may be framed: %(origins)s"), PARTNER),
    "page.edited": Verb(Area.PAGES, _("edited the sign-up page %(target)s: %(changes)s"), PARTNER),
    "bank_account.opened": Verb(Area.MONEY, _("opened the account for the money: %(target)s"), PARTNER),
    "bank_account.ready": Verb(Area.MONEY, _("can send money to the account %(target)s"), PARTNER),
    "bank_account.blocked": Verb(Area.MONEY, _("can no longer send money to the account %(target)s"), PARTNER),
    "terms.agreed": Verb(Area.MONEY, _("set the commission on %(target)s to %(rate)s from %(starts)s"), PARTNER),
    "payment.drafted": Verb(Area.MONEY, _("drafted the payment %(target)s"), STAFF),
    "payment.proposed": Verb(Area.MONEY, _("proposed the payment %(target)s"), STAFF),
    "payment.approved": Verb(Area.MONEY, _("approved the payment %(target)s"), PARTNER),
    "payment.cancelled": Verb(Area.MONEY, _("cancelled the payment %(target)s"), PARTNER),
    "payment.paid": Verb(Area.MONEY, _("sent the payment %(target)s"), PARTNER),
    "payment.failed": Verb(Area.MONEY, _("could not send the payment %(target)s: %(error)s"), PARTNER),
    "partner.enrolled": Verb(Area.PLATFORM, _("enrolled the partner %(target)s"), PARTNER),
    "partner.resent": Verb(Area.PLATFORM, _("mailed the owner of %(target)s a new link"), PARTNER),
    "partner.active": Verb(Area.PLATFORM, _("reactivated the partner %(target)s"), PARTNER),
    "partner.suspended": Verb(Area.PLATFORM, _("suspended the partner %(target)s"), PARTNER),
    "partner.left": Verb(Area.PLATFORM, _("noted that the partner %(target)s left"), PARTNER),
    "partner.edited": Verb(Area.PLATFORM, _("edited the partner %(target)s: %(changes)s"), PARTNER),
    "product.added": Verb(Area.PLATFORM, _("added the product %(target)s"), STAFF),
    "staff.added": Verb(Area.PLATFORM, _("added %(kind)s %(target)s"), STAFF),
    "staff.changed": Verb(Area.PLATFORM, _("edited %(kind)s %(target)s: %(changes)s"), STAFF),
    "staff.deleted": Verb(Area.PLATFORM, _("deleted %(kind)s %(target)s"), STAFF),
    "brake.closed": Verb(Area.PLATFORM, _("stopped all suspensions: %(why)s"), STAFF),
    "brake.opened": Verb(Area.PLATFORM, _("let suspensions go on: %(why)s"), STAFF),
    "events.retried": Verb(Area.PLATFORM, _("had %(count)s Stripe events taken again"), STAFF),
    "events.ignored": Verb(Area.PLATFORM, _("had %(count)s Stripe events ignored: %(why)s"), STAFF),
    "mails.resent": Verb(Area.PLATFORM, _("had %(count)s mails sent again"), STAFF),
}


def verbs_of(area: str) -> list[str]:
    return [name for name, verb in VERBS.items() if verb.area == area]
