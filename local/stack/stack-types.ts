import type { Environment } from "#stack/environment.ts";
import type { MachineKeys } from "#stack/keys.ts";
import type { Say } from "#stack/log.ts";
import type { Ports } from "#stack/ports.ts";
import type { ManagedProcess } from "#stack/process.ts";

export type Stack = {
  ports: Ports;
  dataDir: string;
  /** The environment of the site. */
  environment: Environment;
  keys: MachineKeys & { admin: string; app: string };
  /** Undefined when Supabase is a hosted project and DATABASE_URL is not set. */
  databaseUrl: string | undefined;
  /** True when Supabase is a hosted project. */
  isHosted: boolean;
  processes: readonly ManagedProcess[];
  /** From now on the site runs edited source. */
  reloadOnEdit(): void;
  stop(): Promise<void>;
};

export type StartSettings = {
  say: Say;
  environment?: Environment;
  /** Flags of local/engine/cli.ts. Tests set the retry delays, because they cannot wait for Inngest's own. */
  engineFlags?: readonly string[];
  /**
   * When the signal is aborted before the stack runs, everything that was started is ended, and the start rejects with
   * the signal's reason.
   */
  signal?: AbortSignal;
};
