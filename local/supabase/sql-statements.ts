export type SqlStatement = { text: string; line: number };

/**
 * Splits a script at its top-level semicolons, as the Supabase CLI does before it records a migration.
 * Knows strings, quoted names, dollar quotes, comments and `begin atomic` bodies.
 */
export const splitStatements = (sql: string): SqlStatement[] => {
  const statements: SqlStatement[] = [];
  let start = 0;
  let atomicDepth = 0;
  const close = (end: number) => {
    const raw = sql.slice(start, end);
    const lead = raw.length - raw.trimStart().length;
    if (!isBlank(raw)) statements.push({ text: raw.trim(), line: lineAt(sql, start + lead) });
    start = end + 1;
  };
  for (let at = 0; at < sql.length; ) {
    const next = skipOpaque(sql, at);
    if (next !== undefined) {
      at = next;
      continue;
    }
    const word = wordAt(sql, at);
    if (word !== undefined) {
      if (/^begin\s+atomic$/i.test(word) || (atomicDepth > 0 && /^case$/i.test(word))) atomicDepth += 1;
      else if (atomicDepth > 0 && /^end$/i.test(word)) atomicDepth -= 1;
      at += word.length;
      continue;
    }
    if (sql[at] === ";" && atomicDepth === 0) close(at);
    at += 1;
  }
  close(sql.length);
  return statements;
};

const opaque = [
  /--[^\n]*/y,
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/y,
];

/** The end of the comment, string or quoted name that begins here. */
const skipOpaque = (sql: string, at: number): number | undefined => {
  if (sql.startsWith("/*", at)) return endOfBlockComment(sql, at);
  for (const pattern of opaque) {
    pattern.lastIndex = at;
    if (pattern.test(sql)) return pattern.lastIndex;
  }
  return undefined;
};

/** Block comments nest in SQL. */
const endOfBlockComment = (sql: string, at: number): number => {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = at;
  let depth = 0;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
};

const wordAt = (sql: string, at: number): string | undefined => {
  const word = /(?:begin\s+atomic\b|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/iy;
  word.lastIndex = at;
  return word.exec(sql)?.[0];
};

const isBlank = (raw: string) => raw.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, "").trim() === "";

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;
