import { type FormEvent, useState } from "react";
import { FullNote } from "#dashboard/views/images/full-note.tsx";
import { CHOICES, isPriority, NORMAL } from "#dashboard/views/images/priorities.ts";
import type { Refused } from "#dashboard/views/images/refusals.ts";
import { SEVERAL, severalPrompts } from "#dashboard/views/images/submit.ts";
import type { Priority } from "#lib/priorities.ts";
import "./new-image.css";

type NewImageProps = {
  refused: Refused | null;
  /** Answers false when nothing was taken and nothing is kept for later. */
  submit: (prompts: readonly string[], priority: Priority) => Promise<boolean>;
};

export function NewImage({ refused, submit }: NewImageProps) {
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
    const isTaken = await submit([typed], priority);
    if (!isTaken) setPrompt((now) => now || typed);
  };

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
        <button type="button" onClick={() => void submit(severalPrompts(prompt), priority)}>
          Queue {SEVERAL} Tasks
        </button>
      </div>
      {refused && <FullNote refused={refused} onAgain={() => void submit(refused.prompts, priority)} />}
    </form>
  );
}
