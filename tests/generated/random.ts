/** A pseudo-random generator (mulberry32): the same seed gives the same numbers. */
export type Random = ReturnType<typeof seeded>;

export function seeded(seed: number) {
  let state = seed >>> 0;
  /** From 0 to 1, 1 excluded. */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    int,
    chance: (share: number): boolean => next() < share,
    pick<T>(choices: readonly T[]): T {
      const [picked] = choices.slice(int(0, choices.length - 1));
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    },
  };
}
