import { BATCH, round3, secondsBetween, send } from "./campaign-send.ts";
import type { BenchStack } from "./campaign-stack.ts";

/**
 * Sends one campaign while the provider allows `pace` requests a second. Prints the campaign's rate as a share of the
 * allowed rate.
 */
export async function paced(stack: BenchStack, listId: string, recipients: number, pace: number) {
  await stack.control("rate", { requestsPerSecond: pace });
  type Stats = { requests: number; byStatus: Record<string, number>; duplicates: number };
  const before = await stack.control<Stats>("stats");
  const [statements, { executions }] = [await stack.statements(), await stack.usage()];
  const { view } = await send(stack, listId);
  const after = await stack.control<Stats>("stats");
  const requests = after.requests - before.requests;
  const refused = (after.byStatus["429"] ?? 0) - (before.byStatus["429"] ?? 0);
  const bound = recipients / BATCH / pace;
  console.log(
    JSON.stringify({
      seconds: round3(secondsBetween(view.queuedAt, view.endedAt)),
      boundSeconds: bound,
      overBound: round3(secondsBetween(view.queuedAt, view.endedAt) / bound),
      share429: round3(refused / requests, 4),
      requests,
      sqlPerRecipient: round3(((await stack.statements()) - statements) / recipients, 4),
      executionsPer10k: Math.round((((await stack.usage()).executions - executions) / recipients) * 10_000),
      duplicates: after.duplicates - before.duplicates,
    }),
  );
}
