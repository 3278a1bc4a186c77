/** The digits as they are read: 영, 일, 이 and so on. */
const DIGITS = "영일이삼사오육칠팔구";
const FIRST = 0xac00;
const LAST = 0xd7a3;
const FINALS = 28;
const RIEUL = 8;

/**
 * A word with a Korean particle, whose form depends on the word's last sound: `attach("7", "을/를")` is 7을. After what
 * is read in more than one way, as Latin letters, both forms are given: CNN을(를).
 */
export function attach(word: string, forms: `${string}/${string}`): string {
  const [closed = "", open = ""] = forms.split("/");
  const final = finalOf(word);
  if (final === null) return word + both(closed, open);
  const isOpen = final === 0 || (closed === "으로" && final === RIEUL);
  return word + (isOpen ? open : closed);
}

/** The final consonant of the last syllable as its number in Unicode's order, 0 for none; null where it is unknown. */
function finalOf(word: string): number | null {
  const last = word.replace(/[\s)\]"'.,!?]+$/, "").at(-1) ?? "";
  if (last === "%") return 0;
  const code = (/[0-9]/.test(last) ? (DIGITS[Number(last)] ?? "") : last).charCodeAt(0);
  return code >= FIRST && code <= LAST ? (code - FIRST) % FINALS : null;
}

function both(closed: string, open: string): string {
  return closed.endsWith(open) ? `(${closed.slice(0, -open.length)})${open}` : `${closed}(${open})`;
}
