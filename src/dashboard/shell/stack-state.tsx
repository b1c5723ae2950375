import { Icon } from "#dashboard/components/icon.tsx";
import { type Connection, useConnection } from "#dashboard/live.ts";
import { useStack, useStackWatch } from "./use-stack.ts";
import "./stack-state.css";

const WORDS: Record<Connection, { text: string; title: string }> = {
  connecting: { text: "Connecting", title: "No answer yet" },
  live: { text: "Live", title: "Changes arrive as they happen" },
  polling: { text: "Polling", title: "Polls every two seconds" },
  offline: { text: "Offline", title: "The site does not answer; the page keeps trying" },
};

/** Whether the page is current, and which services are down. */
export function StackState() {
  const connection = useConnection();
  const { text, title } = WORDS[connection];
  useStackWatch();
  const down = useStack().filter(({ isUp }) => !isUp);
  return (
    <div className="stack-state">
      <span className={`connection ${connection}`} role="status" title={title}>
        {text}
      </span>
      {down.length > 0 && (
        <ul className="down" aria-label="Services that are down">
          {down.map(({ name, problem }) => (
            <li key={name} title={problem}>
              <Icon name="alert" size={14} /> {name} is down
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
