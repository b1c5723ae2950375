import { useEffect, useState } from "react";
import { focusNeighbor } from "#dashboard/focus.ts";
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

/**
 * A short message at the edge of the page. Errors stay until they are closed; at most four messages of each sort are
 * kept.
 */
export function toast(message: Toast): void {
  lastId += 1;
  const isOfItsSort = ({ tone }: Toast) => (tone === "bad") === (message.tone === "bad");
  const [oldest, ...others] = store.get().filter(isOfItsSort);
  const kept = store.get().filter((one) => one !== oldest || others.length + 1 < MOST);
  store.set([...kept, { ...message, id: lastId }]);
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

/** A message stays while the pointer is over it, or while it has the focus. */
function ToastNote({ toast: { id, tone, text, href } }: { toast: Shown }) {
  const [isHeld, setIsHeld] = useState(false);
  const stays = tone === "bad" || isHeld;
  useEffect(() => {
    if (stays) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The time begins when the browser paints the message. A browser does not paint a tab in the background.
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(close, SHOWN_MS, id);
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [id, stays]);
  return (
    <div
      className={`toast tone-${tone}`}
      onPointerEnter={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
    >
      <Icon name={ICONS[tone]} />
      <p className="clamp" dir="auto">
        {href === undefined ? text : <a href={href}>{text}</a>}
      </p>
      <button
        type="button"
        className="plain icon-only"
        aria-label={`Close: ${text}`}
        onClick={({ currentTarget }) => {
          focusNeighbor(currentTarget.parentElement);
          close(id);
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
