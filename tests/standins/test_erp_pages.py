"""What a browser sees at an instance's address."""

import pytest

from tests.standins.park import UUID, Park, park, platform, shared_park

__all__ = ["park", "platform", "shared_park"]


def enter(park: Park, **data: object) -> str:
    """The path of a new login link."""
    link = park.call("POST", f"servers/{UUID}/login_links", {"user": "ana"} | data).data["url"]
    return "/" + str(link).removeprefix(park.show()["address"])


def test_the_page_says_that_it_is_a_stand_in_and_whose(park: Park) -> None:
    park.boot(company="Acme <b>Foods</b>")
    page = park.visit()
    assert page.status == 200
    assert "Stand-in of an Openbravo instance" in page.text
    assert "Acme &lt;b&gt;Foods&lt;/b&gt;" in page.text
    assert "OB for Retail, Professional, version 26Q3" in page.text


def test_pages_allow_no_script_and_no_frame(park: Park) -> None:
    park.boot()
    policy = park.visit().headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy


def test_the_activation_key_is_not_shown_whole(park: Park) -> None:
    park.boot(activation_key="AK-SECRET-5678")
    assert "Installed, ends in 5678" in park.visit().text
    assert "SECRET" not in park.visit().text


def test_a_booting_instance_shows_its_steps_and_follows_along(park: Park) -> None:
    park.settings(boot_seconds=3600)
    park.boot()
    page = park.visit()
    assert page.status == 503
    assert '<meta http-equiv="refresh" content="2">' in page.text
    assert "Under way" in page.text


def test_a_failed_instance_says_where_its_set_up_stopped(park: Park) -> None:
    park.settings(boots="fail")
    park.boot()
    page = park.visit()
    assert page.status == 503
    assert "The set-up stopped: Database: the provider gave no answer in time." in page.text


def test_a_suspended_instance_says_why_how_to_pay_and_whom_to_ask(park: Park) -> None:
    park.boot()
    reason = {
        "why": "Invoice 7 is not paid.",
        "how_to_pay": "Change the card.",
        "whom_to_ask": "help@iberia.example",
    }
    park.call("POST", f"servers/{UUID}/suspend", {"reason_page": reason})
    page = park.visit("/users")
    assert page.status == 503
    assert all(sentence in page.text for sentence in reason.values())


def test_nobody_works_in_a_suspended_instance(park: Park) -> None:
    park.boot()
    park.call("POST", f"servers/{UUID}/suspend")
    assert park.submit("/work").status == 503
    park.call("POST", f"servers/{UUID}/resume")
    assert park.readings()[-1]["named_users"] == 0


@pytest.mark.parametrize("name", ["acme", "nobody", "a.b", "%00"])
def test_an_address_without_an_instance_is_404(park: Park, name: str) -> None:
    park.boot()
    park.call("DELETE", f"servers/{UUID}")
    assert park.visit(name=name).status == 404


def test_the_control_api_is_not_at_an_instances_address(park: Park) -> None:
    park.boot()
    page = park.visit(f"/park/servers/{UUID}", Authorization="Bearer park-secret")
    assert page.status == 404


def test_a_user_is_added_and_works_today(park: Park) -> None:
    park.boot()
    added = park.submit("/users", user="  Bruno   Gil ")
    assert (added.status, added.headers["Location"]) == (303, "/#users")
    assert park.submit("/users/2/work").status == 303
    assert "Bruno Gil" in park.visit().text
    assert park.readings()[-1]["named_users"] == 1


def test_working_twice_a_day_counts_once(park: Park) -> None:
    park.boot()
    park.submit("/users/1/work")
    park.submit("/users/1/work")
    assert park.readings()[-1]["named_users"] == 1


def test_a_terminal_is_added_and_works_today(park: Park) -> None:
    park.boot()
    park.submit("/terminals", terminal="Till 1")
    park.submit("/terminals/1/work")
    assert park.readings()[-1]["pos_terminals"] == 1


def test_a_product_without_pos_shows_no_terminals(park: Park) -> None:
    park.boot(product="OBPS", edition="Professional")
    assert "POS terminals" not in park.visit().text
    assert park.submit("/terminals", terminal="Till 1").status == 404


