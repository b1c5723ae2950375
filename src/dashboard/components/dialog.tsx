import {
  type ReactNode,
  type SyntheticEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { createStore } from "#dashboard/store.ts";
import "./dialog.css";

type DialogProps = {
  title: string;
  /** Whether the dialog is large and has no heading, for a picture. */
  isBare?: boolean;
  onClose: () => void;
  children: ReactNode;
};

/** The browser's own dialog element: it keeps the focus, closes with Escape, and returns the focus. */
export function Dialog({ title, isBare = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // The dialog is closed before it is removed from the page, because a removed dialog does not return the focus.
  useLayoutEffect(() => {
    const shown = element.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const closed = () => {
    if (element.current?.open === false) onClose();
  };
  // At Escape the browser closes a dialog, but fires `close` only later. Until then the button that opened the dialog is
  // still busy and would ignore the next key. So `onClose`, which removes the dialog, is called at `cancel` already.
  const canceled = (event: SyntheticEvent) => {
    if (event.target !== element.current) return;
    event.preventDefault();
    onClose();
  };
  const events = { onClose: closed, onCancel: canceled };
  return isBare ? (
    <dialog ref={element} className="dialog bare" aria-label={title} {...events} closedby="any">
      {children}
    </dialog>
  ) : (
    <dialog ref={element} className="dialog" aria-labelledby={heading} {...events}>
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
  /** The label of the field for a reason. When there is a label, a reason is required. */
  reason?: string;
};

type Asked = Question & { answer: (reason: string | null) => void };
const asked = createStore<Asked | null>(null);

/**
 * Asks before an action that cannot be undone. Resolves with the reason ("" when none was asked for), or with null when
 * the user declines.
 */
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

/**
 * Shows the questions of `confirm`. This component is rendered once, beside the view. Leaving the view counts as
 * declining.
 */
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
          const given = reason.trim();
          if (label === undefined || given !== "") answer(given);
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
