"""The console in a real browser (Debian's Chromium, driven by Playwright) against the real program: the main
journeys of a case handler, by mouse, keyboard and phone; what changes while he looks; what other sites may not do.

Run by `./test outside`. Screenshots stay under target/console/. Every wait has an end.
"""

import http.client
import json
import re
import signal
import sys

from playwright.sync_api import expect

from wagewatch.v1 import admin_service_pb2, alert_service_pb2, alerts_pb2, intake_service_pb2

from lib.browser import DESK, PHONE, SHOTS, Browser, in_chromium
from lib.service import PATIENCE, run

PROJECT, OTHER, CROWD, CREW = "P1", "P2", "P3", 30
WORKERS = ["152722199001010019", "152722199001010027", "152722199001010035"]
ACCOUNT = "05370101040012345"
DAY_FEN, DAYS = 30_000, 20
ACCEPTED = intake_service_pb2.Verdict.CODE_ACCEPTED
HEADERS = {"Content-Type": "application/json", "X-Wagewatch": "console"}


def checked(id_number):
    """The number with its check character."""
    body = id_number[:17]
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


WRONG = next(number for number in map(str, range(152722199001010000, 152722199001010010)) if checked(number) != number)


def card(worker):
    return f"62170000000000{worker:05}"


def record(kind, number, /, **fields):
    return {"type": kind, "id": f"{kind}-{number}", "source": "site", "at": "2026-03-31T10:00:00+08:00", **fields}


def project(number, project_id, name):
    return record(
        "project", number, project_id=project_id, name=name, sector="highway", territory="150621005", funding="government",
        owner_name="旗交通运输局", contractor_name="兴隆建筑有限公司", contractor_uscc="91350211M000100Y46", contract_signed_on="2026-02-10",
        contract_fen=5_000_000_00, labour_fee_fen=2_000_000, started_on="2026-03-01", labour_officer="唐涛",
    )


def work():
    records = [project(1, PROJECT, "西园街道二级公路"), project(2, OTHER, "白泥井镇卫生院")]
    records.append(record("account", 1, project_id=PROJECT, account=ACCOUNT, bank="BOC", opened_on="2026-02-20", agreement_signed=True))
    records.append(record("account_entry", 1, account=ACCOUNT, entry_id="in-1", direction="in", kind="labour_fee", amount_fen=700_000, booked_at="2026-03-20T10:00:00+08:00"))
    records.append(record("inspection", 1, project_id=PROJECT, inspection_id="i1", department="highway", inspector="赵", inspected_on="2026-04-20", outcome="hazard", note="安全网缺失"))
    for number, worker in enumerate(WORKERS):
        records.append(record("enrolment", number, project_id=PROJECT, id_number=worker, name="王小明", employer_name="同力市政工程有限公司", basis="daily",
                              rate_fen=DAY_FEN, effective_on="2026-03-01", account=card(number), contract_signed_on="2026-03-01"))
        records += [record("attendance", f"{number}-{day}", project_id=PROJECT, id_number=worker, work_date=f"2026-03-{day:02}", days=1) for day in range(1, DAYS + 1)]
    return records + crew()


def crew():
    """A project of its own with as many workers as make the case a red one, whose file must still be one page."""
    records = [project(3, CROWD, "王爱召镇学校教学楼")]
    for worker in range(CREW):
        who = {"project_id": CROWD, "id_number": checked(f"15272219850101{worker:03}0")}
        records.append(record("enrolment", f"c{worker}", **who, name="李四", employer_name="宏远安装工程有限公司", basis="daily", rate_fen=DAY_FEN, effective_on="2026-03-01", contract_signed_on="2026-03-01"))
        records += [record("attendance", f"c{worker}-{day}", **who, work_date=f"2026-03-{day:02}", days=1) for day in range(1, DAYS + 1)]
    return records


def payment(number, worker, fen):
    return record("payment", number, bank="BOC", txn_id=f"t{number}", account=ACCOUNT, payee_account=card(worker), id_number=WORKERS[worker], project_id=PROJECT,
                  period="2026-03", amount_fen=fen, settled_at="2026-05-20T10:00:00+08:00", status="settled")


