// How the service stands, asked every few seconds, and the banners that say so when it is not well.

import { call } from "./api.js";
import { h, show } from "./dom.js";
import { ago, bytes } from "./format.js";
import { lang, t } from "./words.js";

const EVERY = 5000;
const listeners = new Set();
export const known = { status: undefined, reached: 0, error: undefined, stream: "connecting", heard: 0 };

export function onStatus(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  for (const listener of listeners) listener(known);
  paint();
}

// The live stream of the view that is open: "live", "cut", or none.
export function streamIs(state) {
  known.stream = state;
  if (state === "live") known.heard = Date.now();
  tell();
}

export function heard() {
  known.heard = Date.now();
}

export async function ask() {
  try {
    known.status = await call("AdminService/GetStatus", {}, AbortSignal.timeout(10_000));
    known.reached = Date.now();
    known.error = undefined;
  } catch (error) {
    known.error = error;
  }
  tell();
}

export function start() {
  const again = async () => {
    await ask();
    setTimeout(again, EVERY);
  };
  again();
  setInterval(paint, 1000);
}

let painted = "";

function paint() {
  const { status, error, reached, stream, heard: at } = known;
  const all = [];
  const add = (kind, text) => all.push([kind, text]);
  if (error) add("bad", t("unreachable", reached ? ago(reached) : t("never")));
  if (status?.failed) add("bad", t("failed", status.failed));
  if (status && !status.ready && !status.failed) add("warn", t("behind", status.logApplied ?? 0, status.logHead ?? 0));
  const short = status?.diskShortage;
  if (short) add("bad", t("disk", bytes(short.freeBytes), bytes(short.neededBytes)));
  if (stream === "cut" && !error && status?.ready) add("warn", t("cut.long", at ? ago(at) : t("never")));
  const now = JSON.stringify([lang(), all]);
  const box = document.getElementById("banners");
  if (now !== painted && box) {
    painted = now;
    show(box, all.map(([kind, text]) => h("p", { class: `banner ${kind}` }, text)));
  }
  const sign = document.getElementById("sign");
  if (sign) {
    const state = error ? "cut" : stream;
    const text = state === "live" ? t("live") : state === "cut" ? t("cut") : state === "none" ? "" : t("connecting");
    sign.className = `sign ${state}`;
    sign.title = state === "live" ? t("live.title") : "";
    if (sign.textContent !== text) sign.textContent = text;
  }
  const date = document.getElementById("date");
  if (date && status) {
    const text = status.businessDate ? t("as.of", status.businessDate) : t("no.date");
    if (date.textContent !== text) date.textContent = text;
  }
}
