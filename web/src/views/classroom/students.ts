/** The names of students in a table, as programs of schools and spreadsheets write them, or pasted: one in a line. */

const NAME = [
  "name",
  "names",
  "student",
  "students",
  "full name",
  "schüler",
  "schülerin",
  "schüler/in",
  "élève",
  "nome",
  "이름",
  "성명",
];
const FIRST = ["first name", "firstname", "given name", "forename", "vorname", "prénom", "rufname"];
const LAST = ["last name", "lastname", "surname", "family name", "nachname", "familienname", "nom"];

/** UTF-8 with or without a byte order mark, UTF-16 with one, or else Windows-1252. */
export function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Of the column `name`, or of those of first and last name, if a header says so; else of the first column. */
export function namesIn(text: string): string[] {
  const rows = rowsOf(text).filter((row) => row.some((cell) => cell.trim()));
  const columns = columnsOf(rows[0] ?? []);
  return (columns ? rows.slice(1) : rows)
    .map((row) =>
      (columns ?? [0])
        .map((column) => (row[column] ?? "").trim().replace(/\s+/g, " "))
        .join(" ")
        .trim(),
    )
    .filter(Boolean);
}

/** Cells, separated by what the first line has most of; quotes hold separators and lines together. */
function rowsOf(text: string): string[][] {
  const first = text.split("\n").find((line) => line.trim()) ?? "";
  const separator = [";", "\t", ","].reduce((best, each) =>
    first.split(each).length > first.split(best).length ? each : best,
  );
  const rows: string[][] = [[]];
  const cells = new RegExp(`("(?:[^"]|"")*"|[^${separator}\r\n]*)(${separator}|\r?\n|\r|$)`, "y");
  while (cells.lastIndex < text.length) {
    const [, cell = "", end = ""] = cells.exec(text) ?? [];
    if (!cell && !end) break;
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end !== separator) rows.push([]);
  }
  return rows;
}

function columnsOf(header: readonly string[]): number[] | null {
  const titles = header.map((each) => each.trim().toLowerCase());
  for (const wanted of [[NAME], [FIRST, LAST], [FIRST], [LAST]]) {
    const places = wanted.map((names) => titles.findIndex((title) => names.includes(title)));
    if (!places.includes(-1)) return places;
  }
  return null;
}
