"""The public sign-up form, and the first password."""

from __future__ import annotations

from typing import Any, cast
from unicodedata import normalize

from babel import Locale
from django import forms
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _
from stdnum.eu import vat
from stdnum.exceptions import ValidationError as WrongNumber

from ondemand.models import HOST_LABEL
from ondemand.money import Money
from partners.models import Plan
from partners.origins import read_origins
from signup.guards import GuardedForm
from signup.terms import CURRENT

# Where the product is sold; Babel names them in the reader's language.
COUNTRIES = (
    "AD AR AT AU BE BG BR CA CH CL CO CR CY CZ DE DK DO EC EE ES FI FR GB GR GT HR HU IE IL IN IT JP LT LU LV MT MX "
    "NL NO NZ PA PE PL PT PY RO RS SE SG SI SK TR UA US UY ZA"
).split()
EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())


def countries() -> list[tuple[str, str]]:
    names = Locale.parse(to_locale(get_language() or "en")).territories
    return [("", ""), *sorted(((code, names[code]) for code in COUNTRIES), key=by_letters)]


def by_letters(country: tuple[str, str]) -> str:
    """An accent counts after its letter: Bélgica before Brasil."""
    return normalize("NFD", country[1])


def price_lines(plan: Plan) -> list[str]:
    """What is charged above the base price, in words."""
    lines = [_("%(price)s per named user above %(count)s") % _unit(plan, plan.per_user, plan.included_users)]
    if plan.product.retail:
        lines.append(
            _("%(price)s per POS terminal above %(count)s") % _unit(plan, plan.per_terminal, plan.included_terminals)
        )
    lines.append(_("%(price)s per GB of disk above %(count)s") % _unit(plan, plan.per_gb, plan.included_gb))
    return [str(line) for line in lines]


def _unit(plan: Plan, amount: int, included: int) -> dict[str, object]:
    return {"price": Money(amount, plan.currency), "count": included}


class PlanChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(_("%(plan)s, %(price)s a month") % {"plan": obj.name, "price": Money(obj.base, obj.currency)})


class LowerCaseField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


def links_to_texts() -> str:
    """Of the version that is recorded. They open beside the form, so that what was typed stays."""
    link = '<a href="{}" target="_blank" rel="noopener">{}</a>'
    return format_html(
        "{}: {} · {}",
        _("Read them"),
        format_html(link, reverse("terms", args=[CURRENT]), _("terms of service")),
        format_html(link, reverse("privacy", args=[CURRENT]), _("privacy notice")),
    )


class OrderForm(GuardedForm):
    """What is asked of everyone: the plan, a name for the instance, the terms."""

    plan = PlanChoice(Plan.objects.none(), label=_("Plan"), empty_label=None, widget=forms.RadioSelect)
    username = LowerCaseField(
        label=_("Username"),
        max_length=40,
        validators=[HOST_LABEL],
        help_text=_("You sign in to your instance with it, and it is the first part of its address."),
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "inputmode": "text"}
        ),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of service, the privacy notice and the yearly subscription, billed monthly."),
        help_text=lazy(links_to_texts, str)(),
        error_messages={"required": _("Accept the terms to go on.")},
    )

    def __init__(self, *args: Any, plans: list[Plan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(PlanChoice, self.fields["plan"])
        field.queryset = Plan.objects.filter(pk__in=[plan.pk for plan in plans]).order_by("position", "id")
        if plans:
            self.initial.setdefault("plan", plans[0].pk)
        self.order_fields([name for name in ORDER if name in self.fields])


class RegistrationForm(OrderForm):
    """A new customer's six fields beside."""

    company = forms.CharField(
        label=_("Company"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    name = forms.CharField(label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    country = forms.ChoiceField(
        label=_("Country"), choices=countries, widget=forms.Select(attrs={"autocomplete": "country"})
    )
    vat_number = forms.CharField(
        label=_("VAT number"),
        max_length=20,
        required=False,
        help_text=_("With its country's letters, such as ESB65739856."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """A VAT number counts for the country that is chosen; elsewhere than in the EU it is taken as typed."""
        data = super().clean() or self.cleaned_data
        country, number = data.get("country", ""), data.get("vat_number", "")
        if number and country in EU:
            try:
                data["vat_number"] = _eu_vat(number, country)
            except WrongNumber:
                self.add_error(
                    "vat_number",
                    _("This is not a VAT number of that country. Check it, or leave the field empty if you have none."),
                )
        return data


class FirstStepForm(RegistrationForm):
    """What is asked within a frame; the rest is asked where the page is seen to be ours."""

    username = vat_number = terms = None  # type: ignore[assignment]


ORDER = ("plan", "company", "name", "email", "username", "country", "vat_number", "terms")


class OriginsForm(forms.Form):
    origins = forms.CharField(
        label=_("Sites that may show the frame"),
        required=False,
        max_length=4000,
        help_text=_("One a line, each with https:// and its exact name, ten at most: https://www.company.example"),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocapitalize": "none", "inputmode": "url"}),
    )

    def clean_origins(self) -> list[str]:
        return read_origins(str(self.cleaned_data["origins"]))


def _eu_vat(number: str, country: str) -> str:
    prefix = "EL" if country == "GR" else country
    compact = "".join(number.upper().split())
    number = compact if compact.startswith(prefix) else prefix + compact
    return str(vat.validate(number))
