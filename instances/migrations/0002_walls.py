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
IN_FORCE = ("SELECT (opened_at)", "opened_at IS NULL")  # whether a date can be promised
# A heartbeat is the instances' own word: it writes readings, the cycle's peak, and that the instance runs.
MACHINE = Access(Role.MACHINE, EDIT)

# Checked as it commits: what is suspended has an open cause, what ran once ends on a date that was foretold.
REASONS = """
CREATE FUNCTION app.instance_has_its_reason() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  which bigint := to_jsonb(NEW) ->> TG_ARGV[0];
  found instances_instance;
BEGIN
  SELECT * INTO found FROM instances_instance WHERE id = which;
  IF found.state IN ('suspending', 'suspended') AND NOT EXISTS (
    SELECT FROM instances_suspension WHERE instance_id = which AND closed_at IS NULL)
  THEN
    RAISE EXCEPTION 'no cause is open' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'suspended_for_a_cause';
  END IF;
  IF found.state IN ('terminating', 'terminated') AND found.running_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM instances_deletion WHERE instance_id = which AND begun_on IS NOT NULL)
  THEN
    RAISE EXCEPTION 'not foretold' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ended_as_foretold';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER its_reason AFTER UPDATE OF state ON instances_instance DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.instance_has_its_reason('id');
CREATE CONSTRAINT TRIGGER its_reason AFTER UPDATE ON instances_suspension DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.instance_has_its_reason('instance_id');

CREATE FUNCTION app.guard_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.delete_on < OLD.delete_on THEN
    RAISE EXCEPTION 'a date that was foretold never comes earlier'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'deletion_never_earlier';
  END IF;
  IF OLD.begun_on IS NOT NULL AND NEW.begun_on IS DISTINCT FROM OLD.begun_on THEN
    RAISE EXCEPTION 'it has begun' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'deletion_has_begun';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON instances_deletion FOR EACH ROW EXECUTE FUNCTION app.guard_deletion();
"""
NO_REASONS = """
DROP TRIGGER guard ON instances_deletion;
DROP TRIGGER its_reason ON instances_suspension;
DROP TRIGGER its_reason ON instances_instance;
DROP FUNCTION app.guard_deletion(), app.instance_has_its_reason();
"""


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
        CompositeForeignKey(
            "instances_deletion",
            "partner_id, instance_id",
            "instances_instance",
            "partner_id, id",
            **FOLLOWS,
        ),
        CompositeForeignKey(
            "instances_ending", "partner_id, customer_id", "customers_customer", "partner_id, id", **FOLLOWS
        ),
        CompositeForeignKey(
            "instances_ending", "partner_id, subscription_id", "customers_subscription", "partner_id, id", **FOLLOWS
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
        WallTable(
            "instances_instanceevent",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, EDIT),  # what staff do is told there
            MACHINE,
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "instances_suspension",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, EDIT),
            Access(Role.MACHINE),  # on which days was it suspended?
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "instances_deletion",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "instances_ending",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "instances_brake",
            Access(Role.WEB, *IN_FORCE),
            Access(Role.CUSTOMER, *IN_FORCE),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("instances_tick", Access(Role.WORKER, EDIT)),
        WallTable("instances_usagereading", *READERS, MACHINE, Access(Role.WORKER, READ)),
        WallTable("instances_usagecycle", *READERS, MACHINE, Access(Role.WORKER, EDIT)),
        migrations.RunSQL(REASONS, NO_REASONS),
    ]
