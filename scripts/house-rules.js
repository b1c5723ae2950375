// @ts-check
/**
 * Our own lint rules, as a plugin. The rules decide which file may import which other file, and how the steps of a loop
 * are named. This file is plain JavaScript, because oxlint loads plugins with the Node that runs it, and Node 20 reads
 * no TypeScript. tests/unit/house-rules.test.ts breaks every rule once.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ type: string, source?: { value?: unknown } | null, importKind?: string, exportKind?: string }} Node
 * @typedef {{ filename: string, cwd: string, report: (found: { node: Node, message: string }) => void }} Context
 *
 * The facts about one import that the rules use. `room` and `name` belong to the importing file ("" and "app.ts" for
 * src/app.ts); `path` is the imported file in src, undefined for a package.
 * @typedef {{ room: string, name: string, specifier: string, typeOnly: boolean, path: string | undefined, root: string }} Import
 */

/** Modules that open connections or write to the outside. */
const CLIENTS = new Set(["@supabase/supabase-js", "@sentry/node", "undici", "pino"]);

/**
 * The imports that every room may have in addition to its own files: lib, the ledger, mail, the shared `onFailure`, and
 * other rooms' events.
 */
const SHARED = /^(lib\/|jobs\/|mail\/|dead-letters\/on-failure\.ts$|[^/]+\/events\.ts$)/;

const isRepository = (/** @type {string} */ name) => /(^|-)repository\.ts$/.test(name);
const isRoutes = (/** @type {string} */ name) => /(^|-)routes\.ts$/.test(name);

/**
 * Whether this file of src defines an Inngest function.
 * @param {string} root @param {string} path
 */
function definesFunction(root, path) {
  try {
    return readFileSync(join(root, "src", path), "utf8").includes(".createFunction(");
  } catch {
    return false; // An import without a target is reported by the type checker
  }
}

/**
 * The rules for src; the first broken rule gives the message.
 * @type {Array<(found: Import) => string | undefined | false>}
 */
const RULES = [
  ({ specifier }) => specifier.startsWith("../") && `"../" is banned in src: write "#room/file.ts".`,
  ({ specifier }) =>
    specifier.startsWith("@nightshift/") &&
    "src knows nothing of local/: they meet by environment variables and HTTP.",
  ({ path }) => path === "app.ts" && "Only doors and tests import the composition root.",
  ({ path }) =>
    path === "functions.ts" &&
    "Only the door that runs functions carries them: it hands them to the app, and no file of src imports them.",
  ({ room, name, specifier, typeOnly }) =>
    room !== "lib" &&
    `${room}${name}` !== "app.ts" &&
    !typeOnly &&
    CLIENTS.has(specifier) &&
    `Clients are made in src/lib and src/app.ts and handed in: import only types of "${specifier}" here.`,
  ({ room, path, specifier }) =>
    room === "lib" &&
    path !== undefined &&
    !path.startsWith("lib/") &&
    `lib knows no feature: it may not import "${specifier}".`,
  ({ room, name, path, specifier }) =>
    room !== "" &&
    name === "events.ts" &&
    (path === undefined ? !["inngest", "zod"].includes(specifier) : !path.startsWith(`${room}/`)) &&
    `events.ts is a contract: it imports inngest, zod and its own room, not "${specifier}".`,
  ({ room, name, path, specifier }) =>
    isRepository(name) &&
    path !== undefined &&
    !path.startsWith(`${room}/`) &&
    !path.startsWith("lib/") &&
    path !== "jobs/request.ts" &&
    path !== "jobs/rows.ts" &&
    `A repository imports its own room, lib, and the ledger's requests and rows, not "${specifier}".`,
  ({ name, path, specifier, root }) =>
    isRoutes(name) &&
    path !== undefined &&
    !path.startsWith("lib/") &&
    definesFunction(root, path) &&
    `Routes never import a function file ("${specifier}"): they accept work and send its event.`,
  ({ room, path, specifier, typeOnly }) =>
    room === "dashboard" &&
    path !== undefined &&
    !typeOnly &&
    !/^(dashboard|client)\//.test(path) &&
    // The page may import these two files, so that it fills merge fields and shows amounts as the server does.
    !["mail/template.ts", "lib/money.ts"].includes(path) &&
    `The page runs in a browser: of "${specifier}" it may import types alone.`,
  ({ room, path, specifier }) =>
    room !== "" &&
    room !== "dashboard" &&
    path !== undefined &&
    !path.startsWith(`${room}/`) &&
    !SHARED.test(path) &&
    `Rooms meet by events, the job ledger, mail and onFailure: "${specifier}" belongs to another room.`,
];

