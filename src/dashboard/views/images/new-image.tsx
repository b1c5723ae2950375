import { type FormEvent, useState } from "react";
import { isPriority, NORMAL } from "#dashboard/priorities.ts";
import { FullNote } from "#dashboard/views/images/full-note.tsx";
import type { Refused } from "#dashboard/views/images/refusals.ts";
import { SEVERAL, type Submission, severalPrompts } from "#dashboard/views/images/submit.ts";
import type { Priority } from "#lib/engine/priorities.ts";
import "./new-image.css";

/** The priorities to choose from. The class above "normal" has the name "VIP" in the source documents. */
const CHOICES: readonly { value: Priority; text: string }[] = [
  { value: 1, text: "1 · critical" },
  { value: 2, text: "2 · high (VIP)" },
  { value: 3, text: "3 · normal" },
  { value: 4, text: "4 · low" },
  { value: 5, text: "5 · background" },
];

type NewImageProps = {
  refused: Refused | null;
  submit: (submissions: readonly Submission[]) => Promise<boolean>;
  submitRefused: () => void;
};

export function NewImage({ refused, submit, submitRefused }: NewImageProps) {
  const [prompt, setPrompt] = useState("");
  const [priority, setPriority] = useState(NORMAL);

  const choose = (value: number) => {
    if (isPriority(value)) setPriority(value);
  };
  const create = async (event: FormEvent) => {
    event.preventDefault();
    const typed = prompt.trim();
    if (typed === "") return;
    setPrompt("");
    const isTaken = await submit([{ prompt: typed, priority }]);
    if (!isTaken) setPrompt((now) => now || typed);
  };
  const createSeveral = () => submit(severalPrompts(prompt).map((one) => ({ prompt: one, priority })));

  return (
    <form className="card new-image" aria-label="New image" onSubmit={(event) => void create(event)}>
      <div className="field grow">
        <label htmlFor="prompt">Prompt</label>
        <input
          id="prompt"
          value={prompt}
          onChange={(event) => setPrompt(event.target.value)}
          placeholder="A lighthouse in a storm, oil painting"
          autoComplete="off"
          dir="auto"
          maxLength={1000}
          required
        />
      </div>
      <div className="field">
        <label htmlFor="priority">Priority</label>
        <select id="priority" value={priority} onChange={(event) => choose(Number(event.target.value))}>
          {CHOICES.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <div className="row">
        <button type="submit" className="primary">
          Create image
        </button>
        <button type="button" onClick={() => void createSeveral()}>
          Queue {SEVERAL} Tasks
        </button>
      </div>
      {refused && <FullNote refused={refused} onAgain={submitRefused} />}
    </form>
  );
}
