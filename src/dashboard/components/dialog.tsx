import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { createStore } from "#dashboard/store.ts";
import "./dialog.css";

type DialogProps = {
  title: string;
  /** Shown large, without a heading: a picture. */
  isBare?: boolean;
  onClose: () => void;
  children: ReactNode;
};

/** The browser's own dialog: it keeps the focus, closes with Escape, and gives the focus back. */
export function Dialog({ title, isBare = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Closed while it still stands in the page: one that is taken out of it first gives no focus back.
  useLayoutEffect(() => {
    const shown = element.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const closed = () => {
    if (element.current?.open === false) onClose();
  };
  return isBare ? (
    <dialog ref={element} className="dialog bare" aria-label={title} onClose={closed} closedby="any">
      {children}
    </dialog>
  ) : (
    <dialog ref={element} className="dialog" aria-labelledby={heading} onClose={closed}>
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

type Asked = Question & { answer: (reason: string | null) => void };
const asked = createStore<Asked | null>(null);

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

/** Stands once beside the view: shows what `confirm` asks. Who leaves the view has said no. */
export function Confirmation() {
  const question = asked.use();
  useEffect(() => () => asked.get()?.answer(null), []);
  return question && <QuestionDialog {...question} />;
}

function QuestionDialog({
  title,
  text,
  yes,
  no = "Keep it",
  tone = "primary",
  reason: label,
  answer,
}: Asked) {
  const [reason, setReason] = useState("");
  return (
    <Dialog title={title} onClose={() => answer(null)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const said = reason.trim();
          if (label === undefined || said !== "") answer(said);
        }}
      >
        <p>{text}</p>
        {label !== undefined && (
          <label className="stack">
            {label}
            <textarea
              value={reason}
              required
              maxLength={1000}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
        )}
        <footer>
          <button type="button" onClick={() => answer(null)}>
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
