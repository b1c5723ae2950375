import { AppError } from "#lib/errors.ts";
import type { Requester } from "#lib/http/route.ts";

/** Open streams per requester. A key may have more than a person, because it may belong to a server with many users. */
const MOST_STREAMS = { person: 10, key: 200 };

/** How many streams each requester has open in this process. Each stream costs memory. */
export function createStreamLimit(retryAfterMs: number) {
  const open = new Map<string, number>();

  /** Counts a stream that opens. The caller calls the returned function when the stream ends. */
  return function enter({ id }: Requester): () => void {
    const count = open.get(id) ?? 0;
    if (count >= (id.startsWith("user:") ? MOST_STREAMS.person : MOST_STREAMS.key)) {
      throw new AppError("too_many_requests", `You already have ${count} open streams`, {
        retryAfterMs,
      });
    }
    open.set(id, count + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (open.get(id) ?? 1) - 1;
      if (left === 0) open.delete(id);
      else open.set(id, left);
    };
  };
}
