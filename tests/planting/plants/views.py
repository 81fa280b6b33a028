"""Leaks in what requests run: a role, a tenant or a row that is taken from the wrong hand."""

from __future__ import annotations

from tests.planting.plants.plant import Change, Plant

MATRIX = "tests/walls/test_matrix.py::test_a_stranger_meets_nothing_and_changes_nothing"
VIEWS = [
    Plant(
        "a partner's screens run as staff",
        (
            Change(
                "ondemand/scopes.py",
                "return Scope(Role.WEB, partner_id=request.member.partner_id if request.member else None)",
                "return Scope(Role.STAFF, partner_id=request.member.partner_id if request.member else None)",
            ),
        ),
        "tests/walls/test_roles.py::test_an_address_enters_the_role_of_its_area_alone[owner]",
        "GET customers/: portal_staff",
    ),
    Plant(
        "a view looks a row up as the worker",
        (
            Change(
                "customers/views/login_as.py",
                "    with tenant(asked.tenancy):\n"
                "        return get_object_or_404(Customer.objects.for_partner(partner_id_of(request)), pk=pk)",
                "    with as_worker():\n        return get_object_or_404(Customer, pk=pk)",
            ),
        ),
        "tests/walls/test_matrix.py::test_a_foreign_row_does_not_exist_for_the_rival",
        "('customers/<int:pk>/login/', 302)",
    ),
    Plant(
        "a stranger meets 403, not 404",
        (
            Change(
                "customers/views/access.py",
                "pk=pk, customer_id=person.customer_id)\n",
                "pk=pk)\n        if token.customer_id != person.customer_id:\n            raise PermissionDenied\n",
            ),
        ),
        "tests/login_as/test_customer.py::test_nobody_ends_another_customers_session",
        "assert 403 == 404",
    ),
    Plant(
        "a team's page takes any team's row",
        (
            Change(
                "ondemand/teams/views.py",
                "        with tenant(cast(TenantRequest, request).tenancy):\n"
                "            team = self.side.team_of(request)\n            rows =",
                "        with tenant(cast(TenantRequest, request).tenancy):\n"
                "            team = self.side.team_of(request)\n        with as_worker():\n            rows =",
            ),
            Change(
                "ondemand/teams/views.py",
                "get_object_or_404(rows, pk=pk, **team.keys)",
                "get_object_or_404(rows, pk=pk)",
            ),
        ),
        "tests/teams/test_team.py::test_another_tenants_rows_are_404_and_stay",
        "== 404",
    ),
    Plant(
        "a file holds every partner's rows",
        (
            Change(
                "customers/views/customers.py",
                "mine = with_suspension_date(Customer.objects.for_partner(partner_id_of(request))",
                "mine = Customer.objects.all()\n"
                '        if "export" not in request.GET:\n'
                "            mine = mine.for_partner(partner_id_of(request))\n"
                "        mine = with_suspension_date(mine",
            ),
            Change(
                "customers/migrations/0002_walls.py",
                '            "customers_customer",\n            Access(Role.WEB, READ, OWN_PARTNER),',
                '            "customers_customer",\n            Access(Role.WEB, READ, "partner_id > 0"),',
            ),
        ),
        f"{MATRIX}[the rival's owner]",
        "GET customers/: shows kestrel7",
    ),
    Plant(
        "the tenant comes in a header",
        (
            Change(
                "ondemand/scopes.py",
                "partner_id=request.member.partner_id if request.member else None)",
                'partner_id=request.headers.get("X-Partner-Id") or (request.member and request.member.partner_id))',
            ),
        ),
        f"{MATRIX}[the rival's owner]",
        "shows kestrel7",
    ),
    Plant(
        "the customer comes in the query",
        (
            Change(
                "ondemand/scopes.py",
                "customer_id=request.person.customer_id if request.person else None)",
                'customer_id=request.GET.get("customer") or (request.person and request.person.customer_id))',
            ),
            Change(
                "customers/views/account.py",
                "return get_object_or_404(Customer, pk=person.customer_id)",
                'return get_object_or_404(Customer, pk=request.GET.get("customer", person.customer_id))',
            ),
        ),
        f"{MATRIX}[another customer]",
        "GET account/: shows kestrel7",
    ),
    Plant(
        "the sign-up page names who is a customer",
        (
            Change(
                "signup/views.py",
                "    with tenant(Scope(Role.SIGNUP)):\n        page =",
                "    with as_worker():\n        page =",
            ),
            Change(
                "signup/views.py",
                '"text": self.campaign.product.description}',
                '"text": ", ".join(Customer.objects.values_list("name", flat=True))}',
            ),
        ),
        f"{MATRIX}[anonymous]",
        "GET signup/<slug:slug>/: shows kestrel7",
    ),
    Plant(
        "a page is cached for everyone",
        (
            Change(
                "ondemand/urls.py",
                "from customers import card\n",
                "from django.views.decorators.cache import cache_page\nfrom customers import card\n",
            ),
            Change(
                "ondemand/urls.py", "dashboard.Dashboard.as_view()", "cache_page(60)(dashboard.Dashboard.as_view())"
            ),
        ),
        "tests/walls/test_matrix.py::test_nobody_is_answered_with_what_was_kept_for_another",
        "GET dashboard/: shows iberia",
    ),
    Plant(
        "a screen forgets its roles",
        (Change("payments/views.py", '    roles = MONEY\n    template_name = "payments/list.html"\n', ""),),
        "tests/screens/test_roles.py::test_a_role_enters_its_own_screens_and_meets_403_at_others[support-/payments/]",
        "assert 200 == 403",
    ),
    Plant(
        "a member in a customer's account may do more",
        (
            Change(
                "ondemand/scopes.py",
                "        _refuse_beyond_support(request, request.support)\n",
                "        pass\n",
            ),
        ),
        "tests/login_as/test_forbidden.py::test_everything_that_is_not_listed_is_refused",
        "/accounts/password/change/: ",
    ),
    Plant(
        "who was staff still looks",
        (
            Change(
                "ondemand/scopes.py", "request.user.is_staff and LOOK in", "request.user.is_authenticated and LOOK in"
            ),
        ),
        "tests/walls/test_admin.py::test_who_is_staff_no_more_looks_at_no_portal",
        "assert 200 == 403",
    ),
    Plant(
        "everyone at /admin/ is staff",
        (
            Change(
                "ondemand/scopes.py",
                "return Scope(Role.STAFF if user.is_active and user.is_staff else Role.AUTH)",
                "return Scope(Role.STAFF)",
            ),
        ),
        "tests/walls/test_admin.py::test_the_address_alone_makes_nobody_staff",
        "Role.STAFF",
    ),
]
