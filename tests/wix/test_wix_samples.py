"""The client against exchanges that were written down from Wix's documentation."""

from __future__ import annotations

import pytest
from sample_uses import APP, BUILT, NOT_ASKED, READ, REFUSED
from scripted_wix import TOKEN, Reply, ScriptedWix, token
from wix_facts import API_KEY, Connect
from wix_samples import NAMES, Sample, sample

from badgejobs.wix import wire

pytest_plugins = ["wix_fixtures"]


def reply(of: Sample) -> Reply:
    return Reply(status=of.status, body=of.answer, headers=of.headers)


def test_no_sample_is_forgotten_and_each_says_where_its_shape_is_from() -> None:
    assert {*BUILT} | NOT_ASKED == {*NAMES}
    assert {*READ, *REFUSED, "token"} == {*BUILT}
    for name in NAMES:
        assert sample(name).source.startswith(("Wix docs, ", "typings of Wix's official SDK: "))


def test_every_path_of_the_wire_has_a_sample() -> None:
    forms = {
        value
        for name, value in vars(wire).items()
        if name.isupper() and isinstance(value, str) and value.startswith("/")
    }
    asked = {sample(name).path for name in NAMES}
    for form in forms:
        head, _, tail = form.partition("{id}")
        assert any(
            path == form or ("{id}" in form and path.startswith(head) and path.endswith(tail))
            for path in asked
        ), form


@pytest.mark.parametrize("name", BUILT)
def test_each_request_is_what_is_built_for_it(name: str) -> None:
    of, call = sample(name), BUILT[name]()
    assert (call.method, call.path) == (of.method, of.path)
    assert (dict(call.query), call.body) == (of.query, of.body)


@pytest.mark.parametrize("name", READ)
def test_each_answer_is_read_with_the_values_that_it_holds(
    wix: ScriptedWix, connect: Connect, name: str
) -> None:
    of, (act, expected) = sample(name), READ[name]
    used = of.body["token"] if name == "token-info" else TOKEN
    wix.expect(wire.TOKEN, token(used))
    wix.expect(of.path, reply(of))
    assert act(connect(credentials=APP)) == expected
    [sent] = wix.seen(of.path)
    assert (sent.method, sent.query, sent.body) == (of.method, of.query, of.body)


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_is_the_error_that_it_means(
    wix: ScriptedWix, connect: Connect, name: str
) -> None:
    of, (act, expected, text) = sample(name), REFUSED[name]
    wix.expect(of.path, reply(of), reply(of))
    by_key = API_KEY if name != "token-refused" else APP
    with pytest.raises(expected) as caught:
        act(connect(credentials=by_key))
    assert type(caught.value) is expected
    assert text in str(caught.value)


def test_the_token_of_the_sample_is_what_the_next_request_carries(
    wix: ScriptedWix, connect: Connect
) -> None:
    of = sample("token")
    wix.expect(wire.TOKEN, reply(of))
    wix.expect(wire.BADGES_QUERY, reply(sample("badges-query")))
    connect(credentials=APP).badges()
    [asked], [used] = wix.seen(wire.TOKEN), wix.seen(wire.BADGES_QUERY)
    assert asked.body == of.body
    assert used.headers["authorization"] == of.answer["access_token"]
