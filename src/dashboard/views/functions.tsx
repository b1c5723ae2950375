import { AdminsOnlyPage } from "#dashboard/components/admins-only.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Activity } from "#dashboard/types.ts";
import { FunctionDetails } from "./functions/details.tsx";
import { SendEvent } from "./functions/send-event.tsx";
import { FunctionTable } from "./functions/table.tsx";
import type { ViewProps } from "./index.ts";

/** The list of functions with their statistics, or the details of one. */
export function Functions({ id }: ViewProps) {
  return id === undefined ? <FunctionList /> : <FunctionDetails id={id} />;
}

function FunctionList() {
  const { data, problem, isLoading, reload } = useApi<{ items: Activity[] }>("/api/functions");
  if (problem?.status === 403) return <AdminsOnlyPage title="Functions" />;
  return (
    <Page title="Functions" actions={<SendEvent />}>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading rows={8} what="Loading the functions" />}
      {data && <FunctionTable functions={data.items} />}
    </Page>
  );
}
