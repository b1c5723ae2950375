import { type ComponentProps, lazy, Suspense } from "react";
import { Loading } from "#dashboard/components/states.tsx";

/** The composer is loaded when it is opened, so that the first visit stays small. */
const Loaded = lazy(async () => {
  const { Composer: show } = await import("./composer/composer.tsx");
  return { default: show };
});

export const Composer = (props: ComponentProps<typeof Loaded>) => (
  <Suspense fallback={<Loading what="Loading the composer" />}>
    <Loaded {...props} />
  </Suspense>
);
