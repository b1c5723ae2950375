import { type FormEvent, useState } from "react";
import { api } from "#dashboard/api.ts";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import "./new-key.css";

/** The form of a new key. The key itself is shown once, in a dialog. */
export function NewKey({ onChange }: { onChange: () => void }) {
  const [made, setMade] = useState<string>();
  const { run, isBusy } = useAction(async (form: HTMLFormElement) => {
    const values = new FormData(form);
    const { key } = await api.post<{ id: string; key: string }>("/api/keys", {
      name: values.get("name"),
      role: values.get("role"),
      owner: values.get("owner"),
    });
    form.reset();
    setMade(key);
    onChange();
  });
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(event.currentTarget);
  };
  const close = () => setMade(undefined);
  return (
    <>
      <form className="card new-key" aria-label="New API key" onSubmit={ask}>
        <label>
          Name
          <input name="name" required maxLength={200} placeholder="What it is for" />
        </label>
        <label>
          Owner
          <input name="owner" required maxLength={200} placeholder="Whose jobs it starts" />
        </label>
        <label>
          Role
          <select name="role">
            <option value="app">app: its owner's jobs</option>
            <option value="admin">admin: everything</option>
          </select>
        </label>
        <button type="submit" className="primary" aria-disabled={isBusy}>
          Make key
        </button>
      </form>
      {made !== undefined && (
        <Dialog title="The new API key" onClose={close}>
          <p>Store it now: it is not shown again.</p>
          <code className="new-key-text">{made}</code>
          <footer>
            <button type="button" className="primary" onClick={close}>
              I have stored it
            </button>
          </footer>
        </Dialog>
      )}
    </>
  );
}
