// 预警: a list that updates by itself. Pages come from the service as they are scrolled to; only the rows in
// sight are in the page, so that a hundred thousand cost what fifty cost.

import { call, follow } from "./api.js";
import { h, show } from "./dom.js";
import { count, shortYuan, yuan } from "./format.js";
import { problem } from "./main.js";
import { heard, streamIs } from "./status.js";
import { LEVELS, STATUSES, levelName, ruleKeys, ruleName, say, t, whose, word } from "./words.js";

const PAGE = 100;
const BEYOND = 8;
const FRESH_MS = 4000;

export async function alerts(main, { query, signal }) {
  const wanted = {
    level: query.get("level") ?? "", exact: query.get("exact") === "1", status: query.get("status") ?? "", rule: query.get("rule") ?? "",
    department: query.get("department") ?? "", territory: query.get("territory") ?? "", sector: query.get("sector") ?? "",
  };
  const filter = {
    minLevel: wanted.level || undefined, rules: wanted.rule ? [wanted.rule] : [],
    sectors: wanted.sector ? wanted.sector.split(",") : [], departments: wanted.department ? [wanted.department] : [], territories: wanted.territory ? [wanted.territory] : [],
  };
  const statuses = wanted.status === "any" ? STATUSES : wanted.status ? [wanted.status] : STATUSES.slice(0, 3);
  const list = new List({ filter, statuses, wanted, signal });
  await list.first();
  const choices = h("div", {}, bar(wanted, {}));
  show(main, h("h1", { class: "unseen" }, t("alerts")), choices, list.head, list.box);
  list.paint();
  // The list does not wait for counts; one answer serves both.
  list.counts(!Object.keys(wanted).some((key) => wanted[key] && key !== "status"), (stats) => {
    if (!choices.contains(document.activeElement)) show(choices, bar(wanted, stats));
  }).catch(() => {});
  follow("AlertService/Subscribe", { filter: { ...filter, minLevel: undefined }, changesOnly: true }, signal, (message) => {
    heard();
    if (message.reset) list.again();
    for (const event of message.alerts?.events ?? []) list.take(event);
    list.soon();
  }, (state) => {
    if (signal.aborted) return;
    streamIs(state);
    // What changed while it was cut comes with the cursor; what the list said before the first one may be older.
    if (state === "live" && !list.wasLive) list.again();
    list.wasLive ||= state === "live";
  });
}

function go(wanted) {
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value).map(([key, value]) => [key, value === true ? "1" : value]));
  location.hash = `#/alerts${query.size ? `?${query}` : ""}`;
}

