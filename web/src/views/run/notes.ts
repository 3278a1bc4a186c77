const MAX_CHARACTERS = 200;
const MAX_LINES = 2;

/** Whether notes are longer than the lines that are shown of them. */
export function isLong(notes: string): boolean {
  return notes.length > MAX_CHARACTERS || notes.trim().split("\n").length > MAX_LINES;
}
