import { between, type Palette, paletteFor } from "./palette.ts";

type Random = () => number;
export type Size = { width: number; height: number };

/** A landscape as SVG: a sky, a light in it, several ridges, and the prompt as its caption. */
export function scene(prompt: string, { width, height }: Size, random: Random): string {
  const palette = paletteFor(prompt, random);
  const isDark = Number.parseInt(palette.top.slice(1, 3), 16) < 0x20;
  const light = { x: width * (0.2 + 0.6 * random()), y: height * (0.2 + 0.25 * random()) };
  const radius = Math.min(width, height) * (0.05 + 0.09 * random());
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${palette.top}"/><stop offset=".78" stop-color="${palette.bottom}"/></linearGradient>
<radialGradient id="glow"><stop offset="0" stop-color="${palette.light}" stop-opacity=".6"/><stop offset=".45" stop-color="${palette.light}" stop-opacity=".18"/><stop offset="1" stop-color="${palette.light}" stop-opacity="0"/></radialGradient>
<linearGradient id="shade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".6"/></linearGradient>
</defs>
<rect width="${width}" height="${height}" fill="url(#sky)"/>
${isDark ? stars({ width, height }, random) : ""}
<circle cx="${light.x}" cy="${light.y}" r="${radius * 5}" fill="url(#glow)"/>
<circle cx="${light.x}" cy="${light.y}" r="${radius}" fill="${palette.light}"/>
${ridges({ width, height }, palette, random)}
${caption(prompt, { width, height })}
</svg>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function stars({ width, height }: Size, random: Random): string {
  const dots = Array.from({ length: 90 }, () => {
    const [x, y, size] = [random() * width, random() * height * 0.65, random()];
    return `<circle cx="${round(x)}" cy="${round(y)}" r="${round((0.4 + 1.6 * size ** 3) * (width / 800))}" opacity="${round(0.3 + 0.7 * size)}"/>`;
  });
  return `<g fill="#fff">${dots.join("")}</g>`;
}

/**
 * Nearer ridges are darker and rougher. A ridge is a sum of waves; each wave has half the height and twice the
 * frequency of the wave before.
 */
function ridges({ width, height }: Size, { bottom, land }: Palette, random: Random): string {
  const count = 4 + Math.floor(random() * 3);
  const points = 64;
  return Array.from({ length: count }, (_, index) => {
    const near = (index + 1) / count;
    const waves = Array.from({ length: 5 }, (_, octave) => ({
      height: (height * (0.05 + 0.05 * random())) / 1.9 ** octave,
      turns: (0.7 + 1.3 * random()) * 1.9 ** octave,
      phase: random() * 2 * Math.PI,
    }));
    const line = Array.from({ length: points + 1 }, (_, step) => {
      const share = step / points;
      const rise = waves.reduce(
        (sum, wave) => sum + wave.height * Math.sin(wave.phase + share * wave.turns * 2 * Math.PI),
        0,
      );
      return `${round(share * width)},${round(height * (0.5 + 0.34 * near) - rise)}`;
    });
    const mist = between(land[0], bottom, Math.max(0, 0.55 - near));
    const color = between(mist, land[1], near ** 1.4);
    return `<polygon points="0,${height} ${line.join(" ")} ${width},${height}" fill="${color}"/>`;
  }).join("\n");
}

/** A very small picture gets no caption, because people could not read the caption. */
function caption(prompt: string, { width, height }: Size): string {
  if (width < 128) return "";
  const size = Math.max(9, Math.round(Math.min(width, height) / 26));
  const lines = wrap(prompt, Math.floor((width * 0.9) / (size * 0.55)));
  const text = lines.map(
    (line, index) =>
      `<text x="${width * 0.05}" y="${round(height * 0.955 - (lines.length - 1 - index) * size * 1.35)}">${escapeXml(line)}</text>`,
  );
  return `<rect y="${height * 0.72}" width="${width}" height="${height * 0.28}" fill="url(#shade)"/>
<g fill="#fff" font-family="Inter, 'DejaVu Sans', 'Liberation Sans', sans-serif" font-size="${size}">${text.join("")}</g>`;
}

/** At most two lines. A longer text ends in an ellipsis. */
function wrap(prompt: string, columns: number): string[] {
  const lines = [""];
  for (const word of prompt.trim().split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last === "" || last.length + word.length < columns)
      lines[lines.length - 1] = `${last} ${word}`.trim();
    else lines.push(word);
  }
  const kept = lines
    .slice(0, 2)
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
  return lines.length > 2 ? [kept[0] ?? "", `${(kept[1] ?? "").slice(0, columns - 1)}…`] : kept;
}

/** Replaces control characters by spaces, because XML forbids most of them, even when they are escaped. */
const escapeXml = (text: string): string =>
  text.replace(/\p{Cc}/gu, " ").replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
