from django.db import migrations

from ondemand.tenancy.access import EDIT, OWN_PARTNER, READ, Access
from ondemand.tenancy.operations import CompositeForeignKey, WallTable
from ondemand.tenancy.roles import Role

EDGES = [
    ("draft", "proposed"),
    ("draft", "cancelled"),
    ("proposed", "approved"),
    ("proposed", "cancelled"),
    ("approved", "proposed"),
    ("approved", "sending"),
    ("approved", "cancelled"),
    ("sending", "sent"),
    ("sending", "failed"),
    ("sent", "paid"),
    ("sent", "returned"),
    ("paid", "returned"),
    ("failed", "approved"),
    ("failed", "cancelled"),
]
GUARDS = """
CREATE FUNCTION app.guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a payment is cancelled, never deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION 'a payment begins as a draft' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.state <> OLD.state AND NOT EXISTS (
      SELECT FROM payments_paymentedge WHERE before = OLD.state AND after = NEW.state) THEN
    RAISE EXCEPTION 'a payment cannot go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.partner_id, NEW.number, NEW.key, NEW.currency, NEW.amount, NEW.period, NEW.created_at)
     IS DISTINCT FROM
     (OLD.partner_id, OLD.number, OLD.key, OLD.currency, OLD.amount, OLD.period, OLD.created_at) THEN
    RAISE EXCEPTION 'what a payment is made of is frozen' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.destination_id IS DISTINCT FROM OLD.destination_id AND NEW.state NOT IN ('proposed', 'approved')
     OR NEW.destination_id IS DISTINCT FROM OLD.destination_id AND OLD.state = 'approved'
        AND NEW.state = 'approved' THEN
    RAISE EXCEPTION 'approval freezes the destination' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state IN ('sending', 'sent', 'paid', 'returned') AND
     (NEW.proposed_by_id, NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM
     (OLD.proposed_by_id, OLD.approved_by_id, OLD.approved_at) THEN
    RAISE EXCEPTION 'who approved a payment is frozen' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON payments_payment
  FOR EACH ROW EXECUTE FUNCTION app.guard_payment();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON payments_payment
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

CREATE FUNCTION app.guard_payment_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NOT NEW.freed AND EXISTS (
      SELECT FROM payments_payment p WHERE p.id = NEW.payment_id AND p.state = 'draft')
     AND EXISTS (SELECT FROM commissions_commission c WHERE c.id = NEW.commission_id
                 AND c.amount = NEW.amount AND c.currency = NEW.currency) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND NOT OLD.freed AND NEW.freed
     AND to_jsonb(NEW) - 'freed' = to_jsonb(OLD) - 'freed'
     AND EXISTS (SELECT FROM payments_payment p WHERE p.id = OLD.payment_id AND p.state = 'cancelled') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a payment''s lines are written with its draft and freed by its cancellation'
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON payments_paymentline
  FOR EACH ROW EXECUTE FUNCTION app.guard_payment_line();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON payments_paymentline
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- A payment is the sum of its lines: asked once at COMMIT for a new payment, and once for each statement that
-- writes lines, so its lines are written in one (a row's trigger would add up every line for every line).
CREATE FUNCTION app.payment_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.amount IS DISTINCT FROM (SELECT sum(amount) FROM payments_paymentline WHERE payment_id = NEW.id) THEN
    RAISE EXCEPTION 'payment % is not the sum of its lines', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION app.payment_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
      SELECT FROM payments_payment payment WHERE payment.id IN (SELECT payment_id FROM fresh)
      AND payment.amount <> (SELECT sum(amount) FROM payments_paymentline WHERE payment_id = payment.id)) THEN
    RAISE EXCEPTION 'these lines do not add up to their payment' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON payments_payment
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.payment_adds_up();
CREATE TRIGGER adds_up AFTER INSERT ON payments_paymentline
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION app.payment_lines_add_up();
"""
NO_GUARDS = """
DROP TRIGGER guard ON payments_payment;
DROP TRIGGER no_truncate ON payments_payment;
DROP TRIGGER adds_up ON payments_payment;
DROP TRIGGER guard ON payments_paymentline;
DROP TRIGGER no_truncate ON payments_paymentline;
DROP TRIGGER adds_up ON payments_paymentline;
DROP FUNCTION app.guard_payment();
DROP FUNCTION app.guard_payment_line();
DROP FUNCTION app.payment_adds_up();
DROP FUNCTION app.payment_lines_add_up();
"""
PAYMENT_KEY = ("partner_id, payment_id", "payments_payment", "partner_id, id")


def draw_edges(apps, schema_editor):
    edge = apps.get_model("payments", "PaymentEdge")
    edge.objects.bulk_create(edge(before=before, after=after) for before, after in EDGES)


def rub_out_edges(apps, schema_editor):
    apps.get_model("payments", "PaymentEdge").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
        ("commissions", "0002_walls"),
        ("partners", "0002_walls"),
    ]

    operations = [
        CompositeForeignKey("payments_payment", "partner_id, destination_id", "partners_bankaccount", "partner_id, id"),
        CompositeForeignKey("payments_paymentline", *PAYMENT_KEY),
        CompositeForeignKey(
            "payments_paymentline", "partner_id, commission_id", "commissions_commission", "partner_id, id"
        ),
        CompositeForeignKey("payments_paymentattempt", *PAYMENT_KEY),
        WallTable(
            "payments_payment",
            Access(Role.WEB, READ, f"{OWN_PARTNER} AND state NOT IN ('draft', 'proposed', 'cancelled')"),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "payments_paymentline",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, "SELECT, INSERT, UPDATE (freed)"),
            Access(Role.WORKER, "SELECT, INSERT, UPDATE (freed)"),
        ),
        WallTable(
            "payments_paymentattempt",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "payments_paymentedge",
            Access(Role.STAFF, READ),
            Access(Role.WORKER, READ),
        ),
        migrations.RunPython(draw_edges, rub_out_edges),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
