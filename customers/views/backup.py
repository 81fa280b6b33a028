"""The last backup of an instance that will be deleted, for the customer's owner and technical people."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import cast

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from instances.models import Deletion
from instances.provisioners import ProvisionerError, provisioner
from ondemand import audit
from ondemand.clock import now
from ondemand.reauthentication import recently_reauthenticated
from ondemand.scopes import PERSON_TECHNICAL, TenantRequest, person_of, require_person
from ondemand.tenancy.context import as_worker, tenant
from ondemand.tenancy.marker import outside_transaction


@outside_transaction
@require_POST
@recently_reauthenticated(back_to="account")
def backup(request: HttpRequest, pk: int) -> HttpResponseBase:
    require_person(request, PERSON_TECHNICAL)
    with tenant(cast(TenantRequest, request).tenancy):
        open_ones = Deletion.objects.open().select_related("instance").exclude(instance__state="terminated")
        row = get_object_or_404(open_ones, instance=pk, backed_up_at__isnull=False)
    file = TemporaryFile()  # noqa: SIM115  (the answer closes it)
    try:
        provisioner().fetch_backup(row.instance.public_id, file)
    except ProvisionerError:
        file.close()
        return _refuse(request)
    _write_down(request, row)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=row.backup_file, content_type="application/octet-stream")


def _refuse(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("The backup cannot be had right now. Try again in a minute."))
    return redirect("account")


def _write_down(request: HttpRequest, row: Deletion) -> None:
    with as_worker():
        ids = {"partner_id": row.partner_id, "customer_id": row.customer_id}
        target = row.instance.name
        audit.record("instance.backup_taken", now=now(), actor=person_of(request), **ids, target=target)
