import { useApi } from "#dashboard/hooks/use-api.ts";
import type { JobDetails } from "#dashboard/types.ts";

/** One job with its runs and its timeline, as they change. */
export function useJob(id: string) {
  const { data, problem } = useApi<JobDetails>(`/api/jobs/${encodeURIComponent(id)}`, { everyMs: 2000 });
  return { job: data, problem };
}
