import { Bytes } from "#dashboard/components/bytes.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { EventTypeInfo } from "#dashboard/types.ts";

/** Each event type with an example. The API has the schemas. */
export function Catalog() {
  const { data } = useApi<{ items: EventTypeInfo[] }>("/api/webhook-endpoints/events");
  return (
    <Card title="Events">
      {data?.items.map(({ type, summary, example }) => (
        <details key={type}>
          <summary>
            <code>{type}</code> <span className="quiet small">{summary}</span>
          </summary>
          <Bytes label={`Example of ${type}`}>{JSON.stringify(example, null, 2)}</Bytes>
        </details>
      ))}
    </Card>
  );
}