def submit(service, records):
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    return list(service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=text.encode()), timeout=PATIENCE).verdicts)


def fill(service):
    WORKERS[:] = [checked(worker) for worker in WORKERS]
    for verdict in submit(service, work()):
        assert verdict.code == ACCEPTED, verdict
    assert submit(service, [payment(1, 0, 200_000)])[0].code == ACCEPTED
    wrong = record("attendance", "wrong", project_id=PROJECT, id_number=WRONG, work_date="2026-03-05", days=1)
    assert submit(service, [wrong])[0].code == intake_service_pb2.Verdict.CODE_REJECTED
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date="2026-05-20"), timeout=PATIENCE)


def opened(chromium, service, look=DESK):
    return Browser(chromium, service, secrets=WORKERS, **look)


def journeys(chromium, service):
    browser = opened(chromium, service)
    overview(browser)
    filters_and_keyboard(browser)
    acknowledge(browser, service)
    dismiss(browser, service)
    case_file(browser)
    ledger(browser)
    dead_letter(browser)
    quality(browser)
    live(browser, service)
    english(browser)
    browser.end()


def overview(browser):
    page = browser.go("overview")
    # Workers of 20 days at 300 yuan each, 2000 paid.
    owed = (3 + CREW) * DAYS * DAY_FEN - 200_000
    expect(page.locator(".tile", has_text="拖欠工资").locator("strong")).to_have_attribute("title", f"{owed // 100:,}.00 元")
    expect(page.locator(".tile", has_text="被欠人数").locator("strong")).to_contain_text(str(3 + CREW))
    expect(page.locator("#sign")).to_have_text("实时")
    expect(page.get_by_text("旗交通运输局").first).to_be_visible()
    expect(page.locator(".panel", has_text="十日内到期")).to_be_visible()
    browser.shot("overview", whole=True)


def filters_and_keyboard(browser):
    page = browser.go("alerts")
    rows = page.locator(".alert-list .row")
    expect(rows.first).to_be_visible()
    everything = rows.count()
    browser.shot("alerts")
    page.locator("#filter-rule").select_option("RULE_PROJECT_ARREARS")
    expect(rows).to_have_count(2)
    expect(page.locator("#list-info")).to_contain_text("共 2 件")
    page.locator("#filter-level").select_option("LEVEL_RED")
    expect(rows).to_have_count(1)
    page.locator("#filter-status").select_option("ALERT_STATUS_DISMISSED")
    expect(page.locator(".alert-list")).to_contain_text("没有符合条件的预警")
    page.locator("#filter-clear").click()
    expect(rows).to_have_count(everything)
    # By keyboard: into the list, down, and open.
    page.locator("#alert-list").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-posinset", "2")
    page.keyboard.press("Enter")
    expect(page.locator(".case-head h1").last).to_be_visible()
    assert "#/alert/" in page.url


def arrears_of(service):
    wanted = alert_service_pb2.AlertFilter(rules=[alerts_pb2.RULE_PROJECT_ARREARS], project_ids=[PROJECT])
    return service.alerts.List(alert_service_pb2.ListRequest(filter=wanted), timeout=PATIENCE).alerts[0]


def acknowledge(browser, service):
    alert = arrears_of(service)
    page = browser.go(f"alert/{alert.id}")
    page.locator("#act-acknowledge").click()
    expect(page.locator("#actor-wrong")).to_contain_text("请先填写经办人")
    page.locator("#actor").fill("旗人社局 李")
    page.locator("#act-acknowledge").click()
    expect(page.locator("#act-said")).to_contain_text("已记入日志")
    expect(page.locator(".history")).to_contain_text("旗人社局 李")
    assert arrears_of(service).status == alerts_pb2.ALERT_STATUS_ACKNOWLEDGED
    for act, field, text in (("assign", "#act-to", "旗交通运输局"), ("note", "#act-text", "已电话联系总包")):
        page.locator(f"#act-{act}").click()
        page.locator(field).fill(text)
        page.locator("#act-confirm").click()
        expect(page.locator("#act-said")).to_contain_text("已记入日志")
        expect(page.locator(".case")).to_contain_text(text)
    assert arrears_of(service).assignee == "旗交通运输局"
    browser.shot("alert", whole=True)


