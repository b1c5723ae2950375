import { useEffect, useRef, useState } from "react";
import { api, type Problem, problemOf } from "#dashboard/api.ts";
import type { ImportGuess } from "#dashboard/types.ts";

/** The format that a person chose. The API detects each field that is empty here. */
export type ChosenFormat = { format: string; separator: string; encoding: string };
export const NOTHING_CHOSEN: ChosenFormat = { format: "", separator: "", encoding: "" };
export const chosenFields = (format: ChosenFormat) =>
  Object.fromEntries(Object.entries(format).filter(([, value]) => value !== ""));

type Guessed = {
  /** The latest guess. It stays when a later request fails. */
  guess: ImportGuess | undefined;
  problem: Problem | undefined;
  /** True while the guess still belongs to the previous choices. */
  isStale: boolean;
  retry: () => void;
};

/** The format of the file, and the field of each column. They are fetched again when one of these arguments changes. */
export function useGuess(uploadId: string, target: string, format: ChosenFormat): Guessed {
  const [last, setLast] = useState<{ body: string; guess: ImportGuess }>();
  const [failure, setFailure] = useState<{ body: string; problem: Problem }>();
  const askAgain = useRef(() => {});
  const body = JSON.stringify({ source: { uploadId }, target, ...chosenFields(format) });
  useEffect(() => {
    let isOver = false;
    const ask = () => {
      api.post<ImportGuess>("/api/imports/guess", JSON.parse(body)).then(
        (guess) => {
          if (!isOver) setLast({ body, guess });
        },
        (error: unknown) => {
          if (!isOver) setFailure({ body, problem: problemOf(error) });
        },
      );
    };
    askAgain.current = ask;
    ask();
    return () => {
      isOver = true;
    };
  }, [body]);
  const isStale = last?.body !== body;
  return {
    guess: last?.guess,
    problem: isStale && failure?.body === body ? failure.problem : undefined,
    isStale,
    retry() {
      setFailure(undefined);
      askAgain.current();
    },
  };
}
