/** What a tree needs to know of an experiment. */
export interface Node {
  id: string;
  based_on: string | null;
  /** By which the best branch is found; null if it is unknown. */
  value: number | null;
}

/** Where lines pass a row, in one column: above and below its middle. */
export interface Lane {
  column: number;
  above: boolean;
  below: boolean;
}

/** One row of the drawn tree. */
export interface Row {
  id: string;
  column: number;
  /** The column that a line comes from, where a branch begins. */
  from: number | null;
  lanes: readonly Lane[];
}

/**
 * The family of `id` as rows, ancestors above descendants. The way to `id`, and from there to the best of its
 * descendants, is one straight line; other branches are indented and come before the rest of it.
 */
export function drawTree(nodes: readonly Node[], id: string): Row[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const children = Map.groupBy(nodes, (node) => node.based_on);
  const path = ancestors(byId, id);
  const root = path.at(-1);
  if (root === undefined) return [];
  const onPath = new Set(path);
  const best = bestBelow(children, root);
  const rows: { id: string; column: number; parent: string | null }[] = [];
  // A stack in place of recursion: chains may be longer than the stack of calls.
  const waiting = [{ id: root, column: 0, parent: null as string | null }];
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    rows.push(next);
    const { id: parent, column } = next;
    const below = (children.get(parent) ?? []).map((node) => node.id).sort();
    const straight = below.find((each) => onPath.has(each)) ?? highest(below, best);
    if (straight !== undefined) waiting.push({ id: straight, column, parent });
    for (const each of below.reverse())
      if (each !== straight) waiting.push({ id: each, column: column + 1, parent });
  }
  return withLanes(rows);
}

/** From `id` up to the oldest that is known; a cycle ends it. */
function ancestors(byId: ReadonlyMap<string, Node>, id: string): string[] {
  const path: string[] = [];
  for (let at = byId.get(id); at && !path.includes(at.id); at = byId.get(at.based_on ?? "")) path.push(at.id);
  return path;
}

/** The highest value of each node and all below it. */
function bestBelow(children: ReadonlyMap<string | null, Node[]>, root: string): ReadonlyMap<string, number> {
  const order = [root];
  const seen = new Set(order);
  for (const id of order)
    for (const { id: child } of children.get(id) ?? []) {
      if (seen.has(child)) continue;
      seen.add(child);
      order.push(child);
    }
  const own = new Map([...children.values()].flat().map((node) => [node.id, node.value ?? -1]));
  const best = new Map<string, number>();
  for (const id of order.reverse()) {
    const below = (children.get(id) ?? []).map((child) => best.get(child.id) ?? -1);
    best.set(id, Math.max(own.get(id) ?? -1, ...below));
  }
  return best;
}

function highest(ids: readonly string[], best: ReadonlyMap<string, number>): string | undefined {
  return ids.reduce<string | undefined>(
    (top, id) => (top === undefined || (best.get(id) ?? -1) > (best.get(top) ?? -1) ? id : top),
    undefined,
  );
}

function withLanes(rows: readonly { id: string; column: number; parent: string | null }[]): Row[] {
  const places = new Map(rows.map(({ id }, index) => [id, index]));
  const lanes = rows.map(() => new Map<number, Lane>());
  const mark = (row: number, column: number, part: Partial<Lane>) => {
    const before = lanes[row]?.get(column) ?? { column, above: false, below: false };
    lanes[row]?.set(column, { ...before, ...part });
  };
  rows.forEach(({ parent }, row) => {
    const start = parent === null ? undefined : places.get(parent);
    if (start === undefined) return;
    const column = rows[start]?.column ?? 0;
    mark(start, column, { below: true });
    for (let between = start + 1; between < row; between++)
      mark(between, column, { above: true, below: true });
    mark(row, column, { above: true });
  });
  return rows.map(({ id, column, parent }, row) => {
    const above = rows[places.get(parent ?? "") ?? -1]?.column ?? column;
    const own = [...(lanes[row]?.values() ?? [])].sort((a, b) => a.column - b.column);
    return { id, column, from: above === column ? null : above, lanes: own };
  });
}
