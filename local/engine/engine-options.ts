import type { Activity } from "./activity.ts";
import type { Clock } from "./clock.ts";
import type { HistoryBounds } from "./history.ts";
import type { Store } from "./store.ts";
import type { Transport } from "./transport.ts";

export type EngineOptions = {
  clock: Clock;
  store: Store;
  transport: Transport;
  activity?: Activity;
  random?: () => number;
  signingKey?: string;
  checkpointing?: boolean;
  retryIntervalMs?: number;
  history?: HistoryBounds;
  maxInFlight?: number;
  /** Receives errors of the store. */
  log?: (message: string) => void;
};
