import { z } from "zod";
import type { Database, Identity } from "../database.ts";
import { type Answer, type Ask, json, notModeled } from "../http.ts";
import { isAnswer } from "../identity.ts";
import { createAdmin } from "./admin.ts";
import { readBody } from "./body.ts";
import { AuthError, authErrorAnswer } from "./errors.ts";
import { hashPassword, passwordMatches } from "./passwords.ts";
import { endSessions, refreshSession, refuseBanned, startSession } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";
import { createUser, findUser, findUserByEmail, presentUser } from "./users.ts";

type Identify = (ask: Ask) => Promise<Identity | Answer>;

/** `/auth/v1`: e-mail and password, as a hosted project without e-mail confirmation answers. */
export const createAuth = ({ own }: Database, tokens: Tokens, identify: Identify) => {
  const admin = createAdmin(own);

  const signUp = async (ask: Ask) => {
    const { email, password, data } = await readBody(ask, credentials);
    if (email === undefined) return notModeled("sign-up by phone or anonymously");
    if (password === undefined)
      throw new AuthError(400, "validation_failed", "Signup requires a valid password");
    const encryptedPassword = await hashPassword(password);
    const user = await createUser(own, {
      email,
      encryptedPassword,
      userMetadata: data,
      confirmed: true,
    }).catch((error: unknown) => {
      if (!(error instanceof AuthError) || error.code !== "email_exists") throw error;
      throw new AuthError(422, "user_already_exists", "User already registered");
    });
    return json(200, await startSession(own, tokens, user));
  };

  const grant = async (ask: Ask) => {
    const kind = ask.query.get("grant_type");
    if (kind === "refresh_token") {
      const body = await readBody(ask, z.object({ refresh_token: z.string() }));
      return json(200, await refreshSession(own, tokens, body.refresh_token));
    }
    if (kind !== "password") return notModeled(`sign-in by grant_type=${kind}`);
    const { email, password } = await readBody(ask, credentials);
    if (email === undefined) return notModeled("sign-in by phone");
    const user = await findUserByEmail(own, email);
    const right = await passwordMatches(password ?? "", user?.encrypted_password ?? null);
    if (user === undefined || !right)
      throw new AuthError(400, "invalid_credentials", "Invalid login credentials");
    if (user.email_confirmed_at === null)
      throw new AuthError(400, "email_not_confirmed", "Email not confirmed");
    refuseBanned(user);
    return json(200, await startSession(own, tokens, user));
  };

  const signedIn = async (ask: Ask) => {
    const token = /^bearer (.+)$/i.exec(ask.header("authorization") ?? "")?.[1];
    if (token === undefined)
      throw new AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token");
    const claims = await tokens.verify(token).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : "unknown";
      throw new AuthError(403, "bad_jwt", `invalid JWT: unable to parse or verify signature, ${why}`);
    });
    const { sub, session_id } = z.object({ sub: z.string(), session_id: z.string() }).parse(claims);
    const user = await findUser(own, sub);
    if (user === undefined)
      throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
    const { rowCount } = await own.query("select from auth.sessions where id = $1", [session_id]);
    if (rowCount === 0) {
      throw new AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist");
    }
    return { user, session: session_id };
  };

  const signOut = async (ask: Ask): Promise<Answer> => {
    const { user, session } = await signedIn(ask);
    await endSessions(own, user.id, session, ask.query.get("scope") ?? "global");
    return { status: 204, headers: {} };
  };

  const route = async (ask: Ask): Promise<Answer> => {
    const path = ask.path.slice("/auth/v1".length);
    const what = `${ask.method} ${path}`;
    if (what === "GET /.well-known/jwks.json")
      return json(200, tokens.jwks, { "cache-control": "public, max-age=600" });
    const identity = await identify(withoutUser(ask));
    if (isAnswer(identity)) return identity;
    if (path.startsWith("/admin/users")) {
      const asked = await identify(ask);
      if (isAnswer(asked)) return asked;
      if (asked.role !== "service_role") throw new AuthError(403, "not_admin", "User not allowed");
      return admin(ask, path.slice("/admin/users".length));
    }
    switch (what) {
      case "POST /signup":
        return signUp(ask);
      case "POST /token":
        return grant(ask);
      case "GET /user":
        return json(200, presentUser((await signedIn(ask)).user));
      case "POST /logout":
        return signOut(ask);
      case "GET /health":
        return json(200, {
          name: "GoTrue",
          description: "the local stand-in for Supabase Auth",
          version: "local",
        });
      default:
        return notModeled(`${ask.method} ${ask.path}`);
    }
  };

  return async (ask: Ask): Promise<Answer> => {
    try {
      return await route(ask);
    } catch (error) {
      if (error instanceof AuthError) return authErrorAnswer(error);
      throw error;
    }
  };
};

const credentials = z.object({
  email: z.string().optional(),
  password: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

/** Only the API key is looked at: Auth judges users' tokens itself, and in its own words. */
const withoutUser = (ask: Ask): Ask => ({
  ...ask,
  header: (name) => {
    const value = ask.header(name);
    return name === "authorization" && value?.includes(" sb_") === false ? undefined : value;
  },
});
