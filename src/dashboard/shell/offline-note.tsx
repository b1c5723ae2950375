import { Icon } from "#dashboard/components/icon.tsx";
import { useConnection } from "#dashboard/live.ts";
import { useStack } from "./use-stack.ts";

/** Stands above a view while nobody answers, or nothing but errors: what is shown stays, and is said to be old. */
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
            : `The site is in trouble: ${down.map(({ name }) => name).join(", ")} down.`}
        </strong>{" "}
        What you see may be old. It is asked again by itself.
      </div>
    </div>
  );
}
