"""`watch` as somebody sees it in a terminal, against the real program: what stands, a payment, keys, another size, a cut; the
same in a pipe, where scripts read it; and the case file that `explain` prints.

Run by `./test outside`. Every wait has an end.
"""

import os
import re
import signal
import subprocess
import sys

from lib.made import PROJECT, days_without_pay, lines, payment
from lib.screen import Terminal
from lib.service import PATIENCE, run
from wagewatch.v1 import admin_service_pb2, alert_service_pb2, intake_service_pb2

WIDE = (130, 30)


def submit(service, records):
    service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=lines(records)), timeout=PATIENCE)


def fill(service):
    submit(service, days_without_pay())
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date="2026-05-20"), timeout=PATIENCE)


def watch(service, *flags):
    return [service.binary, "watch", "--addr", f"http://127.0.0.1:{service.grpc}", *flags]


def arrears(service):
    alerts = service.alerts.List(alert_service_pb2.ListRequest(), timeout=PATIENCE).alerts
    return next(alert for alert in alerts if alert.id.startswith("project-arrears-"))


def live_view(service):
    terminal = Terminal(watch(service), *WIDE)
    text = terminal.until("shown", lambda text: "项目拖欠工资" in text and "loading" not in text)
    assert "● 实时 live" in text and "4000.00 元" in text, text
    assert len(terminal.colours()) >= 3, terminal.colours()
    assert b"\x1b[?1049h" in terminal.raw, "it has a screen of its own"
    filters(terminal)
    case_file(terminal, service)
    sizes(terminal)
    changes(terminal, service)
    cut(terminal, service)
    terminal.press("q")
    assert terminal.ended() == 0
    assert terminal.left(), "the terminal is as it was"


def filters(terminal):
    rows = lambda text: sum("2026-05-20" in row for row in text.splitlines())
    everything = rows(terminal.text())
    assert everything >= 2, terminal.text()
    terminal.press("/")
    terminal.press("未知")
    terminal.until("filtered by text", lambda text: "/未知▏" in text and rows(text) < everything)
    terminal.press("\x1b")
    terminal.until("all again", lambda text: rows(text) == everything)
    terminal.press("r")
    terminal.until("a list of kinds", lambda text: "类型 / kind" in text and re.search(r"项目拖欠工资 +1", text))
    terminal.press("\x1b[B\r")
    terminal.until("filtered by kind", lambda text: 0 < rows(text) < everything)
    terminal.press("c")
    terminal.until("all again", lambda text: rows(text) == everything)
    terminal.press("1")
    terminal.until("filtered by level", lambda text: "≥ 红色 red" in text)
    terminal.press("c")


def case_file(terminal, service):
    terminal.press("/项目拖欠\r\r")
    text = terminal.until("the case file", lambda text: "事实 / Facts" in text)
    assert "欠薪预警案件单" in text and arrears(service).id[:20] in text, text
    before = text
    terminal.press("\x1b[6~")
    terminal.until("its next page", lambda text: text != before)
    terminal.press("\x1b[6~\x1b[6~\x1b[6~")
    terminal.until("its end", lambda text: "承办人（签字）" in text)
    terminal.press("\x1b")
    terminal.until("closed", lambda text: "case file" not in text)
    terminal.press("c")


def sizes(terminal):
    for columns, rows in ((60, 12), (40, 8), (200, 50), WIDE):
        terminal.resize(columns, rows)
        # The keys stand in the last line of whatever size there is.
        terminal.until(f"drawn in {columns}x{rows}", lambda text: "↑↓" in terminal.rows()[rows - 1] and "实时" in text)


def changes(terminal, service):
    terminal.press("p")
    terminal.until("paused", lambda text: "暂停 paused +0" in text)
    submit(service, [payment(1, 100000)])
    text = terminal.until("counted", lambda text: re.search(r"paused \+[1-9]", text))
    assert "4000.00 元" in text and "3000.00 元" not in text, text
    terminal.press("p")
    terminal.until("gone on", lambda text: "3000.00 元" in text and "● " in text)
    submit(service, [payment(2, 300000)])
    terminal.until("struck", lambda text: "✓" in text and "已解除" in text)
    submit(service, [{**payment(2, 300000), "id": "r", "at": "2026-05-21T10:00:00+08:00", "status": "returned"}])
    terminal.until("there again", lambda text: "3000.00 元" in text)


def cut(terminal, service):
    service.stop(signal.SIGTERM)
    terminal.until("cut", lambda text: re.search(r"连接中断 [1-9]\d* s，正在重连；以下为 \d+ s 前的情况", text))
    assert "项目拖欠工资" in terminal.text(), "what stood is still shown"
    service.start()
    terminal.until("live again", lambda text: "● 实时 live" in text)
    submit(service, [payment(3, 50000)])
    terminal.until("told of what follows", lambda text: "2500.00 元" in text)


def without_colours(service):
    terminal = Terminal(watch(service), *WIDE, NO_COLOR="1")
    terminal.until("shown", lambda text: "项目拖欠工资" in text and "loading" not in text)
    assert terminal.colours() == {"default"}, terminal.colours()
    os.kill(terminal.process, signal.SIGTERM)
    assert terminal.ended() == 0 and terminal.left()


def in_a_pipe(service):
    """One line a change, without a sign that steers a terminal; also in a terminal, where that is asked for."""
    process = subprocess.Popen(watch(service, "--workers"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = re.compile(r"^\d{4}-\d\d-\d\d (red|orange|yellow|blue) +[a-z-]+ +\S.*  (\d+\.\d\d 元( / \d+ 人)?)?  ?\S+-[a-z0-9]+$")
    found = [process.stdout.readline().rstrip("\n") for _ in range(3)]
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert all(line.match(one) for one in found) and "\x1b" not in "".join(found), found
    plain = Terminal(watch(service, "--plain"), 200, 30)
    plain.until("lines", lambda text: "project-arrears-" in text)
    assert b"\x1b[?1049h" not in plain.raw
    plain.press("\x03")
    assert plain.ended() == 0


def nobody_there(service):
    """A service that cannot be reached is told in a line, and ends with 1."""
    terminal = Terminal([service.binary, "watch", "--addr", "http://127.0.0.1:1"], *WIDE)
    assert terminal.ended() == 1
    terminal.until("told", lambda text: "cannot connect" in text)
    assert b"\x1b[?1049h" not in terminal.raw, terminal.text()


run(sys.argv[1], fill, live_view, without_colours, in_a_pipe, nobody_there)
print("good: watch in a terminal and in a pipe")
