import { type FormEvent, useState } from "react";
import { api } from "#dashboard/api.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Endpoint, EventTypeInfo } from "#dashboard/types.ts";
import { SecretDialog } from "./secret-dialog.tsx";

/** The form of a new endpoint. Its secret is shown once, in a dialog. */
export function NewEndpoint({ onChange }: { onChange: () => void }) {
  const { data: catalog } = useApi<{ items: EventTypeInfo[] }>("/api/webhook-endpoints/events");
  const [made, setMade] = useState<Endpoint & { secret: string }>();
  const { run, isBusy } = useAction(async (form: HTMLFormElement) => {
    const values = new FormData(form);
    const endpoint = await api.post<Endpoint & { secret: string }>("/api/webhook-endpoints", {
      url: values.get("url"),
      eventTypes: [values.get("eventType")],
      description: values.get("description"),
    });
    form.reset();
    setMade(endpoint);
    onChange();
  });
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  return (
    <>
      <form className="card new-endpoint" aria-label="New endpoint" onSubmit={ask}>
        <label>
          Address
          <input name="url" type="url" placeholder="https://…" required maxLength={2000} />
        </label>
        <label>
          Events
          <select name="eventType">
            <option value="*">All events</option>
            {catalog?.items.map(({ type }) => (
              <option key={type} value={type}>
                {type}
              </option>
            ))}
          </select>
        </label>
        <label>
          Description
          <input name="description" maxLength={500} />
        </label>
        <button type="submit" className="primary" aria-disabled={isBusy}>
          Add endpoint
        </button>
      </form>
      {made && <SecretDialog secret={made.secret} onClose={() => setMade(undefined)} />}
    </>
  );
}
