"""The walls' functions, the shared tables' grants, the walls of the platform's own rows.

Third-party tables are granted here, so this depends on the last migration that makes each.
"""

from django.db import migrations

from ondemand.tenancy.access import APPEND, EDIT, EVERY, OWN_CUSTOMER, OWN_PARTNER, READ, WRITE, Access
from ondemand.tenancy.operations import Grant, KeepFor, WallTable
from ondemand.tenancy.roles import Role

FUNCTIONS = """
CREATE SCHEMA app;
CREATE FUNCTION app.partner_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.partner_id', true), '')::bigint;
CREATE FUNCTION app.customer_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.customer_id', true), '')::bigint;
CREATE FUNCTION app.signup_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.signup_id', true), '')::uuid;
-- The one rounding (half away from zero), for SQL that computes money.
CREATE FUNCTION app.divide(numerator numeric, denominator numeric) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (sign(numerator) * div(2 * abs(numerator) + denominator, 2 * denominator))::bigint;
CREATE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: write a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- The trail is append-only, but that an address may go once its entry is 30 days old, and that an erasure takes texts
-- out: of actor and target, values of the detail, and with the actor the address.
CREATE FUNCTION app.keep_the_trail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  texts CONSTANT text[] := '{actor,target,detail,address}';
BEGIN
  IF TG_OP = 'UPDATE' AND NEW IS DISTINCT FROM OLD AND to_jsonb(NEW) - texts = to_jsonb(OLD) - texts
     AND NEW.actor IN (OLD.actor, 'erased') AND NEW.target IN (OLD.target, 'erased')
     AND (NEW.address IS NOT DISTINCT FROM OLD.address
          OR NEW.address IS NULL AND (NEW.actor = 'erased' OR OLD.at < now() - interval '30 days'))
     AND NOT EXISTS (SELECT FROM jsonb_each(OLD.detail) o FULL JOIN jsonb_each(NEW.detail) n ON n.key = o.key
                     WHERE o.key IS NULL OR n.value IS DISTINCT FROM o.value AND n.value IS DISTINCT FROM '"erased"')
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the trail is append-only: write a new entry' USING ERRCODE = 'restrict_violation';
END $$;
-- Rows are kept for some days. Arguments: the column that says since when, how many days (ondemand.retention).
CREATE FUNCTION app.keep_for() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (to_jsonb(OLD) ->> TG_ARGV[0])::timestamptz > now() - make_interval(days => TG_ARGV[1]::integer) THEN
    RAISE EXCEPTION '% is kept for % days', TG_TABLE_NAME, TG_ARGV[1] USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$;
-- A team keeps an owner. Arguments: the column that names the team, the team's table. Deferred, so that a
-- successor may come in the same transaction; the lock lets two who leave at once see each other.
CREATE FUNCTION app.keep_an_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  team bigint := (to_jsonb(OLD) ->> TG_ARGV[0])::bigint;
  alone boolean;
BEGIN
  IF NOT OLD.active OR OLD.role <> 'owner' THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_NAME || team, 0));
  EXECUTE format('SELECT EXISTS (SELECT FROM %I t WHERE id = $1 AND to_jsonb(t) ->> ''erased_at'' IS NULL) AND NOT EXISTS '
    '(SELECT FROM %I WHERE %I = $1 AND active AND role = ''owner'')', TG_ARGV[1], TG_TABLE_NAME, TG_ARGV[0])
    INTO alone USING team;
  IF alone THEN
    RAISE EXCEPTION 'the last owner stays' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'last_owner';
  END IF;
  RETURN NULL;
END $$;
GRANT USAGE ON SCHEMA app TO portal_app, portal_web, portal_customer, portal_signup, portal_auth,
  portal_machine, portal_staff, portal_worker;
"""

# As `createcachetable` would make it, but by the owner and with the rest.
CACHE = """
CREATE TABLE django_cache (
  cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX django_cache_expires ON django_cache (expires);
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ondemand_auditentry
  FOR EACH ROW EXECUTE FUNCTION app.keep_the_trail();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ondemand_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER append_only ON ondemand_auditentry;
DROP TRIGGER no_truncate ON ondemand_auditentry;
"""

# Sessions: the middleware saves them as portal_app; login and logout make and end them in the
# view, so under the role of the view.
SESSIONS = [Access(Role.APP, WRITE), Access(Role.AUTH, WRITE), Access(Role.STAFF, WRITE)]
ACCOUNTS = [Access(Role.AUTH, WRITE), Access(Role.STAFF, WRITE), Access(Role.WORKER, WRITE)]
STAFF_ONLY = [Access(Role.STAFF, WRITE)]


class Migration(migrations.Migration):
    dependencies = [
        ("ondemand", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, "DROP SCHEMA app CASCADE"),
        Grant("django_migrations", Access(Role.APP, READ), Access(Role.MACHINE, READ)),
        migrations.RunSQL(CACHE, "DROP TABLE django_cache"),
        Grant("django_cache", Access(Role.APP, WRITE)),
        Grant("django_session", *SESSIONS),
        Grant("account_emailaddress", *ACCOUNTS),
        Grant("account_emailconfirmation", *ACCOUNTS),
        Grant("mfa_authenticator", Access(Role.APP, "SELECT (user_id, type)"), *ACCOUNTS),  # who has one
        Grant(
            "usersessions_usersession",
            Access(Role.AUTH, WRITE),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, "SELECT, DELETE"),  # erasure
        ),
        Grant("django_content_type", Access(Role.STAFF, READ), Access(Role.WORKER, READ)),
        Grant("auth_permission", Access(Role.STAFF, READ)),
        Grant("auth_group", *STAFF_ONLY),
        Grant("auth_group_permissions", *STAFF_ONLY),
        Grant("ondemand_user_groups", *STAFF_ONLY),
        Grant("ondemand_user_user_permissions", *STAFF_ONLY),
        Grant("django_admin_log", *STAFF_ONLY, Access(Role.WORKER, "SELECT, UPDATE (object_repr, change_message)")),
        WallTable(
            "ondemand_auditentry",
            Access(Role.WEB, "SELECT, INSERT", f"{OWN_PARTNER} AND for_partner"),
            Access(Role.CUSTOMER, "SELECT, INSERT", f"{OWN_CUSTOMER} AND for_customer"),
            Access(Role.AUTH, APPEND, "starts_with(verb, 'account.')"),
            Access(Role.STAFF, "SELECT, INSERT", EVERY),
            Access(Role.WORKER, "SELECT, INSERT, UPDATE (actor, target, detail, address)", EVERY),
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        WallTable(
            "ondemand_stripeevent",
            Access(Role.MACHINE, APPEND),
            Access(Role.STAFF, "SELECT, UPDATE"),
            Access(Role.WORKER, WRITE),
        ),
        KeepFor("ondemand_stripeevent", "received_at", 400),
        WallTable(
            "ondemand_erasure",
            Access(Role.CUSTOMER, READ, OWN_CUSTOMER),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("ondemand_retiredname", Access(Role.WORKER, "SELECT, INSERT")),
        WallTable(
            "ondemand_mail",
            Access(Role.AUTH, APPEND, "partner_id IS NULL AND customer_id IS NULL"),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable("ondemand_comparison", Access(Role.STAFF), Access(Role.WORKER, WRITE)),
        WallTable("ondemand_difference", Access(Role.STAFF), Access(Role.WORKER, WRITE)),
    ]
