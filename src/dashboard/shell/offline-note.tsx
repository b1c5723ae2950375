import { Icon } from "#dashboard/components/icon.tsx";
import { useConnection } from "#dashboard/live.ts";
import { useStack } from "./use-stack.ts";

/**
 * Shown above a view while the server cannot be reached or returns only errors. The old data stays, and is marked as
 * old.
 */
export function OfflineNote() {
  const isOffline = useConnection() === "offline";
  const down = useStack().filter(({ isUp }) => !isUp);
  if (!isOffline) return null;
  return (
    <div className="error-note offline-note" role="alert">
      <Icon name="offline" size={20} />
      <div>
        <strong>
          {down.length === 0
            ? "The site does not answer."
            : `These services do not answer: ${down.map(({ name }) => name).join(", ")}.`}
        </strong>{" "}
        What you see may be old. The page keeps trying.
      </div>
    </div>
  );
}
