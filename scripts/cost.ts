/** `npm run cost -- --events 50000 --steps 5` tells what a month of this work uses and costs. */
import { pathToFileURL } from "node:url";
import { commandOptions } from "@nightshift/local/command-options.ts";
import { estimateOf } from "#cost/estimate.ts";
import { usageOf } from "#cost/usage.ts";

type Estimate = ReturnType<typeof estimateOf>;

const numbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const usd = (value: number | null): string =>
  value === null ? "–" : `$${value.toFixed(2).replace(/\.00$/, "")}`;

/** The estimate as lines of text. */
export function linesOf({ usage, providers, cheapestUsd, firstLimit }: Estimate): string[] {
  return [
    `${numbers.format(usage.executions)} executions, ${numbers.format(usage.functionSeconds)} s of functions, ` +
      `${numbers.format(usage.rows)} rows, ${numbers.format(usage.mails)} mails`,
    ...providers.map(({ provider, unit, used, plans }) => {
      const offers = plans.map((plan) => `${plan.name} ${usd(plan.usd)}`).join(", ");
      return `${provider}: ${numbers.format(used)} ${unit}. ${offers}`;
    }),
    "–: more than the plan allows, or a price on request",
    `Cheapest plans together: ${cheapestUsd === null ? "on request" : usd(cheapestUsd)}`,
    `First limit of the free plans: ${numbers.format(firstLimit.limit)} ${firstLimit.unit} of ${firstLimit.provider}, ` +
      `${numbers.format(firstLimit.usedShare * 100)} % used`,
    `Prices as seen: ${providers.map(({ provider, sources }) => `${provider} ${sources.map(({ seenOn }) => seenOn).join(", ")}`).join("; ")}`,
  ];
}

const help = `npm run cost -- --events <a month> [--steps <of each run>] [--failed-tries <a month>] [--mails <a month>] [--json]

What a month of this work uses and costs, and which limit of the free plans is reached first.`;

const options = {
  events: { type: "string" },
  steps: { type: "string", default: "1" },
  "failed-tries": { type: "string", default: "0" },
  mails: { type: "string", default: "0" },
  json: { type: "boolean", default: false },
} as const;

function numberOf(name: string, value: string | undefined): number {
  const number = Number(value);
  if (value !== undefined && Number.isInteger(number) && number >= 0) return number;
  throw new Error(`Give a whole number: --${name} 50000`);
}

function main(args: string[]): void {
  const { values } = commandOptions(help, { args, options });
  const work = {
    events: numberOf("events", values.events),
    steps: numberOf("steps", values.steps),
    failedTries: numberOf("failed-tries", values["failed-tries"]),
    mails: numberOf("mails", values.mails),
  };
  const estimate = estimateOf(usageOf(work));
  const lines = values.json ? [JSON.stringify(estimate)] : linesOf(estimate);
  process.stdout.write(`${lines.join("\n")}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
