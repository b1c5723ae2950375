import { room } from "#lib/room.ts";
import { costRoutes } from "./routes.ts";

export const cost = room<object>({ name: "cost", routes: () => costRoutes() });
