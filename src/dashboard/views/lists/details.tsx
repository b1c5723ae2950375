import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Numbers } from "#dashboard/components/facts.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { count } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { ListDetails as Details } from "#dashboard/types.ts";
import { Subscribers } from "./subscribers.tsx";

type DetailsProps = { id: string; query: URLSearchParams };

/** One list: how many subscribers of each status it has, and its subscribers. */
export function ListDetails({ id, query }: DetailsProps) {
  const { data: list, problem, isLoading, reload } = useApi<Details>(`/api/lists/${id}`);
  return (
    <Page
      title={list?.name ?? "List"}
      back={{ href: "#/lists", text: "All lists" }}
      actions={
        list && (
          <a className="button" href={`#/imports?list=${id}`}>
            <Icon name="upload" /> Import subscribers
          </a>
        )
      }
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !list && <Loading />}
      {list && (
        <>
          <Card>
            <Numbers facts={numbersOf(list)} />
          </Card>
          <Subscribers list={list} query={query} />
        </>
      )}
    </Page>
  );
}

/** How many subscribers are active, and how many have each other status. A status without subscribers is left out. */
const numbersOf = ({ subscribers }: Details): Fact[] =>
  Object.entries(subscribers)
    .filter(([status, number]) => status === "active" || number > 0)
    .map(([status, number]) => ({
      name: `${status.charAt(0).toUpperCase()}${status.slice(1)}`,
      value: count(number),
    }));
