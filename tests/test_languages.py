"""Spanish: the catalogue is whole, compiled, and what pages and mails are written in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

from instances import words
from ondemand import clock, mail
from ondemand.models import Mail
from ondemand.standins.erp.boots import STEPS
from ondemand.tenancy.context import as_worker
from signup.forms import countries
from tests import factories
from tests.factories import Cast, sign_in

Key = tuple[str | None, str]

ROOT = Path(__file__).parent.parent
SPANISH = ROOT / "locale/es/LC_MESSAGES"
APPS = ("ondemand", "partners", "customers", "instances", "signup", "commissions", "payments")
MARKS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")
NOW = clock.now()


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    with (SPANISH / "django.po").open("rb") as file:
        return read_po(file)


def entries(catalog: Catalog) -> Iterator[Message]:
    return (entry for entry in catalog if entry.id)


def texts(entry: Message) -> tuple[str, ...]:
    return tuple(entry.string) if isinstance(entry.string, list | tuple) else (entry.string or "",)


def context_of(entry: Message) -> str | None:
    """Babel leaves it undecoded in a compiled catalogue."""
    return entry.context.decode() if isinstance(entry.context, bytes) else entry.context


def ids(entry: Message) -> tuple[str, ...]:
    return tuple(entry.id) if isinstance(entry.id, list | tuple) else (entry.id,)


def marked(source: str) -> Iterator[Key]:
    for _line, found, _comments, context in extract("python", io.BytesIO(source.encode()), keywords=MARKS):
        yield context, found if isinstance(found, str) else found[0]


def sources() -> Iterator[tuple[str, str]]:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "standins" not in path.parts:
                yield str(path), path.read_text()
    for path in (*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")):
        code = templatize(path.read_text(), str(path))
        yield str(path), "\n".join(line.strip() for line in code.splitlines())


def test_every_text_of_the_code_is_in_the_catalogue(spanish: Catalog) -> None:
    known = {(entry.context, ids(entry)[0]) for entry in entries(spanish)}
    lacking = {f"{path}: {key[1]}" for path, source in sources() for key in marked(source) if key not in known}
    assert not lacking


def test_no_text_is_empty_or_fuzzy(spanish: Catalog) -> None:
    lacking = [entry.id for entry in entries(spanish) if entry.fuzzy or not all(texts(entry))]
    assert not lacking
    assert not spanish.fuzzy


def test_the_compiled_catalogue_says_the_same(spanish: Catalog) -> None:
    with (SPANISH / "django.mo").open("rb") as file:
        compiled = read_mo(file)
    found, wanted = (
        {(context_of(entry), ids(entry)): texts(entry) for entry in entries(catalog)} for catalog in (compiled, spanish)
    )
    assert found == wanted


def test_a_translation_has_the_placeholders_of_its_original(spanish: Catalog) -> None:
    odd = []
    for entry in entries(spanish):
        wanted = {tuple(sorted(PLACEHOLDER.findall(text))) for text in ids(entry)}
        if any(tuple(sorted(PLACEHOLDER.findall(text))) not in wanted for text in texts(entry)):
            odd.append(entry.id)
    assert not odd


def test_what_the_park_says_of_a_boot_is_read_in_spanish() -> None:
    said = {text for _name, label, detail in STEPS for text in (label, detail)} - {"Openbravo"}
    assert said <= {*words.STEPS, *words.OUTCOMES}
    with translation.override("es"):
        assert words.read("Database: failed") == "Base de datos: con error"
        assert words.read("The boot failed: no room left") == "El arranque ha fallado: no room left"
        assert words.read("") == ""


def test_countries_stand_in_the_order_of_their_letters() -> None:
    with translation.override("es"):
        names = [name for _code, name in countries()]
    assert names.index("Austria") < names.index("Bélgica") < names.index("Brasil")


@pytest.fixture
def world() -> Cast:
    return factories.make_cast(now=NOW)


def in_spanish(client: Client, url: str) -> str:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    answer = client.get(url)
    assert answer.status_code == 200
    page = str(answer.content.decode())
    assert '<html lang="es"' in page
    return page


@pytest.mark.django_db
def test_signing_in_is_in_spanish() -> None:
    page = in_spanish(Client(), "/accounts/login/")
    assert "<h1>Iniciar sesión</h1>" in page
    assert "Contraseña" in page


@pytest.mark.django_db
def test_the_sign_up_form_is_in_spanish(world: Cast) -> None:
    page = in_spanish(Client(), world.iberia.campaign.path)
    assert "Continuar a la tarjeta" in page
    assert "12,00\xa0€ por usuario nominal por encima de 2" in page


@pytest.mark.django_db
def test_the_list_of_customers_is_in_spanish(world: Cast) -> None:
    factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    page = in_spanish(sign_in(world.iberia.owner), "/customers/")
    assert "<h1>Clientes</h1>" in page
    assert "Contacto principal" in page
    assert "Al corriente" in page


@pytest.mark.django_db
def test_a_mail_is_written_in_the_language_of_who_gets_it(world: Cast) -> None:
    context = {"partner": world.iberia.partner, "url": "https://portal.example/", "zone": "EU"}
    with as_worker():
        for language in ("es", "en"):
            mail.queue(
                language, template="partner_welcome", to="a@b.example", language=language, context=context, now=NOW
            )
        written = dict(Mail.objects.values_list("key", "html"))
    assert '<html lang="es">' in written["es"]
    assert "Se ha creado una cuenta para Iberia." in written["es"]
    assert '<html lang="en">' in written["en"]
    assert "An account was created for Iberia." in written["en"]
