import { useApi } from "#dashboard/hooks/use-api.ts";
import type { OpenCounts } from "#dashboard/types.ts";

const EVERY_MS = 60_000;
/**
 * The functions whose running jobs are counted. Dead letters are also counted, and a failed job of any function may
 * become a dead letter.
 */
const COUNTED = new Set(["process-import", "send-email-campaign"]);

/** All numbers of the navigation, in one request. */
export function useOpenCounts(): OpenCounts | undefined {
  const { data } = useApi<OpenCounts>("/api/open", {
    everyMs: EVERY_MS,
    isNews: ({ job, before }) =>
      job.status !== before?.status && (COUNTED.has(job.function) || job.status === "failed"),
  });
  return data;
}

/**
 * The number of a navigation entry; zero is not shown. The numbers of running imports and campaigns have a calm color,
 * because running work needs no action.
 */
export function OpenCount({ of, count }: { of: keyof OpenCounts; count: number }) {
  if (count === 0) return null;
  const isUnderWay = of === "imports" || of === "campaigns";
  return (
    <span className={isUnderWay ? "count calm" : "count"}>
      {count === 1000 ? "999+" : count}
      <span className="unseen"> {isUnderWay ? "under way" : "open"}</span>
    </span>
  );
}
