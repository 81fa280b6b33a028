"""Staff: a partner's members, on the partner's page, changed by the team's own services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ondemand import clock
from ondemand.models import User
from ondemand.screens import row_id
from ondemand.staff import RowsInline
from ondemand.teams import changes
from partners import services
from partners.models import Member, Partner
from partners.team import team_of


class MemberFormSet(BaseInlineFormSet):
    """The database keeps an owner too; here it is said before it is tried. A seat stays its person's."""

    def add_fields(self, form: ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["user"].disabled = form.instance.pk is not None

    def clean(self) -> None:
        super().clean()
        rows = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None)]
        kept = [row for row in rows if row.get("active") and row.get("role") == Member.Role.OWNER]
        if rows and not any(not row.get("DELETE") for row in kept):
            raise ValidationError(_("A partner keeps an active owner."))


class PersonSelect(AutocompleteSelect):
    def optgroups(self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None) -> Any:
        """Django's own looks nonsense up among ids, and fails."""
        return super().optgroups(name, [each for each in value if row_id(each)], attrs)


class MemberInline(RowsInline, admin.TabularInline):
    model = Member
    formset = MemberFormSet
    autocomplete_fields = ["user"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["widget"] = PersonSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def save_members(partner: Partner, formset: Any, *, by: User) -> list[str]:
    """New owners first, so that an earlier one may go; sessions end, and the trail is written. Returns refusals."""
    formset.save(commit=False)  # notes for the admin's own log what changes
    changed = [form for form in formset.forms if form.has_changed()]
    refusals = []
    for form in sorted(changed, key=lambda form: form.cleaned_data["role"] != Member.Role.OWNER):
        try:
            _save(partner, form, by)
        except changes.Refused as refusal:
            refusals.append(str(refusal))
    return refusals


def _save(partner: Partner, form: Any, by: User) -> None:
    data, given = form.cleaned_data, dict[str, Any](actor=by, now=clock.now())
    if form.instance.pk is None:
        _add(partner, data, given)
        return
    team, seat = team_of(partner), Member.objects.select_related("user").get(pk=form.instance.pk)
    if data.get("DELETE"):
        changes.remove(team, seat, **given)
        return
    changes.change_role(team, seat, data["role"], **given)
    (changes.enable if data["active"] else changes.disable)(team, seat, **given)


def _add(partner: Partner, data: dict[str, Any], given: dict[str, Any]) -> None:
    if not data.get("DELETE"):
        user = data["user"]
        services.add_member(partner, email=user.email, name=user.name, role=data["role"], **given)
