import type { FormEvent } from "react";
import { api } from "#dashboard/api.ts";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { List } from "#dashboard/types.ts";

/** Makes a list and opens it. */
export function NewList() {
  const { run, isBusy } = useAction(async (form: HTMLFormElement) => {
    const { id, name } = await api.post<List>("/api/lists", { name: new FormData(form).get("name") });
    toast({ tone: "good", text: `${name} is made` });
    location.hash = `#/lists/${id}`;
  });
  const make = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  return (
    <form className="card new-list" aria-label="New list" onSubmit={make}>
      <label>
        Name
        <input
          name="name"
          required
          maxLength={200}
          autoComplete="off"
          placeholder="Readers of the newsletter"
        />
      </label>
      <button type="submit" className="primary" aria-disabled={isBusy}>
        Make list
      </button>
    </form>
  );
}
