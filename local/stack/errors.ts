/** The reason why the stack cannot run, in one sentence, and what to do about it, in another. */
export class StackError extends Error {
  readonly wayOut: string;
  constructor(message: string, wayOut: string, options?: ErrorOptions) {
    super(message, options);
    this.wayOut = wayOut;
  }
}

/** Errors of the operating system by code, each with our message and what to do. */
const refusals: Readonly<Record<string, readonly [what: string, wayOut: string]>> = {
  ENOSPC: [
    "The disk is full",
    "Make room, or choose a data folder on another disk: npm start -- --data-dir <path>",
  ],
  EDQUOT: [
    "Your share of the disk is used up",
    "Make room, or choose another data folder: npm start -- --data-dir <path>",
  ],
  EROFS: ["The disk is read-only", "Choose a data folder on another one: npm start -- --data-dir <path>"],
  EACCES: ["The system does not allow it", "Give the file to your user (chown, chmod)"],
  EMFILE: ["Too many files are open", "Raise the limit (ulimit -n) and start again"],
};

/** Postgres reports a full disk only in its message. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && (codeOf(error) === "ENOSPC" || error.message.includes("No space left on device"));

/** The text of an error for the terminal: our two sentences if there are any, otherwise the error itself. */
export function errorForTerminal(error: unknown): string | Error {
  if (error instanceof StackError) return `\n${error.message}\n${error.wayOut}\n`;
  if (!(error instanceof Error)) return String(error);
  const [what, wayOut] = refusals[isDiskFull(error) ? "ENOSPC" : codeOf(error)] ?? [];
  return what === undefined ? error : `\n${what}: ${error.message}.\n${wayOut}.\n`;
}

const codeOf = (error: Error): string => ("code" in error ? String(error.code) : "");
