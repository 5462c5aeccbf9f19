"""Everything that may be done about an alert, done in the console: each act by its form, what is wrong told beside its field, by
mouse, keyboard and phone, in both tongues; and the case file of what was done, the same on the page and in the terminal.

Run by `./test outside`. Screenshots stay under target/console/. Every wait has an end.
"""

import http.client
import json
import re
import subprocess
import sys

from playwright.sync_api import expect

from lib.browser import DESK, PHONE, Browser, in_chromium
from lib.made import days_without_pay, lines
from lib.service import PATIENCE, run
from wagewatch.v1 import admin_service_pb2, alert_service_pb2, alerts_pb2, intake_service_pb2

ACTS = ["acknowledge", "handle", "assign", "note", "askJustification", "recordJustification", "recordWorkerWord", "recordAdvance", "handOver", "exempt", "dismiss"]


def fill(service):
    service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=lines(days_without_pay())), timeout=PATIENCE)
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date="2026-05-20"), timeout=PATIENCE)


def arrears(service):
    wanted = alert_service_pb2.AlertFilter(rules=[alerts_pb2.RULE_PROJECT_ARREARS])
    return service.alerts.List(alert_service_pb2.ListRequest(filter=wanted), timeout=PATIENCE).alerts[0]


def other(service, rule):
    wanted = alert_service_pb2.AlertFilter(rules=[rule], include_rolled_up=True)
    return service.alerts.List(alert_service_pb2.ListRequest(filter=wanted), timeout=PATIENCE).alerts[0]


