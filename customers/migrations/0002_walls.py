from django.db import migrations

from ondemand.tenancy.access import EDIT, OWN_CUSTOMER, OWN_PARTNER, READ, WRITE, Access
from ondemand.tenancy.operations import Admit, CompositeForeignKey, KeepFor, WallTable
from ondemand.tenancy.roles import Role

# What lives follows its customer to another partner; what is history stays.
FOLLOWS = {"on_update": "CASCADE"}
CUSTOMER_KEY = ("partner_id, customer_id", "customers_customer", "partner_id, id")
ASSIGNMENT_KEY = (
    "partner_id, customer_id, assignment_id",
    "customers_assignment",
    "partner_id, customer_id, id",
)
SUBSCRIPTION_KEY = ("partner_id, subscription_id", "customers_subscription", "partner_id, id")
INVOICE_KEY = ("partner_id, invoice_id", "customers_invoice", "partner_id, id")
READERS = [
    Access(Role.WEB, READ, OWN_PARTNER),
    Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
    Access(Role.STAFF, READ),
]
THEIR_PARTNER = "(SELECT partner_id FROM customers_customer)"

LAST_OWNER = """
CREATE CONSTRAINT TRIGGER last_owner AFTER UPDATE OR DELETE ON customers_person DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.keep_an_owner('customer_id', 'customers_customer');
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("partners", "0002_walls")]

    operations = [
        CompositeForeignKey("customers_person", *CUSTOMER_KEY, **FOLLOWS),
        CompositeForeignKey("customers_personinvitation", *CUSTOMER_KEY, **FOLLOWS),
        CompositeForeignKey("customers_subscription", *CUSTOMER_KEY, **FOLLOWS),
        CompositeForeignKey("customers_upcominginvoice", *CUSTOMER_KEY, **FOLLOWS),
        CompositeForeignKey("customers_upcominginvoice", *SUBSCRIPTION_KEY, **FOLLOWS),
        CompositeForeignKey("customers_planchange", *CUSTOMER_KEY, **FOLLOWS),
        CompositeForeignKey("customers_planchange", *SUBSCRIPTION_KEY, **FOLLOWS),
        CompositeForeignKey("customers_cancellation", *CUSTOMER_KEY, **FOLLOWS),
        CompositeForeignKey("customers_cancellation", *SUBSCRIPTION_KEY, **FOLLOWS),
        CompositeForeignKey("customers_invoice", *ASSIGNMENT_KEY),
        CompositeForeignKey("customers_invoiceline", *INVOICE_KEY),
        CompositeForeignKey("customers_invoicepayment", *INVOICE_KEY),
        CompositeForeignKey("customers_refund", *INVOICE_KEY),
        CompositeForeignKey("customers_creditnote", *INVOICE_KEY),
        CompositeForeignKey(
            "customers_creditnoteline", "partner_id, note_id", "customers_creditnote", "partner_id, id"
        ),
        CompositeForeignKey(
            "customers_creditnoteline", "partner_id, line_id", "customers_invoiceline", "partner_id, id"
        ),
        CompositeForeignKey("customers_dispute", *INVOICE_KEY),
        WallTable(
            "customers_customer",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, "id = (SELECT app.customer_id())"),
            Access(Role.STAFF, "SELECT, UPDATE"),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "customers_person",
            Access(Role.APP, READ),  # which customer is this session's?
            Access(Role.AUTH, READ),  # whose people sign in?
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, WRITE),
            Access(Role.WORKER, WRITE),
        ),
        CompositeForeignKey("customers_logintoken", *ASSIGNMENT_KEY),
        WallTable(
            "customers_logintoken",
            Access(Role.APP, READ),  # whose support session is this cookie's?
            *READERS,
            Access(Role.WORKER, WRITE),
        ),
        KeepFor("customers_logintoken", "created_at", 90),
        CompositeForeignKey("customers_helprequest", *ASSIGNMENT_KEY),
        WallTable("customers_helprequest", *READERS, Access(Role.WORKER, EDIT)),
        migrations.RunSQL(LAST_OWNER, "DROP TRIGGER last_owner ON customers_person"),
        WallTable(
            "customers_personinvitation",
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, WRITE),
        ),
        KeepFor("customers_personinvitation", "expires_at", 90),
        WallTable("customers_assignment", *READERS, Access(Role.WORKER, EDIT)),
        WallTable(
            "customers_subscription",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, "SELECT, UPDATE"),  # grace and exemption
            Access(Role.MACHINE, READ),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("customers_upcominginvoice", *READERS, Access(Role.WORKER, WRITE)),
        WallTable("customers_planchange", *READERS, Access(Role.MACHINE, READ), Access(Role.WORKER, EDIT)),
        WallTable(
            "customers_cancellation",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, "SELECT, UPDATE"),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("customers_invoice", *READERS, Access(Role.WORKER, EDIT)),
        WallTable("customers_invoiceline", *READERS, Access(Role.WORKER, WRITE)),
        WallTable("customers_invoicepayment", *READERS, Access(Role.WORKER, EDIT)),
        WallTable("customers_refund", *READERS, Access(Role.WORKER, EDIT)),
        WallTable("customers_creditnote", *READERS, Access(Role.WORKER, EDIT)),
        WallTable("customers_creditnoteline", *READERS, Access(Role.WORKER, EDIT)),
        WallTable("customers_dispute", *READERS, Access(Role.WORKER, EDIT)),
        Admit("customers_assignment", Access(Role.MACHINE, READ)),
        Admit("partners_partner", Access(Role.CUSTOMER, READ, f"id IN {THEIR_PARTNER}")),
        Admit("partners_campaign", Access(Role.CUSTOMER, READ, f"partner_id IN {THEIR_PARTNER}")),
        Admit("ondemand_user", Access(Role.CUSTOMER, READ, "id IN (SELECT user_id FROM customers_person)")),
    ]
