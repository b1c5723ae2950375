import { loadDotEnv } from "#stack/environment.ts";
import { StackError } from "#stack/errors.ts";
import { help, readOptions } from "#stack/options.ts";
import { endWithParent } from "#stack/parent.ts";
import { startStack } from "#stack/stack.ts";
import { tableOf } from "#stack/table.ts";

/** `npm start`: the whole stack on this machine, until Ctrl-C. */
async function main(): Promise<void> {
  const startedAt = performance.now();
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(help);
  loadDotEnv();
  const starting = startStack(options, { say: (message) => console.log(message) });
  let isStopping = false;
  const end = () => {
    if (isStopping) return;
    isStopping = true;
    void starting
      .then((stack) => stack.stop())
      .catch(() => {})
      .finally(() => process.exit(0));
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  process.on("SIGHUP", end);
  endWithParent(end);
  const stack = await starting;
  if (!isStopping) console.log(tableOf(stack, (performance.now() - startedAt) / 1000));
}

main().catch((error: unknown) => {
  if (error instanceof StackError) console.error(`\n${error.message}\n${error.wayOut}\n`);
  else console.error(error);
  process.exit(1);
});
