import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { createStore } from "#dashboard/store.ts";
import "./dialog.css";

type DialogProps = { title: string; onClose: () => void; children: ReactNode };

/** The browser's own dialog: it keeps the focus, closes with Escape, and gives the focus back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Closed while it still stands in the page: one that is taken out of it first gives no focus back.
  useLayoutEffect(() => {
    const shown = element.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={element} className="dialog" aria-labelledby={heading} onCancel={onClose}>
      <div className="stack">
        <h2 id={heading}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

export type Question = {
  title: string;
  text: string;
  /** The verb on the button: "Cancel job". */
  yes: string;
  no?: string;
  tone?: "danger" | "primary";
  /** Asks for a reason under this label, and insists on one. */
  reason?: string;
};

const asked = createStore<(Question & { answer: (reason: string | null) => void }) | null>(null);

/** A question before what cannot be taken back. The reason ("" when none was asked for), or null for no. */
export function confirm(question: Question): Promise<string | null> {
  asked.get()?.answer(null);
  return new Promise((resolve) => {
    const answer = (reason: string | null) => {
      asked.set(null);
      resolve(reason);
    };
    asked.set({ ...question, answer });
  });
}

/** Stands once in the frame: shows what `confirm` asks. */
export function Confirmation() {
  const question = asked.use();
  const [reason, setReason] = useState("");
  if (question === null) return null;
  const { title, text, yes, no = "Keep it", tone = "primary", reason: label, answer } = question;
  const answerWith = (words: string | null) => {
    setReason("");
    answer(words);
  };
  return (
    <Dialog title={title} onClose={() => answerWith(null)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          answerWith(reason.trim());
        }}
      >
        <p>{text}</p>
        {label !== undefined && (
          <label className="stack">
            {label}
            <textarea
              value={reason}
              required
              maxLength={2000}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
        )}
        <footer>
          <button type="button" onClick={() => answerWith(null)}>
            {no}
          </button>
          <button type="submit" className={tone}>
            {yes}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
