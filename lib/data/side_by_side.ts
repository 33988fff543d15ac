/**
 * Many small waits at once: what hides a disk's delay.
 *
 * @module
 */

/**
 * Does something for each item, some of them at a time.
 *
 * @param items What for.
 * @param count How many at a time.
 * @param work What; the order of calls is the items', that of their ends is not.
 * @returns The results in the items' order.
 */
export async function sideBySide<Item, Result>(
  items: ArrayLike<Item>,
  count: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i], i);
  };
  await Promise.all(Array.from({ length: count }, worker));
  return results;
}
