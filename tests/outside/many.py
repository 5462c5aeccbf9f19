"""A hundred thousand open alerts: what the console asks for and keeps is bounded, by count and not by time.

Run by `./test outside`. Every wait has an end.
"""

import json
import sys

from playwright.sync_api import expect

from lib.browser import DESK, Browser, in_chromium
from lib.service import PATIENCE, run
from wagewatch.v1 import admin_service_pb2, alert_service_pb2, intake_service_pb2

ALERTS, PROJECTS, BATCH = 100_000, 100, 10_000
# Of the list: a screen of rows, and some beyond it.
ROWS_MOST = 40
# Of one look at a view: the page's own files, and a few calls.
CALLS_MOST = 12
BYTES_MOST = 2_000_000


def worker(n):
    """250 a day, over days, months and years."""
    day, rest = divmod(n, 250)
    month, day = divmod(day, 28)
    year, month = divmod(month, 12)
    body = f"152722{1950 + year}{month + 1:02}{day + 1:02}{rest + 1:03}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


def fill(service):
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date="2026-03-31"), timeout=PATIENCE)
    for begin in range(0, ALERTS, BATCH):
        lines = []
        for n in range(begin, begin + BATCH):
            swipe = {
                "type": "attendance", "id": f"a{n}", "source": "site", "at": "2026-03-31T10:00:00+08:00",
                "project_id": f"P{n % PROJECTS:03}", "id_number": worker(n), "work_date": "2026-03-30", "days": 1,
            }
            lines.append(json.dumps(swipe))
        request = intake_service_pb2.SubmitRequest(ndjson="\n".join(lines).encode())
        for verdict in service.intake.Submit(request, timeout=300).verdicts:
            assert verdict.code == intake_service_pb2.Verdict.CODE_ACCEPTED, verdict


def bounded(chromium, service):
    total = service.alerts.Stats(alert_service_pb2.StatsRequest(), timeout=PATIENCE).total.open
    assert total >= ALERTS, total
    browser = Browser(chromium, service, **DESK)
    sizes = []
    browser.page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))

    def look(view, ready):
        browser.asked.clear(), sizes.clear()
        page = browser.go(view)
        expect(page.locator(ready).first).to_be_visible()
        page.wait_for_timeout(1000)
        calls = [url for url in browser.asked if "/api/" in url]
        assert len(calls) <= CALLS_MOST, (view, calls)
        assert sum(sizes) <= BYTES_MOST, (view, sum(sizes))
        browser.shot(f"many_{view}")
        return page

    page = look("overview", ".tile")
    expect(page.locator(".tile", has_text="黄色").first).to_contain_text(f"{ALERTS + PROJECTS:,}")
    page = look("alerts", ".alert-list .row")
    expect(page.locator("#list-info")).to_contain_text(f"共 {total:,} 件")
    rows = page.locator(".alert-list .row")
    for _ in range(8):
        page.locator("#alert-list").evaluate("list => { list.scrollTop = list.scrollHeight }")
        page.wait_for_timeout(300)
        assert rows.count() <= ROWS_MOST, rows.count()
    loaded = page.evaluate("document.querySelectorAll('*').length")
    assert loaded < 2000, f"{loaded} elements"
    look("projects", "tbody tr")
    look("quality", ".panel")
    browser.end()


run(sys.argv[1], fill, in_chromium(bounded))
print("good: a hundred thousand open alerts cost the page what fifty cost")
