/** The campaign of the benchmark: a short newsletter with merge fields, about 900 bytes per mail as JSON. */
const paragraph =
  "We spent the month making exports faster, the calendar quieter and the search smarter. Here is what changed, what it means for you, and what we would love to hear about.";

const story = (title: string) =>
  `<tr><td style="padding:16px 24px"><h2 style="font:600 18px sans-serif">${title}</h2><p style="font:14px/1.5 sans-serif">${paragraph}</p></td></tr>`;

export const campaignContent = {
  subject: "{{name|Friend}}, your news from {{city|town}}",
  html: `<!doctype html><html><body style="margin:0"><table width="600" align="center"><tr><td><h1>Hello {{name|friend}},</h1></td></tr>${story("Faster exports")}<tr><td><a href="https://example.com/?p={{plan|free}}">Read on</a></td></tr></table></body></html>`,
  text: `Hello {{name|friend}},\n\n${paragraph}\n\nhttps://example.com/?p={{plan|free}}\n`,
  from: "Nightshift <news@example.com>",
};

const cities = ["Berlin", "Lisbon", "Nairobi", "Osaka", "Quito", "São Paulo", "Tromsø"];
const names = ["Ada", "Bjørn", "Chidi", "Dolores", "Emre", "Fatima", "Grace", "Hiro"];

export const person = (n: number) => ({
  email: `${pick(names, n)
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(/[^a-z]/g, "")}.${n}@example.com`,
  name: `${pick(names, n)} ${n}`,
  city: pick(cities, n),
  plan: n % 3 === 0 ? "pro" : "free",
});

export const peopleAsCsv = (from: number, count: number): string =>
  [
    "email,name,city,plan",
    ...Array.from({ length: count }, (_, n) => Object.values(person(from + n)).join(",")),
  ].join("\n");

const pick = (list: readonly string[], n: number): string => list[n % list.length] ?? "";
