// The frame of the page: navigation, language, and which view is shown. A view is a function that fills the
// place it is given and ends its work when `signal` is aborted.

import { words } from "./api.js";
import { h, show } from "./dom.js";
import { signIn, signOut } from "./sign_in.js";
import { known, onStatus, start, streamIs } from "./status.js";
import { choose, has, lang, serve, t, tab } from "./words.js";
import { alert } from "./view_alert.js";
import { alerts } from "./view_alerts.js";
import { letters } from "./view_letters.js";
import { overview } from "./view_overview.js";
import { project } from "./view_project.js";
import { projects } from "./view_projects.js";
import { quality } from "./view_quality.js";
import { quarantine } from "./view_quarantine.js";
import { worker } from "./view_worker.js";

// Name, view, and the tab it belongs to.
const VIEWS = {
  overview: [overview, "overview"], alerts: [alerts, "alerts"], alert: [alert, "alerts"], projects: [projects, "projects"],
  project: [project, "projects"], worker: [worker, "worker"], letters: [letters, "letters"], quality: [quality, "quality"],
  quarantine: [quarantine, "quarantine"],
};
const TABS = ["overview", "alerts", "projects", "worker", "letters", "quality", "quarantine"];

let current = new AbortController();
// Words of the rules may come later, when the service is reached.
let worded;

function frame(shownTab) {
  document.documentElement.lang = lang() === "zh" ? "zh-CN" : "en";
  document.getElementById("skip").textContent = t("skip");
  const link = (name) => h("a", { href: `#/${name}`, "aria-current": name === shownTab ? "page" : undefined }, tab(name));
  const other = lang() === "zh" ? "en" : "zh";
  show(document.getElementById("top"),
    h("a", { class: "brand", href: "#/overview" }, h("img", { src: "/console/icon.svg", alt: "", width: 26, height: 26 }), h("span", {}, t("app"))),
    h("nav", { "aria-label": t("nav") }, TABS.map(link)),
    h("div", { class: "side" },
      h("span", { id: "date", class: "date" }),
      h("span", { id: "sign", class: "sign" }),
      signOut(route),
      h("button", { type: "button", class: "plain", lang: other === "en" ? "en" : "zh-CN", id: "language", onclick: () => { choose(other); route(); } }, t("language"))));
}

// Where the page is: #/view/part/part?key=value.
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...parts] = path.split("/").map(decodeURIComponent);
  return { name: VIEWS[name] ? name : "overview", parts, query: new URLSearchParams(query) };
}

export function problem(error, again) {
  if (error.code === "UNAUTHENTICATED") return signIn(again ?? route);
  const key = [error.reason, error.code].map((word) => `error.${word}`).find(has) ?? "error.other";
  return h("div", { class: "problem", role: "alert" }, h("p", {}, t(key, error.message)),
    again && h("button", { type: "button", onclick: again }, t("retry")));
}

let shown = "";

async function route() {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const { name, parts, query } = place();
  const [view, under] = VIEWS[name];
  frame(under);
  streamIs("none");
  const main = document.getElementById("main");
  const key = [name, ...parts].join("/");
  document.title = `${tab(name)} · ${t("app")}`;
  if (key !== shown) {
    show(main, h("p", { class: "loading" }, t("loading")));
    if (shown) main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  shown = key;
  try {
    worded ??= await words().then(serve).then(() => true);
    if (!signal.aborted) await view(main, { parts, query, signal });
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    show(main, problem(error, route));
    // Once it is level with its log, or back, the view is tried again by itself.
    if (["NOT_READY", "UNREACHABLE", "STOPPING"].includes(error.reason)) {
      const stop = onStatus(({ status, error: still }) => {
        if (signal.aborted) stop();
        else if (status?.ready && !still && Date.now() - known.reached < 1000) {
          stop();
          route();
        }
      });
    }
  }
}

window.addEventListener("hashchange", route);
start();
route();