def dismiss(browser, service):
    wanted = alert_service_pb2.AlertFilter(rules=[alerts_pb2.RULE_ACCOUNT_NOT_OPENED], project_ids=[OTHER])
    find = lambda: service.alerts.List(alert_service_pb2.ListRequest(filter=wanted), timeout=PATIENCE).alerts[0]
    page = browser.go(f"alert/{find().id}")
    page.locator("#act-dismiss").click()
    page.locator("#act-text").fill("演练数据")
    page.locator("#act-confirm").click()
    # Without a reason of the list it does not go.
    assert find().status == alerts_pb2.ALERT_STATUS_OPEN
    page.locator("#act-reason").select_option("DISMISS_REASON_TEST_DATA")
    browser.shot("dismiss")
    page.locator("#act-confirm").click()
    expect(page.locator(".case-head .state-word")).to_have_text("不予处置")
    assert find().status == alerts_pb2.ALERT_STATUS_DISMISSED
    browser.go("alerts?status=ALERT_STATUS_DISMISSED")
    expect(page.locator(".alert-list .row")).to_have_count(1)


def case_file(browser):
    page = browser.go("alerts?rule=RULE_PROJECT_ARREARS")
    page.locator(".alert-list .row", has_text=f"{CREW} 人").click()
    expect(page.locator("#print")).to_be_visible()
    expect(page.locator(".case h2", has_text=re.compile("其中所含预警（3"))).to_be_visible()
    pdf = page.pdf(path=SHOTS / "case_file.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 1, "the case file is one page"


def ledger(browser):
    page = browser.go(f"project/{PROJECT}")
    expect(page.locator("h1")).to_contain_text("西园街道二级公路")
    months = page.locator(".panel", has_text="资金与工资").locator("tbody tr", has_text="2026-03")
    expect(months).to_contain_text("7,000.00")
    expect(months).to_contain_text("18,000.00")
    expect(page.locator(".panel", has_text="检查").last).to_contain_text("安全网缺失")
    people = page.locator(".panel", has_text="工人（3）").locator("tbody tr")
    expect(people).to_have_count(3)
    expect(people.first).to_contain_text("王*")
    expect(people.first).to_contain_text("152722********")
    browser.shot("project", whole=True)
    people.last.locator("a").click()
    expect(page.locator(".day.stated").nth(DAYS - 1)).to_be_visible()
    expect(page.locator(".arithmetic").first).to_contain_text("日薪 300.00 元 × 20.0 天 = 6000.00 元".replace("20.0", "20"))
    expect(page.locator("main")).to_contain_text("2,000.00")
    browser.shot("worker", whole=True)
    # By his number, which the answer then bears in full and the address does not.
    browser.go("worker")
    page.locator("#find-project").fill(PROJECT)
    page.locator("#find-number").fill(WORKERS[1])
    page.locator("#find").click()
    expect(page.locator("#found h1")).to_contain_text(WORKERS[1])
    assert WORKERS[1] not in page.url


def dead_letter(browser):
    page = browser.go("letters")
    expect(page.locator(".letter")).to_have_count(1)
    letter = page.locator(".letter").first
    expect(letter).to_contain_text("id_number")
    letter.locator("summary").click()
    text = letter.locator("textarea")
    assert "152722********" in text.input_value()
    # As it came it is wrong still: the masked number is put in by the service.
    letter.locator("button.main").click()
    expect(letter).to_contain_text("仍不能收")
    came = text.input_value()
    text.fill(came.replace('"project_id": "P1"', '"project_id": "152722********0019"'))
    letter.locator("button.main").click()
    expect(letter).to_contain_text("project_id 中被遮盖的数字对不上原件")
    # The browser notes every refusal; this one was wanted.
    browser.expected("status of 400")
    text.fill(re.sub(r"152722\*+\d{4}", WORKERS[2], came).replace("attendance-wrong", "attendance-mended").replace("2026-03-05", "2026-03-25"))
    letter.locator("button.main").click()
    expect(letter).to_contain_text("已收下")
    browser.shot("letters")


def quality(browser):
    page = browser.go("quality")
    row = page.locator("tbody tr", has_text="site")
    expect(row.first).to_contain_text("2026-05-20")
    expect(page.locator(".panel", has_text="死信分布")).to_contain_text("id_number")
    browser.shot("quality", whole=True)


def live(browser, service):
    page = browser.go("alerts?rule=RULE_PROJECT_ARREARS")
    expect(page.locator("#sign")).to_have_text("实时")
    row = page.locator(".alert-list .row", has_text="西园街道二级公路")
    before = row.locator(".sum b").inner_text()
    submit(service, [payment(2, 1, DAYS * DAY_FEN)])
    expect(row.locator(".sum b")).not_to_have_text(before)
    expect(row).to_have_class(re.compile("changed"))
    browser.shot("live")
    # All is paid: the row says so and goes.
    submit(service, [payment(3, 0, DAYS * DAY_FEN - 200_000), payment(4, 2, (DAYS + 1) * DAY_FEN)])
    expect(row).to_have_count(0)
    expect(page.locator(".alert-list .row")).to_have_count(1)


def english(browser):
    page = browser.go("overview")
    page.locator("#language").click()
    expect(page.locator("nav a").first).to_have_text("Overview")
    for view, word in (("alerts", "Filters"), ("quality", "Senders"), ("quarantine", "Nothing is held"), ("projects", "Projects")):
        browser.go(view)
        expect(page.locator("main")).to_be_visible()
        assert word in page.locator("main").inner_html() or word in page.locator("main").inner_text(), view
        assert not re.search("筛选|数据来源|载入", page.locator("main").inner_text())
        browser.shot(f"english_{view}")
    page.locator("#language").click()
    expect(page.locator("nav a").first).to_have_text("总览")


def phone(chromium, service):
    browser = opened(chromium, service, PHONE)
    for view in ("overview", "alerts", f"project/{PROJECT}", f"worker/{PROJECT}/0", "projects", "letters", "quality"):
        browser.go(view)
        browser.page.wait_for_load_state("networkidle") if view == "projects" else browser.page.wait_for_timeout(500)
        browser.shot(f"phone_{view.replace('/', '_')}")
    browser.end()


def cut(chromium, service):
    """The service is gone and comes back: the page says so, and goes on by itself."""
    browser = opened(chromium, service)
    page = browser.go("alerts?rule=RULE_UNKNOWN_PROJECT")
    expect(page.locator("#sign")).to_have_text("实时")
    service.stop(signal.SIGTERM)
    expect(page.locator(".banner")).to_contain_text("无法连接服务")
    expect(page.locator("#sign")).to_have_text("连接中断")
    browser.shot("cut")
    service.start()
    expect(page.locator("#sign")).to_have_text("实时", timeout=40_000)
    expect(page.locator(".banner")).to_have_count(0)
    submit(service, [record("attendance", "late", project_id="P9", id_number=WORKERS[0], work_date="2026-05-19", days=1)])
    expect(page.locator(".row.new").first).to_be_visible()
    # What the browser itself says of a refused connection, or of one that a stopping service still answers, is no fault
    # of the page.
    browser.expected("ERR_")
    browser.expected("status of 503")
    browser.end()


def ask(service, method, headers, body="{}", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", service.http, timeout=PATIENCE)
    connection.putrequest("POST", f"/api/{method}", skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{service.http}")
    connection.putheader("Content-Length", str(len(body)))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def other_sites(service):
    """What another site's page could make a browser send is refused, and says nothing."""
    def check(status, reason, **asked):
        found = ask(service, "AlertService/List", **asked)
        assert (found[0], found[1].get("reason", "")) == (status, reason), found

    check(200, "", headers=HEADERS)
    check(403, "NOT_FROM_PAGE", headers={"Content-Type": "text/plain", "X-Wagewatch": "console"})
    check(403, "NOT_FROM_PAGE", headers={"Content-Type": "application/json"})
    check(403, "STRANGE_HOST", headers=HEADERS, host="evil.example")
    check(403, "STRANGE_ORIGIN", headers={**HEADERS, "Origin": "http://evil.example"})
    check(403, "STRANGE_ORIGIN", headers={**HEADERS, "Sec-Fetch-Site": "cross-site"})
    assert ask(service, "AlertService/Nothing", HEADERS)[0] == 404
    assert ask(service, "AlertService/List", HEADERS, '{"pageSize": 5000}')[1]["fields"][0]["field"] == "page_size"
    connection = http.client.HTTPConnection("127.0.0.1", service.http, timeout=PATIENCE)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert "default-src 'none'" in answer.headers["content-security-policy"] and b"<script>" not in answer.read()


def short_of_room(chromium, service):
    """The disk is nearly full, and nothing was ever taken: the page says both."""
    browser = opened(chromium, service)
    page = browser.go("alerts")
    expect(page.locator(".banner")).to_contain_text("磁盘空间不足")
    expect(page.locator(".alert-list")).to_contain_text("没有符合条件的预警")
    for view in ("overview", "projects", "letters", "quality", "quarantine"):
        browser.go(view)
        expect(page.locator(".panel").first).to_be_visible()
        browser.shot(f"empty_{view}")
    page.goto(f"{browser.base}/#/alert/nothing")
    expect(page.locator(".problem")).to_contain_text("没有找到")
    browser.shot("not_found")
    browser.expected("status of 404")
    browser.end()


def asked_who(chromium, service):
    """Where the service asks who calls, the page asks for a token and sends it with each call from then on."""
    browser = opened(chromium, service)
    page, sent = browser.page, []

    def answer(route):
        sent.append(route.request.headers.get("authorization"))
        if sent[-1] == "Bearer secret":
            route.fallback()
        else:
            route.fulfill(status=401, content_type="application/json", body='{"code": "UNAUTHENTICATED", "message": "who is it?"}')

    page.route("**/api/LedgerService/**", answer)
    page.goto(f"{browser.base}/#/projects")
    page.locator("#token").fill("secret")
    page.locator("#enter").click()
    expect(page.locator("tbody tr").first).to_be_visible()
    assert sent[0] is None and sent[-1] == "Bearer secret" and "secret" not in page.url, sent
    browser.expected("status of 401")
    browser.end()


def not_level(chromium, service):
    """A service that still reads its log shows how far it is, and the view comes by itself once it is level."""
    browser = opened(chromium, service)
    page = browser.page
    status = {"ready": False, "logApplied": 7, "logHead": 40, "version": "x"}
    refusal = {"code": "UNAVAILABLE", "reason": "NOT_READY", "message": "reading"}
    page.route("**/api/AdminService/GetStatus", lambda route: route.fulfill(json=status))
    page.route("**/api/AlertService/**", lambda route: route.fulfill(status=503, json=refusal))
    page.goto(f"{browser.base}/#/alerts")
    expect(page.locator(".banner")).to_contain_text("第 7 块，共 40 块")
    expect(page.locator(".problem")).to_contain_text("正在读取日志")
    browser.shot("not_level")
    page.unroute("**/api/AlertService/**")
    page.unroute("**/api/AdminService/GetStatus")
    expect(page.locator(".alert-list .row").first).to_be_visible()
    expect(page.locator(".banner")).to_have_count(0)
    browser.expected("status of 503")
    browser.end()


run(sys.argv[1], fill, other_sites, in_chromium(journeys, phone, asked_who, not_level, cut))
run(sys.argv[1], in_chromium(short_of_room), settings={"data.min_free_bytes": 2**40})
print("console: good")
