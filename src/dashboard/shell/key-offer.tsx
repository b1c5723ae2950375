import { Dialog } from "#dashboard/components/dialog.tsx";
import { answerOffer, useOfferedKey } from "#dashboard/key.ts";

/** Asks before a key from the address replaces the page's key. */
export function KeyOffer() {
  if (useOfferedKey() === null) return null;
  return (
    <Dialog title="Replace the key?" onClose={() => answerOffer(false)}>
      <p>
        This address contains another API key. With it the page shows, and does, what that key may. Replace
        your key only if you trust where the address comes from.
      </p>
      <footer>
        <button type="button" onClick={() => answerOffer(false)}>
          Keep my key
        </button>
        <button type="button" className="danger" onClick={() => answerOffer(true)}>
          Replace key
        </button>
      </footer>
    </Dialog>
  );
}
