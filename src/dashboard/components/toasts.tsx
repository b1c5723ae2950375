import { useEffect } from "react";
import { createStore } from "#dashboard/store.ts";
import { Icon, type IconName } from "./icon.tsx";
import "./toasts.css";

export type Toast = { tone: "good" | "bad" | "info"; text: string; href?: string };
type Shown = Toast & { id: number };

const SHOWN_MS = 6000;
const MOST = 4;
const ICONS = { good: "check", bad: "alert", info: "clock" } as const satisfies Record<string, IconName>;

const store = createStore<readonly Shown[]>([]);
let lastId = 0;

/** A short word at the edge of the page. Bad news stays until it is closed; of the rest the latest four are kept. */
export function toast(message: Toast): void {
  lastId += 1;
  store.set([...store.get(), { ...message, id: lastId }].slice(-MOST));
}

const close = (id: number) => store.set(store.get().filter((one) => one.id !== id));

export function Toasts() {
  const shown = store.use();
  return (
    <div className="toasts" role="status" aria-live="polite" aria-label="Messages">
      {shown.map((one) => (
        <ToastNote key={one.id} toast={one} />
      ))}
    </div>
  );
}

function ToastNote({ toast: { id, tone, text, href } }: { toast: Shown }) {
  useEffect(() => {
    if (tone === "bad") return undefined;
    const timer = setTimeout(close, SHOWN_MS, id);
    return () => clearTimeout(timer);
  }, [id, tone]);
  return (
    <div className={`toast tone-${tone}`}>
      <Icon name={ICONS[tone]} />
      <p>{href === undefined ? text : <a href={href}>{text}</a>}</p>
      <button
        type="button"
        className="plain icon-only"
        aria-label={`Close: ${text}`}
        onClick={() => close(id)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
