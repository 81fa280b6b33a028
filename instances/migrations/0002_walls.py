from django.db import migrations

from ondemand.tenancy.access import EDIT, OWN_CUSTOMER, OWN_PARTNER, READ, Access
from ondemand.tenancy.operations import CompositeForeignKey, WallTable
from ondemand.tenancy.roles import Role

FOLLOWS = {"on_update": "CASCADE"}
ASSIGNMENT_KEY = (
    "partner_id, customer_id, assignment_id",
    "customers_assignment",
    "partner_id, customer_id, id",
)
READERS = [
    Access(Role.WEB, READ, OWN_PARTNER),
    Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
    Access(Role.STAFF, READ),
]
# A heartbeat is the instances' own word: it writes readings, the cycle's peak, and that the instance runs.
MACHINE = Access(Role.MACHINE, EDIT)


class Migration(migrations.Migration):
    dependencies = [("instances", "0001_initial"), ("customers", "0002_walls")]

    operations = [
        CompositeForeignKey(
            "instances_instance", "partner_id, customer_id", "customers_customer", "partner_id, id", **FOLLOWS
        ),
        CompositeForeignKey(
            "instances_instance",
            "partner_id, subscription_id",
            "customers_subscription",
            "partner_id, id",
            **FOLLOWS,
        ),
        CompositeForeignKey(
            "instances_instanceevent",
            "partner_id, instance_id",
            "instances_instance",
            "partner_id, id",
            **FOLLOWS,
        ),
        CompositeForeignKey(
            "instances_suspension",
            "partner_id, instance_id",
            "instances_instance",
            "partner_id, id",
            **FOLLOWS,
        ),
        CompositeForeignKey("instances_usagereading", *ASSIGNMENT_KEY),
        CompositeForeignKey("instances_usagecycle", *ASSIGNMENT_KEY),
        WallTable(
            "instances_instance",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, "SELECT, UPDATE"),
            Access(Role.MACHINE, "SELECT, UPDATE"),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("instances_instanceevent", *READERS, MACHINE, Access(Role.WORKER, EDIT)),
        WallTable(
            "instances_suspension",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("instances_brake", Access(Role.STAFF, EDIT), Access(Role.WORKER, EDIT)),
        WallTable("instances_tick", Access(Role.WORKER, EDIT)),
        WallTable("instances_usagereading", *READERS, MACHINE, Access(Role.WORKER, READ)),
        WallTable("instances_usagecycle", *READERS, MACHINE, Access(Role.WORKER, EDIT)),
    ]
