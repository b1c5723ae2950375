/**
 * The colors of a picture: two of the sky, one of the light in the sky, and the colors of the land from far to near.
 */
export type Palette = { top: string; bottom: string; light: string; land: readonly [string, string] };

/** These colors were chosen by eye, so that every picture looks good. */
const PALETTES = {
  dawn: { top: "#27335f", bottom: "#f6b38e", light: "#ffe9c7", land: ["#c77f86", "#2a2144"] },
  dusk: { top: "#31194f", bottom: "#ff8c61", light: "#ffd6a0", land: ["#a94f78", "#1d1033"] },
  noon: { top: "#4aa3df", bottom: "#e3f4fb", light: "#fff8dc", land: ["#9cc9c1", "#1f5f57"] },
  night: { top: "#070b24", bottom: "#344a8a", light: "#f4f1de", land: ["#2d3b70", "#060915"] },
  mint: { top: "#0f4c5c", bottom: "#bfe8d4", light: "#fdf6e3", land: ["#6fb3a0", "#0b3440"] },
  rose: { top: "#7a3b69", bottom: "#fbd3d6", light: "#fff2e6", land: ["#d48aa4", "#42193d"] },
  sand: { top: "#e0a458", bottom: "#fff3d6", light: "#ffffff", land: ["#d98f4e", "#6b3a1e"] },
  ice: { top: "#5b7fa6", bottom: "#eef5fb", light: "#ffffff", land: ["#b5cde3", "#2f4d6e"] },
} satisfies Record<string, Palette>;

type PaletteName = keyof typeof PALETTES;

const isName = (name: string): name is PaletteName => Object.hasOwn(PALETTES, name);
const NAMES = Object.keys(PALETTES).filter(isName);

/** Words in the prompt that name a time of day or a mood. */
const WORDS: Record<PaletteName, RegExp> = {
  dawn: /dawn|sunrise|morning/i,
  dusk: /dusk|sunset|evening|fire|autumn/i,
  noon: /noon|summer|sunny|sky|cloud/i,
  night: /night|moon|star|space|galaxy|planet|dark/i,
  mint: /forest|tree|garden|green|spring|sea|ocean|lake|water/i,
  rose: /flower|rose|love|pink|cat|candy/i,
  sand: /desert|sand|dune|gold|beach/i,
  ice: /winter|snow|ice|mountain|arctic/i,
};

export function paletteFor(prompt: string, random: () => number): Palette {
  const asked = NAMES.find((name) => WORDS[name].test(prompt));
  const name = asked ?? NAMES[Math.floor(random() * NAMES.length)] ?? "dawn";
  return PALETTES[name];
}

/** The color at `share` of the way from one color to the other. All are `#rrggbb`. */
export function between(from: string, to: string, share: number): string {
  const mixed = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((color) => Number.parseInt(color.slice(at, at + 2), 16));
    return Math.round((a ?? 0) + ((b ?? 0) - (a ?? 0)) * share);
  });
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
