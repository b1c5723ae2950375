import { useAnnouncement } from "./announce.ts";
import { Confirmation } from "./components/dialog.tsx";
import { Toasts } from "./components/toasts.tsx";
import { useHashRoute } from "./hooks/use-hash-route.ts";
import { useKey } from "./key.ts";
import { Boundary } from "./shell/boundary.tsx";
import { KeyForm } from "./shell/key-form.tsx";
import { KeyOffer } from "./shell/key-offer.tsx";
import { Shell } from "./shell/shell.tsx";
import { VIEWS } from "./views/index.ts";

export function App() {
  const key = useKey();
  const { name, id, query } = useHashRoute();
  const view = VIEWS.find((one) => one.name === name) ?? VIEWS[0];
  const subject = `${name}/${id ?? ""}`;
  const announcement = useAnnouncement();
  return (
    <>
      {key === null || view === undefined ? (
        <KeyForm />
      ) : (
        // Another key may see other data, so the page is rendered anew and keeps nothing of the previous key.
        <Shell key={key} view={view} id={id}>
          {/* A change of the subject resets the view; a change of the filter does not. */}
          <Boundary key={subject}>
            <view.show id={id} query={query} />
          </Boundary>
          <Confirmation key={`${subject} asks`} />
        </Shell>
      )}
      <KeyOffer />
      <Toasts />
      <p className="unseen" role="status" aria-live="polite">
        {announcement}
      </p>
    </>
  );
}
