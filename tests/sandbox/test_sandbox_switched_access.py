from __future__ import annotations

from typing import Any

from sandbox_caller import KEY, ONE, guid, sandbox, token_request

BADGES = "/badges/v4/badges"
QUERY = "/badges/v4/badges/query"
CREATE = "/badges/v4/assignments"
DOCS = "/v4/badge-assignments"
BULK = "/badges/v4/bulk/assignments/create"
INFO = "/oauth2/token-info"


def badge(title: str = "Loyal Buyer") -> dict[str, Any]:
    return {"badge": {"title": title, "backgroundColor": "#000000", "textColor": "#ffffff"}}


def test_bad_credentials_have_the_status_that_is_chosen() -> None:
    with sandbox() as wix:
        wrong = token_request(ONE, client_secret="no")
        for status in (400, 401):
            wix.turn(badCredentialsStatus=status)
            for path, body, error in (
                ("/oauth2/token", wrong, "invalid_client"),
                (INFO, {"token": "no"}, "invalid_token"),
            ):
                reply = wix.call("POST", path, body)
                assert (reply.status, reply.body["error"]) == (status, error)
        wix.turn(badCredentialsStatus=401)
        wix.log_in(ONE)


def test_an_ended_token_is_refused_or_told_to_be_inactive() -> None:
    with sandbox(tokenLifetimeSeconds=5) as wix:
        token = wix.headers["Authorization"]
        wix.turn(endedInspection="inactive")
        assert wix.post(INFO, {"token": token})["active"] is True
        wix.clock.seconds += 5
        assert wix.post(INFO, {"token": token}) == {"active": False}
        wix.turn(inspectionValues="text")
        assert wix.post(INFO, {"token": "unknown"}) == {"active": "false"}
        wix.turn(endedInspection="refuse")
        assert wix.call("POST", INFO, {"token": token}).status == 400


def test_token_info_has_texts_where_the_sample_of_the_docs_has_them() -> None:
    with sandbox() as wix:
        token = {"token": wix.headers["Authorization"]}
        typed = wix.post(INFO, token)
        wix.turn(inspectionValues="text")
        text = {"active": "true", "exp": str(typed["exp"]), "iat": str(typed["iat"])}
        assert wix.post(INFO, token) == typed | text


def test_both_id_headers_with_a_key_are_taken_or_refused() -> None:
    with sandbox() as wix:
        wix.headers = {"Authorization": KEY, "wix-site-id": ONE["siteId"]}
        wix.headers["wix-account-id"] = guid(0, 1)
        wix.post(QUERY, {})
        wix.turn(bothIdHeaders="refuse")
        assert wix.call("POST", QUERY, {}).status == 400
        del wix.headers["wix-account-id"]
        wix.post(QUERY, {})
        wix.headers = {"Authorization": KEY, "wix-account-id": guid(0, 1)}
        assert wix.call("POST", QUERY, {}).status == 403


def test_assignments_answer_under_the_paths_that_are_chosen_and_no_others() -> None:
    with sandbox(members=1) as wix:
        badge_id = wix.badge()
        pair = {"badgeId": badge_id, "memberId": guid(0xB1, 0)}
        for position, sdk, docs in (("sdk", 200, 404), ("both", 200, 200), ("docs", 404, 200)):
            wix.turn(assignmentPaths=position)
            for base, bulk, status in (
                (CREATE, "/badges/v4/bulk/assignments", sdk),
                (DOCS, "/v4/bulk/badge-assignments", docs),
            ):
                made = wix.call("POST", base, {"badgeAssignment": pair})
                assert made.status == status
                assert wix.call("POST", f"{base}/query", {}).status == status
                body = {"badgeAssignments": [pair]}
                assert wix.call("POST", f"{bulk}/create", body).status == status
                change = {"ids": [guid(0, 1)], "filter": {}, "assignTags": {}}
                for name in ("bulk-update-tags", "update-tags-by-filter"):
                    assert wix.call("POST", f"{bulk}/{name}", change).status == status
                ids = {"badgeAssignmentIds": [guid(0, 1)]}
                assert wix.call("POST", f"{bulk}/delete", ids).status == status
                if status == 200:
                    one = made.body["badgeAssignment"]["id"]
                    wix.good("DELETE", f"{base}/{one}")
                else:
                    assert made.code == "NOT_FOUND"
                    assert wix.call("DELETE", f"{base}/{guid(0, 1)}").code == "NOT_FOUND"


def test_a_path_that_is_away_is_checked_like_an_unknown_one() -> None:
    with sandbox() as wix:
        wix.reset(ONE, rateLimitRequests=1)
        assert wix.call("POST", f"{DOCS}/query", {}).status == 401
        wix.log_in(ONE)
        assert wix.call("POST", f"{DOCS}/query", {}).status == 404
        assert wix.call("POST", f"{DOCS}/query", {}).status == 429


def test_the_deprecated_display_order_is_there_until_it_is_removed() -> None:
    with sandbox() as wix:
        one, two = wix.badge("One"), wix.badge("Two")
        wix.post(f"{BADGES}/order", {"ids": [two, one]})
        wix.turn(displayOrderEndpoint="removed")
        assert wix.call("POST", f"{BADGES}/order", {"ids": [one, two]}).code == "NOT_FOUND"
        wix.post(f"{BADGES}/{one}/move", {"position": "LAST"})
        assert [one["id"] for one in wix.state()["badges"]] == [two, one]


def test_a_429_has_the_body_and_the_header_that_are_chosen() -> None:
    with sandbox(rateLimitRequests=2, rateLimitWindowSeconds=60) as wix:
        wix.post(QUERY, {})
        wix.clock.seconds += 20.5
        wix.post(QUERY, {})
        plain = wix.call("POST", QUERY, {})
        assert (plain.status, plain.body) == (429, {"message": "", "details": {}})
        assert "retry-after" not in plain.headers
        wix.turn(rateLimitBody="code", rateLimitRetryAfter="on")
        told = wix.call("POST", QUERY, {})
        assert (told.status, told.code, told.headers["retry-after"]) == (
            429,
            "RESOURCE_EXHAUSTED",
            "40",
        )
        assert "x-wix-request-id" in told.headers
        wix.clock.seconds += int(told.headers["retry-after"])
        wix.post(QUERY, {})


def test_only_answers_to_writes_carry_the_header_of_consistency() -> None:
    header = "x-wix-consistent"
    with sandbox(members=1) as wix:
        assert header not in wix.call("POST", BADGES, badge("One")).headers
        wix.turn(consistentHeader="on")
        made = wix.call("POST", BADGES, badge("Two"))
        path = f"{BADGES}/{made.body['badge']['id']}"
        pair = {"badgeId": made.body["badge"]["id"], "memberId": guid(0xB1, 0)}
        writes = [
            made,
            wix.call("PATCH", path, {"badge": {"revision": "1", "description": "new"}}),
            wix.call("POST", f"{path}/move", {"position": "FIRST"}),
            wix.call("POST", BULK, {"badgeAssignments": [pair]}),
            wix.call("DELETE", path),
        ]
        assert [reply.status for reply in writes] == [200] * 5
        values = {reply.headers[header] for reply in writes}
        assert len(values) == 5
        others = [
            wix.call("DELETE", path),
            wix.call("POST", QUERY, {}),
            wix.call("GET", "/apps/v1/instance"),
            wix.call("POST", "/oauth2/token", token_request(ONE)),
        ]
        assert all(header not in reply.headers for reply in others)
        wix.headers["X-Wix-Consistent"] = values.pop()
        wix.post(QUERY, {})
