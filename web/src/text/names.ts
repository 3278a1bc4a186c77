/** A name of at most `max` letters, without its middle: names of runs often differ in their last letters. */
export function shortName(name: string, max = 40): string {
  const letters = [...name];
  if (letters.length <= max) return name;
  const tail = Math.floor((max - 1) / 3);
  const head = letters.slice(0, max - 1 - tail).join("");
  return `${head.trimEnd()}…${letters.slice(-tail).join("").trimStart()}`;
}
