export interface DiffLine {
  kind: "same" | "added" | "removed" | "gap";
  text: string;
}

/** Lines of two texts, aligned by their longest common subsequence; long runs of equal lines become a gap. */
export function diffLines(before: string, after: string, context = 2): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const lines: DiffLine[] = [];
  const lengths = commonLengths(a, b);
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left });
      i += 1;
      j += 1;
    } else if (
      left !== undefined &&
      (right === undefined || at(lengths, i + 1, j) >= at(lengths, i, j + 1))
    ) {
      lines.push({ kind: "removed", text: left });
      i += 1;
    } else {
      lines.push({ kind: "added", text: right ?? "" });
      j += 1;
    }
  }
  return shorten(lines, context);
}

/** How many lines the rests of both texts from i and j have in common, at [i][j]. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = lengths[i];
    if (!row) continue;
    for (let j = b.length - 1; j >= 0; j--)
      row[j] =
        a[i] === b[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), row[j + 1] ?? 0);
  }
  return lengths;
}

function at(lengths: readonly Uint32Array[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}

/** Changes with `context` equal lines around them, and the headings above them; nothing where nothing changed. */
function shorten(lines: readonly DiffLine[], context: number): DiffLine[] {
  const kept = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    for (let near = index - context; near <= index + context; near++) kept.add(near);
    for (const heading of headings(lines, index)) kept.add(heading);
  });
  const shown: DiffLine[] = [];
  let last = -1;
  lines.forEach((line, index) => {
    if (!kept.has(index)) return;
    if (index > last + 1) shown.push({ kind: "gap", text: "" });
    shown.push(line);
    last = index;
  });
  if (shown.length && last < lines.length - 1) shown.push({ kind: "gap", text: "" });
  return shown;
}

/** The lines above that are indented less: which section a line belongs to. */
function headings(lines: readonly DiffLine[], index: number): number[] {
  const found: number[] = [];
  let depth = depthOf(lines[index]);
  for (let above = index - 1; above >= 0 && depth > 0; above--) {
    if (depthOf(lines[above]) >= depth) continue;
    depth = depthOf(lines[above]);
    found.push(above);
  }
  return found;
}

function depthOf(line: DiffLine | undefined): number {
  return line ? line.text.length - line.text.trimStart().length : 0;
}
