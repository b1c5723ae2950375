import { type FormEvent, useState } from "react";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { Json } from "#dashboard/components/json.tsx";
import { ActionNote, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { usePostOnce } from "#dashboard/hooks/use-post-once.ts";
import { parseJson } from "#dashboard/parse-json.ts";
import type { SendableEvent } from "#dashboard/types.ts";
import { exampleOf } from "./example.ts";

/** The button, and the dialog in which an administrator sends an event by hand. */
export function SendEvent() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>
        Send an event
      </button>
      {isOpen && (
        <Dialog title="Send an event" onClose={() => setIsOpen(false)}>
          <Catalog onClose={() => setIsOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

function Catalog({ onClose }: { onClose: () => void }) {
  const { data, problem, reload } = useApi<{ items: SendableEvent[] }>("/api/events");
  const [chosen, setChosen] = useState<string>();
  const event = data?.items.find(({ name }) => name === chosen) ?? data?.items[0];
  if (problem && data === undefined) return <ErrorNote problem={problem} onRetry={reload} showsOffline />;
  if (data === undefined || event === undefined) return <Loading what="Loading the events" />;
  return (
    <>
      <label className="stack">
        Event
        <select value={event.name} onChange={({ target }) => setChosen(target.value)}>
          {data.items.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <EventForm key={event.name} event={event} onClose={onClose} />
    </>
  );
}

function EventForm({
  event: { name, schema, functions },
  onClose,
}: {
  event: SendableEvent;
  onClose: () => void;
}) {
  const [text, setText] = useState(() => JSON.stringify(exampleOf(schema), null, 2));
  const post = usePostOnce();
  const { run, isBusy, problem } = useAction(
    async () => {
      const { message, jobId } = await post<{ message: string; jobId: string }>("/api/events", {
        name,
        data: parseJson(text, "data"),
      });
      toast({ tone: "info", text: message, href: `#/jobs/${jobId}` });
      onClose();
    },
    { isInDialog: true },
  );
  const send = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  return (
    <form className="stack" onSubmit={send}>
      <p className="quiet small">It starts {functions.join(" and ")}, as if the app had sent it.</p>
      <label className="stack">
        Data
        <textarea
          className="mono"
          rows={8}
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <details>
        <summary>Schema</summary>
        <Json label={`Schema of ${name}`} value={schema} />
      </details>
      <ActionNote problem={problem} />
      <footer className="row apart">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" aria-disabled={isBusy}>
          Send
        </button>
      </footer>
    </form>
  );
}
