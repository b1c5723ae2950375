import { Badge } from "#dashboard/components/badge.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { ImportDetails } from "#dashboard/types.ts";
import { Outcome } from "./outcome.tsx";
import { Rejects } from "./rejects.tsx";
import { isOfImports, toneOfImport } from "./words.ts";

/** The outcome of a dry run. */
export function Trial({ id }: { id: string }) {
  const {
    data: trial,
    problem,
    reload,
  } = useApi<ImportDetails>(`/api/imports/${id}`, { isNews: isOfImports });
  if (problem && trial === undefined) return <ErrorNote problem={problem} onRetry={reload} />;
  if (trial === undefined) return <Loading rows={2} what="Starting the dry run" />;
  return (
    <section className="stack trial" aria-label="Dry run">
      <div className="row">
        <h2>Dry run</h2>
        <Badge status={trial.status} tone={toneOfImport(trial)} />
      </div>
      <Outcome item={trial} />
      <Rejects item={trial} />
    </section>
  );
}
