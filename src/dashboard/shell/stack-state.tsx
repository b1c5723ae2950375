import { type Connection, useConnection } from "#dashboard/connection.ts";
import { forgetKey } from "#dashboard/key.ts";
import "./stack-state.css";

const WORDS: Record<Connection, { text: string; title: string }> = {
  connecting: { text: "Connecting", title: "Nothing has been answered yet" },
  live: { text: "Live", title: "Changes arrive as they happen" },
  polling: { text: "Polling", title: "Asked again every two seconds" },
  offline: { text: "Offline", title: "The site does not answer; it is asked again every few seconds" },
};

export function StackState() {
  const connection = useConnection();
  const { text, title } = WORDS[connection];
  return (
    <>
      <span className={`connection ${connection}`} role="status" title={title}>
        {text}
      </span>
      <button type="button" className="plain" onClick={() => forgetKey()}>
        Forget key
      </button>
    </>
  );
}
