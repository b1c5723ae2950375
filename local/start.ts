import { loadDotEnv } from "#stack/environment.ts";
import { errorForTerminal } from "#stack/errors.ts";
import { aborted, interruption } from "#stack/interruption.ts";
import { help, readOptions } from "#stack/options.ts";
import { startStack } from "#stack/stack.ts";
import { tableOf } from "#stack/table.ts";

/** `npm start`: the whole stack on this machine, until Ctrl-C. */
async function main(signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(help);
  loadDotEnv();
  const stack = await startStack(options, { say: (message) => console.log(message), signal });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(tableOf(stack, { seconds, timeScale: options.timeScale }));
  stack.reloadOnEdit();
  await aborted(signal);
  await stack.stop();
}

const interrupted = interruption();
main(interrupted).then(
  () => process.exit(0),
  (error: unknown) => {
    if (interrupted.aborted) process.exit(0); // The work failed because it was interrupted
    console.error(errorForTerminal(error));
    process.exit(1);
  },
);