class Form:
    """One act's form on the page of an alert."""

    def __init__(self, page, act):
        self.page, self.act = page, act
        page.locator(f"#act-{act}").click()
        expect(page.locator(f"#act-{act}")).to_have_attribute("aria-expanded", "true")

    def wrong(self, field, text):
        self.page.locator("#act-confirm").click()
        told = self.page.locator(f"#act-{field}-wrong")
        expect(told).to_contain_text(text)
        control = self.page.locator(f"#act-{field}")
        expect(control).to_be_focused()
        expect(control).to_have_attribute("aria-invalid", "true")

    def fill(self, **values):
        for field, value in values.items():
            control = self.page.locator(f"#act-{field}")
            if control.evaluate("element => element.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        return self

    def done(self):
        self.page.locator("#act-confirm").click()
        expect(self.page.locator("#act-said")).to_contain_text("已记入日志")
        expect(self.page.locator(".act-form")).to_have_count(0)


def each_act(chromium, service):
    browser = Browser(chromium, service, **DESK)
    page = browser.go(f"alert/{arrears(service).id}")
    for act in ACTS:
        expect(page.locator(f"#act-{act}")).to_be_visible()
    browser.shot("acts")
    take_up(page, service)
    hear(page, service)
    measures(browser, page, service)
    browser.shot("acts_done", whole=True)
    browser.end()


def take_up(page, service):
    page.locator("#act-acknowledge").click()
    expect(page.locator("#actor-wrong")).to_contain_text("请先填写经办人或单位")
    expect(page.locator("#actor")).to_be_focused()
    assert arrears(service).status == alerts_pb2.ALERT_STATUS_OPEN
    page.locator("#actor").fill("旗人社局 李")
    page.locator("#act-acknowledge").click()
    expect(page.locator("#act-said")).to_contain_text("已记入日志：签收")
    expect(page.locator("#act-acknowledge")).to_be_disabled()
    assert arrears(service).status == alerts_pb2.ALERT_STATUS_ACKNOWLEDGED
    Form(page, "handle").fill(text="已约谈总包").done()
    expect(page.locator("#act-handle")).to_be_disabled()
    form = Form(page, "assign")
    form.wrong("to", "必填")
    form.fill(to="旗交通运输局").done()
    assert arrears(service).assignee == "旗交通运输局"
    form = Form(page, "note")
    form.wrong("text", "必填")
    form.fill(text="   ").wrong("text", "必填")
    form.fill(text="已电话联系").done()
    assert arrears(service).note == "已电话联系"


def hear(page, service):
    form = Form(page, "askJustification")
    form.wrong("until", "必填")
    form.fill(until="2026-05-19").wrong("until", "不得早于业务日期 2026-05-20")
    form.fill(until="2026-05-27", text="请说明拖欠原因").done()
    assert arrears(service).justification.until == "2026-05-27"
    Form(page, "recordJustification").fill(text="建设单位未拨付人工费").done()
    assert arrears(service).justification.said == "建设单位未拨付人工费"
    form = Form(page, "recordWorkerWord")
    form.wrong("word", "必填")
    form.fill(word="WORKER_WORD_REJECTS").done()
    assert arrears(service).worker_word == alerts_pb2.WORKER_WORD_REJECTS
    expect(page.locator(".facts")).to_contain_text("不属实，预警无误")


def measures(browser, page, service):
    form = Form(page, "recordAdvance")
    form.wrong("amount", "必填")
    for slip in ("0", "-5", "12.345", "4000.01", "一千"):
        form.fill(amount=slip).wrong("amount", "请填 0.01 至 4,000.00 元")
    form.fill(amount="1,000.50").done()
    assert arrears(service).advanced_fen == 100_050
    expect(page.locator(".facts")).to_contain_text("1,000.50")
    refused_by_the_service(browser, page, service)
    form = Form(page, "handOver")
    form.wrong("to", "必填")
    form.fill(to="AUTHORITY_POLICE").done()
    assert arrears(service).handed_to == alerts_pb2.AUTHORITY_POLICE
    form = Form(page, "exempt")
    form.wrong("kind", "必填")
    expect(page.locator("#act-until-wrong")).to_contain_text("必填")
    expect(page.locator("#act-text-wrong")).to_contain_text("必填")
    form.fill(kind="EXEMPTION_KIND_INSTALMENTS_AGREED", until="2026-06-30", text="分期协议已签")
    browser.shot("act_exempt")
    form.done()
    found = arrears(service)
    assert (found.status, found.exemption.until, found.exemption.kind) == (alerts_pb2.ALERT_STATUS_EXEMPTED, "2026-06-30", alerts_pb2.EXEMPTION_KIND_INSTALMENTS_AGREED), found
    form = Form(page, "dismiss")
    form.wrong("reason", "必填")
    form.fill(reason="DISMISS_REASON_TEST_DATA", text="演练").done()
    assert arrears(service).status == alerts_pb2.ALERT_STATUS_DISMISSED


def refused_by_the_service(browser, page, service):
    """Meanwhile another has advanced nearly all: what the service says stands beside the field, and what was written stays."""
    form = Form(page, "recordAdvance").fill(amount="2000", text="第二笔")
    act = alert_service_pb2.RecordAdvance(amount_fen=290_000)
    request = alert_service_pb2.ActRequest(alert_id=arrears(service).id, act_id="elsewhere", actor="另一单位", record_advance=act)
    service.alerts.Act(request, timeout=PATIENCE)
    form.wrong("amount", "1 to 9950 fen")
    expect(page.locator("#act-text")).to_have_value("第二笔")
    browser.shot("act_refused")
    browser.expected("status of 400")
    # Given up: what another did is shown at the next change, or when it is opened again.
    page.locator("#act-cancel").click()
    expect(page.locator("#act-recordAdvance")).to_be_focused()
    page.reload()
    expect(page.locator(".facts")).to_contain_text("3,900.50")


def by_keyboard(chromium, service):
    """Without a mouse: to a button by Tab, through the form, away by Escape, done by Enter."""
    browser = Browser(chromium, service, **DESK)
    page = browser.go(f"alert/{other(service, alerts_pb2.RULE_UNKNOWN_PROJECT).id}")
    page.locator("#actor").focus()
    page.keyboard.type("旗人社局")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator("#act-note")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#act-text")).to_be_focused()
    page.keyboard.type("写了一半")
    page.keyboard.press("Escape")
    expect(page.locator(".act-form")).to_have_count(0)
    expect(page.locator("#act-note")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#act-assign")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.type("旗住建局")
    page.keyboard.press("Enter")
    expect(page.locator("#act-said")).to_contain_text("已记入日志：转办")
    assert other(service, alerts_pb2.RULE_UNKNOWN_PROJECT).assignee == "旗住建局"
    browser.end()


def on_a_phone(chromium, service):
    browser = Browser(chromium, service, **PHONE)
    page = browser.go(f"alert/{other(service, alerts_pb2.RULE_WAGE_UNPAID).id}")
    page.locator("#actor").fill("旗人社局")
    form = Form(page, "exempt")
    form.wrong("kind", "必填")
    page.locator("#acts").scroll_into_view_if_needed()
    browser.shot("phone_act_exempt")
    for control in ("#act-kind", "#act-until", "#act-text", "#act-confirm", "#act-cancel"):
        box = page.locator(control).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 36, (control, box)
    form.fill(kind="EXEMPTION_KIND_IN_PROCEEDINGS", until="2026-06-30", text="已立案").done()
    browser.shot("phone_alert", whole=True)
    browser.end()


def in_english(chromium, service):
    browser = Browser(chromium, service, **DESK)
    page = browser.go(f"alert/{other(service, alerts_pb2.RULE_UNKNOWN_PROJECT).id}")
    page.locator("#language").click()
    expect(page.locator("#acts h2")).to_have_text("Act")
    page.locator("#actor").fill("HRSS")
    for act in ACTS:
        if not page.locator(f"#act-{act}").is_disabled() and act != "acknowledge":
            page.locator(f"#act-{act}").click()
            form = page.locator(".act-form")
            assert not re.search("[一-鿿]", form.inner_text()), form.inner_text()
            page.locator("#act-confirm").click()
            # Nothing has to be filled in for that one: it is done, and its form gone.
            if act == "handle":
                page.wait_for_selector("#act-said .good-text")
                continue
            assert not re.search("[一-鿿]", form.inner_text()), form.inner_text()
            page.keyboard.press("Escape")
    browser.shot("english_acts")
    page.locator("#language").click()
    browser.end()


def case_file_is_one(chromium, service):
    """The page that is printed and what `explain` says: the same sections, facts, steps and words, in the same order."""
    browser = Browser(chromium, service, **DESK)
    for alert in (arrears(service), other(service, alerts_pb2.RULE_WAGE_UNPAID), other(service, alerts_pb2.RULE_UNKNOWN_PROJECT)):
        page = browser.go(f"alert/{alert.id}")
        expect(page.locator(".case-title p")).to_have_text(alert.id)
        told = subprocess.run([service.binary, "explain", alert.id, "--addr", f"http://127.0.0.1:{service.grpc}"], check=True, capture_output=True, text=True).stdout
        sections = [re.split(" / ", part.split("\n")[0])[0] for part in told.split("\n\n")[2:-1]]
        shown = page.locator(".case-main h2, .case-side .panel:not(#acts) h2").all_inner_texts()
        assert shown == sections, (shown, sections)
        facts = re.findall(r"^  (?!!)(\S[^:/]*) / [^:]*: (.*)$", told.split("\n\n")[2], flags=re.M)
        assert page.locator(".case-main .facts").first.locator("dt").all_inner_texts() == [name for name, _ in facts], (told, facts)
        for name, value in zip(page.locator(".facts dd").all_inner_texts(), facts):
            first = re.split(" / |  |[：（:]", value[1])[0].replace(",", "")
            assert first in name.replace(",", ""), (name, value)
        steps = re.findall(r"^  \d+\.\s+(.*)$", told, flags=re.M)
        assert page.locator("ol.arithmetic li").all_inner_texts() == steps, steps
        changes = re.findall(r"^  \d{4}-\d\d-\d\d (\S+) /", told.split("\n\n")[-2], flags=re.M)
        assert page.locator(".history li b").all_inner_texts() == changes, (told, changes)
    page.emulate_media(media="print")
    browser.shot("case_file_print", whole=True)
    browser.end()


def by_name(service):
    """The page under the machine's own name, which the operator has told; under no other."""
    def asked(host):
        connection = http.client.HTTPConnection("127.0.0.1", service.http, timeout=PATIENCE)
        connection.putrequest("POST", "/api/AlertService/List", skip_host=True)
        for name, value in {"Host": host, "Content-Type": "application/json", "X-Wagewatch": "console", "Content-Length": "2", "Origin": f"http://{host}"}.items():
            connection.putheader(name, value)
        connection.endheaders(b"{}")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("reason", "")

    assert asked(f"wages.example.cn:{service.http}") == (200, "")
    assert asked("evil.example") == (403, "STRANGE_HOST")
    assert asked("wages.example.cn.evil.example") == (403, "STRANGE_HOST")


run(sys.argv[1], fill, by_name, in_chromium(each_act, by_keyboard, on_a_phone, in_english, case_file_is_one), settings={"http.hosts": "wages.example.cn,other.example"})
print("good: every act by its form; one case file on paper and in the terminal")
