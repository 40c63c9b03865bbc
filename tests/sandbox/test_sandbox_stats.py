from __future__ import annotations

from sandbox_caller import ONE, guid, sandbox


def test_stats_count_requests_by_route_and_status() -> None:
    with sandbox(members=1) as wix:
        pair = {"badgeId": wix.badge(), "memberId": guid(0xB1, 0)}
        for _ in range(3):
            wix.call("POST", "/badges/v4/assignments", {"badgeAssignment": pair})
        stats = wix.good("GET", f"/_sandbox/stats?instanceId={ONE['instanceId']}")
        path = "/badges/v4/assignments"
        counts = {(one["path"], one["status"]): one["count"] for one in stats["requests"]}
        assert (counts[path, 200], counts[path, 409]) == (1, 2)
        assert (stats["createsRefused"], stats["duplicateAssignments"]) == (2, 0)
        assert (stats["badges"], stats["badgeAssignments"]) == (1, 1)
