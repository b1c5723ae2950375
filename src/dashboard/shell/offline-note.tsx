import { Icon } from "#dashboard/components/icon.tsx";
import { useConnection } from "#dashboard/connection.ts";

/** Stands above a view while nobody answers: what is shown stays, and is said to be old. */
export function OfflineNote() {
  if (useConnection() !== "offline") return null;
  return (
    <div className="error-note offline-note" role="alert">
      <Icon name="offline" size={20} />
      <div>
        <strong>The site does not answer.</strong> What you see may be old. It is asked again by itself.
      </div>
    </div>
  );
}
