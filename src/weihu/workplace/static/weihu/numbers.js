// How numbers are written in the reader's language.

export const english = document.documentElement.lang.startsWith("en");

export const locale = english ? "en" : "zh-CN";

// A large amount shortened for an axis: 1.2M in English, 120.0万 in Chinese.
export function short(value) {
  if (english) return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
  if (Math.abs(value) >= 1e8) return `${(value / 1e8).toFixed(2)}亿`;
  return Math.abs(value) >= 1e4 ? `${(value / 1e4).toFixed(1)}万` : String(Math.round(value));
}

export const dateAxis = english ? "{MMM} {d}" : "{M}月{d}日";
