from django.db import migrations

from ondemand.tenancy.access import EDIT, OWN_PARTNER, READ, WRITE, Access
from ondemand.tenancy.operations import KeepFor, WallTable
from ondemand.tenancy.roles import Role

# A person may be of several partners: no partner_id, so the wall asks who is a member here.
COLLEAGUES = "id IN (SELECT user_id FROM partners_member)"
LAST_OWNER = """
CREATE CONSTRAINT TRIGGER last_owner AFTER UPDATE OR DELETE ON partners_member DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.keep_an_owner('partner_id', 'partners_partner');
"""
READERS = [Access(role, READ) for role in (Role.WEB, Role.CUSTOMER, Role.SIGNUP, Role.MACHINE)]


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("ondemand", "0002_walls")]

    operations = [
        WallTable("partners_product", *READERS, Access(Role.STAFF, EDIT), Access(Role.WORKER, EDIT)),
        WallTable("partners_plan", *READERS, Access(Role.STAFF, EDIT), Access(Role.WORKER, EDIT)),
        WallTable(
            "partners_partner",
            Access(Role.WEB, READ, "id = (SELECT app.partner_id())"),
            Access(Role.SIGNUP, "SELECT (id, code, name, country, state, support_email, support_phone)",
                   "state = 'active'"),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "partners_member",
            Access(Role.APP, READ),  # which tenant is this session's?
            Access(Role.AUTH, READ),  # whose members sign in, and does their role need a second factor?
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, WRITE),
            Access(Role.WORKER, WRITE),
        ),
        migrations.RunSQL(LAST_OWNER, "DROP TRIGGER last_owner ON partners_member"),
        WallTable(
            "partners_invitation",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, WRITE),
        ),
        KeepFor("partners_invitation", "expires_at", 90),
        WallTable(
            "ondemand_user",
            Access(Role.APP, READ),
            Access(Role.AUTH, EDIT),
            Access(Role.WEB, READ, COLLEAGUES),
            Access(Role.STAFF, WRITE),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "partners_campaign",
            Access(Role.WEB, "SELECT, UPDATE (allowed_origins)", OWN_PARTNER),
            Access(Role.SIGNUP, READ, "active AND partner_id IN (SELECT id FROM partners_partner)"),
            Access(Role.STAFF, EDIT),
            Access(Role.WORKER, EDIT),
        ),
        WallTable(
            "partners_bankaccount",
            Access(Role.WEB, READ, OWN_PARTNER),
            Access(Role.STAFF, READ),
            Access(Role.WORKER, EDIT),
        ),
    ]  # fmt: skip
