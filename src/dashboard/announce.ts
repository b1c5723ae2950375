/** One live region of the page, for messages to screen readers. */
import { createStore } from "./store.ts";

const store = createStore("");

export const announce = store.set;
export const useAnnouncement = store.use;
