from django.db import migrations

from ondemand.tenancy.access import EDIT, OWN_CUSTOMER, OWN_PARTNER, OWN_SIGNUP, READ, Access
from ondemand.tenancy.operations import Admit, CompositeForeignKey, WallTable
from ondemand.tenancy.roles import Role

CAMPAIGN_KEY = ("partner_id, campaign_id", "partners_campaign", "partner_id, id")
# What was typed, without the secret and the state of its attempt: for the customer's export.
TYPED = (
    "SELECT (id, customer_id, created_at, state, company, contact_name, email, username, country, vat_number,"
    " language, network, terms_version, terms_accepted_at, completed_at)"
)
PROGRESS = "SELECT (id, name, product_id, plan_id, state, address, steps, boot_started_at, running_at)"


class Migration(migrations.Migration):
    dependencies = [("signup", "0001_initial"), ("instances", "0002_walls")]

    operations = [
        CompositeForeignKey("signup_signup", *CAMPAIGN_KEY),
        CompositeForeignKey("signup_pagevisits", *CAMPAIGN_KEY),
        WallTable(
            "signup_signup",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, TYPED, OWN_CUSTOMER),
            Access(Role.SIGNUP, EDIT, OWN_SIGNUP),
            Access(Role.STAFF, "SELECT, UPDATE"),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "signup_pagevisits",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.SIGNUP, EDIT, "campaign_id IN (SELECT id FROM partners_campaign)"),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, EDIT),
        ),
        Admit(
            "instances_instance",
            Access(Role.SIGNUP, PROGRESS, "id IN (SELECT instance_id FROM signup_signup)"),
        ),
    ]
