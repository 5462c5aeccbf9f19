// Sums, dates and times as people read them. Money is an integer of fen throughout.

import { lang, t } from "./words.js";

export function yuan(fen) {
  const value = Number(fen ?? 0);
  const sign = value < 0 ? "−" : "";
  const all = Math.abs(value);
  const whole = Math.floor(all / 100).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${sign}${whole}.${String(all % 100).padStart(2, "0")}`;
}

// For tiles and axes: 万 and 亿 in Chinese, thousands and millions in English.
export function shortYuan(fen) {
  const value = Number(fen ?? 0) / 100;
  const steps = lang() === "zh" ? [[1e8, "亿"], [1e4, "万"]] : [[1e6, "M"], [1e3, "k"]];
  for (const [size, word] of steps) {
    if (Math.abs(value) >= size) {
      const scaled = value / size;
      return scaled.toFixed(Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2) + word;
    }
  }
  return value.toFixed(0);
}

export const count = (number) => Number(number ?? 0).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");

export function bytes(number) {
  const value = Number(number ?? 0);
  return value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB` : `${(value / 1e6).toFixed(0)} MB`;
}

export function moment(text) {
  return text ? text.replace("T", " ").replace(/(\.\d+)?(Z|[+-]\d\d:\d\d)$/, "") : "";
}

export function ago(ms) {
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1000));
  if (seconds < 60) return t("ago.seconds", seconds);
  if (seconds < 3600) return t("ago.minutes", Math.floor(seconds / 60));
  return t("ago.hours", Math.floor(seconds / 3600));
}

export function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}

// Minutes of a business day beyond midnight are of the night after.
export function clock(text) {
  const [hour, minute] = text.split(":");
  return Number(hour) >= 24 ? `${t("next.day")} ${String(hour - 24).padStart(2, "0")}:${minute}` : text;
}
