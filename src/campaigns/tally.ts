import type { Mark } from "#campaigns/repository.ts";
import type { AppError } from "#lib/errors.ts";

/** What the lanes of one chunk have done and met, and whether they should go on. */
export class Tally {
  batches = 0;
  sentCount = 0;
  failedCount = 0;
  waitMs = 0;
  stop: "lost" | "canceled" | undefined;
  error: AppError | undefined;

  /** A lane that failed ends alone; silence, a cancel or a lost claim are for all. */
  get goesOn(): boolean {
    return this.stop === undefined && this.waitMs === 0;
  }

  settled(sent: number, failed: number): void {
    this.batches += 1;
    this.sentCount += sent;
    this.failedCount += failed;
  }

  notMarked(mark: Exclude<Mark, { state: "sending" }>): void {
    if (mark.state === "wait") this.mustWait(mark.waitMs);
    else this.stop = mark.state;
  }

  mustWait(ms: number): void {
    this.waitMs = Math.max(this.waitMs, ms);
  }

  failed(error: AppError): void {
    this.error ??= error;
  }
}
