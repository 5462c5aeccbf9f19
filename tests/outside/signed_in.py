"""The console where callers have names: a token signs in, each sees what is his, and without one nothing is shown.

Run by `./test outside`. Every wait has an end.
"""

import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from playwright.sync_api import expect, sync_playwright

from wagewatch.v1 import admin_service_pb2, intake_service_pb2

from lib.service import PATIENCE, run

ROLES = {
    "hrss": 'role = "coordinator"',
    "water": 'role = "supervisor"\nsectors = ["reservoir"]',
    "ops": 'role = "operator"',
}
PROJECTS = {"W1": "reservoir", "H1": "highway"}
TOKENS = {}


def principals(folder, binary):
    entries = []
    for name, role in ROLES.items():
        said = subprocess.run([binary, "token", "--days", "2"], check=True, capture_output=True, text=True).stdout
        TOKENS[name], line = said.strip().split("\n")
        entries.append(f'[[principal]]\nname = "{name}"\n{role}\n{line}\n')
    path = pathlib.Path(folder, "principals.toml")
    path.write_text("\n".join(entries))
    return path


def shown(name):
    return {"metadata": [("authorization", f"Bearer {TOKENS[name]}")], "timeout": PATIENCE}


def fill(service):
    for number, (project, sector) in enumerate(PROJECTS.items()):
        record = {
            "type": "project", "id": f"p{number}", "source": "county", "at": "2026-03-31T10:00:00+08:00", "project_id": project, "name": f"工程{project}",
            "sector": sector, "territory": "150621005", "funding": "government", "owner_name": "旗水利局", "contractor_name": "兴隆建筑有限公司",
            "contractor_uscc": "91350211M000100Y46", "contract_signed_on": "2026-02-10", "contract_fen": 5_000_000_00, "started_on": "2026-03-01", "status": "active",
        }
        verdict = service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=json.dumps(record).encode()), **shown("hrss")).verdicts[0]
        assert verdict.code == intake_service_pb2.Verdict.CODE_ACCEPTED, verdict
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date="2026-05-20"), **shown("ops"))


def asked(service):
    """Over HTTP without the page: by token, and without."""
    def check(status, name, call, body="{}"):
        connection = http.client.HTTPConnection("127.0.0.1", service.http, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "X-Wagewatch": "console"} | ({"Authorization": f"Bearer {TOKENS[name]}"} if name else {})
        connection.request("POST", f"/api/{call}", body, headers)
        answer = connection.getresponse()
        told = answer.read().decode()
        assert answer.status == status, f"{name} {call}: expected {status}, found {answer.status}: {told}"
        return told

    check(401, "", "AlertService/List")
    check(403, "ops", "AlertService/List")
    check(403, "water", "AdminService/GetStatus")
    assert "W1" in check(200, "water", "LedgerService/GetProject", '{"projectId": "W1"}')
    check(404, "water", "LedgerService/GetProject", '{"projectId": "H1"}')


def page(service):
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=flags)
        expect.set_options(timeout=20_000)
        one = chromium.new_context(locale="zh-CN").new_page()
        one.set_default_timeout(20_000)
        one.goto(f"http://127.0.0.1:{service.http}/#/projects")
        field = one.locator("#token")
        expect(one.locator("#sign-in")).to_contain_text("请输入令牌")
        field.fill("ww_nonsense")
        one.locator("#sign-in button").click()
        expect(one.locator("#sign-in")).to_contain_text("令牌无效")
        field.fill(TOKENS["water"])
        field.press("Enter")
        expect(one.locator("main")).to_contain_text("工程W1")
        expect(one.locator("main")).not_to_contain_text("工程H1")
        expect(one.locator("#banners")).to_be_empty()
        for view in ("overview", "alerts", "quality"):
            one.goto(f"http://127.0.0.1:{service.http}/#/{view}")
            expect(one.locator("main .problem")).to_have_count(0)
            expect(one.locator("main > .loading")).to_have_count(0)
        expect(one.locator("#date")).to_contain_text("2026-05-20")
        one.goto(f"http://127.0.0.1:{service.http}/#/letters")
        expect(one.locator("main .problem")).to_contain_text("不能查看")
        one.locator("#sign-out").click()
        expect(one.locator("#sign-in")).to_contain_text("请输入令牌")
        assert one.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage)).some((key) => key.includes('token'))") is False
        chromium.close()


with tempfile.TemporaryDirectory() as keys:
    run(sys.argv[1], fill, asked, page, settings={"security.principals": principals(keys, str(pathlib.Path(sys.argv[1]).resolve()))})
print("good: the console by a token, each what is his")
