import { within } from './within.ts';

/** How long an action waits for the disk before it is answered as not stored. */
const STORED_WITHIN_MS = 2_000;

/** Is it on disk in time? If not it holds all the same, and is stored later. */
export async function stored(done: Promise<void>): Promise<boolean> {
  const answer = await within(
    STORED_WITHIN_MS,
    done.then(() => true),
  );
  return answer === true;
}
