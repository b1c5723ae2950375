import { type ParseArgsConfig, parseArgs } from "node:util";

/**
 * The options of a command. An unknown option ends the process with a message and the usage. The option `--help`
 * prints the usage.
 */
export function commandOptions<const Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const args = config.args ?? process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), usage);
  }
}

/** The value of an option as a number. Ends the process when the value is not a number or is less than `min`. */
export function numberOption(name: string, value: string, min = 1): number {
  const number = Number(value);
  if (value.trim() !== "" && number >= min) return number;
  return refuse(`--${name} is a number of at least ${min}, and not "${value}".`);
}

function refuse(...sentences: string[]): never {
  console.error(sentences.join("\n\n"));
  process.exit(1);
}
