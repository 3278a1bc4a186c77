import { shortText } from "../../text/names.ts";

const MAX_CHARACTERS = 200;
const MAX_LINES = 2;

/** What is shown of notes at first; it is shorter than long ones. */
export function beginningOf(notes: string): string {
  return shortText(notes, MAX_CHARACTERS, MAX_LINES);
}

/** Whether only the beginning of notes is shown. */
export function isLong(notes: string): boolean {
  return beginningOf(notes) !== notes.trim();
}
