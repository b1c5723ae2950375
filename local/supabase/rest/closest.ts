/** The candidate that differs least, if at most a third of its letters do. */
export const closest = (wanted: string, candidates: Iterable<string>): string | undefined => {
  let best: { name: string; edits: number } | undefined;
  for (const name of candidates) {
    const edits = distance(wanted, name);
    if (edits <= Math.max(name.length, wanted.length) / 3 && edits < (best?.edits ?? Infinity))
      best = { name, edits };
  }
  return best?.name;
};

/** Levenshtein's, one row at a time. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replace = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};