/** @param {string} file path from src @param {string} specifier @param {boolean} typeOnly @param {string} root */
function wrongInSrc(file, specifier, typeOnly, root) {
  const slash = file.indexOf("/");
  const room = slash === -1 ? "" : file.slice(0, slash);
  const name = file.slice(slash + 1);
  let path;
  if (specifier.startsWith("#")) path = specifier.slice(1);
  else if (specifier.startsWith("./")) path = join(room, specifier).replaceAll("\\", "/");
  for (const rule of RULES) {
    const message = rule({ room, name, specifier, typeOnly, path, root });
    if (message) return message;
  }
  return undefined;
}

/**
 * The rule that an import of this file breaks, if any.
 * @param {string} root @param {string} file @param {string} specifier @param {boolean} typeOnly
 */
function wrong(root, file, specifier, typeOnly) {
  if (file.startsWith("src/")) return wrongInSrc(file.slice("src/".length), specifier, typeOnly, root);
  if (file.startsWith("netlify/functions/")) {
    if (specifier === "#app.ts" || (specifier === "@netlify/functions" && typeOnly)) return undefined;
    if (specifier === "#functions.ts" && file === "netlify/functions/inngest.ts") return undefined;
    return `A door imports "#app.ts" and types of "@netlify/functions", not "${specifier}".`;
  }
  if (file.startsWith("local/") && /^(\.\.\/)+(src|netlify)\//.test(specifier))
    return "local/ meets the product by environment variables and HTTP: it imports neither src nor netlify.";
  return undefined;
}

const imports = {
  meta: { type: "problem", docs: { description: "Which file may import which." } },
  /** @param {Context} context */
  create(context) {
    const root = context.cwd.replaceAll("\\", "/");
    const file = context.filename.replaceAll("\\", "/").replace(`${root}/`, "");
    /** @param {Node} node */
    const check = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== "string") return;
      const message = wrong(root, file, specifier, node.importKind === "type" || node.exportKind === "type");
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

/**
 * @typedef {{ type: string, parent?: Tree, name?: string, value?: unknown, callee?: Tree, object?: Tree, arguments?: Tree[] }} Tree
 * @typedef {{ filename: string, report: (found: { node: Tree, message: string }) => void }} TreeContext
 */

/** Whether this call is repeated in each round of a loop; a call in a `return` is made once. @param {Tree} call */
function isRepeated(call) {
  for (let node = call; node.parent; node = node.parent) {
    const { type } = node.parent;
    if (type === "ReturnStatement" || type.includes("Function")) return false;
    if (/^(For(Of|In)?|While|DoWhile)Statement$/.test(type)) return true;
  }
  return false;
}

const loopSteps = {
  meta: { type: "problem", docs: { description: "Each round of a loop names its steps." } },
  /** @param {TreeContext} context */
  create: (context) => ({
    /** @param {Tree} node */
    CallExpression(node) {
      const { callee, arguments: [id] = [] } = node;
      if (callee?.type !== "MemberExpression" || callee.object?.name !== "step") return;
      if (!context.filename.includes("/src/") || id?.type !== "Literal" || !isRepeated(node)) return;
      const message =
        "Give each round its own step id (`work-${round}`): with checkpointing the SDK takes a repeated id for parallel steps and warns.";
      context.report({ node, message });
    },
  }),
};

export default { meta: { name: "house" }, rules: { imports, "loop-steps": loopSteps } };
