/** A name of at most `max` letters, without its middle: names of runs often differ in their last letters. */
export function shortName(name: string, max = 40): string {
  const letters = [...name];
  if (letters.length <= max) return name;
  const tail = Math.floor((max - 1) / 3);
  return `${unpointed(letters.slice(0, max - 1 - tail).join(""))}…${letters.slice(-tail).join("").trimStart()}`;
}

/** Text of at most `max` letters in at most `lines` lines: its beginning, which ends behind a word if it can. */
export function shortText(text: string, max: number, lines: number): string {
  const given = text.trim();
  const first = given.split("\n").slice(0, lines).join("\n");
  const letters = [...first];
  if (letters.length <= max) return first === given ? given : `${unpointed(first)}…`;
  const head = letters.slice(0, max).join("");
  // A word of a script without spaces, or an address, is cut.
  const words = /\s/.test(letters[max] ?? "") ? head : head.replace(/\s+\S{0,40}$/u, "");
  return `${unpointed(words)}…`;
}

/** Without what would stand before the … and the spaces there. */
function unpointed(head: string): string {
  return head.replace(/[\s.,;:…]+$/u, "");
}
