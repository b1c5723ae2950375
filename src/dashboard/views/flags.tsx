import { AdminsOnlyPage } from "#dashboard/components/admins-only.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Flag } from "#dashboard/types.ts";
import { FlagCard } from "./flags/card.tsx";

/** Rollouts: the share of work that takes the new way, the results of the old and the new way, and what to do next. */
export function Flags() {
  const { data, problem, isLoading, reload } = useApi<{ items: Flag[] }>("/api/flags");
  if (problem?.status === 403) return <AdminsOnlyPage title="Flags" />;
  return (
    <Page title="Flags">
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the flags" />}
      {data?.items.length === 0 && (
        <Empty icon="flag" title="No flag">
          Work for which a new way is not rolled out takes the new way alone.{" "}
          <code>PUT /api/flags/:name</code> makes a flag.
        </Empty>
      )}
      {data?.items.map(({ name }) => (
        <FlagCard key={name} name={name} />
      ))}
    </Page>
  );
}
