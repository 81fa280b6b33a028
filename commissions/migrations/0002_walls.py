from django.db import migrations

from ondemand.tenancy.access import EDIT, OWN_PARTNER, READ, Access
from ondemand.tenancy.operations import CompositeForeignKey, WallTable
from ondemand.tenancy.roles import Role

DIARY = """
-- The diary is append-only, but that the name of a customer who was erased becomes its number.
CREATE FUNCTION app.keep_the_diary() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.customer_name = 'erased customer ' || OLD.customer_id
     AND to_jsonb(NEW) - 'customer_name' = to_jsonb(OLD) - 'customer_name'
     AND EXISTS (SELECT FROM customers_customer WHERE id = OLD.customer_id AND erased_at IS NOT NULL) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only: write a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON commissions_commission
  FOR EACH ROW EXECUTE FUNCTION app.keep_the_diary();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON commissions_commission
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE FUNCTION app.guard_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.ends IS NULL AND NEW.ends IS NOT NULL
     AND to_jsonb(NEW) - 'ends' = to_jsonb(OLD) - 'ends' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'commission terms are never edited: begin a new version on a date'
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER never_edited BEFORE UPDATE OR DELETE ON commissions_commissionterms
  FOR EACH ROW EXECUTE FUNCTION app.guard_terms();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON commissions_commissionterms
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
"""
NO_DIARY = """
DROP TRIGGER append_only ON commissions_commission;
DROP TRIGGER no_truncate ON commissions_commission;
DROP TRIGGER never_edited ON commissions_commissionterms;
DROP TRIGGER no_truncate ON commissions_commissionterms;
DROP FUNCTION app.guard_terms();
DROP FUNCTION app.keep_the_diary();
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0001_initial"), ("customers", "0002_walls")]

    operations = [
        CompositeForeignKey("commissions_commission", "partner_id, line_id", "customers_invoiceline", "partner_id, id"),
        CompositeForeignKey(
            "commissions_commission", "partner_id, terms_id", "commissions_commissionterms", "partner_id, id"
        ),
        WallTable(
            "commissions_commissionterms",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "commissions_commission",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, "SELECT, INSERT, UPDATE (customer_name)"),
        ),
        migrations.RunSQL(DIARY, NO_DIARY),
    ]