function bar(wanted, stats) {
  const pick = (key, label, options, none = t("all")) =>
    h("label", {}, h("span", {}, label),
      h("select", { id: `filter-${key}`, value: wanted[key], onchange: (event) => go({ ...wanted, exact: key === "level" ? false : wanted.exact, [key]: event.target.value }) },
        h("option", { value: "" }, none), options.map(([value, name]) => h("option", { value }, name))));
  const places = (list) => (list ?? []).filter((one) => one.key).map((one) => [one.key, one.name || one.key]);
  const some = Object.values(wanted).some(Boolean);
  const kinds = ruleKeys().map((rule) => [rule, ruleName(rule)]);
  return h("form", { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
    pick("level", t("level"), LEVELS.map((level) => [level, wanted.exact && wanted.level === level ? levelName(level) : level === "LEVEL_RED" ? levelName(level) : t("level.least", levelName(level))])),
    pick("status", t("status"), [...STATUSES.map((status) => [status, word(status)]), ["any", t("status.any")]], t("status.asks")),
    pick("rule", t("rule"), kinds),
    pick("sector", t("by.sector.short"), sectors(stats.bySector ?? [], wanted.sector)),
    pick("department", t("told"), places(stats.byDepartment)),
    pick("territory", t("territory"), places(stats.byTerritory)),
    some && h("button", { type: "button", class: "plain", id: "filter-clear", onclick: () => go({}) }, t("clear")));
}

// Sectors by the department that answers for them.
function sectors(list, chosen) {
  const names = new Map();
  for (const one of list) {
    if (one.key) names.set(one.name || one.key, [...(names.get(one.name || one.key) ?? []), one.key]);
  }
  const all = [...names].map(([name, keys]) => [keys.join(","), name]);
  if (chosen && !all.some(([keys]) => keys === chosen)) all.push([chosen, chosen]);
  return all;
}

const RANK = Object.fromEntries(LEVELS.map((level, at) => [level, at]));

class List {
  constructor({ filter, statuses, wanted, signal }) {
    Object.assign(this, { filter, statuses, wanted, signal });
    this.rows = [];
    this.token = "";
    this.marks = new Map();
    this.active = 0;
    this.info = h("span", { class: "info", id: "list-info" });
    this.head = h("div", { class: "list-head" }, this.info, h("span", { class: "note wide-only" }, t("list.order"), "　", t("list.keys")));
    this.room = h("div", { class: "room" });
    this.box = h("div", { class: "alert-list", id: "alert-list", role: "list", "aria-label": t("alerts"), tabindex: "0", onscroll: () => this.paint(), onkeydown: (event) => this.key(event) }, this.room);
    const resized = new ResizeObserver(() => this.paint());
    resized.observe(this.box);
    signal.addEventListener("abort", () => resized.disconnect());
  }

  async first() {
    const answer = await this.page("");
    this.rows = answer.alerts ?? [];
    this.token = answer.nextPageToken ?? "";
    this.loadedAt = Date.now();
  }

  page(token) {
    return call("AlertService/List", { filter: this.filter, statuses: this.statuses, pageSize: PAGE, pageToken: token }, this.signal)
      .then((answer) => ({ ...answer, alerts: (answer.alerts ?? []).filter((one) => this.fits(one)) }));
  }

  async counts(isAll, told) {
    const stats = await call("AlertService/Stats", {}, this.signal);
    told(stats);
    if (isAll) this.count(stats.total);
    else await this.total();
  }

  async total() {
    this.count((await call("AlertService/Stats", { filter: this.filter }, this.signal)).total);
  }

  count(total) {
    const names = { ALERT_STATUS_OPEN: "open", ALERT_STATUS_ACKNOWLEDGED: "acknowledged", ALERT_STATUS_HANDLING: "handling", ALERT_STATUS_EXEMPTED: "exempted", ALERT_STATUS_DISMISSED: "dismissed" };
    this.sum = this.statuses.reduce((sum, status) => sum + Number(total?.[names[status]] ?? 0), 0);
    this.tell();
  }

  // The page's own part of the filter: this level alone, these states.
  fits(alert) {
    const { level, exact } = this.wanted;
    const inLevel = !level || (exact ? alert.level === level : RANK[alert.level] <= RANK[level]);
    return inLevel && this.statuses.includes(alert.status);
  }

  tell() {
    const isKnown = this.sum !== undefined && !(this.wanted.exact && this.wanted.level !== "LEVEL_RED");
    const counted = isKnown ? t("list.count", count(this.sum)) : "";
    show(this.info, counted, this.token ? `　${t("list.loaded", count(this.rows.length))}` : "");
  }

  // From the first page on, with the place kept.
  async again() {
    try {
      await this.first();
      this.paint(true);
      this.total().catch(() => {});
    } catch (error) {
      if (error.name !== "AbortError" && !this.signal.aborted) show(this.info, problem(error, () => this.again()));
    }
  }

  async more() {
    if (!this.token || this.loading) return;
    this.loading = true;
    try {
      const answer = await this.page(this.token);
      const known = new Set(this.rows.map((row) => row.id));
      this.rows.push(...answer.alerts.filter((row) => !known.has(row.id)));
      this.token = answer.nextPageToken ?? "";
      this.broken = undefined;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.broken = error;
    } finally {
      this.loading = false;
    }
    this.tell();
    this.paint(true);
  }

  // One change, as it happened.
  take({ alert, change }) {
    const at = this.rows.findIndex((row) => row.id === alert.id);
    const gone = change === "CHANGE_RESOLVED" || change === "CHANGE_ROLLED_UP" || !this.fits(alert);
    if (gone) {
      // It stays for a moment, so that whoever looks at it sees why it goes.
      if (at >= 0 && change !== "CHANGE_ROLLED_UP") {
        this.rows[at] = alert;
        this.mark(alert.id, "gone", () => this.drop(alert.id));
      } else if (at >= 0) this.drop(alert.id);
      return;
    }
    if (at >= 0) this.rows.splice(at, 1);
    // What changed last stands last in its level; beyond the loaded pages it comes with its page.
    let place = this.rows.findIndex((row) => RANK[row.level] > RANK[alert.level]);
    if (place < 0) {
      if (this.token) return;
      place = this.rows.length;
    }
    this.rows.splice(place, 0, alert);
    this.mark(alert.id, at >= 0 ? "changed" : "new", () => {});
  }

  drop(id) {
    const at = this.rows.findIndex((row) => row.id === id);
    if (at >= 0) this.rows.splice(at, 1);
    this.paint(true);
  }

  mark(id, kind, after) {
    this.marks.set(id, kind);
    setTimeout(() => {
      if (this.marks.get(id) === kind) this.marks.delete(id);
      if (!this.signal.aborted) {
        after();
        this.paint(true);
      }
    }, FRESH_MS);
  }

  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint(true);
    });
    this.counting ??= setTimeout(() => {
      this.counting = undefined;
      if (!this.signal.aborted) this.total().catch(() => {});
    }, 2000);
  }

  height() {
    return matchMedia("(max-width: 760px)").matches ? 108 : 58;
  }

  // Draws the rows in sight, and asks for more when the end comes near.
  paint(force) {
    const each = this.height();
    const view = this.box.clientHeight || 600;
    const from = Math.max(0, Math.floor(this.box.scrollTop / each) - BEYOND);
    const to = Math.min(this.rows.length, Math.ceil((this.box.scrollTop + view) / each) + BEYOND);
    const key = `${from} ${to} ${each}`;
    if (!force && key === this.painted) return;
    this.painted = key;
    const held = document.activeElement?.dataset?.id;
    const ends = this.broken ? problem(this.broken, () => this.more()) : this.token ? h("p", { class: "loading" }, t("loading")) : null;
    this.room.style.height = `${this.rows.length * each + (ends ? 56 : 0)}px`;
    if (!this.rows.length) {
      this.room.style.height = "auto";
      show(this.room, h("p", { class: "empty" }, t("list.none")));
      return;
    }
    show(this.room, this.rows.slice(from, to).map((alert, at) => this.row(alert, from + at, each)),
      ends && h("div", { class: "list-end", css: { top: `${this.rows.length * each}px` } }, ends));
    if (held) this.room.querySelector(`[data-id="${held}"]`)?.focus({ preventScroll: true });
    if (to >= this.rows.length - 2 * BEYOND && !this.broken) this.more();
  }

  row(alert, at, each) {
    const about = alert.subject ?? {};
    const who = [about.idNumber, about.period, about.account, about.txnId && `${about.bank} ${about.txnId}`, about.depositId, about.weekFrom].filter(Boolean).join(" · ");
    const late = alert.overdueDays > 0 ? t("overdue.days", alert.overdueDays) : alert.dueOn ?? "";
    return h("a", {
      role: "listitem", class: `row ${alert.level} ${this.marks.get(alert.id) ?? ""}`, href: `#/alert/${encodeURIComponent(alert.id)}`,
      "data-id": alert.id, "aria-posinset": at + 1, "aria-setsize": this.token ? -1 : this.rows.length, css: { top: `${at * each}px`, height: `${each}px` }, onfocus: () => { this.active = at; },
    },
    h("span", { class: `badge ${alert.level}` }, levelName(alert.level)),
    h("span", { class: "what" }, h("b", {}, ruleName(alert.rule)), h("small", {}, who || say(alert.mustAct))),
    h("span", { class: "where" }, h("b", {}, whose(alert)), h("small", {}, [alert.audience?.department?.name, alert.audience?.territory?.name].filter(Boolean).join(" · "))),
    h("span", { class: "sum", title: `${yuan(alert.amountFen)} ${t("yuan")}` }, alert.amountFen ? h("b", {}, shortYuan(alert.amountFen), h("i", {}, t("yuan"))) : "", h("small", {}, alert.workers ? t("workers.n", count(alert.workers)) : "")),
    h("span", { class: "when" }, h("b", {}, late), h("small", {}, alert.changedOn)),
    h("span", { class: "state" }, h("b", { class: `state-word ${alert.status}` }, word(alert.status)), h("small", {}, alert.escalation > 0 ? t("escalated", alert.escalatedTo?.name ?? "") : alert.assignee ?? "")));
  }

  key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -this.active, End: this.rows.length };
    const move = moves[event.key];
    if (move === undefined || !this.rows.length) return;
    event.preventDefault();
    const began = document.activeElement?.dataset?.id !== undefined;
    const next = Math.min(this.rows.length - 1, Math.max(0, began ? this.active + move : this.active));
    this.active = next;
    const each = this.height();
    const top = next * each;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    if (top + each > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + each - this.box.clientHeight;
    this.paint(true);
    this.room.querySelector(`[data-id="${CSS.escape(this.rows[next].id)}"]`)?.focus({ preventScroll: true });
  }
}
