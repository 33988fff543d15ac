/**
 * A session's statistics, measured to the end.
 *
 * @module
 */
import type { TrainingSession } from "../../lib/train/training_session.ts";

/** Measures in the smallest parts that there are; gives how many units were measured after each. */
export async function measureAll(session: TrainingSession): Promise<number[]> {
  const measured: number[] = [];
  for (;;) {
    const { done, total } = await session.measureFor(0);
    measured.push(done);
    if (done === total) return measured;
  }
}
