/** What `work` makes of each item, in their order; of at most `limit` at a time. Throws what the first that fails throws. */
export async function mapPaced<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  async function take() {
    // All share one iterator, so that each item is taken once.
    for (const [index, item] of waiting) results[index] = await work(item);
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, take));
  return results;
}
