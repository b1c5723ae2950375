import { useApi } from "#dashboard/hooks/use-api.ts";

const EVERY_MS = 60_000;

/** How many alerts are open, for the navigation; nothing when there are none, or for those who may not see them. */
export function AlertCount() {
  const { data } = useApi<{ open: number }>("/api/alerts/counts", { everyMs: EVERY_MS });
  const open = data?.open ?? 0;
  if (open === 0) return null;
  return (
    <span className="count">
      {open}
      <span className="unseen"> open</span>
    </span>
  );
}