def test_stored_data_grows_the_disk(park: Park) -> None:
    park.boot()
    park.submit("/disk", megabytes="300")
    assert park.readings()[-1]["disk_mb"] == 1500
    assert "1,500 MB" in park.visit().text


@pytest.mark.parametrize(
    ("path", "field", "typed", "sentence"),
    [
        ("/users", "user", " ", "Type a name."),
        ("/users", "user", "ANA", "There is one named ANA already."),
        ("/users", "user", "x" * 81, "Use 80 characters at the most; this name has 81."),
        ("/users", "user", "a\x00b", "Type a name."),
        ("/terminals", "terminal", "", "Type a name."),
        ("/disk", "megabytes", "lots", "Type a whole number from 1 to 100,000."),
        ("/disk", "megabytes", "-5", "Type a whole number from 1 to 100,000."),
        ("/disk", "megabytes", "٣", "Type a whole number from 1 to 100,000."),
        ("/disk", "megabytes", "9" * 5000, "Type a whole number from 1 to 100,000."),
    ],
)
def test_bad_input_gets_a_sentence_beside_what_was_typed(
    shared_park: Park, path: str, field: str, typed: str, sentence: str
) -> None:
    page = shared_park.submit(path, **{field: typed})
    assert page.status == 422
    assert sentence in page.text
    assert f'id="{field}" name="{field}" value="{typed}"' in page.text


@pytest.mark.parametrize("path", ["/users/9/work", "/users/x/work", "/terminals/1/work", "/nothing"])
def test_a_post_to_what_is_not_there_is_404(shared_park: Park, path: str) -> None:
    assert shared_park.submit(path).status == 404


def test_another_sites_form_is_refused(shared_park: Park) -> None:
    headers = {"Host": f"acme.localhost:{shared_park.port}", "Origin": "http://evil.example"}
    assert shared_park.send("POST", "/work", b"", headers).status == 403


def test_a_body_that_is_too_large_is_refused(shared_park: Park) -> None:
    headers = {"Host": f"acme.localhost:{shared_park.port}", "Content-Length": "99999999"}
    assert shared_park.send("POST", "/users", b"", headers).status == 413


def test_a_login_link_signs_its_user_in(park: Park) -> None:
    park.boot()
    entered = park.visit(enter(park, display="Ana Gil"))
    assert entered.status == 303
    cookie = entered.headers["Set-Cookie"]
    assert "HttpOnly; SameSite=Lax" in cookie
    assert "Signed in as <strong>Ana Gil (ana)</strong>" in park.visit(Cookie=cookie.partition(";")[0]).text
    assert "You are not signed in" in park.visit().text


def test_a_support_user_is_shown_as_one(park: Park) -> None:
    park.boot()
    cookie = park.visit(enter(park, support=True)).headers["Set-Cookie"].partition(";")[0]
    assert "Support user" in park.visit(Cookie=cookie).text


def test_a_login_link_works_once(park: Park) -> None:
    park.boot()
    path = enter(park)
    park.visit(path)
    second = park.visit(path)
    assert second.status == 410
    assert "was used already" in second.text


def test_a_login_link_expires_after_a_minute(park: Park) -> None:
    park.call("POST", "clock", {"now": "2026-01-31T10:00:00Z"})
    park.boot()
    path = enter(park)
    park.call("POST", "clock", {"now": "2026-01-31T10:01:01Z"})
    page = park.visit(path)
    assert page.status == 410
    assert "has expired" in page.text


@pytest.mark.parametrize("path", ["/login", "/login?token=", "/login?token=a.b", "/login?token=%ff.é"])
def test_a_login_link_that_is_none_opens_nothing(shared_park: Park, path: str) -> None:
    page = shared_park.visit(path.replace("é", "%C3%A9"))
    assert page.status == 410
    assert "Set-Cookie" not in page.headers


def test_a_link_is_bound_to_its_instance(park: Park) -> None:
    other = "22222222-2222-4222-8222-222222222222"
    park.boot()
    park.boot(other, name="rival")
    assert park.visit(enter(park), name="rival").status == 410


def test_there_is_no_link_to_an_instance_that_does_not_run(park: Park) -> None:
    park.boot()
    park.call("POST", f"servers/{UUID}/suspend")
    assert park.call("POST", f"servers/{UUID}/login_links", {"user": "ana"}).status == 409
