import { useEffect, useState } from "react";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import type { ImportGuess } from "#dashboard/types.ts";

/** The format that a person chose. The API detects each field that is empty here. */
export type ChosenFormat = { format: string; separator: string; encoding: string };
export const NOTHING_CHOSEN: ChosenFormat = { format: "", separator: "", encoding: "" };
export const chosenFields = (format: ChosenFormat) =>
  Object.fromEntries(Object.entries(format).filter(([, value]) => value !== ""));

type Guessed = {
  guess: ImportGuess | undefined;
  problem: Problem | undefined;
  /** True while the guess still belongs to the previous choices. */
  isStale: boolean;
};
type Answer = Omit<Guessed, "isStale"> & { body: string };

/** The format of the file, and the field of each column. They are fetched again when one of these arguments changes. */
export function useGuess(uploadId: string, target: string, format: ChosenFormat): Guessed {
  const [answer, setAnswer] = useState<Answer>();
  const body = JSON.stringify({ source: { uploadId }, target, ...chosenFields(format) });
  useEffect(() => {
    let isOver = false;
    const tell = (latest: Answer) => {
      if (!isOver) setAnswer(latest);
    };
    api.post<ImportGuess>("/api/imports/guess", JSON.parse(body)).then(
      (guess) => tell({ body, guess, problem: undefined }),
      (error: unknown) => tell({ body, guess: undefined, problem: problemOf(error) }),
    );
    return () => {
      isOver = true;
    };
  }, [body]);
  return { guess: answer?.guess, problem: answer?.problem, isStale: answer?.body !== body };
}
