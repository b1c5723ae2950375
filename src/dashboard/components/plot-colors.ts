/** The current colors. They are read here, because a canvas cannot read custom properties. */
export type PlotColors = {
  quiet: string;
  line: string;
  font: string;
  toneOf: (tone: string) => string;
  faded: (color: string) => string;
};

export function colorsOf(element: HTMLElement): PlotColors {
  const probe = document.createElement("span");
  element.append(probe);
  const colorOf = (token: string): string => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const { fontFamily } = getComputedStyle(element);
  const tones = new Map(["good", "bad", "warn", "info", "quiet"].map((tone) => [tone, colorOf(tone)]));
  const colors: PlotColors = {
    quiet: colorOf("quiet"),
    line: colorOf("line"),
    font: `11px ${fontFamily}`,
    toneOf: (tone) => tones.get(tone) ?? "gray",
    faded: (color) => color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)"),
  };
  probe.remove();
  return colors;
}
