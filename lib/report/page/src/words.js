// Numbers and labels as the tables write them.

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function number(value) {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** At most so many columns of text, an East Asian sign taking two. */
export function cut(text, columns) {
  let used = 0;
  let out = "";
  for (const sign of text) {
    used += sign.codePointAt(0) > 0x2e7f ? 2 : 1;
    if (used > columns) return `${out.trimEnd()}\u2026`;
    out += sign;
  }
  return out;
}

const widthOf = (text) => [...text].reduce((n, sign) => n + (sign.codePointAt(0) > 0x2e7f ? 2 : 1), 0);

/** The same on at most two lines: broken behind a colon, else at a space, else where the line is full. */
export function wrap(text, columns) {
  if (widthOf(text) <= columns) return text;
  const colon = text.indexOf(": ");
  let at = -1;
  if (colon > 0 && widthOf(text.slice(0, colon + 1)) <= columns) {
    at = colon + 1;
  } else {
    for (let i = 1; i < text.length && widthOf(text.slice(0, i)) <= columns; i++) if (text[i] === " ") at = i;
  }
  const first = at > 0 ? text.slice(0, at) : cut(text, columns).slice(0, -1);
  return `${first}\n${cut(text.slice(first.length).trimStart(), columns)}`;
}

export const segmentLabel = (segments, s) => `${s + 1}  ${segments[s].name}`;

/** A mixture of two colours, each [red, green, blue]. */
export function mix(from, to, part) {
  const one = (i) => Math.round(from[i] + (to[i] - from[i]) * part);
  return `rgb(${one(0)},${one(1)},${one(2)})`;
}

/** Black or white, whichever reads better on it. */
export function inkOn(colour) {
  const hex = /^#(..)(..)(..)$/.exec(colour.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3"));
  const rgb = hex ? hex.slice(1).map((h) => parseInt(h, 16)) : colour.match(/\d+/g).map(Number);
  return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] > 150 ? "#000" : "#fff";
}

// A "{", "|" or "}" in a text would be read as rich-text markup by the drawing library.
export const plain = (text) => text.replace(/[{}|]/g, (sign) => ({ "{": "(", "}": ")", "|": "/" })[sign]);
