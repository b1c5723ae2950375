import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count, exact } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Endpoint } from "#dashboard/types.ts";
import { EndpointActions } from "./actions.tsx";
import { Deliveries } from "./deliveries.tsx";
import { NewReplay } from "./new-replay.tsx";
import { noteOf, rateText, stateOf, typesText } from "./words.ts";

type DetailsProps = { id: string; query: URLSearchParams };

export function EndpointDetails({ id, query }: DetailsProps) {
  const { data: endpoint, problem, isLoading, reload } = useApi<Endpoint>(`/api/webhook-endpoints/${id}`);
  const note = endpoint && noteOf(endpoint);
  return (
    <Page
      title="Webhook endpoint"
      back={{ href: "#/webhooks", text: "All endpoints" }}
      beside={endpoint && <Badge status={stateOf(endpoint)} />}
      actions={endpoint && <EndpointActions endpoint={endpoint} onChange={reload} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !endpoint && <Loading />}
      {endpoint && (
        <Card>
          {note && (
            <p className="bad" role="status">
              {note}
            </p>
          )}
          <Facts facts={factsOf(endpoint)} />
        </Card>
      )}
      {endpoint?.status === "enabled" && <NewReplay id={id} />}
      {endpoint && <Deliveries id={id} query={query} />}
    </Page>
  );
}

function factsOf(endpoint: Endpoint): Fact[] {
  const { url, description, perSecond, policy, attempts, pending, lastSuccessAt } = endpoint;
  const facts: Fact[] = [
    { name: "Address", value: <code className="address">{url}</code> },
    { name: "Events", value: typesText(endpoint) },
    { name: "Attempts in 24 hours", value: `${count(attempts)}, ${rateText(endpoint)} succeeded` },
    { name: "Waiting", value: count(pending) },
    { name: "Last success", value: <TimeAgo at={lastSuccessAt} /> },
    { name: "At most", value: `${perSecond} a second` },
    { name: "Attempts", value: policy === "standard" ? "10 in 75 hours" : "6 in five minutes" },
  ];
  if (description !== "") facts.splice(1, 0, { name: "Description", value: description });
  if (endpoint.oldSecretUntil !== null) {
    facts.push({ name: "Old secret signs until", value: exact(endpoint.oldSecretUntil) });
  }
  return facts;
}
