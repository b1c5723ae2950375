/** Whether somebody looks at the page: a tab that has been in the background for a while asks nothing and follows nothing. */
import { createStore } from "./store.ts";

/** A short look at another tab changes nothing. */
const AWAY_MS = 30_000;
const store = createStore(true);
export const useIsSeen = store.use;

let timer: ReturnType<typeof setTimeout> | undefined;
function look(): void {
  clearTimeout(timer);
  if (document.hidden) timer = setTimeout(store.set, AWAY_MS, false);
  else store.set(true);
}
document.addEventListener("visibilitychange", look);
look();
