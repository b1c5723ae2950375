import { useApi } from "#dashboard/hooks/use-api.ts";
import type { List, PageOf } from "#dashboard/types.ts";
import { ErrorNote } from "./states.tsx";

const LISTS = "/api/lists?limit=100";

type ListChoiceProps = { value: string; onChange: (listId: string) => void };

/** The choice of a mailing list among the newest hundred. An older list that is already chosen is offered too. */
export function ListChoice({ value, onChange }: ListChoiceProps) {
  const { data, problem } = useApi<PageOf<List>>(LISTS);
  if (problem && data === undefined && problem.status !== 0) return <ErrorNote problem={problem} />;
  const isOffered = value === "" || data?.items.some(({ id }) => id === value);
  return (
    <label>
      List
      <select value={value} required onChange={(event) => onChange(event.target.value)}>
        <option value="" disabled>
          {data?.items.length === 0 ? "There is no list yet" : "Choose a list"}
        </option>
        {data && !isOffered && <OlderList id={value} />}
        {data?.items.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function OlderList({ id }: { id: string }) {
  const { data } = useApi<List>(`/api/lists/${id}`);
  return <option value={id}>{data?.name ?? id}</option>;
}
