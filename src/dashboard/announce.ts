/** What is said to people who hear the page: one live region for all of it. */
import { createStore } from "./store.ts";

const store = createStore("");

export const announce = store.set;
export const useAnnouncement = store.use;
