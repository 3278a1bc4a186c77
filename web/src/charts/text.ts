/** Texts in SVG are neither measured nor cut by the browser. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
const NARROW_PIXELS = 6.5;
const WIDE_PIXELS = 11;

function widthOfLetter(letter: string): number {
  return WIDE.test(letter) ? WIDE_PIXELS : NARROW_PIXELS;
}

/** About how many pixels a text of 11 px is wide: Hangul, Han and Kana are as wide as high. */
export function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += widthOfLetter(letter);
  return width;
}

/** The text, or as much of it as fits into `pixels` with an ellipsis: at least one letter. */
export function fitText(text: string, pixels: number): string {
  if (widthOf(text) <= pixels) return text;
  const letters = [...text];
  let width = NARROW_PIXELS;
  let count = 0;
  for (const letter of letters) {
    width += widthOfLetter(letter);
    if (width > pixels) break;
    count += 1;
  }
  return `${letters.slice(0, Math.max(1, count)).join("").trimEnd()}…`;
}
